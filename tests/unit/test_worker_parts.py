"""The parts of the Worker runner that need no workerd: finding, reading, writing, mapping."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from kvlens.config.find import ConfigError
from kvlens.js.grammar import Grammar, TooLargeTreeError, TooSlowError, Unavailable
from kvlens.lines import Line
from kvlens.worker import binaries, capnp, dotenv, syntax, workerd_config
from kvlens.worker.build import has_node, needs_bundler
from kvlens.worker.config import Rule, WorkerConfig, read_worker_config
from kvlens.worker.errors import WorkerError
from kvlens.worker.output import Event, Output, Places
from kvlens.worker.script import Module, Script, plain_script
from kvlens.worker.sourcemap import Place, SourceMap
from kvlens.workspace.watch import source_folders

# finding the programs ---------------------------------------------------------------------------

WORKERD = "/".join(binaries._workerd_package())
ESBUILD = "/".join(binaries._esbuild_package())
TREES: list[tuple[str, list[str], dict[str, str], str, str]] = [
    # name, files, links, the project's folder, the path of workerd
    ("flat", [f"p/node_modules/{WORKERD}", "p/node_modules/wrangler/x"], {}, "p",
     f"p/node_modules/{WORKERD}"),
    ("alone", [f"p/node_modules/{WORKERD}"], {}, "p", f"p/node_modules/{WORKERD}"),
    ("of a monorepo", [f"node_modules/{WORKERD}", "node_modules/workerd/x", "apps/a/w"], {},
     "apps/a", f"node_modules/{WORKERD}"),
    ("wrangler's own first",
     [f"p/node_modules/{WORKERD}", "p/node_modules/wrangler/node_modules/workerd/x",
      f"p/node_modules/wrangler/node_modules/{WORKERD}"], {}, "p",
     f"p/node_modules/wrangler/node_modules/{WORKERD}"),
    ("pnpm",
     ["p/node_modules/.pnpm/wrangler@4/node_modules/wrangler/x",
      "p/node_modules/.pnpm/miniflare@4/node_modules/miniflare/x",
      "p/node_modules/.pnpm/workerd@1/node_modules/workerd/x",
      f"p/node_modules/.pnpm/real@1/node_modules/{WORKERD}"],
     {"p/node_modules/wrangler": "p/node_modules/.pnpm/wrangler@4/node_modules/wrangler",
      "p/node_modules/.pnpm/wrangler@4/node_modules/miniflare":
          "p/node_modules/.pnpm/miniflare@4/node_modules/miniflare",
      "p/node_modules/.pnpm/miniflare@4/node_modules/workerd":
          "p/node_modules/.pnpm/workerd@1/node_modules/workerd",
      "p/node_modules/.pnpm/workerd@1/node_modules/" + binaries._workerd_package()[0]:
          "p/node_modules/.pnpm/real@1/node_modules/" + binaries._workerd_package()[0]},
     "p", f"p/node_modules/.pnpm/real@1/node_modules/{WORKERD}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "links", "folder", "expected"), [pytest.param(*t[1:], id=t[0]) for t in TREES]
)
def test_workerd_is_found_as_node_finds_packages(
    files: list[str], links: dict[str, str], folder: str, expected: str, tmp_path: Path
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\x7fELF")
    for name, target in links.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(tmp_path / target, target_is_directory=True)
    assert binaries.find_workerd(tmp_path / folder) == (tmp_path / expected).resolve()


def test_programs_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suffix = ".exe" if sys.platform == "win32" else ""
    monkeypatch.setenv("PATH", str(tmp_path))
    for function, name in ((binaries.find_workerd, "workerd"), (binaries.find_esbuild, "esbuild")):
        with pytest.raises(WorkerError, match="npm install --save-dev wrangler"):
            function(tmp_path / "project")
        program = tmp_path / f"{name}{suffix}"
        program.write_bytes(b"\x7fELF")
        program.chmod(0o755)
        assert function(tmp_path / "project") == program.resolve()


def test_a_script_on_path_leads_to_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "lib" / "node_modules"
    for name in (ESBUILD, "esbuild/bin/esbuild"):
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_bytes(b"#!/usr/bin/env node\n")
    (modules / ESBUILD).write_bytes(b"\x7fELF")
    (modules / "esbuild/bin/esbuild").chmod(0o755)
    monkeypatch.setenv("PATH", str(modules / "esbuild/bin"))
    assert binaries.find_esbuild(tmp_path / "project") == (modules / ESBUILD).resolve()


# .dev.vars --------------------------------------------------------------------------------------

VARS: list[tuple[str, str, dict[str, str]]] = [
    ("plain", "A=1\nB = two words \n", {"A": "1", "B": "two words"}),
    ("comments", "# A=1\nB=2 # two\n\nC=a#b\n", {"B": "2", "C": "a"}),
    (
        "quotes",
        'A=\'x # y\'\nB="x # y"\nC=`it\'s "x"`',
        {"A": "x # y", "B": "x # y", "C": 'it\'s "x"'},
    ),
    ("escapes", "A=\"a\\nb\"\nB='a\\nb'", {"A": "a\nb", "B": "a\\nb"}),
    ("several lines", 'A="-----BEGIN\nKEY-----"\nB=1', {"A": "-----BEGIN\nKEY-----", "B": "1"}),
    ("export, colon and CRLF", "\ufeffexport A=1\r\nB: 2\r\n", {"A": "1", "B": "2"}),
    ("empty", "A=\nB=''\n", {"A": "", "B": ""}),
    ("JSON", 'A={"b": [1, "c"]}', {"A": '{"b": [1, "c"]}'}),
    ("equals", "URL=https://x/?a=b\nKEY=YWJj==", {"URL": "https://x/?a=b", "KEY": "YWJj=="}),
    ("the last counts", "A=1\nA=2", {"A": "2"}),
    ("no variable", "only text\n=x\n", {}),
]


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*v[1:], id=v[0]) for v in VARS])
def test_dotenv(text: str, expected: dict[str, str]) -> None:
    assert dotenv.parse(text) == expected


FILES: list[tuple[str, list[str], str | None, dict[str, str]]] = [
    ("none", [], None, {}),
    (".dev.vars", [".dev.vars", ".env"], None, {"FROM": ".dev.vars"}),
    ("in place of it", [".dev.vars", ".dev.vars.x"], "x", {"FROM": ".dev.vars.x"}),
    ("else it", [".dev.vars", ".dev.vars.y"], "x", {"FROM": ".dev.vars"}),
    (".env", [".env", ".env.local", ".env.x"], None, {"FROM": ".env.local"}),
    (".env of an environment", [".env", ".env.x"], "x", {"FROM": ".env.x"}),
]


@pytest.mark.parametrize(
    ("names", "environment", "expected"), [pytest.param(*f[1:], id=f[0]) for f in FILES]
)
def test_which_file_holds_the_variables(
    names: list[str], environment: str | None, expected: dict[str, str], tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_text(f"FROM={name}\n", encoding="utf-8")
    assert dotenv.read(tmp_path, environment) == expected


def test_variables_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / ".dev.vars").write_bytes(b"A=\xff")
    with pytest.raises(WorkerError, match=r"\.dev\.vars: not UTF-8 at byte 2"):
        dotenv.read(tmp_path, None)


# the config -------------------------------------------------------------------------------------

TOML = """name = "w"
main = "src/a.ts"
compatibility_date = 2025-06-01
compatibility_flags = ["nodejs_compat"]
kv_namespaces = [{ binding = "A", id = "1", preview_id = "p" }, { binding = "B", id = "2" },
  { binding = "C" }, { id = "x" }, 5]
vars = { T = "t", N = 1 }
define = { X = "1" }
rules = [{ type = "Text", globs = ["**/*.md"] }, { type = "Data", globs = ["a/b.txt"] },
  { type = "ESModule", globs = ["**/*.js"] }]
[env.x]
main = "b.js"
[env.y]
kv_namespaces = []
"""
SETTINGS: list[tuple[str, str | None, dict[str, Any]]] = [
    ("top level", None, {
        "name": "w", "main": "src/a.ts", "compatibility_date": "2025-06-01",
        "compatibility_flags": ("nodejs_compat",), "namespaces": {"A": "p", "B": "2", "C": "C"},
        "variables": {"T": "t", "N": 1}, "options": {"define": {"X": "1"}}}),
    ("what is inherited", "x", {
        "name": "w", "main": "b.js", "compatibility_date": "2025-06-01",
        "compatibility_flags": ("nodejs_compat",), "namespaces": {}, "variables": {},
        "options": {}}),
    ("inherited only", "y", {"main": "src/a.ts", "namespaces": {}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "expected"), [pytest.param(*s[1:], id=s[0]) for s in SETTINGS]
)
def test_settings(environment: str | None, expected: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(TOML, encoding="utf-8")
    settings = read_worker_config(tmp_path / "wrangler.toml", environment)
    for name, value in expected.items():
        found = getattr(settings, name)
        assert (found.relative_to(tmp_path).as_posix() if name == "main" else found) == value
    assert settings.rules[0] == Rule("Text", ".md")
    assert Rule("CompiledWasm", ".wasm") in settings.rules
    assert settings.notices == ['rules: Data files as "a/b.txt" are left out; use "**/*.suffix"']


ABSENT: list[tuple[str, str, tuple[str, ...]]] = [
    ("none", 'kv_namespaces = [{ binding = "KV" }]\nvars = { binding = "x" }', ()),
    ("lists", 'd1_databases = [{ binding = "A" }, { binding = "B" }]', ("A, B (d1_databases)",)),
    ("tables", 'ai = { binding = "AI" }', ("AI (ai)",)),
    ("named", 'durable_objects = { bindings = [{ name = "D", class_name = "X" }] }',
     ("D (durable_objects)",)),
    ("deeper", 'queues = { producers = [{ binding = "Q" }], consumers = [{ queue = "q" }] }',
     ("Q (queues)",)),
    ("one that is not known yet", 'new_things = [{ binding = "N" }]', ("N (new_things)",)),
    ("files", 'assets = { directory = "x" }\nsite = { bucket = "y" }', ("assets", "site")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*a[1:], id=a[0]) for a in ABSENT])
def test_bindings_that_are_not_run(text: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(text, encoding="utf-8")
    assert read_worker_config(tmp_path / "wrangler.toml").unsupported == expected


WRONG: list[tuple[str, str, str | None, str]] = [
    ("syntax", 'main = "a.js"\nname = ', None, r"wrangler\.toml:2:\d+: "),
    ("no such environment", "[env.a]\n[env.b]\n", "c", 'no environment "c"; .* are: a, b'),
    ("no environments", "", "c", "the environments in it are: none"),
    ("main", "main = 5", None, "main is 5, a number; it takes a string"),
]


@pytest.mark.parametrize(
    ("text", "environment", "said"), [pytest.param(*w[1:], id=w[0]) for w in WRONG]
)
def test_configs_that_cannot_be_used(
    text: str, environment: str | None, said: str, tmp_path: Path
) -> None:
    (tmp_path / "wrangler.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read_worker_config(tmp_path / "wrangler.toml", environment)


def test_json_configs_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "wrangler.jsonc"
    path.write_text(
        '{ // comment\n"main": "a.js", "vars": {"A": [1, 2.5, null, true, {"b": "\\u00e9"}]},\n'
        '"kv_namespaces": [{"binding": "K", "id": "i",}], }',
        encoding="utf-8",
    )
    settings = read_worker_config(path)
    assert settings.variables == {"A": [1, 2.5, None, True, {"b": "é"}]}
    assert settings.namespaces == {"K": "i"}


# sources ----------------------------------------------------------------------------------------

ENTRIES: list[tuple[str, str, str, bool]] = [
    ("plain", "a.js", "export default { fetch() {} };", False),
    (
        "runtime imports",
        "a.mjs",
        'import { env } from "cloudflare:workers"; import "node:fs";',
        False,
    ),
    ("service worker", "a.js", "addEventListener('fetch', (e) => {});", False),
    ("TypeScript", "a.ts", "export default {};", True),
    ("file", "a.js", 'import x from "./x";', True),
    ("package", "a.js", "import { a,\n  b } from 'hono';", True),
    ("for its effect", "a.js", 'import "./x";', True),
    ("all of it", "a.js", "export * from './x';", True),
    ("later", "a.js", "const x = await import('./x');", True),
    ("CommonJS", "a.js", "const x = require('x');", True),
    ("JSX", "a.js", "const view = () => (<p>hi</p>);", True),
    ("build-time names", "a.js", "if (process.env.NODE_ENV) {}", True),
    ("HTML in a string", "a.js", "const page = `<p>${x}</p>`;", False),
]


@pytest.mark.parametrize(
    ("name", "source", "expected"), [pytest.param(*e[1:], id=e[0]) for e in ENTRIES]
)
def test_what_needs_the_bundler(name: str, source: str, expected: bool) -> None:
    assert needs_bundler(Path(name), source, {}) == expected
    assert needs_bundler(Path(name), source, {"define": {"A": "1"}})


@pytest.mark.parametrize(
    ("date", "flags", "expected"),
    [("2025-01-01", (), False), ("2025-01-01", ("nodejs_compat",), True), ("2026-08-04", (), True),
     ("2026-08-04", ("no_nodejs_compat",), False)],
)  # fmt: skip
def test_who_has_the_modules_of_node(date: str, flags: tuple[str, ...], expected: bool) -> None:
    assert (
        has_node(WorkerConfig(Path(), compatibility_date=date, compatibility_flags=flags))
        == expected
    )


def test_source_folders_leave_packages_out(tmp_path: Path) -> None:
    for name in ("src/lib", "node_modules/x", ".wrangler/tmp", "dist"):
        (tmp_path / name).mkdir(parents=True)
    assert source_folders(tmp_path) == {tmp_path, tmp_path / "src", tmp_path / "src" / "lib"}


# workerd's config -------------------------------------------------------------------------------

QUOTED: list[tuple[str, str]] = [
    ("plain", '"plain"'),
    ('"\\', r'"\"\\"'),
    ("a\nb\r\t\x00", r'"a\nb\x0d\x09\x00"'),
    ("é😀", r'"\xc3\xa9\xf0\x9f\x98\x80"'),
    ("$(x) `y` %n", '"$(x) `y` %n"'),
]


@pytest.mark.parametrize(("text", "expected"), QUOTED)
def test_text_in_the_config(text: str, expected: str) -> None:
    assert capnp.quote(text) == expected


@pytest.mark.parametrize(
    ("service_worker", "strict", "expected"),
    [
        (False, True, 'moduleName = "kvlens:binding"'),
        (False, False, 'moduleName = "kvlens:binding"'),
        (True, True, 'kvNamespace = "kvlens:kv0"'),
    ],
)
def test_what_the_config_says(
    service_worker: bool, strict: bool, expected: str, tmp_path: Path
) -> None:
    plan = workerd_config.Plan(
        plain_script('"use strict";\naddEventListener', modules=not service_worker),
        "2025-01-01",
        ("flag",),
        {"KV": 'an "id"'},
        {"TEXT": "t", "JSON": {"a": 1}, "KV": "hidden by the namespace"},
        kv_address="unix:/tmp/kv",
        token="secret",
        strict=strict,
    )
    written = workerd_config.write(plan, tmp_path)
    text = written.config.read_text(encoding="utf-8")
    for part in (
        expected,
        '(name = "X-KV-NS", value = "an \\"id\\"")',
        '(name = "Authorization", value = "Bearer secret")',
        'address = "unix:/tmp/kv"',
        '(name = "TEXT", text = "t")',
        '(name = "JSON", json = "{\\"a\\": 1}")',
        'compatibilityFlags = ["flag"]',
        "structuredLogging = true",
    ):
        assert part in text
    assert "hidden" not in text
    assert (written.lines_before > 0) == service_worker
    if service_worker:
        script = (tmp_path / "worker.js").read_text(encoding="utf-8")
        assert script.startswith('"use strict";')
        assert script.splitlines()[written.lines_before + 1] == "addEventListener"


# places -----------------------------------------------------------------------------------------

# "a;\nb;" of one.js in line 1, " c" of two.js in line 3
MAP = '{"version":3,"sources":["src/one.js","../two.js"],"names":[],"mappings":"AAAA,GACA;;ECDC"}'


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        (1, 1, ("src/one.js", 1, 1)),
        (1, 3, ("src/one.js", 1, 1)),
        (1, 4, ("src/one.js", 2, 1)),
        (1, 99, ("src/one.js", 2, 1)),
        (2, 1, None),
        (3, 1, None),
        (3, 3, ("../two.js", 1, 2)),
        (4, 1, None),
        (0, 1, None),
    ],
)
def test_source_maps(line: int, column: int, expected: Any, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    place = expected and Place((folder / expected[0]).resolve(), *expected[1:])
    assert SourceMap(MAP, folder).find(line, column) == place


def reader(script: Script, root: Path, before: int = 0) -> tuple[Output, list[Event]]:
    events: list[Event] = []
    return Output(Places(script, root, before), events.append), events


def told(lines: list[str], root: Path, *, service_worker: bool = False) -> list[Event]:
    """Read lines; those that begin with ! are from standard error."""
    source = root / "src" / "a.js"
    module = Module("a.js", "esModule", b"")
    script = Script((module,), service_worker, sources={"a.js": source})
    output, events = reader(script, root, 10)
    for line in lines:
        output.line(Line(line.removeprefix("!").encode()), error=line.startswith("!"))
    output.end()
    return events


def json_line(level: str, message: str, **more: str) -> str:
    return json.dumps(
        {"timestamp": 1, "level": level, **more, "message": message}, separators=(",", ":")
    )


THROWN = "uncaught exception; source = Uncaught (in promise); stack = Error: x\n    at f (a.js:2:3)"
AGAIN = "uncaught exception; exception = workerd/jsg/value.h:1: failed: jsg.Error: x\nstack: /w@1"
LAST = "Uncaught exception: workerd/jsg/value.h:1: failed: remote.jsg.Error: x"
ERROR = ("exception", "error", "Uncaught (in promise) Error: x\n    at f (src/a.js:2:3)", 2)
LINES: list[tuple[str, list[str], list[tuple[str, str, str, int]]]] = [
    ("console", [json_line("log", "a\nb"), json_line("warn", "w")],
     [("log", "log", "a\nb", 0), ("log", "warning", "w", 0)]),
    ("an error in the console", [json_line("error", "Error: x\n    at f (a.js:2:3)")],
     [("log", "error", "Error: x\n    at f (src/a.js:2:3)", 0)]),
    ("thrown", [json_line("info", THROWN, source="w:1"), json_line("info", AGAIN, source="w:2"),
                json_line("error", LAST, source="w:3")], [ERROR]),
    ("thrown, by its URL", [json_line("info", THROWN.replace("a.js", "file:///bundle/a.js"), source="w")],
     [ERROR]),
    ("thrown inside our checks",
     [json_line("info", THROWN.replace("\n", "\n    at KvNamespace.get (kvlens:strict:1:2)\n"), source="w")],
     [ERROR]),
    ("no error object", [json_line(
        "info", "uncaught exception; source = Uncaught; exception = a string", source="w"),
        json_line("error", "Uncaught exception: a.h:1: failed: remote.jsg.Error: a string", source="w")],
     [("exception", "error", "Uncaught a string", 0)]),
    ("nobody waits", [json_line("error", "Uncaught (in promise) Error: x\n    at f (a.js:2:3)")],
     [ERROR]),
    ("nobody handles", [json_line("error", "\0rejected 1 Error: x\n    at f (a.js:2:3)")], [ERROR]),
    ("handled later", [json_line("error", "\0rejected 1 Error: x\n    at f (a.js:2:3)"),
                       json_line("error", "\0rejected 2 Error: y"), json_line("error", "\0handled 1")],
     [("exception", "error", "Uncaught (in promise) Error: y", 0)]),
    ("only at the end", [json_line("info", AGAIN.replace("Error: x", "Error: no handler"), source="w"),
                         json_line("error", LAST.replace("Error: x", "Error: no handler"), source="w")],
     [("exception", "error", "Uncaught Error: no handler", 0)]),
    ("what workerd says", [json_line("info", "noise", source="w"), json_line(
        "warn", "service main: odd", source="w")], [("log", "warning", "odd", 0)]),
    ("an old workerd", [
        "hey { a: 1 } x", "y", "!Error: e", "!    at f (a.js:2:3)",
        f"!workerd/io/worker.c++:1874: info: {THROWN.splitlines()[0]}", "!    at f (a.js:2:3)",
        "!workerd/util/symbolizer.c++:96: warning: Not symbolizing stack traces because",
        f"!workerd/io/io-context.c++:355: info: {AGAIN.splitlines()[0]}", "!stack: /w@1 /w@2",
        f"!workerd/server/server.c++:3327: error: {LAST}"],
     [("log", "log", "hey { a: 1 } x", 0), ("log", "log", "y", 0), ("log", "error", "Error: e", 0),
      ("log", "error", "    at f (src/a.js:2:3)", 0), ERROR]),
    ("what only looks like a record", ['{"timestamp":1}', '{"event":"listen","socket":"x"}'],
     [("log", "log", '{"timestamp":1}', 0), ("log", "log", '{"event":"listen","socket":"x"}', 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), [pytest.param(*n[1:], id=n[0]) for n in LINES])
def test_output(
    lines: list[str], expected: list[tuple[str, str, str, int]], tmp_path: Path
) -> None:
    events = told(lines, tmp_path)
    assert [(e.kind, e.level, e.message, e.line) for e in events] == expected


CUT: list[tuple[str, str, int, str]] = [
    ("JSON", json_line("log", "a" * 90_000), 0,
     "a" * 65_536 + "… (24,464 more bytes of this line were left out)"),
    ("JSON, cut", json_line("warn", "é" * 100)[:150], 70, "é" * 17),
    ("JSON, cut in an escape", '{"timestamp":1,"level":"log","message":"a\\ud83d\\ude', 70, "a"),
    ("JSON, cut behind a backslash", '{"timestamp":1,"level":"log","message":"a\\', 1_000, "a"),
    ("text", "b" * 90_000, 0, "b" * 65_536 + "… (24,464 more bytes of this line were left out)"),
    ("text, cut", "b", 7, "b… (7 more bytes of this line were left out)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "left_out", "shown"), [pytest.param(*c[1:], id=c[0]) for c in CUT]
)
def test_long_lines_are_cut(text: str, left_out: int, shown: str, tmp_path: Path) -> None:
    output, events = reader(plain_script(""), tmp_path)
    output.line(Line(text.encode(), left_out), error=False)
    output.end()
    (event,) = events
    assert event.message.startswith(shown)
    assert "more bytes of this line were left out)" in event.message


def test_output_of_a_service_worker(tmp_path: Path) -> None:
    call = 'console.log(); message() = ["\\u0000warn","a",{"b":1}]'
    thrown = THROWN.replace("a.js:2:3", "main:3:1)\n    at f (main:12:3")
    events = told(
        [json_line("info", call, source="w"), json_line("info", thrown, source="w")],
        tmp_path,
        service_worker=True,
    )
    assert [(e.kind, e.level, e.message, e.line) for e in events] == [
        ("log", "warning", 'a {"b": 1}', 0),
        ERROR,
    ]


# syntax -----------------------------------------------------------------------------------------

TYPED = "interface Env { KV: any }\nenum A { b }\nexport default { fetch: (r: R) => <X>r };\n"


@pytest.mark.parametrize(
    ("text", "name", "module", "default"),
    [
        ("export default {};", "a.js", True, True),
        ("export default class extends W {}", "a.mjs", True, True),
        ("const a = {};\nexport { a as default };", "a.js", True, True),
        ("export { default } from './a';", "a.js", True, True),
        ("export * from './a';", "a.js", True, True),
        ("export { default as a } from './a';", "a.js", True, False),
        ("export const a = 1;", "a.js", True, False),
        ("import a from './a';", "a.js", True, False),
        ("addEventListener('fetch', f);", "a.js", False, False),
        ("const a = { export: 1, import: 2 };", "a.js", False, False),
        ("// export default {}\n/* export default 1 */ f();", "a.js", False, False),
        (
            "f('export default 1', `\nexport default ${1}\n`, /export default/);",
            "a.js",
            False,
            False,
        ),
        ("const a = await import('./a');", "a.js", False, False),
        ("export default {", "a.js", True, True),
        (TYPED, "a.ts", True, True),
        ("export default <A>() => <b>export default</b>;", "a.tsx", True, True),
        ("export default () => <b>export default</b>;", "a.jsx", True, True),
        ("f(); /* \u00e9 */ export default 1", "a.js", True, True),
        # the parser never finishes on it: a line that begins with the word counts
        ("(async=>n(.t(('',n(.g(''t((''))));\nexport default 1", "a.js", True, True),
    ],
)
def test_syntax(text: str, name: str, module: bool, default: bool) -> None:
    assert syntax.exports_default(text, name) == default
    if name.endswith("js"):
        assert syntax.is_module(text) == module


@pytest.mark.parametrize("failure", [TooSlowError, TooLargeTreeError])
def test_syntax_of_what_is_too_much_to_parse(
    monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
) -> None:
    def too_much(*_: object) -> Any:
        raise failure

    monkeypatch.setattr(Grammar, "parse", too_much)
    assert syntax.is_module("f();\nexport default {};")
    assert not syntax.is_module("// export default {};\nf('import', import_, exported);")


def test_syntax_without_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(name: str) -> Any:
        raise Unavailable(name)

    monkeypatch.setattr(syntax, "load", unavailable)
    assert syntax.is_module("f();\nexport default {};")
    assert syntax.exports_default(TYPED, "a.ts")
    assert not syntax.is_module("// export default {};\nf('import', import_, exported);")


REFUSED = {
    "a var of that name": ('id = "x"\n[vars]\nKV = "v"\n', "is a KV namespace and also in vars"),
    "CR and LF": ('id = "a\\r\\nX-KV-NS: b"\n', "has a control character"),
    "NUL": ('id = "a\\u0000b"\n', "has a control character"),
    "DEL": ('id = "a\\u007Fb"\n', "has a control character"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_names_that_nothing_can_tell_apart_or_carry(text: str, said: str, tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text(f'main = "w.js"\n[[kv_namespaces]]\nbinding = "KV"\n{text}', "utf-8")
    with pytest.raises(WorkerError, match=said):
        read_worker_config(config)


def test_a_binding_that_env_cannot_have_is_said(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text('main = "w.js"\nkv_namespaces = [{ binding = "__proto__", id = "x" }]\n')
    assert any("__proto__" in text for text in read_worker_config(config).notices)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(math.nan, None), ([1, math.inf], [1, None]), ({"a": -math.inf}, {"a": None}), (1.5, 1.5)],
)
def test_numbers_that_json_lacks_are_null(given: object, expected: object) -> None:
    assert workerd_config._finite(given) == expected
