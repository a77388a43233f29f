"""Whether the code handles a binding that may be missing, in this source or in one near it."""

from __future__ import annotations

from kvlens.js.resolution import imports_of
from kvlens.js.source_context import read
from kvlens.lint.base import Context

_MOST_SOURCES = 40  # that are looked at: those that import each other, the nearest first


def is_guarded(context: Context, binding: str) -> bool:
    """Return whether code tests if a binding exists: `if (!env.KV) throw …`, also in a helper."""
    if context.analysis.is_optional(binding):
        return True
    modules, path = context.project.modules, context.analysis.source.path
    seen, waiting = {path}, [path]
    while modules is not None and waiting and len(seen) < _MOST_SOURCES:
        here = waiting.pop(0)
        source = modules.source(here)
        if source is None:
            continue
        is_other = here != path and binding in source.text and source.refused is None
        if is_other and read(source, context.project).is_optional(binding):
            return True
        found = [modules.resolve(here, name) for name in imports_of(source.text)]
        for each in (*found, *modules.importers(here)):
            if each is not None and each not in seen:
                seen.add(each)
                waiting.append(each)
    return False
