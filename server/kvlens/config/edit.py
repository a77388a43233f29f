"""Edits of a config that keep its style and comments.

Spans come from the scan; tomlkit (or json) checks the result before it is offered.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from kvlens.config.comments import comments
from kvlens.config.find import ConfigError
from kvlens.config.model import KV_FIELD, Config, Entry, Environment, Field, KvList
from kvlens.config.nodes import CodeList, Member, Node
from kvlens.config.syntax_check import check_syntax
from kvlens.memo import memo
from kvlens.text import Span

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LINE_TAIL = re.compile(r"[ \t]*(?:(?:#|//)[^\r\n]*)?(?=[\r\n]|\Z)")
_TOML_COMMENT = re.compile(r"#[^\r\n]*")
_JSON_COMMENT = re.compile(r"//[^\r\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_AFTER_ITEM = re.compile(r"([ \t]*)(,?)([ \t]*(?:(?:#|//)[^\r\n]*)?)(?=[\r\n]|\Z)")
_IMPORTED = re.compile(r"\bimport\s*\{([^{}]*)\}")
_BINDINGS = re.compile(r"\bbindings\b(?!\s+as\b)")
_SAME_IN_ALL_MODES = re.compile(
    r"\"[^\"\r\n]*\"|'[^'\r\n]*'|true|false|\d+|\{\s*remote\s*:\s*(?:true|false)\s*,?\s*\}"
)
_COLON_AFTER = re.compile(r"(?:\s+|//[^\r\n]*|/\*.*?\*/)*:", re.DOTALL)


class Edit(NamedTuple):
    """Text that replaces a span."""

    span: Span
    text: str

    def applied(self, text: str) -> str:
        """Return the text after the edit."""
        return text[: self.span.start] + self.text + text[self.span.end :]


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return the text after edits that don't overlap; those at one place keep their order."""
    done, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        done += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join((*done, text[at:]))


def composed(rounds: Iterable[Iterable[Edit]], length: int) -> tuple[Edit, ...]:
    """Return the edits of a text of this length that do what these do one round after another."""
    pieces: list[Span | str] = [Span(0, length)]  # what is kept, and what is new
    for edits in rounds:
        pieces = list(_pieces_after(pieces, edits))
    found, at, new = list[Edit](), 0, ""
    for piece in (*pieces, Span(length, length)):
        if isinstance(piece, str):
            new += piece
            continue
        if new or piece.start > at:
            found.append(Edit(Span(at, piece.start), new))
        at, new = piece.end, ""
    return tuple(found)


def _pieces_after(pieces: Iterable[Span | str], edits: Iterable[Edit]) -> Iterator[Span | str]:
    left = deque(pieces)

    def take(count: int) -> Iterator[Span | str]:
        while count > 0:
            piece = left.popleft()
            size = len(piece) if isinstance(piece, str) else piece.end - piece.start
            if size > count:
                head, tail = _cut(piece, count)
                left.appendleft(tail)
                piece = head
            count -= size
            yield piece

    at = 0
    for edit in sorted(edits, key=lambda each: each.span):
        yield from take(edit.span.start - at)
        for _removed in take(edit.span.end - edit.span.start):
            pass
        yield edit.text
        at = edit.span.end
    yield from left


def _cut(piece: Span | str, at: int) -> tuple[Span | str, Span | str]:
    if isinstance(piece, str):
        return piece[:at], piece[at:]
    return Span(piece.start, piece.start + at), Span(piece.start + at, piece.end)


def add_namespace(config: Config, binding: str, environment: str | None = None) -> Edit:
    """Return the edit that declares one more namespace, next to the existing ones.

    Raises ConfigError if the file is invalid or already declares the binding.
    """
    text = config.text
    fault = check_syntax(text, config.path) if text.strip() or config.refused else None
    if fault:
        raise ConfigError(f"{config.path} is not valid ({fault.message}); fix it first")
    place = f' in environment "{environment}"' if environment else ""
    scope = config.environment(environment)
    if scope is None:
        raise ConfigError(f'{config.path} has no environment "{environment}"')
    if any(known.binding == binding for known in config.namespaces(environment)):
        raise ConfigError(f'{config.path} already declares "{binding}"{place}')
    if config.is_code and not can_add_code(scope):
        raise ConfigError(
            f"{config.path} has no literal `env: {{ … }}`{place} that could be extended; add "
            f"{binding}: bindings.kv() by hand"
        )
    if any(kv.kind != "array" for kv in scope.kv):
        raise ConfigError(
            f"{KV_FIELD}{place} in {config.path} is not an array; make it an array first"
        )
    edit = add_bindings(config, scope, [binding])
    fault = check_syntax(edit.applied(text), config.path)
    if fault:
        raise ConfigError(f"{config.path} couldn't be edited ({fault.message}); edit it by hand")
    return edit


def add_bindings(config: Config, scope: Environment, bindings: Sequence[str]) -> Edit:
    """Return the edit that declares namespaces in an environment, unchecked."""
    if config.is_code:
        return _add_code(config, scope, bindings)
    add = _add_json if config.is_json else _add_toml
    return add(config, scope, [_string(binding) for binding in bindings])


def can_add_code(scope: Environment) -> bool:
    """Return whether `add_bindings` can extend an environment in code."""
    return any(_last_property(kv) is not None for kv in scope.kv)


def _last_property(kv: KvList) -> Span | None:
    """Return the last property of an object with bindings in code; None if it isn't a literal."""
    node = kv.definition.node
    if not isinstance(node, CodeList) or node.last is None:
        return None
    return Span(kv.definition.base + node.last.start, kv.definition.base + node.last.end)


def _add_code(config: Config, scope: Environment, bindings: Sequence[str]) -> Edit:
    """Return the edit that adds properties to the object with a Worker's bindings.

    Only where `can_add_code`.
    """
    text = config.text
    has_bindings = any(_BINDINGS.search(names) for names in _IMPORTED.findall(text))
    call = "bindings.kv()" if has_bindings else '{ type: "kv" }'
    added = [f"{binding}: {call}" for binding in bindings]
    kv, last = next((kv, last) for kv in scope.kv if (last := _last_property(kv)) is not None)
    node = kv.definition.node
    if isinstance(node, CodeList) and node.is_missing:
        added = [f"env: {{ {', '.join(added)} }}"]
    if last.start < last.end:
        return _after_item(text, last, added)
    edit = _first_items(config, kv.span, added)
    return edit._replace(text=f" {edit.text} ") if edit.text else edit


def rename_at(config: Config, place: Span, name: str) -> Edit:
    """Return the edit that renames a binding where it is declared: a value, or a key in code."""
    old = config.text[slice(*place)]
    if not config.is_code or not old.isidentifier() or _in_brackets(config.text, place):
        return Edit(place, _string(name))
    is_key = _COLON_AFTER.match(config.text, place.end)
    return Edit(place, name if is_key else f"{name}: {old}")  # `{ CACHE }` is key and value


def _in_brackets(text: str, name: Span) -> bool:
    return text[: name.start].rstrip().endswith("[")


def _add_toml(config: Config, scope: Environment, bindings: list[str]) -> Edit:
    text, newline = config.text, newline_of(config.text)
    path = list_path(scope.name)
    for kv in scope.kv:
        if not kv.definition.elements:
            entries = [f"{{ binding = {binding} }}" for binding in bindings]
            if kv.entries:
                return _after_item(text, kv.entries[-1].span, entries)
            return _first_items(config, kv.span, entries)
        end = line_end(text, kv.entries[-1].span.end)
        added = "".join(
            f"{newline}{newline}[[{path}]]{newline}binding = {binding}" for binding in bindings
        )
        return Edit(Span(end, end), added)
    braced = [(base, node) for base, node in scope.table.parts if is_braced(text, base)]
    if braced:
        items = ", ".join(f"{{ binding = {binding} }}" for binding in bindings)
        return add_member(config, *braced[0], KV_FIELD, f"[{items}]")
    # The name is new. A header at the end of the file isn't part of any table above it.
    gap = "" if not text.strip() else newline if text.endswith(("\n", "\r")) else newline * 2
    tables = [f"[[{path}]]{newline}binding = {binding}{newline}" for binding in bindings]
    return Edit(Span(len(text), len(text)), gap + newline.join(tables))


def _add_json(config: Config, scope: Environment, bindings: list[str]) -> Edit:
    text = config.text
    entries = [f'{{ "binding": {binding} }}' for binding in bindings]
    if not text.strip():
        return Edit(Span(0, len(text)), f'{{\n  "{KV_FIELD}": [{", ".join(entries)}]\n}}\n')
    for kv in scope.kv:
        if kv.entries:
            return _after_item(text, kv.entries[-1].span, entries)
        return _first_items(config, kv.span, entries)
    return add_member(config, *scope.table.parts[0], KV_FIELD, f"[{', '.join(entries)}]")


# members of a table ---------------------------------------------------------------------------


def add_field(config: Config, entry: Entry, name: str, value: str, *, first: bool = False) -> Edit:
    """Return the edit that adds a field to an entry; `value` is written unchanged."""
    return add_member(config, entry.base, entry.node, name, value, first=first)


def add_member(
    config: Config, base: int, node: Node, name: str, value: str, *, first: bool = False
) -> Edit:
    """Return the edit that adds a member to a table: a section, an inline table or an object."""
    text = config.text
    member = f"{_string(name)}: {value}" if config.is_json else f"{key_text(name)} = {value}"
    places = member_spans(base, node)
    if not is_braced(text, base):
        if first or not places:
            at = line_end(text, base + node.head)
            sample = places[0].start if places else base
        else:
            at, sample = line_end(text, places[-1].end), places[-1].start
        added = f"{newline_of(text)}{_indent(text, sample)}{member}"
        if not node.head and not places:  # above the first header, where nothing exists yet
            return Edit(Span(base, base), f"{member}{newline_of(text)}")
        return Edit(Span(at, at), added)
    if not places:
        return Edit(Span(base + 1, base + 1), f" {member} ")
    if not first:
        return _after_item(text, places[-1], [member])
    start = places[0].start
    alone = not text[line_start(text, start) : start].strip()
    gap = f"{newline_of(text)}{_indent(text, start)}" if alone else " "
    return Edit(Span(start, start), f"{member},{gap}")


def remove_field(config: Config, entry: Entry, field: Field) -> tuple[Edit, ...]:
    """Return the edits that remove a field from an entry and keep its comments."""
    if config.is_code:
        value = config.text[slice(*field.value_span)]
        between = config.text[field.key_span.end : field.value_span.start].strip()
        if between != ":" or not _SAME_IN_ALL_MODES.fullmatch(value):
            return ()  # it may be another one in another mode, which would lose it too
        return _remove_property(config, Span(field.key_span.start, field.value_span.end))
    index = entry.index_at(field.key_span.start)
    return remove_member(config, entry.base, entry.node, index)


def remove_member(config: Config, base: int, node: Node, index: int) -> tuple[Edit, ...]:
    """Return the edits that remove one member from a table and keep its comments."""
    members = node.members
    if is_braced(config.text, base):
        return _remove_among(config, len(members), index, lambda at: member_span(base, members[at]))
    return (_remove_lines(config, member_span(base, members[index])),)


def rename_key(text: str, key: Span, name: str) -> Edit:
    """Return the edit that renames a key, keeping its quotes."""
    mark = text[key.start : key.start + 1]
    inside = key.start + 1 < key.end and mark in ('"', "'")
    return Edit(Span(key.start + 1, key.end - 1) if inside else key, name)


def member_spans(base: int, node: Node) -> list[Span]:
    """Return the spans of the members of a table at `base`, each from its key to its value."""
    return [member_span(base, member) for member in node.members]


def member_span(base: int, member: Member) -> Span:
    """Return the span of one member of a table at `base`."""
    return Span(base + member.key[0].start, base + member.offset + member.value.length)


# elements of an array ---------------------------------------------------------------------------


def remove_entry(config: Config, entry: Entry) -> tuple[Edit, ...]:
    """Return the edits that remove an entry from its array and keep the comments."""
    if config.is_code:
        return _remove_property(config, entry.span)
    found = _entries(config).get(entry.base)
    if found is None:
        return ()
    kv, index = found
    if kv.definition.elements:
        return (_remove_section(config, entry),)
    return _remove_among(config, len(kv.entries), index, lambda at: kv.entries[at].span)


@memo
def _entries(config: Config) -> dict[int, tuple[KvList, int]]:
    """Return the list of each entry and its index there, by the entry's offset."""
    return {
        entry.base: (kv, index)
        for environment in config.environments
        for kv in (*environment.kv, *environment.previews)
        for index, entry in enumerate(kv.entries)
    }


def remove_item(config: Config, base: int, node: Node, index: int) -> tuple[Edit, ...]:
    """Return the edits that remove one element from an array of values."""

    def span(number: int) -> Span:
        at, item = node.items[number]
        return Span(base + at, base + at + item.length)

    return _remove_among(config, len(node.items), index, span)


def _remove_property(config: Config, place: Span) -> tuple[Edit, ...]:
    """Return the edit that removes a property of an object in code and keeps comments."""
    text = config.text
    comma = _comma_after(config, place.end)
    end = place.end if comma is None else comma + 1
    start = line_start(text, place.start)
    if start and not text[start : place.start].strip() and _LINE_TAIL.match(text, end):
        return (_remove_lines(config, Span(place.start, end)),)
    if comma is not None:
        after = re.compile(r"[ \t]*").match(text, end)
        assert after
        return (Edit(Span(place.start, after.end()), ""),)
    before = len(text[: place.start].rstrip())
    if text[before - 1 : before] == ",":
        return (Edit(Span(before - 1, place.end), ""),)
    return (Edit(Span(before, place.end), ""),)


def _remove_section(config: Config, entry: Entry) -> Edit:
    """Return the edit that removes a `[[…]]` with its lines and one blank line after them."""
    edit = _remove_lines(config, entry.span)
    text, end = config.text, edit.span.end
    blank = re.compile(r"[ \t]*(?:\r\n|\n|\r)").match(text, end)
    if blank and not edit.text:
        return Edit(Span(edit.span.start, blank.end()), "")
    return edit


def _remove_among(
    config: Config, count: int, index: int, span: Callable[[int], Span]
) -> tuple[Edit, ...]:
    """Return the edits that remove one of several items between commas.

    `span` returns the span of an item. It is called only for the item and its neighbors.
    """
    text, place = config.text, span(index)
    comma = _comma_after(config, place.end)
    end = place.end if comma is None else comma + 1
    rest = _LINE_TAIL.match(text, end)
    before = line_start(text, place.start)
    if rest and before and not text[before : place.start].strip():  # nothing else is on its lines
        edits = [_remove_lines(config, Span(place.start, end))]
        if comma is None and index:
            previous = _comma_after(config, span(index - 1).end)
            if previous is not None:
                edits.insert(0, Edit(Span(previous, previous + 1), ""))
        return tuple(edits)
    if index + 1 < count:
        following = span(index + 1).start
        if not comments(text, syntax=config.syntax, start=end, end=following):
            end = following
        return (Edit(Span(place.start, end), ""),)
    if index:
        previous = _comma_after(config, span(index - 1).end)
        if previous is not None:
            inside = comments(text, syntax=config.syntax, start=previous, end=place.start)
            if not inside:
                return (Edit(Span(previous, place.end), ""),)
            return (Edit(Span(previous, previous + 1), ""), Edit(place, ""))
    if count == 1:  # what is left is `{ }`, not `{  }`
        start = before + len(text[before : place.start].rstrip(" \t"))
        return (Edit(Span(start, end), ""),)
    return (Edit(Span(place.start, end), ""),)


def _remove_lines(config: Config, place: Span) -> Edit:
    """Return the edit that removes the lines of a span; each comment there keeps a line."""
    text = config.text
    start, end = line_start(text, place.start), line_end(text, place.end)
    kept = [
        text[slice(*comment)]
        for comment in comments(text, syntax=config.syntax, start=place.start, end=end)
    ]
    if kept:
        indent = _indent(text, place.start)
        return Edit(Span(start, end), newline_of(text).join(f"{indent}{line}" for line in kept))
    if found := re.compile(r"\r\n|\n|\r").match(text, end):
        return Edit(Span(start, found.end()), "")
    start -= text.endswith("\n", 0, start)
    start -= text.endswith("\r", 0, start)
    return Edit(Span(start, end), "")


def _comma_after(config: Config, at: int) -> int | None:
    """Return the offset of the comma after a value, skipping white space and comments."""
    text = config.text
    while at < len(text):
        if text[at] == ",":
            return at
        if text[at] in " \t\r\n":
            at += 1
            continue
        comment = _TOML_COMMENT if config.is_toml else _JSON_COMMENT
        found = comment.match(text, at)
        if not found:
            return None
        at = found.end()
    return None


def _first_items(config: Config, array: Span, added: Sequence[str]) -> Edit:
    """Return the edit that puts items into an empty array, before its comments."""
    inside = Span(array.start + 1, array.end - 1)
    if comments(config.text, syntax=config.syntax, start=inside.start, end=inside.end):
        inside = Span(inside.start, inside.start)
    return Edit(inside, ", ".join(added))


def _after_item(text: str, item: Span, added: Sequence[str]) -> Edit:
    """Return the edit that adds items after another, with commas and indentation."""
    start = line_start(text, item.start)
    before = text[start : item.start]
    rest = _AFTER_ITEM.match(text, item.end)
    if before.strip() or not rest or not start:  # several items share the line
        return Edit(Span(item.end, item.end), "".join(f", {one}" for one in added))
    kept = f",{rest[1]}{rest[3]}".rstrip()
    lines = f",{newline_of(text)}{before}".join(added)
    return Edit(Span(item.end, rest.end()), f"{kept}{newline_of(text)}{before}{lines}{rest[2]}")


# texts ------------------------------------------------------------------------------------------


def is_braced(text: str, base: int) -> bool:
    """Return whether a table is an inline table or an object, not a section."""
    return text[base : base + 1] == "{"


def line_start(text: str, at: int) -> int:
    """Return the start of the line of an offset, without searching much more than that line."""
    distance = 256
    while True:
        first = max(0, at - distance)
        found = max(text.rfind("\n", first, at), text.rfind("\r", first, at))
        if found >= 0 or not first:
            return found + 1
        distance *= 4


def line_end(text: str, at: int) -> int:
    """Return the end of the line of an offset, before its line ending."""
    found = re.compile(r"[^\r\n]*").match(text, at)
    assert found
    return found.end()


def newline_of(text: str) -> str:
    """Return the line ending that a text uses, which is that of its first line."""
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def list_path(environment: str | None, *inside: str) -> str:
    """Return the TOML path of an environment's list, such as `env.prod.kv_namespaces`."""
    parts = [] if environment is None else ["env", key_text(environment)]
    return ".".join([*parts, *inside, KV_FIELD])


def place_of(config: Config, environment: str | None) -> str:
    """Return the name of the place where an environment's namespaces are declared."""
    if not config.is_code:
        return list_path(environment)
    return "env" if environment is None else f"env of the mode {_string(environment)}"


def key_text(name: str) -> str:
    """Return a name as a TOML key, in quotes if necessary."""
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def literal(value: str | bool) -> str:
    """Return a string or a boolean as a literal for both TOML and JSON."""
    return _string(value) if isinstance(value, str) else ("true" if value else "false")


def _indent(text: str, at: int) -> str:
    found = re.compile(r"[ \t]*").match(text, line_start(text, at))
    assert found
    return found[0]


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
