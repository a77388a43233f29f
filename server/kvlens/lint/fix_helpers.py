"""Helpers for rules that fix a config."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from kvlens.config.edit import (
    Edit,
    add_bindings,
    can_add_code,
    list_path,
    literal,
    remove_field,
    rename_at,
)
from kvlens.config.model import Config, Entry, Environment
from kvlens.lint.base import Fix, Fixes, Problem
from kvlens.lint.ids import is_placeholder
from kvlens.memo import memo
from kvlens.text import Span

_Entries = tuple[list[int], list[tuple[int, Environment, Entry]]]


def entry_at(config: Config, span: Span) -> tuple[Environment, Entry] | None:
    """Return the entry that contains a span, with its environment."""
    bases, entries = _by_place(config)
    at = bisect_right(bases, span.start) - 1
    if at < 0 or span.end > entries[at][2].span.end:
        return None
    return entries[at][1:]


@memo
def _by_place(config: Config) -> _Entries:
    found = [
        (entry.base, environment, entry)
        for environment in config.environments
        for kv in (*environment.kv, *environment.previews)
        for entry in kv.entries
    ]
    found.sort(key=lambda each: each[0])
    return [base for base, *_ in found], found


def without_field(name: str, *, safe: bool = False, last: bool = False) -> Fixes:
    """Return the fix that removes a field; `safe` if the field has no effect."""

    def fixes(config: Config, problem: Problem) -> Iterator[Fix]:
        found = entry_at(config, problem.span)
        field = found[1].get(name) if found else None
        if found and field:
            yield Fix(f"Remove {name}", remove_field(config, found[1], field), safe, last=last)

    return fixes


def new_preview_id(config: Config, problem: Problem) -> Iterator[Fix]:
    """Remove the preview_id, or replace it with a new one for local data."""
    yield from without_field("preview_id", safe=True)(config, problem)
    found = entry_at(config, problem.span)
    field = found[1].get("preview_id") if found else None
    if field:
        yield Fix("Generate a new local id", (Edit(field.value_span, literal(new_local_id())),))


def in_every_environment(
    config: Config, environment: str | None, bindings: Sequence[str]
) -> list[Edit]:
    """Return the edits that add to every environment what is added at the top level.

    KV isn't inherited: without these edits, the environments would lack the bindings.
    """
    if environment is not None:
        return []
    edits = []
    for other in config.environments[1:]:
        known = {known.binding for known in config.namespaces(other.name)}
        missing = list(dict.fromkeys(name for name in bindings if name not in known))
        if missing and can_extend(config, other):
            edits.append(add_bindings(config, other, missing))
    return list(dict.fromkeys(edits))


def header_for(config: Config, entry: Entry, environment: str) -> Edit:
    """Return the edit that makes the header of an entry that of an environment's list."""
    start, section = config.section_around(entry.base)
    header = Span(start + section.header[0].start, start + section.header[-1].end)
    return Edit(header, list_path(environment))


def can_extend(config: Config, environment: Environment) -> bool:
    """Return whether namespaces can be added to an environment, with a new list if necessary."""
    if any(kv.kind != "array" or kv.broken for kv in environment.kv):
        return False
    if config.is_code:
        return can_add_code(environment)
    return bool(environment.table.parts) or config.is_toml


def rename_binding(config: Config, name: str, wanted: str, *, thing: str = "") -> Fix:
    """Return the fix that renames a binding in every environment; without edits if it is taken.

    `thing` goes before the name in the title, such as "the namespace ".
    """
    by_binding = _by_binding(config)
    fields = (
        [] if wanted in by_binding else [one.get("binding") for one in by_binding.get(name, ())]
    )
    places = dict.fromkeys(field.value_span for field in fields if field)
    edits = [rename_at(config, place, wanted) for place in places]
    where = "" if len(edits) == 1 else " in every environment"
    return Fix(f'Rename {thing}to "{wanted}"{where}; update the code to match', tuple(edits))


def free_binding(config: Config, wanted: str = "KV") -> str:
    """Return a name that no namespace of the config has yet."""
    taken, name, number = _by_binding(config), wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def new_local_id() -> str:
    """Return a new unique id for local data, in the form of a real one."""
    import secrets  # late: it takes 1 ms

    while is_placeholder(found := secrets.token_hex(16)):
        pass
    return found


@memo
def _by_binding(config: Config) -> dict[str | None, list[Entry]]:
    found: dict[str | None, list[Entry]] = {}
    for environment in config.environments:
        for kv in (*environment.kv, *environment.previews):
            for entry in kv.entries:
                found.setdefault(entry.text_of("binding"), []).append(entry)
    return found
