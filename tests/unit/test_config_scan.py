"""The tolerant scanners: every form, every prefix, every span."""

from __future__ import annotations

import random
from typing import Any

import pytest
import tomlkit
from kvlens.config.nodes import Node, Sections
from kvlens.config.reader import ConfigReader, load_text
from kvlens.config.tables import Definition, Table

ID = "0f2ac74b498b48028cb68387c421e279"

FORMS = [
    ("inline", 'kv_namespaces = [{ binding = "A", id = "1" }]'),
    ("inline-lines", 'kv_namespaces = [\n  # c\n  { binding = "A", id = "1" }, # d\n]\n'),
    ("inline-1.1", 'kv_namespaces = [{\n  binding = "A",\n  id = "1",\n}]'),
    ("tables", '[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'),
    ("tables-crlf", '[[kv_namespaces]]\r\nbinding = "A"\r\nid = "1"\r\n'),
    ("tables-indented", '  [[ kv_namespaces ]] # c\n  binding = "A"\n  id = "1"\n'),
    ("quoted-keys", '[["kv_namespaces"]]\n"binding" = "A"\n\'id\' = "1"\n'),
    ("quoted-name", '"kv_namespaces" = [{ "binding" = \'A\', id = """1""" }]'),
    ("after-vars", '[vars]\nX = 1\n\n[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'),
    ("after-emoji", 'name = "😀 ŋ"\n[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'),
    ("header-in-string", 'x = """\n[vars]\n"""\nkv_namespaces = [{ binding = "A", id = "1" }]'),
    ("nested-arrays", 'x = [\n  ["a"],\n  [1],\n]\nkv_namespaces = [{binding="A",id="1"}]'),
    ("escapes", 'kv_namespaces = [{ binding = "\\u0041", id = "1" }]'),
    ("bom-less-cr", 'name = "x"\n\nkv_namespaces = [\n{binding="A", id="1"}]\n[vars]\n'),
]


@pytest.mark.parametrize("text", [f[1] for f in FORMS], ids=[f[0] for f in FORMS])
def test_every_form_of_an_entry_is_understood(text: str) -> None:
    (top, *_) = load_text(text, "wrangler.toml").environments
    (kv,) = top.kv
    (entry,) = kv.entries
    assert [(field.name, field.value) for field in entry.fields] == [("binding", "A"), ("id", "1")]
    assert text[slice(*kv.key_span)].strip("\"' ") == "kv_namespaces"
    for field in entry.fields:
        assert text[slice(*field.key_span)].strip("\"'") == field.name
        literal = text[slice(*field.value_span)]
        assert tomlkit.value(literal) == field.value


ENVIRONMENTS = [
    ("tables", '[[env.prod.kv_namespaces]]\nbinding = "A"\nid = "1"'),
    ("inline", '[env.prod]\nkv_namespaces = [{ binding = "A", id = "1" }]'),
    ("dotted", 'env.prod.kv_namespaces = [{ binding = "A", id = "1" }]'),
    ("dotted-half", '[env]\nprod.kv_namespaces = [{ binding = "A", id = "1" }]'),
    ("all-inline", 'env = { prod = { kv_namespaces = [{ binding = "A", id = "1" }] } }'),
    ("quoted", '[[env."prod".kv_namespaces]]\nbinding = "A"\nid = "1"'),
    (
        "out-of-order",
        '[env.prod.vars]\nX=1\n[vars]\n[[env.prod.kv_namespaces]]\nbinding="A"\nid="1"',
    ),
]


@pytest.mark.parametrize("text", [f[1] for f in ENVIRONMENTS], ids=[f[0] for f in ENVIRONMENTS])
def test_every_form_of_an_environment_is_understood(text: str) -> None:
    config = load_text(text, "wrangler.toml")
    assert [(n.environment, n.binding, n.id) for n in config.namespaces()] == [("prod", "A", "1")]
    environment = config.environments[1]
    assert environment.key_span
    assert text[slice(*environment.key_span)].strip('"') == "prod"


WHOLE = f"""\
name = "shop" # the "shop"
main = 'src/index.ts'
compatibility_flags = [ "nodejs_compat" ]
routes = [
  {{ pattern = "a.example/*", zone_name = "a.example" }},
]
kv_namespaces = [
  {{ binding = "CARTS", id = "{ID}", preview_id = "abc" }},
  {{ binding = "😀", id = '{ID}' }},
]

[vars]
TEXT = \"\"\"
[not.a.header]
\"\"\"
WHEN = 1979-05-27 07:32:00Z

[env."st ag"]
workers_dev = true
kv_namespaces = [{{ binding = "B", id = "x" }}]

[[env.prod.kv_namespaces]]
binding = "CARTS"
id = "{ID}"
remote = false

[[env.prod.kv_namespaces]]
binding = "OTHER"
"""
WHOLE_JSON = f"""\
// the shop
{{
  "name": "shop", /* a // name */
  "kv_namespaces": [
    {{ "binding": "CARTS", "id": "{ID}" }},
    {{ "binding": "\\ud83d\\ude00", "id": "x//y", }},
  ],
  "vars": {{ "kv": [1, 2.5, null, true] }},
  "env": {{ "prod": {{ "kv_namespaces": [{{ "binding": "B" }}] }} }},
}}
"""
FILES = [("wrangler.toml", WHOLE), ("wrangler.jsonc", WHOLE_JSON)]
CRLF = [(path, text.replace("\n", "\r\n")) for path, text in FILES]


@pytest.mark.parametrize(
    ("path", "text"), FILES + CRLF, ids=["toml", "json", "toml-crlf", "json-crlf"]
)
def test_every_prefix_keeps_the_entries_already_written(path: str, text: str) -> None:
    """Half-typed text never fails, and never loses or changes a complete entry."""
    seen = 0
    for end in range(len(text) + 1):
        found = [(n.binding, n.id) for n in load_text(text[:end], path).namespaces()]
        whole = [n for n in load_text(text, path).namespaces() if _closed(text, n.span.end) <= end]
        assert [(n.binding, n.id) for n in whole if (n.binding, n.id) in found] == [
            (n.binding, n.id) for n in whole
        ], text[:end]
        seen = max(seen, len(found))
    assert seen == len(load_text(text, path).namespaces())


def _closed(text: str, offset: int) -> int:
    """The offset from which the entry around an offset is certainly complete."""
    ends = [text.find(mark, offset) for mark in ("}", "\n[", "\r\n[")]
    return min([end + 1 for end in ends if end >= 0], default=len(text))


@pytest.mark.parametrize(("path", "text"), FILES, ids=["toml", "json"])
def test_scanning_again_after_an_edit_equals_scanning_afresh(path: str, text: str) -> None:
    """Reusing parts of the previous version has no effect on the result."""
    chance = random.Random(7)
    reader = ConfigReader(path)
    current = text
    pieces = ['"', "'", "[", "]", "{", "}", "=", ",", "\n", "[[a]]\n", '"""', "x", "😀", "#", ":"]
    for _ in range(600):
        at = chance.randrange(len(current) + 1)
        if chance.random() < 0.5:
            current = current[:at] + chance.choice(pieces) + current[at:]
        else:
            current = current[:at] + current[at + chance.randrange(1, 9) :]
        assert _plain(reader.read(current).sections) == _plain(load_text(current, path).sections)
        if len(current) < len(text) // 2:
            current = text


# One version, and the next, in which a quote gets a partner: the same braces now mean something
# else.
PARTNERS = {
    "toml": ("wrangler.toml", 'a = [ {"b=1} ', ', "x" } ]\n'),
    "toml, single": ("wrangler.toml", "a = [ {'b=1} ", ", 'x' } ]\n"),
    "toml, behind a key": ("wrangler.toml", 'a = [ {"b=1} ', ' "=3}, 1]\n'),
    "json": ("wrangler.jsonc", '{"a": [ {"b:1} ', ' "x" ] }\n'),
    "json, no name": ("wrangler.jsonc", '{":[\n\t{""""""{":1}', ' 1, }\t\t\t\t{ "c": 1,'),
}


@pytest.mark.parametrize(("path", "text", "more"), PARTNERS.values(), ids=PARTNERS)
def test_a_quote_that_gets_its_partner(path: str, text: str, more: str) -> None:
    reader = ConfigReader(path)
    reader.read(text)
    assert _plain(reader.read(text + more).sections) == _plain(
        load_text(text + more, path).sections
    )


def _plain(sections: Sections) -> Any:
    return [(at, s.header, s.is_array, _shape(s.body)) for at, s in sections]


def _shape(node: Node) -> Any:
    members = [(m.key, m.offset, _shape(m.value)) for m in node.members]
    items = [(offset, _shape(item)) for offset, item in node.items]
    return node.kind, node.length, repr(node.value), node.broken, node.head, members, items


VALID = [
    ("whole", WHOLE),
    ("numbers", "a = 1_000\nb = 0xFF\nc = -1.5e3\nd = inf\ne = 0b11\nf = +0.0\ng = 0o17"),
    ("strings", 'a = "\\t\\"q\\""\nb = \'c:\\x\'\nc = \'\'\'\nl1\nl2\'\'\'\nd = """a \\\n   b"""'),
    ("spaces-of-unicode", 'a = """b \\\n \u2028\x85c"""'),
    ("quotes-in-block", 'a = """x"y""z"""\nb = """""two"""""\nc = \'\'\'\'q\'\'\'\''),
    ("dotted", 'a.b.c = 1\na."b d".e = 2\n[x . y]\nz.w = {q = {r = [1, [2, 3]]}}'),
    ("aot", "[[a]]\nb = 1\n[a.c]\nd = 2\n[[a]]\nb = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5"),
    ("dates", "a = 1979-05-27\nb = 07:32:00\nc = 1979-05-27T00:32:00.9-07:00"),
    ("empty", ""),
    ("comment-only", "# nothing"),
]


@pytest.mark.parametrize("text", [v[1] for v in VALID], ids=[v[0] for v in VALID])
def test_valid_toml_is_read_as_a_strict_reader_reads_it(text: str) -> None:
    assert _value(load_text(text, "wrangler.toml").root) == _normal(tomlkit.parse(text).unwrap())


def _value(table: Table) -> dict[str, Any]:
    return {name: _merged(table.get(name)) for name in table.names()}


def _merged(definitions: list[Definition]) -> Any:
    tables = [d for d in definitions if d.kind == "table"]
    if tables:
        merged: dict[str, Any] = {}
        for definition in tables:
            assert definition.table
            merged.update(_value(definition.table))
        return merged
    (definition,) = definitions
    if definition.elements:
        return [_node(body) for _, body in definition.elements]
    assert definition.node
    return _node(definition.node)


def _node(node: Node) -> Any:
    if node.kind == "table":
        return _value(Table([(0, node)]))
    if node.kind == "array":
        return [_node(item) for _, item in node.items]
    return "date" if node.kind == "datetime" else node.value


def _normal(value: Any) -> Any:
    """Ignore what sub-tables add to an array's element: the reader keeps entries flat."""
    if isinstance(value, dict):
        return {key: _normal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        flat = [_normal(inner) for inner in value]
        return [
            {k: v for k, v in item.items() if k not in ("c", "e")}
            if isinstance(item, dict)
            else item
            for item in flat
        ]
    return value if isinstance(value, (str, int, float, bool)) else "date"


HALF_TYPED = [
    (
        "value",
        '[[kv_namespaces]]\nbinding = \nid = "1"\n[[kv_namespaces]]\nbinding = "B"',
        ["1", "B"],
    ),
    ("open-string", '[[kv_namespaces]]\nbinding = "A\nid = "1"\n', ["1"]),
    (
        "open-string-inline",
        'kv_namespaces = [\n{ binding = "A, id = "1" },\n{ binding = "B" }]',
        ["A, id = ", "B"],
    ),
    ("open-array", 'kv_namespaces = [\n{ binding = "A" },\n\nname = "x"\n[vars]\nY=1', ["A"]),
    ("open-table", 'kv_namespaces = [\n{ binding = "A"\n{ binding = "B" }\n]', ["A", "B"]),
    ("open-array-then-header", 'kv_namespaces = [\n{ binding = "A" },\n[vars]\nB = 1', ["A"]),
    ("open-header", '[[kv_namespaces\nbinding = "A"\n[[kv_namespaces]]\nbinding = "B"', ["A", "B"]),
    ("key-alone", 'kv_namespaces = [{ bin }, { binding = "B" }]', ["B"]),
    ("no-comma", 'kv_namespaces = [{ binding = "A" } { binding = "B" }]', ["A", "B"]),
    ("stray-brace", 'kv_namespaces = [{ binding = "A" }}, { binding = "B" }]', ["A", "B"]),
]


@pytest.mark.parametrize(
    ("text", "ids"), [h[1:] for h in HALF_TYPED], ids=[h[0] for h in HALF_TYPED]
)
def test_damage_stays_where_it_is(text: str, ids: list[str]) -> None:
    config = load_text(text, "wrangler.toml")
    stored = [entry.store_id for kv in config.environments[0].kv for entry in kv.entries]
    assert [one for one in stored if one] == ids


STORE_IDS = {
    'id = "a", preview_id = "b"': "b",
    'id = "a"': "a",
    'id = "a", preview_id = ""': "a",  # wrangler opens a namespace that loses every value
    'preview_id = ""': "KV",
    'id = ""': "KV",
    'other = "x"': "KV",
}


@pytest.mark.parametrize(("fields", "store_id"), STORE_IDS.items())
def test_the_id_in_a_store(fields: str, store_id: str) -> None:
    text = f'kv_namespaces = [{{ binding = "KV", {fields} }}]'
    (namespace,) = load_text(text, "wrangler.toml").namespaces()
    assert namespace.id == store_id


def test_deep_nesting_is_no_stack_overflow() -> None:
    for path, deep in (("wrangler.toml", "a = " + "[" * 50_000), ("wrangler.json", "[" * 50_000)):
        assert load_text(deep, path).namespaces() == []
        assert load_text('{"a":' + deep, path).namespaces() == []
