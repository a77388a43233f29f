"""Completions at a position in a config."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from kvlens.config.fields import FIELDS, LIST_ABOUT
from kvlens.config.model import KV_FIELD, Config, Environment
from kvlens.config.query import CursorTarget, at
from kvlens.text import Span

Kind = Literal["field", "value", "snippet"]


class Proposal(NamedTuple):
    """One completion: `text` replaces `span`; a snippet has `$1` and `$0`."""

    label: str
    text: str
    span: Span
    kind: Kind
    detail: str = ""
    about: str = ""
    snippet: bool = False


def complete(config: Config, offset: int, others: Iterable[Config] = ()) -> list[Proposal]:
    """Return the completions at an offset; `others` are the project's other configs, for ids."""
    place = at(config, offset)
    if place is None or config.is_code:  # its types complete it
        return []
    if place.kind == "key":
        return list(_fields(config, place))
    if place.kind == "value":
        return list(_values(config, place, others))
    if place.kind == "list":
        return list(_entries(config, place, place.environment))
    if place.kind == "header":
        return list(_headers(config, place))
    return list(_statements(config, place))


def _fields(config: Config, place: CursorTarget) -> Iterator[Proposal]:
    assert place.entry
    here = place.field.name if place.field and place.field.kind != "missing" else None
    present = {f.name for f in place.entry.fields if f.kind != "missing"} - {here}
    line_end = config.text[place.span.end :].split("\n", 1)[0].lstrip()
    signed = line_end.startswith(("=", ":"))  # only the name is missing
    for info in FIELDS.values():
        if info.name in present:
            continue
        name = json.dumps(info.name) if config.is_json else info.name
        value = '"$1"' if info.kind == "string" else "${1|true,false|}"
        text = name if signed else f"{name}{': ' if config.is_json else ' = '}{value}"
        detail = "required" if info.required else info.kind
        yield Proposal(info.name, text, place.span, "field", detail, info.about, not signed)


def _values(config: Config, place: CursorTarget, others: Iterable[Config]) -> Iterator[Proposal]:
    assert place.field and place.entry
    if place.field.name == "remote":
        for word in ("true", "false"):
            yield Proposal(word, word, place.span, "value")
    elif place.field.name == "binding":
        declared = {n.binding for n in config.namespaces(place.environment.name)}
        declared.discard(place.entry.text_of("binding") or "")
        for namespace in config.namespaces():
            if namespace.binding not in declared:
                declared.add(namespace.binding)
                where = _name(namespace.environment)
                yield _string(namespace.binding, place, f"declared at {where}")
    elif place.field.name in ("id", "preview_id"):
        yield from _ids(config, place, others)


def _ids(config: Config, place: CursorTarget, others: Iterable[Config]) -> Iterator[Proposal]:
    assert place.field and place.entry
    binding = place.entry.text_of("binding")
    found: dict[str, tuple[bool, str]] = {}
    for source in (config, *others):
        for environment in source.environments:
            for kv in environment.kv:
                for entry in kv.entries:
                    if source is config and entry.base == place.entry.base:
                        continue
                    other = entry.text_of("binding")
                    for name in ("id", "preview_id"):
                        value = entry.text_of(name)
                        if value:
                            where = f"{name} of {other or '?'} at {_name(environment.name)}"
                            if source is not config:
                                where += f", {source.path}"
                            found.setdefault(value, (other == binding, where))
    for value, (_, where) in sorted(found.items(), key=lambda item: not item[1][0]):
        yield _string(value, place, where)
    fresh = secrets.token_hex(16)
    about = (
        "32 random digits: enough for local keys. `wrangler deploy` needs a real namespace's id."
    )
    yield _string(fresh, place, "a new local id", about)


def _entries(config: Config, place: CursorTarget, environment: Environment) -> Iterator[Proposal]:
    """Yield whole elements of the array: an empty one, and the bindings of other environments."""
    wrap = _entry_text
    yield Proposal(
        "namespace", wrap(config, "$1", "$2"), place.span, "snippet", "a new entry", "", True
    )
    declared = {namespace.binding for namespace in config.namespaces(environment.name)}
    for namespace in config.namespaces():
        if namespace.binding not in declared:
            declared.add(namespace.binding)
            text = wrap(config, namespace.binding, "$1")
            where = f"declared at {_name(namespace.environment)}"
            yield Proposal(namespace.binding, text, place.span, "snippet", where, "", True)


def _headers(config: Config, place: CursorTarget) -> Iterator[Proposal]:
    names = [KV_FIELD]
    for environment in config.environments[1:]:
        assert environment.name is not None
        names.append(f"env.{_key(environment.name)}.{KV_FIELD}")
    for name in names:
        text = f'[[{name}]]\nbinding = "$1"\nid = "$2"'
        yield Proposal(
            f"[[{name}]]", text, place.span, "snippet", "a KV namespace", LIST_ABOUT, True
        )


def _statements(config: Config, place: CursorTarget) -> Iterator[Proposal]:
    if place.environment.kv:
        return
    entry = _entry_text(config, "$1", "$2")
    if config.is_json:
        text = f'"{KV_FIELD}": [\n  {entry}\n]'
        yield Proposal(KV_FIELD, text, place.span, "snippet", "KV namespaces", LIST_ABOUT, True)
        return
    text = f"{KV_FIELD} = [\n  {entry},\n]"
    yield Proposal(KV_FIELD, text, place.span, "snippet", "an inline array", LIST_ABOUT, True)
    yield from _headers(config, place)


def _entry_text(config: Config, binding: str, id_: str) -> str:
    if config.is_json:
        return f'{{ "binding": "{binding}", "id": "{id_}" }}'
    return f'{{ binding = "{binding}", id = "{id_}" }}'


def _string(value: str, place: CursorTarget, detail: str, about: str = "") -> Proposal:
    return Proposal(
        value, json.dumps(value, ensure_ascii=False), place.span, "value", detail, about
    )


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else json.dumps(name)


def _name(environment: str | None) -> str:
    return f"env.{environment}" if environment else "the top level"
