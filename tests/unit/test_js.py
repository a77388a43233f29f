"""The analysis of sources: offsets, versions, bindings and what is at a position."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.config.reader import load_text
from kvlens.js.analysis import merge_types
from kvlens.js.api import at, calls, completing, keys, references, uses
from kvlens.js.config_bindings import belonging
from kvlens.js.offsets import Offsets
from kvlens.js.query import CursorTarget
from kvlens.js.reader import SourceReader, read_source
from kvlens.js.source_context import SourceContext, env_types, other_config_texts
from kvlens.js.syntax import Source
from kvlens.lint.check_source import check_source
from kvlens.lint.source_checker import SourceChecker

from tests.unit.marked_text import marked

CONFIG = load_text(
    '[[kv_namespaces]]\nbinding = "KV"\n[[kv_namespaces]]\nbinding = "LINKS"\n',
    "/shop/wrangler.toml",
)

PROJECT = SourceContext([CONFIG])

WORKER = """\
import { Hono } from "hono"; // Größe 😀
interface Env { KV: KVNamespace; LINKS: KVNamespace; FILES: R2Bucket }
const app = new Hono<{ Bindings: Env }>();
const DAY = 24 * 60 * 60;
app.get("/漢字/:id", async (c) => {
  const { LINKS, KV: kv } = c.env;
  const cart = await kv.get(`cart:${c.req.param("id")}`, { type: "json", cacheTtl: 60 });
  if (!cart) await kv.put("empty", "😀", { expirationTtl: DAY });
  kv.delete("dropped");
  return c.json(await LINKS.get("link:1"));
});
export default app;
"""


# offsets


@pytest.mark.parametrize(
    "text",
    ["", "abc", "é", "a😀b漢", "😀" * 700, "ab\r\n漢" * 300, "x" * 255 + "é" + "y" * 600],
    ids=["none", "ascii", "two-bytes", "mixed", "four-bytes", "lines", "chunk-edge"],
)
def test_offsets_go_both_ways(text: str) -> None:
    offsets = Offsets(text)
    assert offsets.data == text.encode()
    for point in range(len(text) + 1):
        byte = len(text[:point].encode())
        assert offsets.byte(point) == byte
        assert offsets.point(byte) == point


def test_half_a_surrogate_pair_takes_one_place() -> None:
    offsets = Offsets("a\ud83dé")
    assert offsets.point(len(offsets.data)) == 3
    assert offsets.byte(2) == 2


# versions

EDITS = (
    "x",
    " ",
    "\n",
    "{",
    "}",
    '"',
    "`",
    "é😀",
    "",
    "",
    "/*",
    "await ",
    "env.KV.get('a');",
    "//",
)


def versions(text: str, seed: int) -> Iterator[str]:
    """Yield versions of the text with random cutting, pasting and typing."""
    chance = random.Random(seed)
    for _ in range(60):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 1, 5, 40)))
        text = text[:start] + chance.choice(EDITS) + text[end:]
        yield text


@pytest.mark.parametrize("seed", range(8))
def test_a_version_is_read_from_the_one_before_as_if_from_new(seed: int) -> None:
    reader = SourceReader("/shop/a.ts")
    reader.read(WORKER)
    for text in versions(WORKER, seed):
        kept, fresh = reader.read(text), read_source(text, "/shop/a.ts")
        assert str(kept.root) == str(fresh.root)
        assert kept.root.end_point == fresh.root.end_point
        assert check_source(kept, PROJECT) == check_source(fresh, PROJECT)


def test_the_version_before_stays_true() -> None:
    reader = SourceReader("/shop/a.ts")
    before = reader.read(WORKER)
    places = [use.span for use in uses(before, PROJECT)]
    reader.read("const x = 1;\n" + WORKER)
    later = [before.span(use.node) for use in uses(before, PROJECT)]
    assert later == places
    assert before.text_of(before.root) == WORKER


@pytest.mark.parametrize("ending", ["ts", "tsx", "js"])
def test_every_prefix_is_read_without_a_failure(ending: str) -> None:
    reader = SourceReader(f"/shop/a.{ending}")
    for end in range(len(WORKER) + 1):
        text = WORKER[:end]
        source = reader.read(text)
        for problem in check_source(source, PROJECT):
            assert 0 <= problem.span.start <= problem.span.end <= len(text)
        completing(source, end, PROJECT)
        at(source, end, PROJECT)


TYPED = (
    '  const more = await kv.get("more", "json");\n',
    "  if (cart && (await LINKS.get(`x:${cart.id}`))) { return c.json({ a: [1, 2] }); }\n",
    "  const { a, b } = await LINKS.getWithMetadata<{ x: string }>('k', { type: 'json' });\n",
    "  /* a comment */ for (const key of cart.keys) { console.log(key); }\n",
)


@pytest.mark.parametrize("line", TYPED)
def test_problems_elsewhere_stay_while_a_line_is_typed(line: str) -> None:
    checker = SourceChecker("/shop/a.ts")
    head, tail = WORKER.split("  kv.delete", 1)
    tail = "  kv.delete" + tail
    (expected,) = checker.check(head + tail, PROJECT)
    for end in range(1, len(line) + 1):
        typed = line[:end] if end == len(line) else line[:end] + "\n"
        found = [p for p in checker.check(head + typed + tail, PROJECT) if p.code == expected.code]
        shown = [(p.span, p.message) for p in found]  # half a loop has the rest as its body
        moved = expected.moved(len(typed))
        assert shown == [(moved.span, moved.message)], line[:end]


def test_what_is_kept_follows_the_config() -> None:
    checker = SourceChecker("/shop/a.js")
    text = "export async function f(env) {\n  env.OTHER.put('', 'v');\n"
    checker.check(text + "}\n", PROJECT)
    half = text + "  if (\n}\n"
    assert checker.check(half, PROJECT) == []
    other = SourceContext(
        [load_text('kv_namespaces = [{ binding = "OTHER" }]', "/shop/wrangler.toml")]
    )
    codes = [problem.code for problem in checker.check(half, other)]
    assert codes == ["promise-not-awaited", "key-invalid"]


def test_a_text_that_never_was_whole_is_checked_as_it_is() -> None:
    checker = SourceChecker("/shop/a.js")
    text = "async function f(env) { await env.KV.get(''); }\nclass {{{"
    assert [problem.code for problem in checker.check(text, PROJECT)] == ["key-invalid"]


def test_a_silenced_line_is_silent() -> None:
    text = (
        "export async function f(env) {\n"
        '  env.KV.put("a", "b"); // kvlens-disable-line promise-not-awaited -- best effort\n'
        "  // kvlens-disable-next-line promise-not-awaited, key-invalid\n"
        '  env.KV.put("", "b");\n'
        '  /* kvlens-disable-next-line key-invalid */\n  env.KV.put("", "b");\n'
        '  const s = "kvlens-disable-line promise-not-awaited"; env.KV.put("a", s);\n'
        "}\n"
    )
    found = check_source(read_source(text, "/shop/a.js"), PROJECT)
    assert [(p.code, text[: p.span.start].count("\n")) for p in found] == [
        ("promise-not-awaited", 5),
        ("promise-not-awaited", 6),
    ]


# bindings and where they stand

# id: source with marks at every place that renaming KV changes
REFERENCES: dict[str, str] = {
    "module": "export default { async fetch(r, env) { await env.«KV».get('a'); env.«KV»; } };",
    "interface": "interface Env { «KV»: KVNamespace; LINKS: KVNamespace }\n"
    "async function f(env: Env) { await env.«KV».get('KV'); }",
    "interface-elsewhere": "interface Shop { KV: string }\ninterface Env { «KV»: KVNamespace }",
    "any-type-of-env": "type Bindings = { «KV»: any };",
    "quoted-member": 'interface Env { "«KV»": KVNamespace }',
    "destructured": "async function f({ env }) { const { «KV» } = env; await KV.get('a'); }",
    "destructured-alias": "const f = (c) => { const { «KV»: kv, LINKS } = c.env; kv.get('a'); };",
    "destructured-default": "const f = (env) => { const { «KV» = other } = env; };",
    "string": "const f = (env) => [env['«KV»'], env[\"«KV»\"], 'KV', other['KV']];",
    "lookup-type": "type Store = Env['«KV»'];\ntype Two = Pick<Env, '«KV»' | 'LINKS'>;",
    "made-object": "const env = { «KV»: fake, LINKS: fake };",
    "service-worker": "addEventListener('fetch', async () => { await «KV».get('a'); f({ «KV» }); });",
    "declared": "declare const «KV»: KVNamespace;\nasync function f() { await «KV».get('a'); }",
    "shadowed": "const f = (KV) => KV.get('a');\nconst g = (env) => env.«KV».get('a');",
    "this": "class A extends DurableObject { f() { return this.env.«KV».get('a'); } }",
    "not-of-env": "const f = (env, other) => { other.KV.get('a'); process.env.KV; };",
    "not-null": "const f = (env: Env) => (env as Env).«KV»!.get('a');",
    "beyond-ascii": "// 😀 é\nconst f = (env) => ['漢', env.«KV»]; // 😀",
}


@pytest.mark.parametrize("text", REFERENCES.values(), ids=REFERENCES)
def test_references_are_all_places_to_rename(text: str) -> None:
    plain, spans = marked(text)
    source = read_source(plain, "/shop/a.ts")
    assert [tuple(use.span) for use in references(source, "KV", PROJECT)] == spans


def test_a_shorthand_is_marked_as_one() -> None:
    source = read_source("const f = (env) => { const { KV, LINKS: l } = env; };", "/shop/a.ts")
    assert [(use.name, use.shorthand) for use in uses(source)] == [("KV", True), ("LINKS", False)]


def test_uses_are_of_bindings_of_any_type() -> None:
    source = read_source(
        "const f = (env) => [env.DB.prepare('x'), env.MODE, env.KV];", "/shop/a.ts"
    )
    assert [use.name for use in uses(source)] == ["DB", "MODE", "KV"]


def test_calls_tell_what_they_are_given() -> None:
    source = read_source(WORKER, "/shop/a.ts")
    found = [(call.method, call.binding, call.fate) for call in calls(source, PROJECT)]
    assert found == [
        ("get", "KV", "awaited"),
        ("put", "KV", "awaited"),
        ("delete", "KV", "dropped"),
        ("get", "LINKS", "awaited"),
    ]
    option = calls(source, PROJECT)[1].option("expirationTtl")
    assert option is not None
    assert option.value.number == 86_400


# id: (source with one mark «|» for the cursor, kind, name, binding)
PLACES: dict[str, tuple[str, tuple[str, str, str | None] | None]] = {
    "binding": ("const f = (env) => env.K«»V.get('a');", ("binding", "KV", "KV")),
    "binding-end": ("const f = (env) => env.KV«».get('a');", ("binding", "KV", "KV")),
    "other-binding": ("const f = (env) => env.D«»B.prepare('a');", ("binding", "DB", "DB")),
    "binding-in-string": ("const f = (env) => env['K«»V'];", ("binding", "KV", "KV")),
    "binding-in-type": ("interface Env { K«»V: KVNamespace }", ("binding", "KV", "KV")),
    "binding-in-pattern": (
        "const f = (env) => { const { K«»V } = env; };",
        ("binding", "KV", "KV"),
    ),
    "method": ("const f = (env) => env.KV.g«»et('a');", ("method", "get", "KV")),
    "key": ("const f = (env) => env.KV.get('a«»b');", ("key", "ab", "KV")),
    "key-in-array": ("const f = (env) => env.KV.get(['x', 'a«»b']);", ("key", "ab", "KV")),
    "key-of-put": ("const f = (env) => env.KV.put('a«»b', 'v');", ("key", "ab", "KV")),
    "key-template": ("const f = (env) => env.KV.delete(`a«»b`);", ("key", "ab", "KV")),
    "key-constant": (
        "const K = 'ab'; const f = (env) => env.KV.get(«»K);",
        ("key", "ab", "KV"),
    ),
    "key-of-alias": (
        "const f = (env) => { const kv = env.KV; kv.get('a«»b'); };",
        ("key", "ab", "KV"),
    ),
    "key-by-type": ("const f = (kv: KVNamespace) => kv.get('a«»b');", ("key", "ab", None)),
    "alias": ("const f = (env) => { const kv = env.KV; k«»v.get('a'); };", ("alias", "kv", "KV")),
    "value": ("const f = (env) => env.KV.put('a', 'v«»v');", None),
    "key-unknown": ("const f = (env) => env.KV.get(`a«»${x}`);", None),
    "elsewhere": ("const f = (e«»nv) => env.KV.get('a');", None),
    "other-string": ("const s = 'K«»V';", None),
}


@pytest.mark.parametrize(("text", "expected"), PLACES.values(), ids=PLACES)
def test_what_is_at_a_place(text: str, expected: tuple[str, str, str | None] | None) -> None:
    plain, ((offset, _),) = marked(text)
    place = at(read_source(plain, "/shop/a.ts"), offset, PROJECT)
    assert (place and (place.kind, place.name, place.binding)) == expected
    if place:
        assert place.span.start <= offset <= place.span.end


# id: (source with a cursor, kind, what is before it, binding)
COMPLETED: dict[str, tuple[str, tuple[str, str, str | None] | None]] = {
    "key": ("const f = (env) => env.KV.get('ca«»');", ("key", "ca", "KV")),
    "key-middle": ("const f = (env) => env.KV.get('ca«»rt:1');", ("key", "ca", "KV")),
    "key-nothing-yet": ("const f = (env) => env.KV.get('«»');", ("key", "", "KV")),
    "key-open": ("async function f(env) {\n  await env.KV.get('ca«»\n}\n", ("key", "ca", "KV")),
    "key-open-double": (
        'async function f(env) {\n  const v = await env.KV.get("«»\n  return v;\n}\n',
        ("key", "", "KV"),
    ),
    "key-no-bracket": ("async function f(env) {\n  env.KV.put('ca«»'\n}\n", ("key", "ca", "KV")),
    "key-template": ("const f = (env) => env.KV.get(`ca«»`);", ("key", "ca", "KV")),
    "key-in-array": ("const f = (env) => env.KV.get(['a', 'ca«»']);", ("key", "ca", "KV")),
    "key-of-alias": (
        "async function f(env) {\n  const { LINKS } = env;\n  await LINKS.delete('«»\n}\n",
        ("key", "", "LINKS"),
    ),
    "key-second-in-line": (
        "async function f(env) {\n  g('x'); await env.KV.get('ca«»\n}\n",
        ("key", "ca", "KV"),
    ),
    "binding": ("const f = (env) => env.«»;", ("binding", "", None)),
    "binding-before-a-line": (
        "async function f(env) {\n  env.«»\n  other();\n}\n",
        ("binding", "", None),
    ),
    "binding-begun": ("const f = (env) => env.L«»;", ("binding", "L", None)),
    "binding-in-string": ("const f = (env) => env['L«»'];", ("binding", "L", None)),
    "binding-of-hono": ("app.get('/', (c) => { c.env.«» });", ("binding", "", None)),
    "in-pattern": ("const f = (env) => { const { «» } = env; };", ("binding", "", None)),
    "method": ("const f = (env) => env.KV.«»;", ("method", "", "KV")),
    "method-before-a-line": (
        "async function f(env) {\n  env.KV.«»\n  return 1;\n}\n",
        ("method", "", "KV"),
    ),
    "method-begun": ("const f = (env) => env.KV.ge«»;", ("method", "ge", "KV")),
    "method-of-a-call": ("const f = (env) => env.KV.ge«»t('a');", ("method", "ge", "KV")),
    "method-of-alias": (
        "async function f(env) {\n  const kv = env.KV;\n  await kv.«»\n}\n",
        ("method", "", "KV"),
    ),
    "method-of-a-type": ("const f = (kv: KVNamespace) => kv.«»;", ("method", "", None)),
    "method-of-a-bucket": ("const f = (env) => env.BUCKET.«»;", None),
    "method-of-a-value": ("const f = (env) => env.KV.get('a').«»;", None),
    "value": ("const f = (env) => env.KV.put('a', '«»');", None),
    "other": ("const f = (x) => x.«»;", None),
    "comment": ("const f = (env) => 1; // env.«»", None),
}


@pytest.mark.parametrize(("text", "expected"), COMPLETED.values(), ids=COMPLETED)
def test_what_is_being_typed(text: str, expected: tuple[str, str, str | None] | None) -> None:
    plain, ((offset, _),) = marked(text)
    place: CursorTarget | None = completing(read_source(plain, "/shop/a.ts"), offset, PROJECT)
    assert (place and (place.kind, place.name, place.binding)) == expected
    if place:
        assert plain[place.span.start : offset] == place.name


def test_keys_are_those_whose_value_is_known() -> None:
    source = read_source(WORKER, "/shop/a.ts")
    assert [place.name for place in keys(source, PROJECT) if place.name] == [
        "empty",
        "dropped",
        "link:1",
    ]


# the project


def test_env_types_are_those_of_env_alone() -> None:
    text = (
        "interface Env { A: KVNamespace; B?: KVNamespace; C: R2Bucket; D: any;"
        " E: KVNamespace | undefined }\ninterface Other { F: KVNamespace }\n"
        "type Bindings = { G: KVNamespace<string> };"
    )
    assert env_types(read_source(text, "/shop/types.d.ts")) == {
        "A": "kv",
        "B": "maybe",
        "C": "other",
        "E": "maybe",
        "G": "kv",
    }


def test_types_that_disagree_are_left_out() -> None:
    merged = merge_types([{"A": "kv", "B": "kv", "C": "other"}, {"A": "maybe", "B": "other"}])
    assert merged == {"A": "maybe", "C": "other"}


def test_a_source_belongs_to_the_nearest_configs() -> None:
    configs = [load_text("", path) for path in ("/a/wrangler.toml", "/a/b/wrangler.toml")]
    configs.append(load_text("{}", "/a/b/wrangler.jsonc"))
    configs.append(load_text("", "/a/bc/wrangler.toml"))

    def paths(path: str) -> list[str]:
        return [config.path for config in belonging(path, configs)]

    assert paths("/a/b/src/x.ts") == ["/a/b/wrangler.toml", "/a/b/wrangler.jsonc"]
    assert paths("/a/src/x.ts") == ["/a/wrangler.toml"]
    assert paths("/elsewhere/x.ts") == []


def test_other_config_texts(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "wrangler.toml").write_text('name = "own"', encoding="utf-8")
    (folder / "wrangler.staging.toml").write_text('binding = "A"', encoding="utf-8")
    (folder / "wrangler.toml.example").write_text("# binding = 'B'", encoding="utf-8")
    (folder / "wrangler.ts").write_text('const x = "C";', encoding="utf-8")
    (folder / ".dev.vars").write_text("# D=1\nE=secret\nexport F = x", encoding="utf-8")
    (folder / ".dev.vars.staging").write_text("G=", encoding="utf-8")
    assert other_config_texts(folder) == {"A", "B", "E", "F", "G"}


# the parser


def python(program: str) -> str:
    """Run a program in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_nothing_loads_the_parser_before_a_source_is_read() -> None:
    program = (
        "import sys, kvlens.lint.check_config;"
        "from kvlens.js.source_context import may_matter; from kvlens.lint.check_source import check;"
        "check('', 'a.ts'); may_matter('x');"
        "print([name for name in sys.modules if 'tree_sitter' in name])"
    )
    assert python(program) == "[]"


def test_without_a_parser_it_says_so() -> None:
    program = (
        "import sys; sys.modules['tree_sitter'] = None\n"
        "from kvlens.js.grammar import Unavailable, unavailable\n"
        "from kvlens.js.reader import read_source\n"
        "print(unavailable())\n"
        "try: read_source('', 'a.ts')\n"
        "except Unavailable: print('unavailable')"
    )
    lines = python(program).splitlines()
    assert "sources are not checked" in lines[0]
    assert lines[1] == "unavailable"


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="neither JavaScript nor TypeScript"):
        read_source("", "a.py")


def test_what_a_bundler_made_is_not_read() -> None:
    source: Source = read_source("env.KV.get('');" * 150_000, "/shop/a.js")
    assert check_source(source, PROJECT) == []


def test_a_question_about_a_name_imports_no_more_than_it_needs() -> None:
    program = "import sys; from kvlens.js.grammar import is_source; is_source('a.ts'); print(sorted(name for name in sys.modules if name.startswith('kvlens.js.')))"
    assert python(program) == "['kvlens.js.grammar']"
