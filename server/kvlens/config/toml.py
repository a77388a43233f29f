"""A tolerant scanner for TOML that keeps positions (TOML 1.0, and 1.1's inline tables).

Half-typed text becomes a broken node, which ends at the line, bracket or header where a human
reader would say it ends. The scanner doesn't validate; `syntax_check` does, with tomlkit. It only
refuses a file that exceeds `limits`.

Sections and flat inline tables are cached by their text. After a keystroke, only the current
section is scanned again.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from kvlens.config.limits import DEEPEST, MOST, too_deep, too_many
from kvlens.config.nodes import Member, Node, Part, Section, Sections

_BARE = r"[A-Za-z0-9_\-]+"
_QUOTED = r'"(?:[^"\\\r\n]|\\[^\r\n])*"|\'[^\'\r\n]*\''
_STRING_OR_OPEN = r'"(?:[^"\\\r\n]|\\[^\r\n])*"?|\'[^\'\r\n]*\'?'
_KEY = rf"(?:{_BARE}|{_QUOTED})(?:[ \t]*\.[ \t]*(?:{_BARE}|{_QUOTED}))*"

# A header begins with a bare name. `["a"]`, `[1]` and `[true]` on a separate line may be an inner
# array, so they count as headers only where a statement is expected.
_HEADER_TEXT = (
    r"[ \t]*\[\[?[ \t]*(?!(?:true|false|inf|nan|[0-9+\-][0-9_.eE+\-]*)[ \t]*[\],])"
    rf"{_BARE}[ \t]*(?=[.\]#\r\n]|\Z)"
)
_HEADER_LINE = re.compile(_HEADER_TEXT)
_LATER_HEADER = re.compile(rf"\n{_HEADER_TEXT}")  # begins with a letter: found by a fast search
# What a search for headers skips if there are multi-line strings.
_MARK = re.compile(
    rf"(?P<block>\"\"\"|''')|{_STRING_OR_OPEN}|#[^\r\n]*|(?P<header>\n{_HEADER_TEXT})"
)
_HEADER = re.compile(r"\[(\[?)")
_ASSIGNMENT = re.compile(rf"{_KEY}[ \t]*=")
# What most members are: a bare name, and a string without escapes.
_TEXT_MEMBER = re.compile(rf"({_BARE})[ \t]*=[ \t]*(\"[^\"\\\r\n]*\")(?!\")")
_PART = re.compile(rf"({_BARE})|({_QUOTED})|([\"'][^\r\n=\]]*)|([^\s=.\[\]{{}}\"'#,]+)")
_OPEN_PART = re.compile(r"[\"'][^\r\n=\]]*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_BLANK = re.compile(r"[ \t]*")
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COMMAS = re.compile(r",[ \t,]*")
_LINE_REST = re.compile(r"[^\r\n]*")
_STATEMENT_REST = re.compile(r"[ \t]*([^ \t\r\n#])?[^\r\n]*")  # with what shouldn't be there
_FLAT_TABLE = re.compile(r"\{[^{}\r\n]*\}")
_FLAT_ITEM = re.compile(r"[ \t\r\n]*(\{[^{}\r\n]*\})[ \t]*,?")
_BASIC = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n])*)"')
_LITERAL = re.compile(r"'([^'\r\n]*)'")
_BASIC_BLOCK = re.compile(r'"""((?:[^\\]|\\.)*?)"{3,5}(?!")', re.DOTALL)
_LITERAL_BLOCK = re.compile(r"'''(.*?)'{3,5}(?!')", re.DOTALL)
_DATE = r"\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?)?"
_DATETIME = re.compile(rf"(?:{_DATE}|\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?)(?![^\s,\]}}#])")
_WORD = re.compile(r"[^\s,\[\]{}#\"']+")
_INTEGER = re.compile(
    r"[+-]?(?:0|[1-9](?:_?\d)*)\Z|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*\Z"
    r"|0o[0-7](?:_?[0-7])*\Z|0b[01](?:_?[01])*\Z"
)
_FLOAT = re.compile(
    r"[+-]?(?:(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?|inf|nan)\Z"
)
_ESCAPE = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([ \t]*\r?\n[ \t\r\n]*)|(.))"
)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_INDENT = re.compile(r"[ \t]*")

Read = tuple[tuple[tuple[int, Section], ...], int]  # a chunk's sections, number of values


class TomlScanner:
    """Scans the versions of one file, one after the other."""

    def __init__(self) -> None:
        self._chunks: dict[str, Read] = {}
        self._tables: dict[str, Node] = {}

    def scan(self, text: str) -> Sections:
        """Return the file's sections in order, each with its offset. The first has no header.

        Raises TooMuchError for a text over the limits.
        """
        has_blocks = '"""' in text or "'''" in text
        bounds = [0, *(_headers(text) if has_blocks else _plain_headers(text)), len(text)]
        kept: dict[str, Read] = {}
        tables: dict[str, Node] = {}
        sections: Sections = []
        left = MOST - 4 * len(bounds)  # a header creates a table and more
        index = 0
        while index + 1 < len(bounds):
            start, stop = bounds[index], bounds[index + 1]
            index += 1
            chunk = text[start:stop]
            read = self._chunks.get(chunk) or kept.get(chunk)
            if read is None:
                reader = _Reader(chunk, self._tables, tables, left)
                read = reader.sections(), left - reader.left
                if reader.open_block and _block_end(text, start, reader.open_block):
                    index = len(bounds) - 1  # a header inside a multi-line string doesn't count
                    reader = _Reader(text[start:], self._tables, tables, left)
                    read = reader.sections(), left - reader.left
            if not has_blocks or ('"""' not in chunk and "'''" not in chunk):
                kept[chunk] = read
            left -= read[1]
            if left < 0:
                raise too_many()
            for offset, section in read[0]:
                sections.append((start + offset, section))
        self._chunks = kept
        if tables:
            self._tables = tables if len(self._tables) > 20_000 else {**self._tables, **tables}
        return sections


def _plain_headers(text: str) -> list[int]:
    return [found.start() + 1 for found in _LATER_HEADER.finditer(text)]


def _headers(text: str) -> list[int]:
    """Return the offsets of headers outside multi-line strings."""
    found: list[int] = []
    unclosed: set[str] = set()  # quotes without a later partner
    at = 0
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark["header"] is not None:
            found.append(mark.start() + 1)
        elif (quote := mark["block"]) and quote not in unclosed:
            end = _block_end(text, 0, (mark.start(), quote))
            if end is None:
                unclosed.add(quote)
            else:
                at = end
    return found


def _block_end(text: str, start: int, opened: tuple[int, str]) -> int | None:
    """Return the end of the multi-line string that was opened in a chunk at `start`, if any."""
    at, quote = opened
    block = _BASIC_BLOCK if quote == '"""' else _LITERAL_BLOCK
    found = block.match(text, start + at)
    return found.end() if found else None


class _Reader:
    """Reads one chunk. Offsets here are relative to the chunk; in nodes, to the node."""

    def __init__(
        self, text: str, known: dict[str, Node], fresh: dict[str, Node], left: int
    ) -> None:
        self.text = text
        self.at = 0
        self.known = known
        self.fresh = fresh
        self.left = left  # number of values and keys still allowed
        self.depth = 0
        self.open_block: tuple[int, str] | None = None
        self._trivia = (-1, -1, False)  # last skipped: start, end, whether it has a line end
        self._lines: list[int] = []
        self._open_until = -1  # a double quote before this offset has no partner
        self._open_key = -1  # the last key with such a quote
        self._indents: dict[int, int] = {}  # line start -> end of its indentation

    # statements -----------------------------------------------------------------------------

    def sections(self) -> tuple[tuple[int, Section], ...]:
        """Read the whole chunk."""
        found: list[tuple[int, Section]] = []
        self._skip_trivia()
        start, is_array, head = 0, False, 0
        header: tuple[Part, ...] = ()
        if self._peek() == "[":
            start, header, is_array, head = self._header()
        while True:
            members, end, broken = self._members(start)
            closing = "]]" if is_array else "]"
            broken = broken or not self.text[start : start + head].endswith(closing[:head])
            body = Node(
                "table", max(end, start + head) - start, members=members, head=head, broken=broken
            )
            path = tuple(part.name for part in header)
            found.append((start, Section(header, is_array, body, path)))
            if self.at >= len(self.text):
                return tuple(found)
            start, header, is_array, head = self._header()

    def _header(self) -> tuple[int, tuple[Part, ...], bool, int]:
        """Read `[a.b]` or `[[a.b]]`: (start, parts, whether an array, length)."""
        start = self.at
        opened = _HEADER.match(self.text, start)
        assert opened
        self.at = opened.end()
        self._blank()
        parts = self._key(start)
        self._blank()
        while self._peek() == "]":
            self.at += 1
        end = self.at
        self._line_rest()
        return start, parts, bool(opened[1]), end - start

    def _members(self, start: int) -> tuple[tuple[Member, ...], int, bool]:
        """Read statements up to the next header: (members, end of the last, whether broken)."""
        members: list[Member] = []
        end, broken = start, False
        while True:
            self._skip_trivia()
            mark = self._peek()
            if not mark or mark == "[":
                return tuple(members), end, broken
            member = self._member(start)
            if member is None:
                self._line_rest()
                broken = True
                continue
            members.append(member)
            end = self.at
            broken = broken or member.value.broken
            rest = _STATEMENT_REST.match(self.text, self.at)
            assert rest
            self.at = rest.end()
            broken = broken or rest[1] is not None

    def _member(self, base: int) -> Member | None:
        """Read `key = value`; a key without a value is a member with a missing value."""
        if found := _TEXT_MEMBER.match(self.text, self.at):
            self._step()
            part = Part(found[1], self.at - base, found.end(1) - base)
            self.at = found.end()
            start = found.start(2)
            return Member((part,), start - base, Node("string", self.at - start, found[2][1:-1]))
        parts = self._key(base)
        if not parts:
            return None
        self._blank()
        if self._peek() != "=":
            return Member(parts, self.at - base, Node("missing", 0, broken=True))
        self.at += 1
        self._blank()
        at = self.at
        return Member(parts, at - base, self._value())

    def _key(self, base: int) -> tuple[Part, ...]:
        self._step()
        parts: list[Part] = []
        while found := self._part():
            if len(parts) == DEEPEST:
                raise too_deep(self.at)
            raw = found[0]
            quoted = len(raw) > 1 and raw[0] in "\"'" and raw[-1] == raw[0]
            if quoted and raw[0] == '"':
                name = _unescape(raw[1:-1])
            elif quoted:
                name = raw[1:-1]
            else:
                name = raw.strip("\"' \t")
                if raw[0] in "\"'":
                    self._open_key = self.at
            parts.append(Part(name, self.at - base, found.end() - base))
            self.at = found.end()
            dot = _DOT.match(self.text, self.at)
            if not dot:
                break
            self.at = dot.end()
        return tuple(parts)

    def _part(self) -> re.Match[str] | None:
        """Match one part of a key; the partner of a quote is searched for only once."""
        if self._peek() != '"':
            return _PART.match(self.text, self.at)
        if self.at >= self._open_until:
            found = _PART.match(self.text, self.at)
            if found and found[2]:
                return found
            rest = _LINE_REST.match(self.text, self.at)
            self._open_until = rest.end() if rest else self.at
        return _OPEN_PART.match(self.text, self.at)

    # values ---------------------------------------------------------------------------------

    def _value(self) -> Node:
        mark = self._peek()
        if mark == '"' or mark == "'":
            return self._string(mark)
        if mark in ("[", "{"):
            if self.depth >= DEEPEST:
                raise too_deep(self.at)
            self.depth += 1
            node = self._array() if mark == "[" else self._table()
            self.depth -= 1
            return node
        start = self.at
        if found := _DATETIME.match(self.text, start):
            self.at = found.end()
            return Node("datetime", self.at - start, found[0])
        found = _WORD.match(self.text, start)
        if not found:
            return Node("missing", 0, broken=True)
        self.at = found.end()
        word = found[0]
        if word in ("true", "false"):
            return Node("boolean", len(word), word == "true")
        if _INTEGER.match(word):
            return Node("integer", len(word), _integer(word))
        if _FLOAT.match(word):
            return Node("float", len(word), float(word.replace("_", "")))
        return Node("invalid", len(word), word, broken=True)

    def _string(self, quote: str) -> Node:
        start = self.at
        block = quote * 3
        if self.text.startswith(block, start):
            pattern = _BASIC_BLOCK if quote == '"' else _LITERAL_BLOCK
            if found := pattern.match(self.text, start):
                self.at = found.end()
                inside = self.text[start + 3 : self.at - 3]
                inside = inside[1:] if inside[:1] == "\n" else inside.removeprefix("\r\n")
                value = _unescape(inside) if quote == '"' else inside
                return Node("string", self.at - start, value)
            self.open_block = (start, block)
            self._line_rest()
            return Node("string", self.at - start, self.text[start + 3 : self.at], broken=True)
        found = (_BASIC if quote == '"' else _LITERAL).match(self.text, start)
        if found:
            self.at = found.end()
            value = _unescape(found[1]) if quote == '"' else found[1]
            return Node("string", self.at - start, value)
        self._line_rest()
        return Node("string", self.at - start, self.text[start + 1 : self.at], broken=True)

    def _array(self) -> Node:
        start = self.at
        self.at += 1
        items: list[tuple[int, Node]] = []
        broken = False
        closed = False
        while True:
            while (found := _FLAT_ITEM.match(self.text, self.at)) and (
                node := self.known.get(found[1])
            ):  # a shortcut for the code below, if nothing changed
                self._step()
                items.append((found.start(1) - start, node))
                self.fresh[found[1]] = node
                self.at = found.end()
            self._step()
            before = self.at
            line_start = self._skip_trivia()
            mark = self._peek()
            if mark == "]":
                self.at += 1
                closed = True
                break
            if not mark or (line_start and self._statement_here()):
                break
            if mark == "{" and (flat := self._flat_table()):
                items.append((self.at - flat.length - start, flat))
            elif mark == ",":
                self._commas()
                continue
            else:
                at = self.at
                value = self._value()
                if self.at == at:  # not the start of a value, such as a lone brace
                    self.at += 1
                    broken = True
                    continue
                items.append((at - start, value))
                broken = broken or value.broken
            self._blank()
            if self._peek() == ",":
                self.at += 1
        if closed:
            return Node("array", self.at - start, broken=broken, items=tuple(items))
        self.at = before  # the lines below are parsed separately
        end = items[-1][0] + items[-1][1].length if items else 1
        return Node("array", end, broken=True, items=tuple(items))

    def _flat_table(self) -> Node | None:
        """Return a cached inline table without inner braces, by its text."""
        found = _FLAT_TABLE.match(self.text, self.at)
        if not found:
            return None
        raw = found[0]
        node = self.known.get(raw) or self.fresh.get(raw)
        if node is None:
            start = self.at
            node = self._table()
            # A quote in it without a partner may have one in another text.
            if node.broken or node.length != len(raw) or self._open_key > start:
                self.at = start + node.length
                return node
        self.fresh[raw] = node
        self.at = found.end()
        return node

    def _table(self) -> Node:
        start = self.at
        self.at += 1
        members: list[Member] = []
        broken = False
        end = self.at
        after_comma = True
        while True:
            self._step()
            line_start = self._skip_trivia()
            mark = self._peek()
            if mark == "}":
                self.at += 1
                return Node("table", self.at - start, broken=broken, members=tuple(members))
            if mark == ",":
                self._commas()
                end = self.at
                after_comma = True
                continue
            if not mark or mark in "{]" or (line_start and (mark == "[" or not after_comma)):
                break
            at = self.at
            member = self._member(start)
            if member is None:
                self.at = at + 1  # a stray character: skip it
                broken = True
                continue
            members.append(member)
            end = self.at
            broken = broken or member.value.broken
            after_comma = False
        end, members = self._own_members(start, end, members)
        self.at = end
        return Node("table", end - start, broken=True, members=tuple(members))

    def _own_members(self, start: int, end: int, members: list[Member]) -> tuple[int, list[Member]]:
        """Drop the statements after an unclosed inline table that were parsed as its members.

        They aren't indented further than the line on which the table was opened.
        """
        if not members:
            return end, members
        line, margin = self._line(start), self._margin(start)
        for number, member in enumerate(members):
            at = start + member.key[0].start
            if self._line(at) > line and self._margin(at) <= margin:
                kept = members[:number]
                last = kept[-1] if kept else None
                return (start + last.offset + last.value.length if last else start + 1), kept
        return end, members

    def _margin(self, at: int) -> int:
        """Return the indentation of an offset's line."""
        line = self._line(at)
        end = self._indents.get(line)
        if end is None:
            found = _INDENT.match(self.text, line)
            assert found
            end = self._indents[line] = found.end()
        return min(end, at) - line

    def _line(self, at: int) -> int:
        """Return the start of the line of an offset."""
        if not self._lines:
            self._lines = [0, *(found.end() for found in re.finditer("\n", self.text))]
        return self._lines[bisect_right(self._lines, at) - 1]

    # small steps ----------------------------------------------------------------------------

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise too_many()

    def _commas(self) -> None:
        found = _COMMAS.match(self.text, self.at)
        assert found
        self.at = found.end()

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found
        self.at = found.end()

    def _line_rest(self) -> None:
        found = _LINE_REST.match(self.text, self.at)
        assert found
        self.at = found.end()

    def _skip_trivia(self) -> bool:
        """Skip white space, line ends and comments; return whether a new line was reached."""
        start, end, line = self._trivia
        if self.at != start:
            found = _TRIVIA.match(self.text, self.at)
            assert found
            end, passed = found.end(), found[0]
            line = "\n" in passed or "\r" in passed
            self._trivia = self.at, end, line
        self.at = end
        return line

    def _statement_here(self) -> bool:
        """Return whether a line inside an array is actually the next statement."""
        if self._peek() == "[":
            return _HEADER_LINE.match(self.text, self.at) is not None
        return _ASSIGNMENT.match(self.text, self.at) is not None


def _integer(word: str) -> int:
    digits = word.replace("_", "")
    if len(digits) > 4_000:  # int() rejects more; no TOML integer has as many
        return 0
    return int(digits, 0) if digits[:2] in ("0x", "0o", "0b") else int(digits)


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw

    def replace(found: re.Match[str]) -> str:
        digits = found[1] or found[2] or found[3]
        if digits:
            code = int(digits, 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else found[0]
        if found[4]:
            return ""
        return _ESCAPED.get(found[5] or "", found[5] or "")

    return _ESCAPE.sub(replace, raw)
