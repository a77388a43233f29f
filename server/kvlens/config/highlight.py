"""What each part of a TOML config is, for an editor that colors it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from kvlens.config.model import Config
from kvlens.config.nodes import Member, Node, Part

Kind = Literal["namespace", "property", "string", "number", "keyword", "comment"]
"""The types of LSP's semantic tokens: a header's name is a namespace, `true` a keyword."""
KINDS: tuple[Kind, ...] = get_args(Kind)

_KINDS_OF_VALUES: dict[str, Kind] = {
    "string": "string",
    "integer": "number",
    "float": "number",
    "datetime": "number",
    "boolean": "keyword",
}
_COMMENT = re.compile(r"#[^\r\n]*")


class Token(NamedTuple):
    """A part of the text. A string may have several lines."""

    start: int
    end: int
    kind: Kind


def tokens(config: Config, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens that begin between two offsets, in order, without overlaps.

    Comments are what begins with # between the others.
    """
    stop = len(config.text) if end is None else end
    at = 0
    for token in _written(config, start, stop):
        if token.start < at:
            continue  # half-typed text may be read twice
        yield from _comments(config.text, max(at, start), token.start)
        yield token
        at = token.end
    yield from _comments(config.text, max(at, start), stop)


def _comments(text: str, start: int, end: int) -> Iterator[Token]:
    for found in _COMMENT.finditer(text, start, max(start, end)):
        yield Token(*found.span(), "comment")


def _written(config: Config, start: int, stop: int) -> Iterator[Token]:
    """Yield the names and values of the sections that reach into a range."""
    bounds = [*(base for base, _ in config.sections[1:]), len(config.text)]
    for (base, section), bound in zip(config.sections, bounds, strict=True):
        if bound < start or base >= stop:
            continue
        parts = (_named(part, base, "namespace") for part in section.header)
        for token in (*parts, *_members(section.body.members, base)):
            if token.end > start and token.start < stop:
                yield token


def _members(members: tuple[Member, ...], base: int) -> Iterator[Token]:
    for member in members:
        for part in member.key:
            yield _named(part, base, "property")
        yield from _value(member.value, base + member.offset)


def _value(node: Node, base: int) -> Iterator[Token]:
    """Yield the tokens of a value; its depth has a limit, which the scanner checks."""
    if node.kind in _KINDS_OF_VALUES:
        if node.length:
            yield Token(base, base + node.length, _KINDS_OF_VALUES[node.kind])
        return
    yield from _members(node.members, base)
    for offset, item in node.items:
        yield from _value(item, base + offset)


def _named(part: Part, base: int, kind: Kind) -> Token:
    return Token(base + part.start, base + part.end, kind)
