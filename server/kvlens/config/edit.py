"""Edits of a config that keep its style and comments."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from kvlens.config.find import ConfigError
from kvlens.config.judge import judge
from kvlens.config.model import KV_FIELD, Config, Environment
from kvlens.text import Span


class Edit(NamedTuple):
    """Text to put in the place of a span."""

    span: Span
    text: str


def add_namespace(config: Config, binding: str, environment: str | None = None) -> Edit:
    """Return the edit that declares one more namespace.

    Raises ConfigError where the file is not valid or declares the binding already.
    """
    fault = judge(config.text, config.path) if config.text.strip() else None
    if fault:
        raise ConfigError(f"{config.path} is not valid ({fault.message}); mend it first")
    place = f" in environment {environment!r}" if environment else ""
    found = [known for known in config.environments if known.name == environment]
    if not found:
        raise ConfigError(f"{config.path} has no environment {environment!r}")
    if any(known.binding == binding for known in config.namespaces(environment)):
        raise ConfigError(f"{config.path} declares {binding!r} already{place}")
    for kv in found[0].kv:
        if kv.kind != "array":
            raise ConfigError(f"{KV_FIELD}{place} in {config.path} is no array; make it one first")
    if config.is_json:
        return _add_json(config, found[0], {"binding": binding})
    return _whole(config.text, _add_toml(config.text, binding, environment))


def _add_toml(text: str, binding: str, environment: str | None) -> str:
    import tomlkit
    from tomlkit.items import AoT, Array

    document = tomlkit.parse(text)
    table: Any = document
    if environment is not None:
        table = document["env"][environment]
    present = table.get(KV_FIELD)
    if isinstance(present, Array):
        entry = tomlkit.inline_table()
        entry["binding"] = binding
        lines = "\n" in present.as_string()
        if lines:
            indent = re.search(r"\n([ \t]+)\S", present.as_string())
            present.add_line(entry, indent=indent[1] if indent else "  ")
        else:
            present.append(entry)
        return tomlkit.dumps(document)
    if isinstance(present, AoT):
        entry_table = tomlkit.table()
        entry_table["binding"] = binding
        present.append(entry_table)
        return tomlkit.dumps(document)
    # The name is new. A header at the end of the file belongs to no table above it.
    newline = "\r\n" if "\r\n" in text else "\n"
    path = KV_FIELD if environment is None else f"env.{_key(environment)}.{KV_FIELD}"
    gap = "" if not text.strip() else newline if text.endswith(("\n", "\r")) else newline * 2
    return f"{text}{gap}[[{path}]]{newline}binding = {_string(binding)}{newline}"


def _add_json(config: Config, environment: Environment, entry: dict[str, str]) -> Edit:
    text = config.text
    written = json.dumps(entry, ensure_ascii=False)
    written = "{ " + written[1:-1] + " }"
    for kv in environment.kv:
        if kv.entries:
            end = kv.entries[-1].span.end
            return Edit(Span(end, end), f",{_indent(text, kv.entries[-1].span.start)}{written}")
        return Edit(kv.span, f"[{written}]")
    (base, node), *_ = environment.table.parts
    field = f'"{KV_FIELD}": [{written}]'
    if node.members:
        last = node.members[-1]
        end = base + last.offset + last.value.length
        return Edit(Span(end, end), f",{_indent(text, base + last.key[0].start)}{field}")
    return Edit(Span(base + 1, base + 1), f" {field} ")


def _indent(text: str, at: int) -> str:
    """Return what stands before a place on its line, with the line end; a blank on a shared one."""
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    before = text[start:at]
    if start == 0 or before.strip():
        return " "
    newline = "\r\n" if text[:start].endswith("\r\n") else "\n"
    return newline + before


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _string(name)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _whole(before: str, after: str) -> Edit:
    """Return the smallest edit that makes one text the other."""
    start = 0
    most = min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return Edit(Span(start, len(before) - end), after[start : len(after) - end])
