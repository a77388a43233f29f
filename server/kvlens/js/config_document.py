"""Read a cloudflare.config.ts as a document, if it says everything without being run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.document.gaps import comment_lines, gap_of, without_first_blank
from kvlens.config.document.model import (
    Comments,
    Document,
    Element,
    Notice,
    Value,
    as_data,
    lines,
    text_value,
)
from kvlens.config.edit import newline_of
from kvlens.config.find import ConfigError
from kvlens.js.grammar import Unavailable
from kvlens.js.modes.evaluator import ModeEvaluator
from kvlens.js.modes.values import OTHER_MODE, Member, Modes
from kvlens.js.modes.values import Value as Evaluated
from kvlens.js.reader import read_source
from kvlens.js.syntax import Source, plain
from kvlens.text import LineIndex, Span

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_MODES = 50
_SHOWN = 5
_CAPITAL = re.compile(r"(?=[A-Z])")


class CodeDocument(NamedTuple):
    """What a config in code says: in all modes that it doesn't name, and in those that it does."""

    document: Document
    modes: dict[str, tuple[Value, Comments]]
    """With the comments before the `case` of each."""
    notices: list[Notice]


def read_code(text: str, path: str) -> CodeDocument:
    """Return what a config in code says, with its comments.

    Raises ConfigError, with the lines, where something isn't known without running it.
    """
    try:
        source = read_source(text, path)
    except Unavailable as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    if source.refused is not None or source.root.has_error:
        raise ConfigError(f"{path}: {source.refused or 'the code does not parse; fix it first'}")
    reader = _Reader(source, path)
    root = reader.of_mode(OTHER_MODE)
    modes: dict[str, tuple[Value, Comments]] = {}
    while len(modes) < _MOST_MODES:  # evaluating one may name others
        mode = next((name for name in reader.modes.names if name not in modes), None)
        if mode is None:
            break
        modes[mode] = reader.of_mode(mode), reader.above_case(reader.modes.names[mode])
    if reader.unknown:
        shown = "; ".join(f"line {line}: {what}" for line, what in sorted(reader.unknown)[:_SHOWN])
        more = len(reader.unknown) - _SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise ConfigError(
            f"{path}: not known without running it: {shown}{rest}. Write the values out, then "
            "convert it",
            sorted(reader.unknown)[0][0],
        )
    head = reader.left_over()
    return CodeDocument(Document(root, head, [], newline_of(text)), modes, reader.notices)


class _Around(NamedTuple):
    """The comments in an object or an array: by the offset of what they belong to."""

    above: dict[int, Comments]
    after: dict[int, list[str]]
    head: list[str]
    end: Comments


class _Reader:
    def __init__(self, source: Source, path: str) -> None:
        self.source = source
        self.path = path
        self.modes = Modes()
        self.unknown: set[tuple[int, str]] = set()
        self.notices: list[Notice] = []
        self._index = LineIndex(source.text)
        self._taken: set[int] = set()
        self._read: dict[int, _Around] = {}

    def of_mode(self, mode: str) -> Value:
        """Return what `defineConfig` gets in a mode."""
        result = ModeEvaluator(self.source, self.modes, mode).result()
        found = self._value(result, "the config")
        if self.modes.has_preview:
            preview = ModeEvaluator(self.source, self.modes, mode, is_preview=True).result()
            other = _Reader(self.source, self.path)._value(preview, "")
            if as_data(other) != as_data(found) and not self.notices:
                line = self._line(self.source.root)
                message = "isPreview: what it changes isn't converted; see `previews`"
                self.notices.append(Notice(line, message))
        if self.modes.left < 0:
            self.unknown.add((1, "the config takes too many steps to evaluate"))
        return found

    def above_case(self, name: Node) -> Comments:
        """Return the comments above the `case` of a mode."""
        case = name.parent
        found: Comments = []
        before = case.prev_sibling if case is not None and case.type == "switch_case" else None
        while before is not None and before.type == "comment":
            self._taken.add(before.start_byte)
            found[:0] = comment_lines(self.source.text_of(before))
            before = before.prev_sibling
        return found

    def left_over(self) -> Comments:
        """Return the comments that are in no object, in order."""
        found: Comments = []
        for node in _comments(self.source.root):
            if node.start_byte not in self._taken:
                found += comment_lines(self.source.text_of(node))
        return found

    def _line(self, node: Node) -> int:
        return self._index.position(self.source.span(node).start).line + 1

    def _value(self, value: Evaluated, name: str) -> Value:
        node = plain(value.node)
        if value.kind == "string" and value.value != OTHER_MODE and value.value is not None:
            return text_value(str(value.value))
        if value.kind == "number":
            return _number(float(value.value or 0))
        if value.kind == "boolean":
            return Value("boolean", bool(value.value))
        if value.kind == "nothing":
            return Value("null")
        if value.kind == "array" and value.complete:
            holder = Value("array", compact=self._on_one_line(node))
            around = self._around(node)
            for item in value.items:
                element = Element(self._value(item, f"{name}[…]"), line=self._line(item.node))
                self._comment(element, around, item.node)
                holder.elements.append(element)
            return _with(holder, around)
        if value.kind in ("object", "kv", "binding") and value.complete:
            return self._table(value, name)
        self.unknown.add((self._line(value.node), name))
        return Value("null")

    def _table(self, value: Evaluated, name: str) -> Value:
        node = plain(value.node)
        if node.type == "call_expression":
            arguments = node.child_by_field_name("arguments")
            inside = [] if arguments is None else arguments.named_children
            node = next((plain(one) for one in inside if one.type != "comment"), node)
        holder = Value("table", compact=self._on_one_line(node))
        if value.kind != "object":
            said = "kv" if value.kind == "kv" else _kebab(str(value.value))
            holder.elements.append(Element(text_value(said), "type", self._line(value.node)))
        around, spread = self._around(node), list[_Around]()
        for member in value.members.values():
            if member.value.kind == "nothing" and plain(member.value.node).type != "null":
                continue
            home = around
            parent = member.whole.parent
            if parent is not None and parent.id != node.id:  # it was spread into this object
                home = self._around(parent)
                spread.append(home)
            holder.elements.append(self._member(member, name, home))
        for each in spread:
            holder.end += each.head
            each.head.clear()
            _with(holder, each)
        return _with(holder, around)

    def _member(self, member: Member, name: str, around: _Around) -> Element:
        inner = member.name if name == "the config" else f"{name}.{member.name}"
        value = self._value(member.value, inner)
        element = Element(value, member.name, self._line(member.whole))
        self._comment(element, around, member.whole)
        return element

    def _comment(self, element: Element, around: _Around, node: Node) -> None:
        element.above = around.above.pop(node.start_byte, [])
        element.after = around.after.pop(node.start_byte, [])

    def _around(self, node: Node) -> _Around:
        """Return the comments in an object or an array that nothing has taken yet."""
        known = self._read.get(node.id)
        if known is not None:
            return known
        text = self.source.text
        found = self._read[node.id] = _Around({}, {}, [], [])
        if node.type not in ("object", "array"):
            return found
        at, after = self.source.span(node).start + 1, found.head
        here: list[Span] = []
        for child in node.named_children:
            if child.type == "comment":
                self._taken.add(child.start_byte)
                here.append(self.source.span(child))
                continue
            place = self.source.span(child)
            between = gap_of(text, here, at, place.start)
            after += between.after
            first = not found.above
            above = without_first_blank(between.above) if first else between.above
            found.above[child.start_byte] = above
            after = found.after[child.start_byte] = []
            at, here = place.end, []
        between = gap_of(text, here, at, self.source.span(node).end - 1, last=True)
        after += between.after
        found.end.extend(between.above)
        return found

    def _on_one_line(self, node: Node) -> bool:
        return node.start_point[0] == node.end_point[0]


def _with(holder: Value, around: _Around) -> Value:
    """Give the comments of an object that none of its members has to its value."""
    holder.head += around.head
    holder.end += around.end
    for left in around.above.values():
        holder.end += lines(left)
    for left_after in around.after.values():
        holder.end += left_after
    for taken in around:
        taken.clear()
    return holder


def _number(number: float) -> Value:
    if number.is_integer():
        return Value("integer", str(int(number)))
    return Value("float", repr(number))


def _kebab(name: str) -> str:
    """Return the type of a binding, from the name of its function.

    >>> _kebab("durableObject")
    'durable-object'
    """
    return _CAPITAL.sub("-", name).lower()


def _comments(node: Node) -> Iterator[Node]:
    """Yield the comments of a file in order."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here.type == "comment":
            yield here
        waiting += reversed(here.named_children)
