"""Read a wrangler.toml, .json or .jsonc as a document."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from kvlens.config.document.gaps import attach, gap, without_first_blank
from kvlens.config.document.model import Comments, Document, Element, Value, lines, text_value
from kvlens.config.edit import newline_of
from kvlens.config.model import Config
from kvlens.config.nodes import Member, Node, Section
from kvlens.text import LineIndex, Span

SCHEMA = "$schema"
_DIRECTIVE = re.compile(r":schema\s+(\S+)\s*\Z")


def read_document(config: Config) -> Document:
    """Return the document of a config that is valid TOML or JSON."""
    reader = _TomlReader(config) if config.is_toml else _JsonReader(config)
    return reader.document()


class _Reader:
    """What both languages have: values with brackets."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.text = config.text
        self.index = LineIndex(config.text)

    def line(self, at: int) -> int:
        return self.index.position(at).line + 1

    def value(self, node: Node, base: int) -> Value:
        raw = self.text[base : base + node.length]
        if node.kind in ("table", "array"):
            holder = Value("table" if node.kind == "table" else "array")
            found = [self.member(member, base) for member in node.members]
            found += [self._item(item, base + at) for at, item in node.items]
            inside = Span(base + 1, base + node.length - 1)
            attach(self.text, self.config.syntax, holder, inside, found)
            return holder
        if node.kind == "string":
            return text_value(json.loads(raw) if self.config.is_json else str(node.value))
        if node.kind == "integer":
            return Value("integer", _decimal(raw, node))
        if node.kind == "float":
            return Value("float", raw.replace("_", "").lstrip("+"))
        if node.kind == "datetime":
            return Value("datetime", raw)
        return Value("boolean", bool(node.value)) if node.kind == "boolean" else Value("null")

    def member(self, member: Member, base: int) -> tuple[Sequence[str], Element, Span]:
        """Return the names before a member's own, the member, and where it is."""
        key, at = member.key[-1], base + member.offset
        start = base + member.key[0].start
        name = key.name
        if self.config.is_json:
            name = json.loads(self.text[start : base + key.end])
        element = Element(self.value(member.value, at), name, self.line(start))
        found = gap(self.text, self.config.syntax, base + key.end, at)
        element.after += [*found.after, *lines(found.above)]
        path = [part.name for part in member.key[:-1]]
        return path, element, Span(start, at + member.value.length)

    def _item(self, node: Node, base: int) -> tuple[Sequence[str], Element, Span]:
        element = Element(self.value(node, base), line=self.line(base))
        return (), element, Span(base, base + node.length)


class _JsonReader(_Reader):
    def document(self) -> Document:
        ((base, section),) = self.config.sections
        text, node = self.text, section.body
        before = gap(text, "json", 0, base)
        end = base + node.length
        behind = gap(text, "json", end, len(text), last=True)
        return Document(
            self.value(node, base),
            without_first_blank([*before.after, *before.above]),
            [*behind.after, *behind.above],
            newline_of(text),
        )


class _TomlReader(_Reader):
    """Reads the statements in order; what is between two of them goes to one of the two."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.root = Value("table")
        self.head: Comments = []
        self.at = 0  # the end of what was read
        self.after: list[str] | None = None  # where the comments on its line go
        self.last: Value | None = None  # the table under the last header
        self.known: dict[tuple[int, str], Element] = {}  # tables and lists, by holder and name

    def document(self) -> Document:
        for base, section in self.config.sections:
            table = self.root
            carried: Comments = []
            if section.header:
                table, carried = self._open(base, section)
            for member in section.body.members:
                path, element, place = self.member(member, base)
                above = self._before(place.start)
                if not table.elements:
                    above = without_first_blank(above)
                element.above[:0] = [*carried, *above]
                carried = []
                self._table_at(table, path, element.line).elements.append(element)
                self.at, self.after = place.end, element.after
            table.end += carried
        rest = self._before(len(self.text), last=True)
        if None not in rest:
            (self.last or self.root).end += rest
            rest = []
        return Document(self.root, self.head, self._dangling(rest), newline_of(self.text))

    def _before(self, end: int, *, last: bool = False) -> Comments:
        """Read the comments up to the next statement, and return those on lines of their own."""
        found = gap(self.text, "toml", self.at, end, last=last)
        if self.after is not None:
            self.after += found.after
            return found.above
        above: Comments = [*found.after, *found.above]  # the first lines of the file
        for line in lines(above):
            if schema := _DIRECTIVE.match(line):
                self.root.elements.append(Element(text_value(schema[1]), SCHEMA, 1))
                above.remove(line)
        above = without_first_blank(above)
        if None in above:
            blank = len(above) - 1 - above[::-1].index(None)
            self.head, above = above[:blank], above[blank + 1 :]
        return above

    def _table_at(self, holder: Value, path: Sequence[str], line: int) -> Value:
        """Return the table below another one, creating it; of a list, that in its last item."""
        for name in path:
            found = self.known.get((id(holder), name))
            if found is None:
                found = self._add(holder, Element(Value("table"), name, line))
            holder = found.value
            if holder.kind == "array" and holder.elements:
                holder = holder.elements[-1].value
        return holder

    def _add(self, holder: Value, element: Element) -> Element:
        holder.elements.append(element)
        self.known[id(holder), str(element.name)] = element
        return element

    def _dangling(self, above: Comments) -> Comments:
        """Give the table above what is right below its last member; return the rest."""
        if None not in above or self.last is None:
            return without_first_blank(above)
        blank = above.index(None)
        self.last.end += above[:blank]
        return above[blank + 1 :]

    def _open(self, base: int, section: Section) -> tuple[Value, Comments]:
        """Return the table of a header, and comments for its first member."""
        above = self._dangling(self._before(base))
        while above[-1:] == [None]:
            above.pop()
        *path, name = section.path
        line = self.line(base)
        holder = self._table_at(self.root, path, line)
        known = self.known.get((id(holder), name))
        carried: Comments = []
        if section.is_array:
            if known is None:
                known = self._add(holder, Element(Value("array"), name, line))
            element = Element(Value("table"), line=line, above=above)
            known.value.elements.append(element)
        elif known is None:
            element = self._add(holder, Element(Value("table"), name, line, above))
        else:  # a header further up has named it already
            element, carried = known, above
        self.at = base + section.body.head
        self.after, self.last = element.value.head, element.value
        return element.value, carried


def _decimal(raw: str, node: Node) -> str:
    """Return an integer in decimal, as both languages have it."""
    digits = raw.replace("_", "").lstrip("+")
    return str(node.value) if digits[:2] in ("0x", "0o", "0b") else digits
