"""Invariants of the tree that a scanner makes of any config text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from kvlens.config.json import JsonScanner
from kvlens.config.limits import TooMuchError
from kvlens.config.nodes import BROKEN_KINDS, KINDS, Node, Part, Sections
from kvlens.config.toml import TomlScanner

Unquote = Callable[[str], str | None]  # a token's value in a strict parser; None if invalid


def scanned(kind: type[JsonScanner] | type[TomlScanner], text: str) -> Sections | None:
    """Return a scanner's result, which must not depend on earlier texts.

    Returns None for a text over the limits.
    """
    used = kind()
    with suppress(TooMuchError):
        used.scan(text[: len(text) // 2])
    try:
        sections = used.scan(text)
    except TooMuchError as error:
        assert error.refusal.reason
        return None
    assert _shown(kind().scan(text)) == _shown(sections), "another tree while typing"
    return sections


def check(text: str, sections: Sections, unquote: Unquote) -> None:
    """Raise if a span is outside its parent, or a text has a different meaning."""
    last = 0
    for start, section in sections:
        assert last <= start <= len(text), f"a section at {start}, behind {last}, of {len(text)}"
        last = start
        assert section.path == tuple(part.name for part in section.header)
        for part in section.header:
            _check_name(text, start, part, start + section.body.length, unquote)
        for place, node in _inside(text, start, section.body, unquote):
            assert node.kind in KINDS or (node.kind in BROKEN_KINDS and node.broken), node
            token = text[place : place + node.length]
            if node.kind not in ("array", "table") and not node.broken:
                _check_token(token, node, unquote)


def same(ours: Any, theirs: Any) -> bool:
    """Return whether two values are equal, ignoring line ends; NaN equals NaN."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, float) and math.isnan(ours):
        return math.isnan(theirs)
    if isinstance(ours, str):
        return ours.replace("\r\n", "\n") == str(theirs).replace("\r\n", "\n")
    return bool(ours == theirs)


def _shown(sections: Sections) -> list[tuple[Any, ...]]:
    return [
        (start, section.header, section.is_array, section.path, _all_of(section.body))
        for start, section in sections
    ]


def _all_of(node: Node) -> tuple[Any, ...]:
    """Return the comparable data of a node."""
    return (
        *(node.kind, node.length, node.head, node.broken, repr(node.value)),
        [(member.key, member.offset, _all_of(member.value)) for member in node.members],
        [(offset, _all_of(item)) for offset, item in node.items],
    )


def _inside(text: str, start: int, node: Node, unquote: Unquote) -> Iterator[tuple[int, Node]]:
    """Yield a node and its descendants with their offsets; check that each is in its parent."""
    end = start + node.length
    assert start <= end <= len(text), f"{node.kind} {start} to {end} of {len(text)}"
    assert 0 <= node.head <= node.length, f"a head of {node.head} of {node.length}"
    yield start, node
    at = start
    for member in node.members:
        for part in member.key:
            assert at <= start + part.start, "keys overlap"
            at = _check_name(text, start, part, end, unquote)
        place = start + member.offset
        assert at <= place and place + member.value.length <= end, f"a value outside: {member}"
        yield from _inside(text, place, member.value, unquote)
        at = place + member.value.length
    at = start
    for offset, item in node.items:
        assert at <= start + offset and start + offset + item.length <= end, "an item outside"
        yield from _inside(text, start + offset, item, unquote)
        at = start + offset + item.length


def _check_name(text: str, base: int, part: Part, end: int, unquote: Unquote) -> int:
    """Check one part of a key; return its end."""
    start, stop = base + part.start, base + part.end
    assert base <= start < stop <= end, f"{part} outside of {base} to {end}"
    raw = text[start:stop]
    meant = unquote(raw) if raw[0] in "\"'" and len(raw) > 1 and raw[-1] == raw[0] else None
    if meant is not None:
        assert part.name == meant, f"{raw!r} read as {part.name!r}"
    elif raw[0] not in "\"'":
        assert part.name == raw, f"{raw!r} read as {part.name!r}"
    return stop


def _check_token(token: str, node: Node, unquote: Unquote) -> None:
    """Check that a token was parsed correctly."""
    value = node.value
    if node.kind == "string":
        assert len(token) > 1 and token[0] == token[-1] and token[0] in "\"'", f"string {token!r}"
        meant = unquote(token)
        assert meant is None or same(value, meant), f"{token!r} read as {value!r}"
    elif node.kind in ("boolean", "null"):
        assert token == {True: "true", False: "false", None: "null"}[value], f"{token!r}: {value}"
    elif node.kind == "datetime":
        assert token == value, f"{token!r} read as {value!r}"
    elif len(token) <= 4000:  # Python reads few more digits
        digits = token.replace("_", "")
        read = (
            int(digits, 0 if digits[:1] == "0" else 10) if node.kind == "integer" else float(digits)
        )
        assert same(value, read), f"{token!r} read as {value!r}"
