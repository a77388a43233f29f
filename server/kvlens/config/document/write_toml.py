"""Write a document as TOML, in the order that it has.

What a header begins lasts to the next one. So a table or a list that plain values follow is written
as a value: `vars = { A = 1 }`, or `vars.A = 1` where it has comments or is long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kvlens.config.document.model import Comments, Document, Element, Value, lines
from kvlens.config.document.read import SCHEMA
from kvlens.config.document.write_braced import WIDEST, comment_lines, json_string
from kvlens.config.edit import key_text

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_SPACE = re.compile(r"\S+")


def write_toml(document: Document) -> str:
    """Return the text of a TOML file.

    Only of values that TOML has; see `unrepresentable`.
    """
    root, written = document.root, _Writer()
    schema = root.elements[0] if root.elements else None
    is_first = schema is not None and schema.name == SCHEMA and schema.value.kind == "string"
    if is_first and schema and _NO_SPACE.fullmatch(str(schema.value.value)):
        written.out.append(f"#:schema {schema.value.value}")
        rest: Comments = [*schema.above, *schema.after]
        following = root.elements[1].above if len(root.elements) > 1 else root.end
        following[:0] = rest
        root = Value("table", elements=root.elements[1:], head=root.head, end=root.end)
    written.comments(document.head)
    if document.head:
        written.blank()
    written.comments(root.head)
    written.table(root, ())
    if document.foot:
        written.blank()
        written.comments(document.foot)
    text = "\n".join(written.out).strip("\n")
    return f"{text}\n".replace("\n", document.newline) if text else ""


class _Writer:
    def __init__(self) -> None:
        self.out: list[str] = []

    def blank(self) -> None:
        if self.out and self.out[-1]:
            self.out.append("")

    def comments(self, comments: Sequence[str | None]) -> None:
        for line in comments:
            if line is None:
                self.blank()
            else:
                self.out.append(comment_lines([_CONTROL.sub(" ", line)], "#")[0])

    def table(self, value: Value, path: Sequence[str]) -> None:
        """Write what is below a header."""
        plain = _number_of_plain(value)
        for element in value.elements[:plain]:
            self.member([str(element.name)], element)
        if plain < len(value.elements) or path:
            self.comments(value.end)
        for element in value.elements[plain:]:
            self.section(element, [*path, str(element.name)])
        if plain == len(value.elements) and not path:
            self.comments(value.end)

    def section(self, element: Element, path: Sequence[str]) -> None:
        """Write a table, or a list of tables, with its headers."""
        value, name = element.value, ".".join(map(key_text, path))
        if value.kind == "array":
            above: Comments = [*element.above, *value.head]
            for item in value.elements:
                self._header(f"[[{name}]]", [*above, *item.above], item)
                self.table(item.value, path)
                above = []
            self.comments([*element.after, *value.end])
            return
        is_implied = _number_of_plain(value) == 0 and value.elements
        if is_implied and not (value.head or value.end or element.after or lines(element.above)):
            self.blank()
        else:
            self._header(f"[{name}]", element.above, element)
        self.table(value, path)

    def _header(self, header: str, above: Comments, element: Element) -> None:
        self.blank()
        self.comments(above)
        self.out.append(header + _after([*element.value.head, *element.after]))

    def member(self, names: Sequence[str], element: Element) -> None:
        """Write a member on a line, or the members of a table each with its whole path."""
        self.comments(element.above)
        value, key = element.value, ".".join(map(key_text, names))
        if value.kind == "array":
            self._array(key, element)
            return
        line = f"{key} = {inline(value)}"
        is_table = value.kind == "table" and value.elements
        if not is_table or (len(line) <= WIDEST and not value.has_comments):
            self.comments([*value.comments()] if not is_table else [])
            self.out.append(line + _after(element.after))
            return
        self.comments([*value.head, *element.after])
        for inner in value.elements:
            self.member([*names, str(inner.name)], inner)
        self.comments(value.end)

    def _array(self, key: str, element: Element) -> None:
        value = element.value
        line = f"{key} = {inline(value)}"
        if (
            (value.compact and len(line) <= WIDEST) or not value.elements
        ) and not value.has_comments:
            self.out.append(line + _after(element.after))
            return
        self.out.append(f"{key} = [{_after(value.head)}")
        for item in value.elements:
            inside = [*item.value.comments()]
            self.out += [f"  {line}" if line else "" for line in _marked([*item.above, *inside])]
            self.out.append(f"  {inline(item.value)},{_after(item.after)}")
        self.out += [f"  {line}" if line else "" for line in _marked(value.end)]
        self.out.append(f"]{_after(element.after)}")


def inline(value: Value) -> str:
    """Return a value on one line, without its comments."""
    if value.kind == "table":
        members = [f"{key_text(str(one.name))} = {inline(one.value)}" for one in value.elements]
        return f"{{ {', '.join(members)} }}" if members else "{}"
    if value.kind == "array":
        return f"[{', '.join(inline(one.value) for one in value.elements)}]"
    if value.kind == "string":
        return json_string(str(value.value))
    return ("true" if value.value else "false") if value.kind == "boolean" else str(value.value)


def _number_of_plain(value: Value) -> int:
    """Return how many of the first members are written as values, not below headers."""
    places = [at for at, one in enumerate(value.elements) if not _has_headers(one.value)]
    return places[-1] + 1 if places else 0


def _has_headers(value: Value) -> bool:
    if value.kind == "array":
        return bool(value.elements) and all(one.value.kind == "table" for one in value.elements)
    return value.kind == "table"


def _marked(comments: Sequence[str | None]) -> list[str]:
    return comment_lines([line and _CONTROL.sub(" ", line) for line in comments], "#")


def _after(comments: Sequence[str]) -> str:
    return f" {_marked([''.join(comments)])[0]}" if comments else ""
