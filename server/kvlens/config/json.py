"""A tolerant scanner for JSON with comments and trailing commas (JSONC) that keeps positions.

Half-typed text becomes a broken node. The scanner doesn't validate; it only refuses a file that
exceeds `limits`. Flat objects are cached by their text.

A bracket that isn't closed yet would take everything below it into its value. A text with
unbalanced brackets is therefore scanned again by its indentation: lines that aren't indented
further than the line with the bracket don't belong to it.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from kvlens.config.limits import DEEPEST, MOST, too_deep, too_many
from kvlens.config.nodes import Member, Node, Part, Section, Sections

_TRIVIA = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?(?:\*/|\Z)|\ufeff)*", re.DOTALL)
_STRING = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_LINE_REST = re.compile(r"[^\r\n]*")
_OPEN_NAME = re.compile(r'"[\w\-]*')
_WORD = re.compile(r"[^\s,\[\]{}:\"/]+")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
_FLAT_OBJECT = re.compile(r"\{[^{}/]*\}")
_ESCAPE = re.compile(r"((?:\\u[0-9A-Fa-f]{4})+)|\\(.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_GAP = re.compile(r"(?:[\s,]+|//[^\r\n]*|/\*.*?(?:\*/|\Z)|\ufeff)*", re.DOTALL)
_INDENT = re.compile(r"[ \t]*")
_WORDS = {"true": ("boolean", True), "false": ("boolean", False), "null": ("null", None)}


class JsonScanner:
    """Scans the versions of one file, one after the other."""

    def __init__(self) -> None:
        self._objects: dict[str, Node] = {}

    def scan(self, text: str) -> Sections:
        """Return one section: the members of the object that the file holds.

        Raises TooMuchError for a text over the limits.
        """
        if len(self._objects) > 20_000:
            self._objects = {}
        reader = _Reader(text, self._objects)
        start, root = reader.root()
        if reader.unclosed or (root.broken and not _is_closed(text, start, root)):
            start, root = _Reader(text, self._objects, by_indent=True).root()
        return [(start, Section((), False, root))]


class _Reader:
    def __init__(self, text: str, known: dict[str, Node], *, by_indent: bool = False) -> None:
        self.text = text
        self.at = 0
        self.known = known
        self.depth = 0
        self.by_indent = by_indent
        self.unclosed = False  # a bracket without a partner was found
        self.left = MOST  # number of values still allowed
        self.open_until = -1  # a quote before this offset has no partner
        self._indents: dict[int, int] = {}  # line start -> end of its indentation
        self._lines = _line_starts(text) if by_indent else []

    def root(self) -> tuple[int, Node]:
        self._skip_trivia()
        start = self.at
        if self._peek() == "{":
            node = self._object()
            self._skip_trivia()
            broken = node.broken or self.at < len(self.text)
            return start, Node("table", node.length, members=node.members, broken=broken, head=0)
        return start, Node("table", 0, broken=True, head=0)

    def _value(self) -> Node:
        mark = self._peek()
        if mark == '"':
            return self._string()
        if mark and mark in "[{":
            if self.depth >= DEEPEST:
                raise too_deep(self.at)
            self.depth += 1
            node = self._array() if mark == "[" else self._object()
            self.depth -= 1
            return node
        found = _WORD.match(self.text, self.at)
        if not found:
            return Node("missing", 0, broken=True)
        self.at = found.end()
        word = found[0]
        if word in _WORDS:
            kind, value = _WORDS[word]
            return Node(kind, len(word), value)
        if number := _NUMBER.match(word):
            if number[1] or number[2] or len(word) > 4_000:
                return Node("float", len(word), float(word))
            return Node("integer", len(word), int(word))
        return Node("invalid", len(word), word, broken=True)

    def _string(self) -> Node:
        start = self.at
        if found := self._closed_string():
            self.at = found.end()
            return Node("string", len(found[0]), _unescape(found[1]))
        self.at = self.open_until
        return Node("string", self.at - start, self.text[start + 1 : self.at], broken=True)

    def _closed_string(self) -> re.Match[str] | None:
        """Match the string that begins here; an unclosed one extends to `open_until`."""
        if self.at < self.open_until:  # quotes inside an unclosed string have no partner either
            return None
        found = _STRING.match(self.text, self.at)
        if found is None:
            rest = _LINE_REST.match(self.text, self.at)
            assert rest
            self.open_until = rest.end()
        return found

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise too_many()

    def _array(self) -> Node:
        start = self.at
        margin = self._margin(start)
        self.at += 1
        items: list[tuple[int, Node]] = []
        broken = False
        while True:
            self._step()
            self._skip_gap()
            mark = self._peek()
            if mark == "]" and not self._is_outside(margin, True):
                self.at += 1
                return Node("array", self.at - start, broken=broken, items=tuple(items))
            if not mark or mark == "}" or self._is_outside(margin, mark == "]"):
                break
            if mark == ",":
                self.at += 1
                continue
            at = self.at
            node = self._value()
            if self.at == at:
                self.at += 1  # a stray character: skip it
                broken = True
                continue
            if node.kind == "string" and self._colon_follows():
                self.at = at  # a member of the enclosing object: the array was never closed
                break
            items.append((at - start, node))
            broken = broken or node.broken
        end = items[-1][0] + items[-1][1].length if items else 1
        self.unclosed = True
        return Node("array", end, broken=True, items=tuple(items))

    def _object(self) -> Node:
        start = self.at
        flat = _FLAT_OBJECT.match(self.text, start)
        if flat and self.by_indent and not self._is_upright(start, flat.end()):
            flat = None
        if flat and (known := self.known.get(flat[0])):
            self.at = flat.end()
            return known
        node = self._read_object()
        # A quote in it without a partner may have one in another text.
        if flat and node.length == len(flat[0]) and not node.broken and self.open_until <= start:
            self.known[flat[0]] = node
        return node

    def _read_object(self) -> Node:
        start = self.at
        margin = self._margin(start)
        self.at += 1
        members: list[Member] = []
        broken = False
        while True:
            self._step()
            self._skip_gap()
            mark = self._peek()
            outside = self._is_outside(margin, mark == "}")
            if mark == "}" and not outside:
                self.at += 1
                return Node("table", self.at - start, broken=broken, members=tuple(members))
            if not mark or mark in "]{" or outside:
                break
            if mark == ",":
                self.at += 1
                continue
            at = self.at
            key = self._key(start)
            if key is None:
                self.at = max(self.at, at + 1)
                broken = True
                continue
            member = self._member(start, key)
            members.append(member)
            broken = broken or member.value.broken
        end = members[-1].offset + members[-1].value.length if members else 1
        self.unclosed = True
        return Node("table", end, broken=True, members=tuple(members))

    def _key(self, base: int) -> Part | None:
        at = self.at
        if self._peek() == '"':
            if closed := self._closed_string():
                self.at, name = closed.end(), _unescape(closed[1])
            else:  # `"bind` … or `"bind: "x"`: take what could be a name
                found = _OPEN_NAME.match(self.text, at)
                assert found
                self.at, name = found.end(), found[0][1:]
            return Part(name, at - base, self.at - base)
        found = _WORD.match(self.text, at)
        if not found:
            return None
        self.at = found.end()
        return Part(found[0], at - base, self.at - base)

    def _member(self, base: int, key: Part) -> Member:
        after_key = self.at
        self._skip_trivia()
        if self._peek() != ":":
            self.at = after_key
            return Member((key,), after_key - base, Node("missing", 0, broken=True))
        self.at += 1
        after_colon = self.at
        margin = self._margin(base + key.start)
        self._skip_trivia()
        at = self.at
        if self._is_outside(margin, False):  # the value is missing; this is the next member
            self.at = after_colon
            return Member((key,), after_colon - base, Node("missing", 0, broken=True))
        if self._peek() == '"':
            value = self._string()
            if self._colon_follows():  # `"id":` and then the next member: the value is missing
                self.at = after_colon
                return Member((key,), after_colon - base, Node("missing", 0, broken=True))
            return Member((key,), at - base, value)
        value = self._value()
        if value.kind == "missing":
            self.at = after_colon
            return Member((key,), after_colon - base, value)
        return Member((key,), at - base, value)

    def _margin(self, at: int) -> int:
        """Return the indentation of a bracket's line; -1 if it isn't needed."""
        if not self.by_indent or not self.depth:
            return -1
        line = self._line(at)
        return min(self._indent_end(line), at) - line

    def _line(self, at: int) -> int:
        """Return the start of the line of an offset."""
        return self._lines[bisect_right(self._lines, at) - 1]

    def _indent_end(self, line: int) -> int:
        end = self._indents.get(line)
        if end is None:
            found = _INDENT.match(self.text, line)
            assert found
            end = self._indents[line] = found.end()
        return end

    def _is_upright(self, start: int, end: int) -> bool:
        """Return whether brackets are on one line, or have the same indentation."""
        line = self._line(end - 1)
        if line <= start:
            return True
        return self._indent_end(line) >= end - 1 and end - 1 - line == self._margin(start)

    def _is_outside(self, margin: int, closes: bool) -> bool:
        """Return whether a line that begins here isn't indented enough for the open bracket."""
        if margin < 0:
            return False
        line = self._line(self.at)
        if self._indent_end(line) < self.at:
            return False  # not at the start of its line
        indent = self.at - line
        return indent < margin if closes else indent <= margin

    def _colon_follows(self) -> bool:
        found = _TRIVIA.match(self.text, self.at)
        assert found
        return self.text[found.end() : found.end() + 1] == ":"

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_gap(self) -> None:
        """Skip white space, comments and any commas."""
        found = (_TRIVIA if self.by_indent else _GAP).match(self.text, self.at)
        assert found
        self.at = found.end()

    def _skip_trivia(self) -> None:
        found = _TRIVIA.match(self.text, self.at)
        assert found
        self.at = found.end()


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


def _is_closed(text: str, start: int, root: Node) -> bool:
    """Return whether the root object has its own closing bracket, with nothing after it."""
    last = root.members[-1] if root.members else None
    inside = last.offset + last.value.length if last else 1
    rest = _TRIVIA.match(text, start + root.length)
    return root.length > inside and rest is not None and rest.end() == len(text)


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw

    def replace(found: re.Match[str]) -> str:
        if found[1]:
            units = bytes.fromhex(found[1].replace("\\u", ""))
            return units.decode("utf-16-be", "replace")
        return _ESCAPED.get(found[2], found[2])

    return _ESCAPE.sub(replace, raw)
