"""What the code near a source does with a binding: handle that it's missing, or use it at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kvlens.js.resolution import imports_of
from kvlens.js.source_context import read
from kvlens.js.syntax import Source
from kvlens.lint.base import Context

_MOST_SOURCES = 40  # that are looked at: those that import each other, the nearest first


def is_guarded(context: Context, binding: str, *, throws: bool = True) -> bool:
    """Return whether code tests if a binding exists: `if (!env.KV) throw …`, also in a helper.

    Without `throws`, only code that goes on without it counts.
    """
    analysis = context.analysis
    return analysis.is_optional(binding, throws=throws) or is_guarded_near(
        context, binding, [analysis.source.path], throws=throws
    )


def is_guarded_near(
    context: Context, binding: str, paths: list[str], *, throws: bool = True
) -> bool:
    """Return whether sources other than this one, near those of these paths, test for a binding."""
    return any(
        binding in source.text
        and source.refused is None
        and read(source, context.project).is_optional(binding, throws=throws)
        for here, source in _near(context, paths)
        if here != context.analysis.source.path
    )


def is_named(context: Context, binding: str, entries: Iterable[str]) -> bool:
    """Return whether code takes a binding from something: `env.KV`, `env["KV"]`, `{ KV } = env`.

    The sources near this one and near those of the entries are looked at.
    """
    name = re.escape(binding)
    taken = re.compile(rf"\.\s*{name}\b|\[\s*[\"'`]{name}[\"'`]|[{{,]\s*{name}\s*[,}}:=](?!\s*KV)")
    here = context.analysis.source
    return bool(taken.search(here.text)) or any(
        taken.search(source.text) for _, source in _near(context, [here.path, *entries])
    )


def _near(context: Context, start: list[str]) -> Iterator[tuple[str, Source]]:
    modules, seen, waiting = context.project.modules, set(start), [*start]
    while modules is not None and waiting and len(seen) < _MOST_SOURCES:
        here = waiting.pop(0)
        source = modules.source(here)
        if source is None:
            continue
        yield here, source
        found = [modules.resolve(here, name) for name in imports_of(source.offsets.text)]
        for each in (*found, *modules.importers(here)):
            if each is not None and each not in seen:
                seen.add(each)
                waiting.append(each)
