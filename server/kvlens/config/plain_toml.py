"""Whether a text is certainly valid TOML, as most configs are: told without parsing it again.

It is if all its lines have a plain form, without escapes, dates, dotted keys and the like, and no
name is defined twice. Of any other text this says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.config.nodes import Member, Node, Sections

_NAME = r"[A-Za-z0-9_-]+"
_VALUE = r"(?:\"[^\"\\\x00-\x1f\x7f]*\"(?!\")|'[^'\x00-\x1f\x7f]*'(?!')|true|false|0|[1-9][0-9]*)"
_PAIR = rf"{_NAME}[ \t]*=[ \t]*{_VALUE}[ \t]*"
_TABLE = rf"\{{[ \t]*(?:{_PAIR}(?:,[ \t]*{_PAIR})*)?\}}"
_COMMENT = r"#[^\x00-\x08\x0a-\x1f\x7f]*"
_GAP = rf"(?:[ \t\n]|{_COMMENT}\n)*"  # in an array
_ITEM = rf"(?:{_VALUE}|{_TABLE}){_GAP}"
_ARRAY = rf"\[{_GAP}(?:{_ITEM}(?:,{_GAP}{_ITEM})*(?:,{_GAP})?)?\]"
_HEADER = rf"[ \t]*{_NAME}(?:\.{_NAME})*[ \t]*"
_STATEMENT = rf"{_NAME}[ \t]*=[ \t]*(?:{_VALUE}|{_TABLE}|{_ARRAY})|\[{_HEADER}\]|\[\[{_HEADER}\]\]"
_LINE = re.compile(rf"[ \t]*(?:(?:{_STATEMENT})[ \t]*)?(?:{_COMMENT})?(?:\n|\Z)")
_LONGEST = 100_000  # characters

_Path = tuple[str, ...]


def is_plain(text: str, sections: Sections) -> bool:
    """Return whether a scanned text certainly is valid TOML; False if it may not be."""
    at, end = 0, len(text)
    if end > _LONGEST:
        return False
    while at < end:
        line = _LINE.match(text, at)
        if line is None:
            return False
        at = line.end()
    return _is_each_defined_once(sections)


def _is_each_defined_once(sections: Sections) -> bool:
    values: set[_Path] = set()
    tables: set[_Path] = set()
    arrays: set[_Path] = set()
    above: set[_Path] = set()  # the tables that a header creates around its own
    for _, section in sections:
        path, members = section.path, section.body.members
        if path and path in tables | (above if section.is_array else arrays):
            return False
        (arrays if section.is_array else tables).add(path)
        above.update(path[:length] for length in range(1, len(path)))
        values.update((*path, member.key[0].name) for member in members)
        if not all(map(_has_each_name_once, _tables_of(section.body))):
            return False
    headers = (tables | arrays) - {()}
    return not any(
        path[:length] in values for path in headers for length in range(1, len(path) + 1)
    )


def _tables_of(node: Node) -> Iterator[Node]:
    """Yield a table, and those that are values in it."""
    yield node
    for member in node.members:
        yield from (each for each in (member.value, *_items(member)) if each.kind == "table")


def _items(member: Member) -> Iterator[Node]:
    return (item for _, item in member.value.items)


def _has_each_name_once(table: Node) -> bool:
    return len({member.key[0].name for member in table.members}) == len(table.members)
