"""Edits of a config that keep its style and comments.

Places come from the scan, and tomlkit (or json) judges what the file would be before it is.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from kvlens.config.find import ConfigError
from kvlens.config.judge import judge
from kvlens.config.model import KV_FIELD, Config, Environment
from kvlens.text import Span

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_AFTER_ITEM = re.compile(r"([ \t]*)(,?)([ \t]*(?:(?:#|//)[^\r\n]*)?)(?=[\r\n]|\Z)")


class Edit(NamedTuple):
    """Text to put in the place of a span."""

    span: Span
    text: str

    def applied(self, text: str) -> str:
        """Return the text as it is after the edit."""
        return text[: self.span.start] + self.text + text[self.span.end :]


def add_namespace(config: Config, binding: str, environment: str | None = None) -> Edit:
    """Return the edit that declares one more namespace, next to those that are there.

    Raises ConfigError where the file is not valid or declares the binding already.
    """
    text = config.text
    fault = judge(text, config.path) if text.strip() else None
    if fault:
        raise ConfigError(f"{config.path} is not valid ({fault.message}); mend it first")
    place = f' in environment "{environment}"' if environment else ""
    scope = next((known for known in config.environments if known.name == environment), None)
    if scope is None:
        raise ConfigError(f'{config.path} has no environment "{environment}"')
    if any(known.binding == binding for known in config.namespaces(environment)):
        raise ConfigError(f'{config.path} declares "{binding}" already{place}')
    if any(kv.kind != "array" for kv in scope.kv):
        raise ConfigError(f"{KV_FIELD}{place} in {config.path} is no array; make it one first")
    add = _add_json if config.is_json else _add_toml
    edit = add(config, scope, binding)
    fault = judge(edit.applied(text), config.path)
    if fault:
        raise ConfigError(f"{config.path} could not be edited ({fault.message}); do it by hand")
    return edit


def _add_toml(config: Config, scope: Environment, binding: str) -> Edit:
    text, newline = config.text, _newline(config.text)
    path = KV_FIELD if scope.name is None else f"env.{_key(scope.name)}.{KV_FIELD}"
    for kv in scope.kv:
        if not kv.definition.elements:
            entry = f"{{ binding = {_string(binding)} }}"
            if kv.entries:
                return _after_item(text, kv.entries[-1].span, entry)
            return Edit(kv.span, f"[{entry}]")
        end = _line_end(text, kv.entries[-1].span.end)
        added = f"{newline}{newline}[[{path}]]{newline}binding = {_string(binding)}"
        return Edit(Span(end, end), added)
    # The name is new. A header at the end of the file belongs to no table above it.
    gap = "" if not text.strip() else newline if text.endswith(("\n", "\r")) else newline * 2
    added = f"{gap}[[{path}]]{newline}binding = {_string(binding)}{newline}"
    return Edit(Span(len(text), len(text)), added)


def _add_json(config: Config, scope: Environment, binding: str) -> Edit:
    text = config.text
    if not text.strip():
        return Edit(
            Span(0, len(text)), f'{{\n  "{KV_FIELD}": [{{ "binding": {_string(binding)} }}]\n}}\n'
        )
    entry = f'{{ "binding": {_string(binding)} }}'
    for kv in scope.kv:
        if kv.entries:
            return _after_item(text, kv.entries[-1].span, entry)
        return Edit(kv.span, f"[{entry}]")
    base, node = scope.table.parts[0]
    field = f'"{KV_FIELD}": [{entry}]'
    if not node.members:
        return Edit(Span(base + 1, base + 1), f" {field} ")
    last = node.members[-1]
    end = base + last.offset + last.value.length
    return _after_item(text, Span(base + last.key[0].start, end), field)


def _after_item(text: str, item: Span, added: str) -> Edit:
    """Return the edit that puts one more item behind another, with its comma and indentation."""
    line_start = max(text.rfind("\n", 0, item.start), text.rfind("\r", 0, item.start)) + 1
    before = text[line_start : item.start]
    rest = _AFTER_ITEM.match(text, item.end)
    if before.strip() or not rest or not line_start:  # several items share the line
        return Edit(Span(item.end, item.end), f", {added}")
    kept = f",{rest[1]}{rest[3]}".rstrip()
    return Edit(Span(item.end, rest.end()), f"{kept}{_newline(text)}{before}{added}{rest[2]}")


def _line_end(text: str, at: int) -> int:
    found = re.compile(r"[^\r\n]*").match(text, at)
    assert found
    return found.end()


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    """Return a string as TOML and JSON both write it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
