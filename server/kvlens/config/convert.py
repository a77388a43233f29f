"""Larger edits of a config: move a list of namespaces, or convert between its two syntaxes.

Nothing is reformatted unnecessarily, and every comment stays with what it describes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kvlens.config.comments import comments
from kvlens.config.edit import (
    Edit,
    add_member,
    is_braced,
    key_text,
    line_end,
    line_start,
    list_path,
    member_span,
    member_spans,
    newline_of,
    remove_member,
)
from kvlens.config.model import KV_FIELD, Config, Entry, Environment, Field, KvList
from kvlens.config.nodes import Node
from kvlens.text import Span

_COMMENT_LINE = re.compile(r"[ \t]*#")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))*")


def move_list(
    config: Config,
    environment: str | None,
    headers: Sequence[Span],
    member: tuple[int, Node, int] | None,
    entries: Sequence[Entry],
) -> tuple[Edit, ...] | None:
    """Return the edits that move a list to its place in an environment; None if impossible.

    The list is under `headers` (the text between the brackets), or is one `member` of a table: the
    table's offset, the table, the member's index.
    """
    scope = config.environment(environment)
    if headers:
        if scope and any(not kv.definition.elements for kv in scope.kv):
            return None
        return tuple(Edit(header, list_path(environment)) for header in headers)
    if member is None or scope is None or scope.kv or not entries:
        return None
    base, node, index = member
    found = node.members[index]
    home = () if environment is None else ("env", environment)
    start, section = config.section_around(base)
    if (start, section.path) == (base, home) and section.body is node and len(found.key) > 1:
        key = Span(base + found.key[0].start, base + found.key[-1].end)
        return (Edit(key, KV_FIELD),)  # `vars.kv_namespaces = …` in the right table already
    start = base + found.offset
    end = start + found.value.length
    if not is_braced(config.text, base):
        removal, above, value = _lines_of(config, base, node, index)
        added = _add_list(config, scope, value, above)
        return None if added is None else (removal, added)
    taken_out = remove_member(config, base, node, index)
    inside = comments(config.text, syntax=config.syntax, start=start, end=end)
    if inside:  # they move with the value, so those edits must not keep them
        trailing = comments(
            config.text, syntax=config.syntax, start=end, end=line_end(config.text, end)
        )
        if trailing:
            return None
        taken_out = tuple(
            Edit(Span(edit.span.start, _next_line(config.text, edit.span.end)), "")
            if edit.text
            else edit
            for edit in taken_out
        )
    added = _add_list(config, scope, config.text[start:end])
    return None if added is None else (*taken_out, added)


def to_top(config: Config, entry: Entry, field: Field) -> tuple[Edit, ...]:
    """Return the edits that move a field of an entry above the first header."""
    index = entry.index_at(field.key_span.start)
    if not config.is_toml or config.root.get(field.name) or is_braced(config.text, entry.base):
        return ()
    removal, above, value = _lines_of(config, entry.base, entry.node, index)
    return (removal, _add_at_top(config, field.name, value, above))


def to_sections(config: Config, environment: Environment, kv: KvList) -> tuple[Edit, ...]:
    """Return the edits that write `kv_namespaces = […]` as `[[kv_namespaces]]`, if they can.

    The sections are put after the list's table, or they would capture its lines.
    """
    text, newline = config.text, newline_of(config.text)
    node = kv.definition.node
    found = _statement(config, kv)
    if node is None or found is None or kv.broken or not kv.entries:
        return ()
    if any(not entry.is_table for entry in kv.entries):
        return ()
    base, body, index = found
    if is_braced(text, base):
        return ()
    place = member_span(base, body.members[index])
    start, end = line_start(text, place.start), line_end(text, place.end)
    path = list_path(environment.name)
    blocks: list[str] = []
    at = kv.span.start
    for number, entry in enumerate(kv.entries):
        following = kv.entries[number + 1].span.start if number + 1 < len(kv.entries) else end
        first_end = line_end(text, entry.span.end)
        before = _comments(config, at, entry.span.start)
        trailing = _comments(config, entry.span.end, min(first_end, following))
        inside = _comments(config, *entry.span)
        at = min(first_end, following)
        lines = [*before, f"[[{path}]]{''.join(f' {comment}' for comment in trailing)}", *inside]
        lines += [
            f"{text[member.start : member.end]}" for member in member_spans(entry.base, entry.node)
        ]
        blocks.append(newline.join(lines))
    blocks += _comments(config, at, end)
    written = f"{newline}{newline}".join(blocks)
    if index == len(body.members) - 1:
        gap = "" if not text[:start].strip() else _gap_before(text, start, newline)
        return (Edit(Span(start, end), gap + written),)
    members_end = line_end(text, member_span(base, body.members[-1]).end)
    above = _comments_above(text, start)
    moved = text[above:start] if above else ""
    return (
        Edit(Span(start - len(moved), _next_line(text, end)), ""),
        Edit(Span(members_end, members_end), f"{newline}{newline}{moved}{written}"),
    )


def to_inline(config: Config, environment: Environment, kv: KvList) -> tuple[Edit, ...]:
    """Return the edits that write `[[kv_namespaces]]` as `kv_namespaces = […]`, if they can."""
    text, newline = config.text, newline_of(config.text)
    own = ("env", environment.name, KV_FIELD) if environment.name is not None else (KV_FIELD,)
    inner = [section for _, section in config.sections if section.path[: len(own)] == own]
    if not kv.definition.elements or any(section.path != own for section in inner):
        return ()
    if any(entry.broken for entry in kv.entries):
        return ()
    items: list[str] = []
    removals: list[Span] = []
    for entry in kv.entries:
        start, end = line_start(text, entry.base), line_end(text, entry.span.end)
        above = _comments_above(text, start)
        if above > (removals[-1].end if removals else 0):
            start = above
        members = [text[slice(*place)] for place in member_spans(entry.base, entry.node)]
        if any("\n" in member for member in members):
            return ()
        lines = _comments(config, start, end)
        lines.append(f"{{ {', '.join(members)} }}," if members else "{},")
        items += [f"  {line}" for line in lines]
        removals.append(Span(start, _next_line(text, end)))
    value = newline.join(["[", *items, "]"])
    added = _add_list(config, environment, value, replacing=removals)
    if added is None:
        return ()
    edits = [Edit(Span(place.start, _blank_end(text, place.end)), "") for place in removals]
    return (*edits, added)


def _lines_of(config: Config, base: int, node: Node, index: int) -> tuple[Edit, str, str]:
    """Return the edit that removes a section's member, the comment lines above it, and its value.

    The value includes the comment after it.
    """
    text, place = config.text, member_span(base, node.members[index])
    start, end = line_start(text, place.start), line_end(text, place.end)
    value = text[base + node.members[index].offset : end].rstrip()
    above = text[_comments_above(text, start) : start]
    removal = Edit(Span(start - len(above), _next_line(text, end)), "")
    return removal, above, value


def _add_list(
    config: Config,
    scope: Environment,
    value: str,
    above: str = "",
    replacing: Sequence[Span] = (),
) -> Edit | None:
    """Return the edit that adds `kv_namespaces = value` to an environment.

    `above` are the comment lines before it.
    """
    text, newline = config.text, newline_of(config.text)
    if config.is_json:
        return add_member(config, *scope.table.parts[0], KV_FIELD, value)
    if scope.name is None:
        return _add_at_top(config, KV_FIELD, value, above)
    for base, section in config.sections:
        if section.path == ("env", scope.name) and not section.is_array:
            return _below(config, add_member(config, base, section.body, KV_FIELD, value), above)
    if any(is_braced(text, base) for base, _ in scope.table.parts):
        return None
    for base, section in config.sections:  # before the first of its tables
        if section.path[:2] == ("env", scope.name):
            start = line_start(text, base)
            if any(place.start <= start < place.end for place in replacing):
                start = min(place.start for place in replacing)
            header = f"[env.{key_text(scope.name)}]{newline}{above}{KV_FIELD} = {value}"
            return Edit(Span(start, start), f"{header}{newline}{newline}")
    return None


def _add_at_top(config: Config, name: str, value: str, above: str = "") -> Edit:
    base, section = config.sections[0]
    if not section.path and section.body.members:
        return _below(config, add_member(config, base, section.body, name, value), above)
    newline = newline_of(config.text)
    start = line_start(config.text, base) if section.path else 0
    return Edit(Span(start, start), f"{above}{name} = {value}{newline}{newline}")


def _below(config: Config, edit: Edit, above: str) -> Edit:
    """Return an edit that adds a line, with comment lines above it."""
    newline = newline_of(config.text)
    if not above or not edit.text.startswith(newline):
        return edit._replace(text=above + edit.text)
    return edit._replace(text=f"{newline}{above}{edit.text.removeprefix(newline)}")


def _statement(config: Config, kv: KvList) -> tuple[int, Node, int] | None:
    """Return the section that has `kv_namespaces = …` with a plain key, and the member's index."""
    for base, section in config.sections:
        for index, member in enumerate(section.body.members):
            if base + member.offset == kv.definition.base and len(member.key) == 1:
                return base, section.body, index
    return None


def _comments(config: Config, start: int, end: int) -> list[str]:
    found = comments(config.text, syntax=config.syntax, start=start, end=end)
    return [config.text[slice(*span)].rstrip() for span in found]


def _comments_above(text: str, start: int) -> int:
    """Return the start of the comment lines right above a line; without any, the line's own."""
    while start:
        end = start - (2 if text.endswith("\r\n", 0, start) else 1)
        above = line_start(text, end)
        if not _COMMENT_LINE.match(text, above, end):
            break
        start = above
    return start


def _gap_before(text: str, start: int, newline: str) -> str:
    """Return the line ending that makes a blank line before an offset; empty if there is one."""
    above = text[:start].rstrip(" \t")
    blank = above.endswith((newline * 2, "\n\n", "\r\r"))
    return "" if blank else newline


def _next_line(text: str, end: int) -> int:
    found = re.compile(r"\r\n|\n|\r|").match(text, end)
    assert found
    return found.end()


def _blank_end(text: str, at: int) -> int:
    found = _BLANK_LINES.match(text, at)
    assert found
    return found.end()


__all__ = ["move_list", "to_inline", "to_sections", "to_top"]
