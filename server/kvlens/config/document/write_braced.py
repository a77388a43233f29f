"""Write a document as JSON with comments, or a value as JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from kvlens.config.document.model import Document, Element, Value

WIDEST = 100  # columns of a value on one line
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_ENDS = {"table": ("{", "}"), "array": ("[", "]")}


def write_json(document: Document) -> str:
    """Return the text of a JSONC file."""
    written = [
        *comment_lines(document.head),
        BracedWriter().value(document.root, "", 0, expanded=True),
        *comment_lines(document.foot),
    ]
    return "\n".join([*written, ""]).replace("\n", document.newline)


def comment_lines(comments: Sequence[str | None], mark: str = "//", indent: str = "") -> list[str]:
    """Return the lines of comments, with their mark."""
    return ["" if line is None else f"{indent}{mark}{line}".rstrip() for line in comments]


class BracedWriter:
    """Writes values in brackets: JSON, or JavaScript with `code`."""

    def __init__(self, *, code: bool = False) -> None:
        self._code = code

    def value(self, value: Value, indent: str, used: int, *, expanded: bool = False) -> str:
        """Return a value's text; lines after the first one begin with `indent`.

        `used` are the columns that are taken on its first line.
        """
        if value.kind == "call":
            inside = [self.value(one.value, indent, used + 12) for one in value.elements]
            return f"{value.value}({', '.join(inside)})"
        if value.kind not in _ENDS:
            return self._scalar(value)
        first, last = _ENDS[value.kind]
        if not value.elements and not value.has_comments:
            return first + last
        if value.compact and not expanded and not value.has_comments:
            line = self._inline(value)
            if used + len(line) < WIDEST:
                return line
        inner = f"{indent}  "
        written = [first + _after(value.head)]
        for number, element in enumerate(value.elements):
            written += comment_lines(element.above, indent=inner)
            comma = "," if self._code or number + 1 < len(value.elements) else ""
            text = self._member(element, inner, len(inner))
            written.append(f"{inner}{text}{comma}{_after(element.after)}")
        written += comment_lines(value.end, indent=inner)
        return "\n".join([*written, indent + last])

    def _inline(self, value: Value) -> str:
        """Return a value on one line, without its comments."""
        if value.kind == "call":
            return f"{value.value}({', '.join(self._inline(one.value) for one in value.elements)})"
        if value.kind not in _ENDS:
            return self._scalar(value)
        first, last = _ENDS[value.kind]
        gap = " " if value.kind == "table" and value.elements else ""
        inside = [
            ("" if one.name is None else f"{self._key(one.name)}: ") + self._inline(one.value)
            for one in value.elements
        ]
        return f"{first}{gap}{', '.join(inside)}{gap}{last}"

    def _member(self, element: Element, indent: str, used: int) -> str:
        key = "" if element.name is None else f"{self._key(element.name)}: "
        return key + self.value(element.value, indent, used + len(key))

    def _key(self, name: str) -> str:
        if self._code and name == "__proto__":
            return '["__proto__"]'  # the other forms set the prototype
        return name if self._code and _NAME.fullmatch(name) else json_string(name)

    def _scalar(self, value: Value) -> str:
        if value.kind in ("string", "datetime"):
            return json_string(str(value.value))
        if value.kind == "boolean":
            return "true" if value.value else "false"
        return "null" if value.kind == "null" else str(value.value)


def _after(comments: Sequence[str]) -> str:
    return f" //{''.join(comments)}".rstrip() if comments else ""


def json_string(text: str) -> str:
    """Return a string as JSON, TOML and JavaScript have it."""
    written = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return re.sub("[\ud800-\udfff\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", written)
