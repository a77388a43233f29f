"""Sources that are deep, wide or endless: analyzed in time, or reported as too large."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc

import pytest
from kvlens.config.reader import load_text
from kvlens.js.analysis import merge_types
from kvlens.js.api import at, completing, keys, references, uses
from kvlens.js.grammar import load
from kvlens.js.reader import SourceReader, read_source
from kvlens.js.source_context import SourceContext, env_types
from kvlens.lint import check_source as check_source_module
from kvlens.lint.check_source import check, check_source
from kvlens.lint.check_sources import check_with_sources
from kvlens.lint.js import ttl_out_of_range

CONFIG = load_text(
    'main = "index.ts"\nkv_namespaces = [{ binding = "CARTS", id = "a" }, { binding = "B" }]\n',
    "/project/wrangler.toml",
)
HEAD = "export default { async fetch(request, env) {\n"
PUT = "await env.CARTS.put('k', {}, {{ expirationTtl: 30 }});\n}} }}"
HANG = 60  # seconds: thirty times the usual time

# what: (the text, which problem must be found)
CASES: dict[str, tuple[str, str | None]] = {
    "10,000 brackets": (HEAD + PUT.format("(" * 10_000 + "'v'" + ")" * 10_000), "unreadable-file"),
    "200 brackets": (HEAD + PUT.format("(" * 200 + "'v'" + ")" * 200), "ttl-out-of-range"),
    "open brackets": (HEAD + "env.CARTS.get(" * 20_000, "unreadable-file"),
    "100,000 dots": (HEAD + PUT.format("a" + ".b.c" * 50_000), "unreadable-file"),
    "dots of env": (HEAD + f"env{'.CARTS' * 50_000}.get('k')}} }}", "unreadable-file"),
    "pluses": (HEAD + PUT.format("'a'" + "+1" * 50_000), "unreadable-file"),
    "templates": (HEAD + PUT.format(f"`{'${a}' * 50_000}`"), "ttl-out-of-range"),
    "templates in templates": (HEAD + PUT.format("`${" * 5_000 + "1" + "}`" * 5_000), "unreadable-file"),
    "ternaries": (HEAD + PUT.format("a?b:" * 20_000 + "c"), "unreadable-file"),
    "arrays": (HEAD + PUT.format("[" * 20_000 + "]" * 20_000), "unreadable-file"),
    "arrows": (HEAD + PUT.format("()=>" * 20_000 + "1"), "unreadable-file"),
    "new new": (HEAD + PUT.format("new " * 50_000 + "a"), "unreadable-file"),
    "bangs": (HEAD + f"await env{'!' * 50_000}.CARTS.get('k', 'bad') }} }}", "unreadable-file"),
    "elements": (HEAD + "<a>" * 30_000 + PUT.format("1"), "unreadable-file"),
    "quotes": (HEAD + "env.CARTS.get();" + "'" * 900_000, "unreadable-file"),
    "braces": (HEAD + "env.CARTS.get();" + "{" * 300_000, "unreadable-file"),
    "closing braces": (HEAD + "env.CARTS.get();" + "}" * 700_000, "unreadable-file"),
    "env, 200,000 times": (HEAD + "env;" * 200_000 + PUT.format("1"), "unreadable-file"),
    "aliases": (
        HEAD
        + "".join(f"const k{n} = {f'k{n - 1}' if n else 'env.CARTS'};\n" for n in range(10_000))
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "each made of the other": (
        HEAD + "var a = b, b = a, c = env.OTHER, d = c, c = d;\nc.get('x');\n" + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "constants made of two": (
        "const T0 = 30;\n"
        + "".join(f"const T{n} = T{n - 1} + T{n - 1};\n" for n in range(1, 2_000))
        + HEAD
        + "await env.CARTS.put('k', 'v', { expirationTtl: T1999 });\n} }",
        None,
    ),
    "constants made of two, in 1,000 calls": (
        "const T0 = 30;\n"
        + "".join(f"const T{n} = T{n - 1} + T{n - 1};\n" for n in range(1, 60))
        + HEAD
        + "".join(f"await env.CARTS.put('k', 'v', {{ expirationTtl: T59 + {n} }});\n" for n in range(1_000))
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "texts made of two, in 1,000 calls": (
        f"const T0 = '{'x' * 100_000}';\n"
        + "".join(f"const T{n} = T{n - 1} + T{n - 1};\nconst U{n} = `${{T{n}}}${{T{n}}}`;\n" for n in range(1, 60))
        + HEAD
        + "".join(f"await env.CARTS.put('k' + {n}, U15 + {n});\n" for n in range(1_000))
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "2,000 constants, in 1,000 calls": (
        "".join(f"const k{n} = 'k';\n" for n in range(2_000))
        + f"const all = [{', '.join(f'k{n}' for n in range(2_000))}];\n"
        + HEAD
        + "await env.CARTS.get(all);\n" * 1_000
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "parameters passed on and on": (
        "".join(f"function f{n}(x) {{ x.get('k'); f{n + 1}(x); }}\n" for n in range(3_000))
        + HEAD
        + "f0(env.CARTS);\n"
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "objects handed on and on": (
        "".join(f"function f{n}(o) {{ f{n + 1}(o); f{n + 2}(o); }}\n" for n in range(2_000))
        + HEAD
        + "const o = { expirationTtl: 5 };\n"
        + "f0(o);\nawait env.CARTS.put('k', 'v', o);\n" * 1_000
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "functions of functions": (
        "".join(f"const f{n} = () => f{n + 1}() + f{n + 1}();\n" for n in range(2_000))
        + HEAD
        + "await env.CARTS.put('k', 'v', { expirationTtl: f0() });\n" * 100
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "loops over pages": (
        HEAD
        + "do { p = await env.CARTS.list(); } while (!p.list_complete);\n" * 2_000
        + PUT.format("'v'"),
        "list-cursor-not-passed",
    ),
    "methods that KV doesn't have": (
        HEAD + "await env.CARTS.set('k', 1);\n" * 2_000 + PUT.format("'v'"),
        "method-unknown",
    ),
    "TTLs of one parameter": (
        "async function f(env, ttl) {\n"
        + "await env.CARTS.put('k', await a.text(), { expirationTtl: ttl });\n" * 2_000
        + "}\n"
        + HEAD
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "callbacks that nothing waits for": (
        HEAD
        + "a.forEach(async (k) => { await env.CARTS.put(k, 'v'); });\n" * 2_000
        + PUT.format("'v'"),
        "promise-not-awaited",
    ),
    "functions that call each other": (
        "".join(
            f"async function f{n}(env) {{ await f{n - 1}(env); await env.CARTS.get('k'); f{n - 1}(env); }}\n"
            for n in range(1, 2_000)
        )
        + HEAD
        + PUT.format("'v'"),
        "promise-not-awaited",
    ),
    "classes that extend each other": (
        "class C0 { constructor(kv) { this.kv = kv; } }\n"
        + "".join(
            f"class C{n} extends C{n - 1} {{ constructor(kv) {{ super(kv); }} m() {{ this.kv.get('k'); }} }}\n"
            for n in range(1, 2_000)
        )
        + HEAD
        + "new C1999(env.CARTS).m();\n"
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "objects spread twice into the next": (
        HEAD
        + "const e0 = env;\n"
        + "".join(f"const e{n} = {{ ...e{n - 1}, ...e{n - 1} }};\n" for n in range(1, 2_000))
        + "e1999.CARTS.get('k');\n"
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "arrays of two of the one before": (
        HEAD
        + "const a0 = [env.CARTS];\n"
        + "".join(f"const a{n} = [a{n - 1}, a{n - 1}];\n" for n in range(1, 2_000))
        + "a1999[0].get('k');\n"
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "types made of two": (
        "type T0 = KVNamespace;\n"
        + "".join(f"type T{n} = T{n - 1} | T{n - 1};\n" for n in range(1, 2_000))
        + "const f = (kv: T1999) => kv.get('k');\n"
        + HEAD
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "variables set to each other": (
        "".join(f"let v{n} = v{(n * 7 + 1) % 2_000}; v{n} = v{(n * 3 + 2) % 2_000};\n" for n in range(2_000))
        + "".join(f"v{n}.get('k');" for n in range(2_000))
        + HEAD
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "one field set 3,000 times": (
        "class S {" + "".join(f"m{n}() {{ this.kv = x; this.kv.get('k'); }}\n" for n in range(3_000)) + "}\n"
        + HEAD
        + PUT.format("'v'"),
        "ttl-out-of-range",
    ),
    "24,000 imports": (
        "".join(f'import {{ a{n} }} from "./m{n}";' for n in range(24_000)) + HEAD + PUT.format("a1"),
        "ttl-out-of-range",
    ),
    "counts that are read first": (
        HEAD
        + "".join(f"const n{n} = Number(await env.CARTS.get('{n}'));\n" for n in range(2_500))
        + "".join(f"await env.CARTS.put('{n}', String(n{n} + 1));\n" for n in range(2_500))
        + "} }",
        "counter-not-atomic",
    ),
    "one object in 6,500 calls": (
        HEAD
        + "const cart = await env.CARTS.get('k', 'json');\n"
        + "await env.CARTS.put('k', JSON.stringify(cart));\n" * 6_500
        + "} }",
        None,
    ),
    "4,000 calls": (HEAD + "env.CARTS.get(k);\n" * 4_000 + "} }", "promise-not-awaited"),
    "a long string": (HEAD + PUT.format(f"'{'a' * 900_000}'"), "ttl-out-of-range"),
    "a million a line": (HEAD + PUT.format("'v'") + "// x" * 200_000, "ttl-out-of-range"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), CASES.values(), ids=CASES)
def test_no_source_takes_long(text: str, code: str | None) -> None:
    began = time.monotonic()
    source = read_source(text, "/project/index.ts")
    project = SourceContext([CONFIG], merge_types([env_types(source)]))
    problems = check_source(source, project, 1.7e9)
    codes = {problem.code for problem in problems}
    assert code in codes if code else not codes
    assert "internal-error" not in codes
    if source.refused:
        assert [problem.message for problem in problems] == [f"This source {source.refused}."]
        assert check_with_sources(CONFIG, {"/project/index.ts": text}, lambda _: source) == []
    uses(source, project)
    keys(source, project)
    references(source, "CARTS", project)
    at(source, len(text) // 2, project)
    completing(source, len(source.text) // 2, project)
    assert time.monotonic() - began < HANG


def test_names_are_the_same_however_many_are_looked_for() -> None:
    text = "".join(f"let v{n} = v1 + o.v{n}; f('v{n}', $v{n}, v{n}é);\n" for n in range(700))
    names = read_source(text, "/project/index.ts").names
    for name in (*(f"v{n}" for n in range(700)), "o", "none", "v1 + o"):
        found = [(node.start_byte, node.end_byte) for node in names.nodes(name)]
        whole = names.nodes_between(name, 0, len(text.encode()))
        assert found == [(node.start_byte, node.end_byte) for node in whole]


ENDLESS = {
    # texts on which the parser never finishes: path, text
    "brackets in brackets of JSX": ("a.tsx", "<a {{b:>c:d(e f)\n"),
    "half-typed calls": ("a.js", "(async=>n(.t(('',n(.g(''t((''))));"),
}


@pytest.mark.parametrize(("path", "text"), ENDLESS.values(), ids=ENDLESS)
def test_a_short_text_that_is_parsed_without_end(path: str, text: str) -> None:
    source = read_source(text, f"/project/{path}")
    assert source.refused == "takes too long to parse, and is not checked"
    reader = SourceReader(f"/project/{path}")
    for version in ("const a = 1;", text, "const a = 2;"):
        source = reader.read(version)
    assert source.refused is None
    assert source.text == "const a = 2;"


LARGE = HEAD + "await env.CARTS.put(`k-${'é'}`, { a: [1, 2] });\n" * 4_000 + "} }"


def test_a_text_given_in_pieces_is_parsed_as_a_whole_one() -> None:
    from tree_sitter import Parser

    for text in (LARGE, LARGE[: len(LARGE) // 2], "(" + LARGE, ""):
        source = read_source(text, "/project/a.ts")
        whole = Parser(source.grammar.language).parse(text.encode())
        assert str(source.root) == str(whole.root_node)
        assert source.root.byte_range == whole.root_node.byte_range
        assert source.root.text == whole.root_node.text


def test_parsing_keeps_nothing_of_the_text() -> None:
    grammar, data = load("typescript"), LARGE.encode()
    grammar.parse(data)
    tracemalloc.start()
    try:
        for _ in range(6):
            grammar.parse(data)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < len(data)


def test_a_refused_source_is_parsed_once() -> None:
    reader = SourceReader("w.js")
    text = "(" * 5_000 + "1" + ")" * 5_000
    assert reader.read(text).refused
    assert reader.read(text) is reader.read(text)


def test_a_refused_source_is_read_again_when_it_is_mended() -> None:
    reader = SourceReader("/project/index.ts")
    text = HEAD + PUT.format("'v'")
    assert reader.read(text + "(" * 5_000 + "1" + ")" * 5_000).refused
    mended = reader.read(text)
    assert mended.refused is None
    project = SourceContext([CONFIG])
    assert [p.code for p in check_source(mended, project, 1.7e9)] == ["ttl-out-of-range"]


def test_a_rule_that_fails_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise ZeroDivisionError

    broken = ttl_out_of_range.RULE
    table = [type(broken)(**{**vars(broken), "check": fail}), *check_source_module._CALL_RULES]
    monkeypatch.setattr(check_source_module, "_CALL_RULES", table)
    text = HEAD + "await env.CARTS.put('a', 'v');\n" * 3 + PUT.format("'v'")
    problems = check(text, "/project/index.ts", [CONFIG])
    assert [p.code for p in problems] == ["internal-error", "ttl-out-of-range"]


HUNGRY = {
    "types that never end": ("f<" * 300_000, True),
    "calls of types": ("a<b>(c," * 50_000, True),
    "arrows": ("(a)=>" * 390_000, True),
    "calls": ("f(" * 300_000, True),
    "dense code": ("function a(b,c){return b?c[0]+d(b)*2:e.f(c)||{g:1,h:[b,c]}}" * 8_000, False),
}
PEAK = """
import sys
from pathlib import Path
from kvlens.js.reader import read_source
print(bool(read_source(sys.stdin.read(), "/project/index.ts").refused))
status = Path("/proc/self/status").read_text("utf-8")
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="shows the memory")
@pytest.mark.parametrize(("text", "refused"), HUNGRY.values(), ids=HUNGRY)
def test_no_source_takes_much_memory(text: str, refused: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK], input=text, capture_output=True, text=True, timeout=HANG
    )
    said, megabytes = done.stdout.split()
    assert (said == "True") is refused
    assert int(megabytes) < 240
