"""Find what is at a position in a config, for completion, hover and navigation.

This works in half-typed text too: something unclosed extends up to the position, which is what a
user who types there means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kvlens.config.model import Config, Entry, Environment, Field
from kvlens.memo import memo
from kvlens.text import Span

Kind = Literal[
    "header",  # in `[…]` or `[[…]]`
    "statement",  # where a key of the top level or an environment may be
    "list",  # in the array of namespaces, between its elements
    "key",  # the name of a field of an entry, or where one may be
    "value",  # the value of a field
]
_WORD_BEFORE = re.compile(r"[\"']?[\w-]*\Z")
_WORD_AFTER = re.compile(r"[\w-]*[\"']?")
_HEADER_BEFORE = re.compile(r"^[ \t]*(\[\[?)([^\]\r\n#]*)\Z")


@dataclass(frozen=True)
class CursorTarget:
    """A position in a config; `span` is the word or value there, which a completion replaces."""

    kind: Kind
    span: Span
    environment: Environment
    entry: Entry | None = None
    field: Field | None = None


def at(config: Config, offset: int) -> CursorTarget | None:
    """Return what is at an offset, or None if nothing about KV can be there."""
    if _in_comment(config, offset):
        return None
    line_start = max(config.text.rfind(mark, 0, offset) for mark in "\r\n") + 1
    top = config.environments[0]
    if config.is_toml:
        opened = _HEADER_BEFORE.match(config.text[line_start:offset])
        if opened and not _inside_list(config, offset):
            end = _word(config.text, offset).end
            while config.text[end : end + 1] == "]":  # already closed by the editor
                end += 1
            return CursorTarget("header", Span(line_start + opened.start(1), end), top)
    for environment, entry, reach in _entries(config):
        if reach.start <= offset <= reach.end and entry.is_table:
            return _in_entry(config, environment, entry, offset)
    for environment in config.environments:
        for kv in environment.kv:
            node = kv.definition.node
            if node is not None and node.kind == "array":
                end = kv.span.end if not node.broken else _gap_end(config.text, kv.span.end)
                if kv.span.start < offset and (offset < end or (node.broken and offset <= end)):
                    return CursorTarget("list", _word(config.text, offset), environment)
    scope = _scope(config, offset)
    before = config.text[line_start:offset]
    if scope and (not before.strip(" \t,{\"'") or _WORD_BEFORE.fullmatch(before.lstrip(" \t,{"))):
        return CursorTarget("statement", _word(config.text, offset), scope)
    return None


def entry_at(config: Config, offset: int) -> tuple[Environment, Entry] | None:
    """Return the entry around an offset; a `[[…]]` includes the blank lines after it."""
    for environment, entry, reach in _entries(config):
        if reach.start <= offset <= reach.end:
            return environment, entry
    return None


def _in_entry(
    config: Config, environment: Environment, entry: Entry, offset: int
) -> CursorTarget | None:
    text = config.text
    if offset <= entry.head.end and entry.node.head != entry.node.length:
        return CursorTarget("header", entry.head, environment, entry)
    for field in entry.fields:
        key = field.key_span
        if key.start <= offset <= key.end and key.start < key.end:
            return CursorTarget("key", key, environment, entry, field)
        start, end = field.value_span
        if field.kind == "missing":
            start = field.key_span.end
            end = _line_gap_end(text, end)
            sign = re.match(r"[ \t]*[=:]", text[start:end])
            if sign is None:
                continue
            start += sign.end()
            if start <= offset <= end:
                return CursorTarget("value", Span(offset, offset), environment, entry, field)
        elif start <= offset <= end:
            return CursorTarget("value", Span(start, end), environment, entry, field)
    return CursorTarget("key", _word(text, offset), environment, entry)


@memo
def _entries(config: Config) -> tuple[tuple[Environment, Entry, Span], ...]:
    """Return each entry with the span in which typing belongs to it."""
    return tuple(_with_spans(config))


def _with_spans(config: Config) -> Iterator[tuple[Environment, Entry, Span]]:
    ends = {
        base: config.sections[index + 1][0] - 1
        for index, (base, _) in enumerate(config.sections[:-1])
    }
    for environment in config.environments:
        for kv in environment.kv:
            for entry in kv.entries:
                start, end = entry.span
                if entry.node.head != entry.node.length or kv.definition.elements:
                    yield environment, entry, Span(start, ends.get(entry.base, len(config.text)))
                elif entry.broken and not config.text[start:end].endswith("}"):
                    yield environment, entry, Span(start + 1, _gap_end(config.text, end))
                elif entry.in_code:
                    yield environment, entry, Span(start, end)
                else:
                    yield environment, entry, Span(start + 1, end - 1)


def _inside_list(config: Config, offset: int) -> bool:
    return any(
        kv.definition.node is not None and kv.span.start < offset <= kv.span.end
        for environment in config.environments
        for kv in environment.kv
    )


def _scope(config: Config, offset: int) -> Environment | None:
    """Return the environment that statements at an offset belong to."""
    if config.is_code:
        return None
    if config.is_json:
        for environment in reversed(config.environments):
            for base, node in environment.table.parts:
                if base < offset <= base + node.length:
                    return environment
        return None
    header: tuple[str, ...] = ()
    for base, section in config.sections:
        if base > offset:
            break
        header = tuple(part.name for part in section.header)
    name = header[1] if len(header) == 2 and header[0] == "env" else None
    if header and name is None:
        return None
    return next((known for known in config.environments if known.name == name), None)


def _in_comment(config: Config, offset: int) -> bool:
    """Return whether an offset is after the `#` or `//` of its line, ignoring strings."""
    start = max(config.text.rfind(mark, 0, offset) for mark in "\r\n") + 1
    line = re.sub(r'"(?:[^"\\]|\\.)*"?|\'[^\']*\'', "", config.text[start:offset])
    return ("#" if config.is_toml else "//") in line.split('"')[0].split("'")[0]


def _word(text: str, offset: int) -> Span:
    before = _WORD_BEFORE.search(text, max(0, offset - 200), offset)
    after = _WORD_AFTER.match(text, offset)
    return Span(before.start() if before else offset, after.end() if after else offset)


def _gap_end(text: str, at: int) -> int:
    found = re.compile(r"[\s,]*").match(text, at)
    assert found
    return found.end()


def _line_gap_end(text: str, at: int) -> int:
    found = re.compile(r"[ \t]*").match(text, at)
    assert found
    return found.end()
