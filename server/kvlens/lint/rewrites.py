"""Changes to a config that aren't fixes: another way to write it, or a new namespace."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.convert import to_inline, to_sections
from kvlens.config.edit import add_bindings, add_field, list_path, literal, place_of
from kvlens.config.model import Config, Entry, Environment, KvList
from kvlens.lint.base import Fix
from kvlens.lint.fix_helpers import can_extend, new_local_id
from kvlens.lint.fixable_config import is_harmless, still_valid
from kvlens.text import Span

MOST_OFFERED = 10  # environments that lack a binding; if there are more, only one change for all


def rewrites(config: Config, span: Span) -> list[Fix]:
    """Return the changes to offer at a place: only those that cause no new problems.

    If a selection touches several lists or entries, they are changes of the first one: a menu
    with the changes of a hundred would be unreadable.
    """
    proposed = list(_rewrites(config, span))
    if not proposed or not still_valid(config):
        return []
    return [fix for fix in proposed if is_harmless(config, fix)]


def _rewrites(config: Config, span: Span) -> Iterator[Fix]:
    found = _first(config, span)
    if found is None:
        return
    environment, kv, entry = found
    path = list_path(environment.name)
    if config.is_toml:
        if edits := to_sections(config, environment, kv):
            yield Fix(f"Write it as [[{path}]]", edits)
        if edits := to_inline(config, environment, kv):
            yield Fix(f"Write it as {path} = […]", edits)
    if entry is not None:
        yield from _of_entry(config, environment, entry)


def _first(config: Config, span: Span) -> tuple[Environment, KvList, Entry | None] | None:
    for environment in config.environments:
        for kv in environment.kv:
            entry = _touched(kv, span)
            if entry is not None or _overlap(kv.key_span, span) or _overlap(kv.span, span):
                return environment, kv, entry
    return None


def _of_entry(config: Config, environment: Environment, entry: Entry) -> Iterator[Fix]:
    if (
        entry.is_table
        and not entry.broken
        and not config.is_code
        and entry.get("preview_id") is None
    ):
        edit = add_field(config, entry, "preview_id", literal(new_local_id()))
        yield Fix("Generate a new local id as preview_id", (edit,))
    name = entry.text_of("binding")
    if name is None:
        return
    lacking = [
        other
        for other in config.environments
        if other.name != environment.name
        and can_extend(config, other)
        and all(known.binding != name for known in config.namespaces(other.name))
    ]
    for other in lacking if len(lacking) <= MOST_OFFERED else ():
        where = "the top level" if other.name is None else f"env.{other.name}"
        where = place_of(config, other.name) if config.is_code else where
        yield Fix(f"Add {literal(name)} to {where}", (add_bindings(config, other, [name]),))
    if len(lacking) > 1:
        edits = tuple(dict.fromkeys(add_bindings(config, other, [name]) for other in lacking))
        yield Fix(f"Add {literal(name)} to every environment that lacks it", edits)


def _touched(kv: KvList, span: Span) -> Entry | None:
    return next((entry for entry in kv.entries if _overlap(entry.span, span)), None)


def _overlap(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
