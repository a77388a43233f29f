"""Completion in configs: the offered items, and the result of one. `|` is the cursor."""

from __future__ import annotations

import pytest
from kvlens.config.complete import complete
from kvlens.config.query import at
from kvlens.config.reader import load_text

TOML, JSON = "wrangler.toml", "wrangler.jsonc"
FIELDS = ["binding", "id", "preview_id", "remote"]

OFFERED: list[tuple[str, str, str, list[str]]] = [
    # id, file, text, labels (without the new id)
    ("field", TOML, "[[kv_namespaces]]\n|", FIELDS),
    ("field-begun", TOML, '[[kv_namespaces]]\nbinding = "A"\npre|', FIELDS[1:]),
    (
        "field-before-another",
        TOML,
        '[[kv_namespaces]]\n|\nid = "1"\n[vars]\n',
        ["binding", "preview_id", "remote"],
    ),
    ("field-inline", TOML, 'kv_namespaces = [{ binding = "A", |', FIELDS[1:]),
    ("field-inline-closed", TOML, 'kv_namespaces = [{ binding = "A", | }]\n', FIELDS[1:]),
    ("field-json", JSON, '{ "kv_namespaces": [{ "b|" }] }', FIELDS),
    ("field-json-open", JSON, '{ "kv_namespaces": [{ "binding": "A", "|', FIELDS[1:]),
    ("remote", TOML, "[[kv_namespaces]]\nremote = |", ["true", "false"]),
    ("remote-json", JSON, '{ "kv_namespaces": [{ "remote": | }] }', ["true", "false"]),
    (
        "binding-of-other-environment",
        TOML,
        '[[kv_namespaces]]\nbinding = "A"\n[[env.p.kv_namespaces]]\nbinding = "|"',
        ["A"],
    ),
    (
        "ids-same-binding-first",
        TOML,
        '[[kv_namespaces]]\nbinding = "B"\nid = "b1"\n[[kv_namespaces]]\nbinding = "A"\nid = "a1"\n[[env.p.kv_namespaces]]\nbinding = "A"\nid = |',
        ["a1", "b1"],
    ),
    (
        "list",
        TOML,
        'kv_namespaces = [\n  |\n]\n[[env.p.kv_namespaces]]\nbinding = "A"',
        ["namespace", "A"],
    ),
    (
        "header",
        TOML,
        'name = "x"\n[[kv|\n[env."my env"]\n',
        ["[[kv_namespaces]]", '[[env."my env".kv_namespaces]]'],
    ),
    ("statement", TOML, 'name = "x"\nkv|', ["kv_namespaces", "[[kv_namespaces]]"]),
    ("statement-json", JSON, '{ "name": "x",\n  "kv|"\n}', ["kv_namespaces"]),
    ("empty-file", TOML, "|", ["kv_namespaces", "[[kv_namespaces]]"]),
    ("comment", TOML, "[[kv_namespaces]]\n# bin|", []),
    ("other-table", TOML, "[vars]\nkv|", []),
]


@pytest.mark.parametrize(
    ("path", "text", "labels"), [o[1:] for o in OFFERED], ids=[o[0] for o in OFFERED]
)
def test_what_is_offered(path: str, text: str, labels: list[str]) -> None:
    offset = text.index("|")
    found = complete(load_text(text.replace("|", ""), path), offset)
    assert [p.label for p in found if p.detail != "a new local id"] == labels


MADE: list[tuple[str, str, str, str, str]] = [
    # id, file, before, label, after ($ marks where the cursor goes)
    ("field", TOML, "[[kv_namespaces]]\nbi|", "binding", '[[kv_namespaces]]\nbinding = "$1"'),
    (
        "only-the-name",
        TOML,
        '[[kv_namespaces]]\nbi| = "A"',
        "binding",
        '[[kv_namespaces]]\nbinding = "A"',
    ),
    (
        "json-field",
        JSON,
        '{ "kv_namespaces": [{ "b|" }] }',
        "binding",
        '{ "kv_namespaces": [{ "binding": "$1" }] }',
    ),
    (
        "value",
        TOML,
        '[[kv_namespaces]]\nbinding = "A"\n[[env.p.kv_namespaces]]\nbinding = "|"',
        "A",
        '[[kv_namespaces]]\nbinding = "A"\n[[env.p.kv_namespaces]]\nbinding = "A"',
    ),
    (
        "value-open",
        TOML,
        'kv_namespaces = [{ binding = "A", id = "a1" }]\n[[env.p.kv_namespaces]]\nid = "a|',
        "a1",
        'kv_namespaces = [{ binding = "A", id = "a1" }]\n[[env.p.kv_namespaces]]\nid = "a1"',
    ),
    ("header", TOML, "[[kv|", "[[kv_namespaces]]", '[[kv_namespaces]]\nbinding = "$1"\nid = "$2"'),
]


@pytest.mark.parametrize(
    ("path", "before", "label", "after"), [m[1:] for m in MADE], ids=[m[0] for m in MADE]
)
def test_what_an_item_makes(path: str, before: str, label: str, after: str) -> None:
    offset = before.index("|")
    text = before.replace("|", "")
    (proposal,) = [p for p in complete(load_text(text, path), offset) if p.label == label]
    assert text[: proposal.span.start] + proposal.text + text[proposal.span.end :] == after


ENTRY = 'binding = "KV"\nid = "0f2ac74b498b48028cb68387c421e279"\n'
STYLES: list[tuple[str, str, str, str, str]] = [
    ("tables", TOML, 'name = "x"\n\n[[kv_namespaces]]\n', ENTRY, "\n[vars]\nX = 1\n"),
    ("inline", TOML, "kv_namespaces = [\n  {", ENTRY.replace("\n", ", "), "\n]\n[vars]\nX = 1\n"),
    ("inline-last", TOML, "kv_namespaces = [\n  {", ENTRY.replace("\n", ", "), ""),
    ("json", JSON, '{\n "kv_namespaces": [\n  {', '"binding": "KV", "id": "0f2ac74b"', "\n ]\n}"),
]


@pytest.mark.parametrize(
    ("path", "before", "typed", "after"), [s[1:] for s in STYLES], ids=[s[0] for s in STYLES]
)
def test_every_key_stroke_of_an_entry_knows_where_it_is(
    path: str, before: str, typed: str, after: str
) -> None:
    for count in range(len(typed) + 1):
        text = before + typed[:count] + after
        place = at(load_text(text, path), len(before) + count)
        assert place, typed[:count]
        assert place.kind in ("key", "value"), typed[:count]
        assert place.entry
