"""Find lists of namespaces in a wrong place or under a wrong name.

Each table is searched once until it changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from kvlens.config.model import KV_FIELD, Config, Entry
from kvlens.config.nodes import Node
from kvlens.memo import memo
from kvlens.text import Span

FIELDS_OF_KV = frozenset(("binding", "id", "preview_id"))
_PLAIN = KV_FIELD.replace("_", "")
# Names that mean the list only if their value looks like one.
_LOOSE = {"kv", "kvs", "kvbinding", "kvbindings", "kvstore", "kvstores", "namespace", "namespaces"}
_OTHER = re.compile(r"[^a-z0-9]")


@dataclass
class MisplacedList:
    """A key that is `kv_namespaces` or similar."""

    name: str
    path: tuple[str, ...]  # of the table that contains it
    keys: list[Span] = field(default_factory=list)  # one key, or one per header
    headers: list[Span] = field(default_factory=list)  # the text between their brackets
    kind: str = "array"
    entries: list[Entry] = field(default_factory=list)
    broken: bool = False
    table: tuple[int, Node, int] | None = None  # without a header: where to remove it

    @property
    def environment(self) -> str | None:
        """The environment whose list this should be; None for the top level."""
        return self.path[1] if len(self.path) > 1 and self.path[0] == "env" else None

    @property
    def looks_like_kv(self) -> bool:
        """Whether an element has a namespace's field."""
        return any(
            member.key[0].name in FIELDS_OF_KV
            for entry in self.entries
            for member in entry.node.members
            if len(member.key) == 1
        )


@memo
def misplaced_lists(config: Config) -> list[MisplacedList]:
    """Return every misplaced or misnamed list of namespaces."""
    return list(_misplaced_lists(config))


def in_scope(path: tuple[str, ...]) -> bool:
    """Return whether a list of namespaces is valid in the table at this path."""
    rest = path[2:] if len(path) > 1 and path[0] == "env" else path
    return rest in ((), ("previews",))


def means_kv(name: str) -> bool:
    """Return whether a name is `kv_namespaces`, or certainly a misspelling of it."""
    if name == KV_FIELD:
        return True
    plain = _OTHER.sub("", name.lower())
    if not plain.startswith("k") and "namesp" not in plain:
        return False
    if abs(len(plain) - len(_PLAIN)) > 4 or len(plain) < 8:
        return False
    from difflib import SequenceMatcher  # late: nearly all names are different

    return SequenceMatcher(None, plain, _PLAIN).ratio() > 0.86


@lru_cache(maxsize=1_000)  # the configs of a repository have the same names
def might_mean_kv(name: str) -> bool:
    """Return whether a name may mean the list if its value looks like one."""
    return means_kv(name) or _OTHER.sub("", name.lower()) in _LOOSE


def _misplaced_lists(config: Config) -> Iterator[MisplacedList]:
    by_header: dict[tuple[str, ...], MisplacedList] = {}
    for base, section in config.sections:
        path, body = section.path, section.body
        if path and path[-1] == KV_FIELD and in_scope(path[:-1]):
            continue
        if path and might_mean_kv(path[-1]):
            listed = by_header.get(path)
            if listed is None:
                listed = by_header[path] = MisplacedList(path[-1], path[:-1])
                listed.kind = "array" if section.is_array else "table"
            last = section.header[-1]
            listed.keys.append(Span(base + last.start, base + last.end))
            listed.headers.append(Span(base + section.header[0].start, base + last.end))
            listed.entries.append(Entry(base, body))
            listed.broken |= config.text[base + body.head - 1] != "]"
        elif KV_FIELD not in path and (not path or config.text[base + body.head - 1] == "]"):
            for found in _search(body):
                if found[0][-1] != KV_FIELD or not in_scope((*path, *found[0][:-1])):
                    yield _placed(base, path, found)
    yield from by_header.values()


_Found = tuple[tuple[str, ...], int, Node, int]  # path, table's offset, table, member


@memo
def _search(node: Node) -> tuple[_Found, ...]:
    """Return such keys in a table and its subtables; offsets are from the table."""
    return tuple(_look(node))


def _look(node: Node) -> Iterator[_Found]:
    for index, member in enumerate(node.members):
        names = tuple(part.name for part in member.key)
        if might_mean_kv(names[-1]):
            yield names, 0, node, index
        elif member.value.members or member.value.items:
            for path, offset, table, at in _search(member.value):
                yield (*names, *path), member.offset + offset, table, at
    for start, item in node.items:
        if item.members or item.items:
            for path, offset, table, at in _search(item):
                yield path, start + offset, table, at


def _placed(base: int, path: tuple[str, ...], found: _Found) -> MisplacedList:
    names, offset, table, index = found
    member = table.members[index]
    last = member.key[-1]
    at = base + offset
    start = at + member.offset
    value = member.value
    return MisplacedList(
        names[-1],
        (*path, *names[:-1]),
        [Span(at + last.start, at + last.end)],
        kind=value.kind,
        entries=[Entry(start + where, item) for where, item in value.items],
        broken=value.broken,
        table=(at, table, index),
    )
