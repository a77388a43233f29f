"""The tables of a config, collected from all places that define their parts.

In TOML, a table can be defined in several places: under headers, as dotted keys, as an inline
table. They are merged here, each definition with its position in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.nodes import Node, Part, Sections
from kvlens.text import Span


class Table:
    """One table: the definitions of its names. Members are read at first use."""

    def __init__(self, parts: list[tuple[int, Node]] | None = None) -> None:
        self.parts = parts or []
        self._entries: dict[str, list[Definition]] = {}
        self._read = 0

    def names(self) -> Iterator[str]:
        """Yield the names in order of first occurrence."""
        self._read_parts()
        yield from self._entries

    def get(self, name: str) -> list[Definition]:
        """Return every definition of a name in order: none, one, or (a mistake) more."""
        self._read_parts()
        return self._entries.get(name, [])

    def define(self, name: str, definition: Definition) -> None:
        """Add a definition found outside the table's own members, such as a header."""
        self._entries.setdefault(name, []).append(definition)

    def child(self, name: str, key: Span) -> Table:
        """Return the table with this name that headers and dotted keys add to."""
        self._read_parts()
        for definition in self._entries.get(name, ()):
            if definition.table is not None:
                return definition.table
        table = Table()
        self.define(name, Definition(key, table=table))
        return table

    def _read_parts(self) -> None:
        while self._read < len(self.parts):
            base, node = self.parts[self._read]
            self._read += 1
            for member in node.members:
                table = self
                for part in member.key[:-1]:
                    table = table.child(part.name, Span(base + part.start, base + part.end))
                last = member.key[-1]
                key = Span(base + last.start, base + last.end)
                at = base + member.offset
                inner = Table([(at, member.value)]) if member.value.kind == "table" else None
                table.define(last.name, Definition(key, member.value, at, inner))


class Definition:
    """One definition of a name: a value, a header, or several `[[…]]`."""

    __slots__ = ("base", "elements", "key", "node", "table")

    def __init__(
        self, key: Span, node: Node | None = None, base: int = 0, table: Table | None = None
    ) -> None:
        self.key = key  # the name, including quotes
        self.node = node  # None if only headers or dotted keys define the table
        self.base = base
        self.table = table
        self.elements: list[tuple[int, Node]] = []  # the bodies under `[[…]]`

    @property
    def kind(self) -> str:
        """The kind of value, one of `nodes.KINDS`."""
        if self.elements:
            return "array"
        return self.node.kind if self.node is not None else "table"

    @property
    def span(self) -> Span:
        """The span of the value; that of the name if the value isn't in one place."""
        if self.node is None:
            return self.key
        return Span(self.base, self.base + max(self.node.length, 0))


class _HeaderTable:
    """A table that a header has named, with its subtables from headers."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.below: dict[str, _HeaderTable] = {}


def gather(sections: Sections) -> Table:
    """Return the root table of a scanned file."""
    root = _HeaderTable(Table())
    arrays: dict[tuple[str, ...], Definition] = {}
    for base, section in sections:
        path = section.path
        if not path:
            if not section.body.head:  # the lines above the first header; else a bare `[]`
                root.table.parts.append((base, section.body))
            continue
        if section.is_array and path[0] == "env" and len(path) < 3:
            continue  # `[[env.prod` on its way to `[[env.prod.kv_namespaces]]`
        if section.is_array:
            holder = _find_or_create(root, path[:-1], base, section.header)
            definition = arrays.get(path)
            if definition is None:
                last = section.header[-1]
                key = Span(base + last.start, base + last.end)
                definition = arrays[path] = Definition(key)
                holder.table.define(path[-1], definition)
            definition.elements.append((base, section.body))
            # a later `[array.name]` adds to the last element, not to a table of the file
            holder.below[path[-1]] = _HeaderTable(Table([(base, section.body)]))
            continue
        _find_or_create(root, path, base, section.header).table.parts.append((base, section.body))
    return root.table


def _find_or_create(
    start: _HeaderTable, path: tuple[str, ...], base: int, header: tuple[Part, ...]
) -> _HeaderTable:
    """Return the table at a path, creating it if missing."""
    here = start
    for name, part in zip(path, header, strict=False):
        known = here.below.get(name)
        if known is None:
            table = here.table.child(name, Span(base + part.start, base + part.end))
            known = here.below[name] = _HeaderTable(table)
        here = known
    return here
