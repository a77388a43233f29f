"""`kvlens check`: what it checks, its output and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kvlens.cli import main
from kvlens.cli.reports.formats import FORMATS
from kvlens.js import files, find, reader
from kvlens.js.grammar import load
from kvlens.js.syntax import Source
from kvlens.lint.registry import rules as all_rules

ID = "0f2ac74b498b48028cb68387c421e279"
GOOD = f'[[kv_namespaces]]\nbinding = "A"\nid = "{ID}"\n'
EMPTY_ID = '[[kv_namespaces]]\nbinding = "A"\nid = ""\n'
SILENCED = '[[kv_namespaces]]\nbinding = "A"\nid = "" # kvlens-disable-line id-empty\n'
WARNED = '[[kv_namespaces]]\nbinding = "my-kv"\n'


class Checker:
    """Runs the command in a separate folder."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capture = capture

    def write(self, name: str, content: str | bytes) -> Path:
        """Make a file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Return the exit code, standard output and standard error."""
        self._capture.readouterr()
        try:
            code = main(["check", *words])
        except SystemExit as ended:
            code = int(str(ended.code))
        out, err = self._capture.readouterr()
        return code, out, err

    def json(self, *words: str) -> list[dict[str, Any]]:
        """Return the problems from the JSON output."""
        found = json.loads(self("--output-format", "json", *words)[1])
        assert isinstance(found, list)
        return found


@pytest.fixture
def checker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Checker]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    yield Checker(tmp_path, capsys)


EXITS: dict[str, tuple[dict[str, str], list[str], int]] = {
    "clean": ({"wrangler.toml": GOOD}, [], 0),
    "warning-only": ({"wrangler.toml": WARNED}, [], 0),
    "hint-only": ({"wrangler.toml": ""}, [], 0),
    "error": ({"wrangler.toml": EMPTY_ID}, [], 1),
    "error-below": ({"a/b/wrangler.jsonc": '{"kv_namespaces": 1}'}, [], 1),
    "other-file-asked": ({"wrangler.toml": EMPTY_ID, "x.toml": GOOD}, ["x.toml"], 0),
    "nothing-there": ({"README.md": "#"}, [], 1),
    "no-such-path": ({"wrangler.toml": GOOD}, ["nowhere"], 1),
    "not-a-config": ({"notes.txt": "x"}, ["notes.txt"], 2),
    "unknown-format": ({"wrangler.toml": GOOD}, ["--output-format", "xml"], 2),
    "hint-made-an-error": ({"wrangler.toml": ""}, ["--severity", "config-empty=error"], 1),
    "error-off": ({"wrangler.toml": EMPTY_ID}, ["--severity=id-empty=off"], 0),
    "error-silenced": (
        {"wrangler.toml": EMPTY_ID + "# x\n", "a/wrangler.toml": SILENCED},
        ["a"],
        0,
    ),
    "severity-of-no-rule": ({"wrangler.toml": GOOD}, ["--severity", "nothing=off"], 2),
    "severity-of-no-level": ({"wrangler.toml": GOOD}, ["--severity", "id-empty=fatal"], 2),
    "unknown-option": ({"wrangler.toml": GOOD}, ["--strict"], 2),
}


@pytest.mark.parametrize(("files", "words", "expected"), EXITS.values(), ids=EXITS)
def test_exit_code(
    checker: Checker, files: dict[str, str], words: list[str], expected: int
) -> None:
    for name, content in files.items():
        checker.write(name, content)
    assert checker(*words)[0] == expected


@pytest.mark.parametrize("words", [["nowhere"], ["notes.txt"], ["empty"]], ids=lambda w: w[0])
def test_failure_is_one_line_that_names_the_path(checker: Checker, words: list[str]) -> None:
    checker.write("notes.txt", "x")
    checker.write("empty/x", "")
    code, out, err = checker(*words)
    assert code in (1, 2)
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("kvlens check: ")
    assert words[0] in err


# config: the report of its one problem, up to the summary
TEXTS = {
    "caret": (
        EMPTY_ID,
        'wrangler.toml:3:6: error id-empty: The id is empty\n  3 | id = ""\n    |      ^^\n',
    ),
    "tab": (
        '[[kv_namespaces]]\n\tbinding\t= "A"\n\tid\t= ""\n',
        'wrangler.toml:3:7: error id-empty: The id is empty\n  3 | \tid\t= ""\n    | \t  \t  ^^\n',
    ),
    "wide-letters": (
        'kv_namespaces = [{ binding = "名", id = "" }] # 😀\r\n',
        "wrangler.toml:1:40: error id-empty: The id is empty\n"
        '  1 | kv_namespaces = [{ binding = "名", id = "" }] # 😀\n'
        f"    | {' ' * 40}^^\n",
    ),
    "line-number-of-two-digits": (
        "\n" * 9 + "kv_namespaces = 1\n",
        "wrangler.toml:10:17: error kv-not-array: kv_namespaces should be\n"
        f"  10 | kv_namespaces = 1\n     | {' ' * 16}^\n",
    ),
    "several-lines": (
        f'kv_namespaces = [{{\n  id = "{ID}",\n}}]\n',
        "wrangler.toml:1:18: error binding-missing: This namespace has no binding\n"
        f"  1 | kv_namespaces = [{{\n    | {' ' * 17}^\n",
    ),
    "escape-sequence": (
        "kv_namespaces = 1 # \x1b[31m\n",
        "wrangler.toml:1:17: error kv-not-array: kv_namespaces should be\n"
        f"  1 | kv_namespaces = 1 # \ufffd[31m\n    | {' ' * 16}^\n",
    ),
}


@pytest.mark.parametrize(("config", "report"), TEXTS.values(), ids=TEXTS)
def test_text_points_to_the_place(checker: Checker, config: str, report: str) -> None:
    checker.write("wrangler.toml", config)
    lines = checker()[1].split("\n")
    expected = report.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith(expected[0]))
    assert lines[at + 1 : at + 3] == expected[1:3]


def test_text_of_a_long_line_shows_the_part_that_counts(checker: Checker) -> None:
    filler = "x" * 100_000
    checker.write("wrangler.json", f'{{"a": "{filler}", "kv_namespaces": 1, "b": "{filler}"}}')
    out = checker()[1]
    _, source, caret, _, _ = out.split("\n")
    assert len(source) < 140
    assert source[caret.index("^")] == "1"


def test_text_shows_where_a_duplicate_is_declared_first(checker: Checker) -> None:
    checker.write("wrangler.toml", GOOD + GOOD)
    out = checker()[1]
    assert '    wrangler.toml:2:11: "A" is declared here first\n' in out
    assert out.endswith("\n1 error, 0 warnings in 1 file.\n")


@pytest.mark.parametrize(
    ("content", "words"),
    [(GOOD, "No problems in 2 files."), ("", "0 errors, 0 warnings, 1 hint in 2 files.")],
)
def test_text_ends_with_a_sum(checker: Checker, content: str, words: str) -> None:
    checker.write("wrangler.toml", content)
    checker.write("a/wrangler.toml", GOOD)
    assert checker()[1].endswith(f"{words}\n")


def test_json_is_as_the_protocol_has_it(checker: Checker) -> None:
    checker.write("wrangler.toml", 'kv_namespaces = [{ binding = "😀", id = "" }]\n')
    assert checker.json() == [
        {
            "code": "binding-not-identifier",
            "severity": "warning",
            "message": checker.json()[0]["message"],
            "file": "wrangler.toml",
            "range": {
                "start": {"line": 0, "character": 29},
                "end": {"line": 0, "character": 33},
            },
            "url": "https://github.com/kvlens/kvlens/blob/main/docs/rules/binding-not-identifier.md",
        },
        {
            "code": "id-empty",
            "severity": "error",
            "message": checker.json()[1]["message"],
            "file": "wrangler.toml",
            "range": {
                "start": {"line": 0, "character": 40},
                "end": {"line": 0, "character": 42},
            },
            "url": "https://github.com/kvlens/kvlens/blob/main/docs/rules/id-empty.md",
        },
    ]


def test_json_of_nothing_is_an_empty_list(checker: Checker) -> None:
    assert checker.json() == []


def test_github_annotations(checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    checker.write("a,b/wrangler.toml", 'kv_namespaces = [{ binding = "50%", id = "" }]\n')
    monkeypatch.setenv("GITHUB_WORKSPACE", str(checker.folder))
    monkeypatch.chdir(checker.folder / "a,b")
    code, out, _ = checker("--output-format", "github")
    assert code == 1
    warning, error = out.splitlines()
    assert warning.startswith(
        "::warning file=a%2Cb/wrangler.toml,line=1,endLine=1,col=30,endColumn=35,"
        'title=kvlens binding-not-identifier::The binding "50%25" isn\'t'
    )
    assert warning.endswith(
        "%0Ahttps://github.com/kvlens/kvlens/blob/main/docs/rules/binding-not-identifier.md"
    )
    assert error.startswith("::error file=a%2Cb/wrangler.toml,line=1,endLine=1,col=42,")


def test_github_leaves_columns_out_over_several_lines(checker: Checker) -> None:
    checker.write("wrangler.toml", f'kv_namespaces = [{{\n  id = "{ID}"\n}}]\n')
    out = checker("--output-format", "github")[1]
    assert out.startswith("::error file=wrangler.toml,line=1,endLine=3,title=kvlens binding-miss")


def test_sarif_holds_rules_results_and_places(checker: Checker) -> None:
    checker.write("a folder/wrangler.toml", GOOD + GOOD)
    log = json.loads(checker("--output-format", "sarif")[1])
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(all_rules())
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "binding-duplicate"
    assert result["level"] == "error"
    place = {"artifactLocation": {"uri": "a%20folder/wrangler.toml"}}
    assert result["locations"] == [
        {
            "physicalLocation": {
                **place,
                "region": {"startLine": 5, "startColumn": 11, "endLine": 5, "endColumn": 14},
            }
        }
    ]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["region"]["startLine"] == 2
    assert related["message"]["text"] == '"A" is declared here first'


def test_every_severity_has_a_name_in_every_format(checker: Checker) -> None:
    checker.write("a/wrangler.toml", "")
    checker.write("b/wrangler.toml", WARNED)
    checker.write("c/wrangler.toml", EMPTY_ID)
    words = {name: checker("--output-format", name)[1] for name in FORMATS}
    for name, expected in {
        "text": ("information", "warning", "error"),
        "json": ("information", "warning", "error"),
        "github": ("::notice", "::warning", "::error"),
        "gitlab": ('"severity": "info"', '"severity": "minor"', '"severity": "major"'),
        "junit": ('type="information"', 'type="warning"', 'type="error"'),
        "rdjson": ('"severity": "INFO"', '"severity": "WARNING"', '"severity": "ERROR"'),
        "sarif": ('"level": "note"', '"level": "warning"', '"level": "error"'),
    }.items():
        assert all(word in words[name] for word in expected)


def test_folders_are_walked_but_for_other_peoples(checker: Checker) -> None:
    kept = ["a/wrangler.json", "b/c/wrangler.toml", "wrangler.jsonc"]
    for name in kept:
        checker.write(name, "x" if name.endswith("toml") else "{")
    for folder in ("node_modules/x", ".git", ".wrangler/deploy", "dist", "build", "a/node_modules"):
        checker.write(f"{folder}/wrangler.toml", "x")
    found = checker.json("--severity", "config-shadowed=off")
    assert [problem["file"] for problem in found] == ["wrangler.jsonc", *kept[:2]]


def test_a_file_named_twice_is_checked_once(checker: Checker) -> None:
    path = checker.write("a/wrangler.toml", EMPTY_ID)
    assert len(checker.json(".", "a", str(path))) == 1


def test_a_file_elsewhere_is_named_in_full(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = checker.write("wrangler.toml", EMPTY_ID)
    checker.write("elsewhere/x", "")
    monkeypatch.chdir(checker.folder / "elsewhere")
    assert checker.json(str(path))[0]["file"] == path.as_posix()
    assert path.as_uri() in checker("--output-format", "sarif", str(path))[1]


UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "binary": ("wrangler.toml", b"\x7fELF\x00\x01", "binary"),
    "not-utf-8": ("wrangler.toml", b'name = "caf\xe9"', "UTF-8"),
    "two-mebibytes": ("wrangler.toml", b"#" * 2 * 1024 * 1024, "over the limit"),
    "binary-seed": ("seeds/A.json", b"\x7fELF\x00\x01", "binary"),
}


@pytest.mark.parametrize(("name", "content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_named(
    checker: Checker, name: str, content: bytes, words: str
) -> None:
    checker.write("wrangler.toml", GOOD)
    path = checker.write(name, content)
    code, out, _ = checker(str(path))
    assert code == 1
    first, *_ = out.splitlines()
    assert first.startswith(f"{name}:1:1: error unreadable-file: ")
    assert words in first
    assert first.count(path.name) == 1


def test_a_large_source_is_refused_if_it_is_named(checker: Checker) -> None:
    checker.write("wrangler.toml", "")
    checker.write("bundle.js", "//" + "x" * 1_000_000)
    assert [each["code"] for each in checker.json("bundle.js")] == ["unreadable-file"]
    assert "unreadable-file" not in {each["code"] for each in checker.json(".")}


@pytest.mark.parametrize(
    ("main", "found"),
    [("dist/index.js", []), ("src/index.ts", ["unreadable-file"])],
    ids=["made-by-a-bundler", "written"],
)
def test_a_large_entry_is_named_if_somebody_wrote_it(
    checker: Checker, main: str, found: list[str]
) -> None:
    checker.write("wrangler.toml", f'name = "w"\nmain = "{main}"\n{GOOD}')
    checker.write(main, "//" + "x" * 1_000_000)
    checker.write("src/data.ts", "//" + "x" * 1_000_000)
    assert [each["code"] for each in checker.json()] == found


def test_a_config_of_a_mebibyte_is_checked(checker: Checker) -> None:
    checker.write("wrangler.toml", "# a comment that goes on\n" * 41_900 + EMPTY_ID)
    assert [problem["code"] for problem in checker.json()] == ["id-empty"]


def test_a_byte_order_mark_moves_nothing(checker: Checker) -> None:
    checker.write("wrangler.toml", b"\xef\xbb\xbf" + b"kv_namespaces = 1\n")
    checker.write("wrangler.json", b"\xef\xbb\xbf" + b'{"kv_namespaces": 1}\n')
    found = checker.json("--severity", "config-shadowed=off")
    assert [problem["range"]["start"]["character"] for problem in found] == [18, 16]


SEEDS: dict[str, tuple[str, str, list[str]]] = {
    "clean": ("seeds/A.json", '[{"key": "a", "value": "1"}]', []),
    "no-value": ("seeds/A.json", '[{"key": "a", "value": "1"}, {"key": "b"}]', ["seed-invalid"]),
    "not-json": ("seeds/A.json", "key: a", ["seed-invalid"]),
    "unknown-property": (
        "seeds/A.json",
        '[{"key": "a", "value": "1", "ttl": 60}]',
        ["seed-doubtful"],
    ),
    "named-after-no-binding": ("seeds/users.json", '{"users": []}', []),
    "named-in-another-case": ("seeds/a.json", '{"users": []}', []),
    "elsewhere-unasked": ("data/A.json", "[1]", []),
    "of-no-binding": ("seeds/users.json", '{"users": []}', []),
    "array-of-no-binding": ("seeds/a.json", '[{"name": "Ada"}]', []),
}


@pytest.mark.parametrize(("name", "content", "codes"), SEEDS.values(), ids=SEEDS)
def test_seed_files_beside_a_config_are_checked(
    checker: Checker, name: str, content: str, codes: list[str]
) -> None:
    checker.write("wrangler.toml", GOOD)
    checker.write(name, content)
    found = checker.json()
    assert [problem["code"] for problem in found] == codes
    assert all(problem["file"] == name for problem in found)


def test_a_seed_file_elsewhere_is_checked_when_named(checker: Checker) -> None:
    path = checker.write("data/A.json", "\n [1]")
    (problem,) = checker.json(str(path))
    assert problem["code"] == "seed-invalid"
    assert problem["range"]["start"] == {"line": 1, "character": 2}


PLACES: dict[str, tuple[dict[str, str], str | None]] = {
    "json-beside": ({"wrangler.json": "{}"}, "wrangler.json"),
    "jsonc-above": ({"../wrangler.jsonc": "{}"}, "../wrangler.jsonc"),
    "toml-above": ({"../wrangler.toml": ""}, None),
    "named-in-a-script": (
        {
            "../wrangler.jsonc": "{}",
            "package.json": '{"scripts": {"dev": "wrangler dev --config wrangler.toml"}}',
        },
        None,
    ),
    "another-named-in-a-script": (
        {
            "../wrangler.jsonc": "{}",
            "package.json": '{"scripts": {"dev": "wrangler dev --config ../wrangler.jsonc"}}',
        },
        "../wrangler.jsonc",
    ),
    "alone": ({}, None),
}


@pytest.mark.parametrize(("files", "winner"), PLACES.values(), ids=PLACES)
def test_a_config_that_another_shadows(
    checker: Checker, files: dict[str, str], winner: str | None
) -> None:
    path = checker.write("a/wrangler.toml", GOOD)
    for name, content in files.items():
        checker.write(f"a/{name}", content)
    found = checker.json(str(path))
    assert [problem["code"] for problem in found] == (["config-shadowed"] if winner else [])
    assert all(f"but {winner}: " in problem["message"] for problem in found)


VERSIONS: dict[str, tuple[dict[str, str], str | None]] = {
    "installed": ({"node_modules/wrangler/package.json": '{"version": "4.100.0"}'}, "4.100.0 of"),
    "installed-above": (
        {"../node_modules/wrangler/package.json": '{"version": "3.114.2"}'},
        "3.114.2 of",
    ),
    "asked-for": (
        {"package.json": '{"devDependencies": {"wrangler": "^4.20.1"}}'},
        "4.20.1, which",
    ),
    "asked-for-above": ({"../package.json": '{"dependencies": {"wrangler": "3"}}'}, "3.0.0, which"),
    "installed-newer-than-asked": (
        {
            "node_modules/wrangler/package.json": '{"version": "4.164.0"}',
            "package.json": '{"devDependencies": {"wrangler": "^4.20.1"}}',
        },
        None,
    ),
    "any": ({"package.json": '{"devDependencies": {"wrangler": "latest"}}'}, None),
    "not-json": ({"package.json": "{", "../package.json": '{"devDependencies": []}'}, None),
    "unknown": ({}, None),
}


@pytest.mark.parametrize(("files", "words"), VERSIONS.values(), ids=VERSIONS)
def test_toml_that_the_projects_wrangler_does_not_read(
    checker: Checker, files: dict[str, str], words: str | None
) -> None:
    path = checker.write(
        "a/wrangler.toml", f'kv_namespaces = [{{\n  binding = "A", id = "{ID}"\n}}]\n'
    )
    for name, content in files.items():
        checker.write(f"a/{name}", content)
    found = checker.json(str(path))
    assert [problem["code"] for problem in found] == (["toml-too-new"] if words else [])
    assert all(f"wrangler {words} this project" in problem["message"] for problem in found)


def test_output_can_be_piped_in_any_encoding(checker: Checker) -> None:
    checker.write("wrangler.toml", 'kv_namespaces = [{ binding = "名 😀" }]\n')
    done = subprocess.run(
        [sys.executable, "-m", "kvlens", "check"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 0
    assert b"binding-not-identifier" in done.stdout
    assert done.stderr == b""


def test_a_check_does_without_the_event_loop() -> None:
    code = "import sys, kvlens.cli.commands.check; print('asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]


# sources ------------------------------------------------------------------------------------

WORKER = f'name = "w"\nmain = "src/index.ts"\n{GOOD}'
ENV = "export interface Env { A: KVNamespace }\n"
INDEX = """\
import { Env } from "./env";
export default {
  async fetch(request: Request, env: Env) {
    await env.A.put("k", "v", { expirationTtl: 30 });
    return new Response(await env.A.get("k"));
  },
};
"""
SHORT_TTL = ("src/index.ts", "ttl-out-of-range", "error")
KEPT_IN = INDEX.replace("30", "60")
UNUSED = "export default { async fetch() { return new Response('x'); } };\n"
PROJECT = {"wrangler.toml": WORKER, "src/env.ts": ENV, "src/index.ts": INDEX}

EXTRA = """\
import { check } from "./guard";
import { other } from "./other";
export default { async fetch(request, env) {
  check(env);
  other(env);
  return new Response(await env.EXTRA.get("k", "json"));
} };
"""
GUARD = "export function check(env) { if (!env.EXTRA) return null; return env.EXTRA; }\n"
THROWS = 'export function check(env) { if (!env.EXTRA) throw new Error("no EXTRA"); }\n'
OTHER = "export const other = (env) => env.A.get('k');\n"
GUARDED = {
    "wrangler.toml": WORKER.replace("src/index.ts", "src/index.js"),
    "src/index.js": EXTRA,
    "src/other.js": OTHER,
}

SOURCES: dict[str, tuple[dict[str, str], list[str], list[tuple[str, str, str]]]] = {
    # files, words: the problems as (file, code, severity)
    "in-the-whole-folder": (PROJECT, [], [SHORT_TTL]),
    "in-a-folder-below-the-config": (PROJECT, ["src"], [SHORT_TTL]),
    "named": (PROJECT, ["src/index.ts"], [SHORT_TTL]),
    "named-twice": (PROJECT, ["src/index.ts", "."], [SHORT_TTL]),
    "another-one-named": (PROJECT, ["src/env.ts"], []),
    "config-named-alone": (PROJECT, ["wrangler.toml"], []),
    "known-by-the-type-of-another-file": (
        {**PROJECT, "wrangler.toml": 'name = "w"\n[[kv_namespaces]]\nbinding = "B"\n'},
        ["src/index.ts"],
        [
            ("src/index.ts", "binding-undeclared", "warning"),
            SHORT_TTL,
        ],
    ),
    "without-a-config": ({"x.ts": ENV + INDEX}, ["x.ts"], [("x.ts", "ttl-out-of-range", "error")]),
    "severity": (
        PROJECT,
        ["--severity=ttl-out-of-range=information"],
        [("src/index.ts", "ttl-out-of-range", "information")],
    ),
    "off": (PROJECT, ["--severity", "ttl-out-of-range=off"], []),
    "silenced": (
        {
            **PROJECT,
            "src/index.ts": INDEX.replace(
                "30 });", "30 }); // kvlens-disable-line ttl-out-of-range"
            ),
        },
        [],
        [],
    ),
    "test": ({**PROJECT, "src/index.ts": KEPT_IN, "src/index.test.ts": INDEX}, [], []),
    "of-other-people": ({**PROJECT, "src/index.ts": KEPT_IN, "node_modules/a/x.ts": INDEX}, [], []),
    "of-a-project-below": (
        {**PROJECT, "src/index.ts": KEPT_IN, "b/wrangler.toml": WORKER, "b/src/index.ts": INDEX},
        [],
        [("b/src/index.ts", "ttl-out-of-range", "error")],
    ),
    "guarded-in-another-file": ({**GUARDED, "src/guard.js": GUARD}, [], []),
    "missing-binding-thrown-for-in-another-file": (
        {**GUARDED, "src/guard.js": THROWS},
        [],
        [("src/index.js", "binding-undeclared", "warning")],
    ),
    "used-in-another-file": (
        {**GUARDED, "src/guard.js": "export const check = (env) => env.EXTRA.get('k', 'json');\n"},
        [],
        [("src/guard.js", "binding-undeclared", "warning")],  # once for a project
    ),
    "binding-unused": (
        {"wrangler.toml": WORKER, "src/index.ts": UNUSED},
        [],
        [("wrangler.toml", "binding-unused", "information")],
    ),
    "binding-unused-of-a-named-config": (
        {"wrangler.toml": WORKER, "src/index.ts": UNUSED},
        ["wrangler.toml"],
        [("wrangler.toml", "binding-unused", "information")],
    ),
    "binding-unused-silenced": (
        {
            "wrangler.toml": WORKER.replace('"A"', '"A" # kvlens-disable-line binding-unused'),
            "src/index.ts": UNUSED,
        },
        [],
        [],
    ),
    "binding-unused-off": (
        {"wrangler.toml": WORKER, "src/index.ts": UNUSED},
        ["--severity=binding-unused=off"],
        [],
    ),
    "config-that-cannot-be-read": (
        {**PROJECT, "wrangler.toml": "\0"},
        [],
        [("wrangler.toml", "unreadable-file", "error"), SHORT_TTL],
    ),
}


@pytest.mark.parametrize(("files", "words", "expected"), SOURCES.values(), ids=SOURCES)
def test_sources_are_checked_with_their_project(
    checker: Checker, files: dict[str, str], words: list[str], expected: list[tuple[str, str, str]]
) -> None:
    for name, content in files.items():
        checker.write(name, content)
    found = [(p["file"], p["code"], p["severity"]) for p in checker.json(*words)]
    assert found == expected


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_of_a_source(checker: Checker, name: str) -> None:
    for path, content in PROJECT.items():
        checker.write(path, content)
    code, out, err = checker("--output-format", name)
    assert (code, err) == (1, "")
    assert "src/index.ts" in out
    assert "ttl-out-of-range" in out


def test_only_sources_that_may_matter_are_parsed(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, content in PROJECT.items():
        checker.write(path, content)
    checker.write("src/plain.ts", "export const x = (map: Map<string, string>) => map.get('a');\n")
    parsed: list[str] = []
    parse = reader.read_source

    def noted(text: str, path: str) -> Source:
        parsed.append(Path(path).name)
        return parse(text, path)

    monkeypatch.setattr(files, "read_source", noted)
    assert [problem["code"] for problem in checker.json()] == ["ttl-out-of-range"]
    assert sorted(parsed) == ["env.ts", "index.ts"]


def test_without_a_parser_the_rest_is_checked(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, content in {**PROJECT, "wrangler.toml": EMPTY_ID}.items():
        checker.write(path, content)
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    load.cache_clear()
    try:
        code, out, err = checker()
    finally:
        load.cache_clear()
    assert code == 1
    assert "wrangler.toml:3:6: error id-empty" in out
    assert err.count("\n") == 1
    assert "tree-sitter" in err


USED = 'export default { fetch: (request, env) => env.A.get("a") };\n'
MANY: dict[str, tuple[int, list[str]]] = {
    # other sources than the entry, what is reported where only 3 sources are read
    "all-are-read": (2, []),
    "one-too-many": (3, ["too-many-sources"]),
    "many": (20, ["too-many-sources"]),
}


@pytest.mark.parametrize(("count", "expected"), MANY.values(), ids=MANY)
def test_a_limit_of_sources_is_said(
    checker: Checker, monkeypatch: pytest.MonkeyPatch, count: int, expected: list[str]
) -> None:
    monkeypatch.setattr(find, "MOST_FILES", 3)
    checker.write("wrangler.toml", f'main = "z.js"\n{GOOD}')
    for number in range(count):
        checker.write(f"src/{number}.js", "export {};\n")
    checker.write("z.js", USED)
    assert [one["code"] for one in checker.json("--no-cache")] == expected
    said = checker("--no-cache")[1]
    assert said.count("more than 3 sources") == len(expected)
    assert [one["code"] for one in checker.json("--select", "id-*")] == expected


ONLY_STAGING = '[env.staging]\nkv_namespaces = [{ binding = "A" }, { binding = "B" }]\n'
USES_B = USED.replace("env.A", "env.B")
TYPED = "export interface Env { A: KVNamespace; B: KVNamespace }\n"
USES_TYPE = (
    "import type { Env } from './types';\nexport default { "
    "async fetch(r: Request, env: Env) { return new Response(await env.B.get('b')); } };\n"
)
ONLY_A = 'main = "x.ts"\nkv_namespaces = [{ binding = "A" }]\n'
OTHER = "export const list = async (env) => (await env.A.list()).keys.map((key) => key.name);\n"
UNAWAITED = 'export const put = (env) => { env.A.put("k", "v"); };\n'
TYPED_A = "export interface Env { A: KVNamespace }\n"
BUNDLE = f"var __defProp = Object.defineProperty;\n{OTHER}"
MISSPELLED = "export const get = (env) => env.CART.get('k', 'json');\n"
WORKER_B = (
    "export default {\n  async fetch(r: Request, env: Env) {\n"
    "    return new Response(await env.B.getWithMetadata('b'));\n  },\n};\n"
)
WORKER_A = WORKER_B.replace(".B.", ".A.")
CRON_A = (
    "export default {\n  async scheduled(event, env: Env, ctx) {\n"
    "    ctx.waitUntil(count(env));\n  },\n};\n"
)
COUNT = (
    "export async function count(env) {\n  const n = Number(await env.A.get('n'));\n"
    "  await env.A.put('n', String(n + 1));\n}\n"
)
APP_B = (
    "import { Hono } from 'hono';\nconst app = new Hono<{ Bindings: Env }>();\n"
    "app.get('/', async (c) => c.text((await c.env.B.getWithMetadata('b')).value));\n"
    "export default app;\n"
)
GENERATED = (
    "// Generated by Wrangler by running `wrangler types` (hash: 0)\n"
    "interface Env {\n  {}: KVNamespace;\n}\n"
)
PAGES_A = 'pages_build_output_dir = "dist"\nkv_namespaces = [{ binding = "A" }]\n'
FUNCTION = (
    "export const onRequest = async ({ env }) => "
    "new Response((await env.B.getWithMetadata('b')).value);\n"
)
DEV = '{{"scripts": {{"dev": "wrangler dev{}"}}}}'
# id: (files, problems of a project as file and code)
REPEATS: dict[str, tuple[dict[str, str], list[tuple[str, str]]]] = {
    "only-staging-has-it": (
        {"wrangler.toml": ONLY_STAGING, "x.js": USED, "y.js": USED},
        [("x.js", "binding-only-in-environments")],
    ),
    "only-staging-and-dev-is-of-staging": (
        {"wrangler.toml": ONLY_STAGING, "x.js": USED, "package.json": DEV.format(" -e staging")},
        [],
    ),
    "only-staging-and-dev-is-of-none": (
        {"wrangler.toml": ONLY_STAGING, "x.js": USED, "package.json": DEV.format(" --port 1")},
        [("x.js", "binding-only-in-environments")],
    ),
    "only-staging-has-another-too": (
        {"wrangler.toml": ONLY_STAGING, "x.js": USED, "y.js": USES_B},
        [("x.js", "binding-only-in-environments"), ("y.js", "binding-only-in-environments")],
    ),
    "undeclared-in-several": (
        {"wrangler.toml": ONLY_A, "x.ts": USES_TYPE, "y.ts": USES_TYPE + OTHER, "types.ts": TYPED},
        [("x.ts", "binding-undeclared"), ("y.ts", "list-without-cursor")],
    ),
    "misspelled-in-several": (
        {
            "wrangler.toml": 'main = "x.ts"\nkv_namespaces = [{ binding = "CARTS" }]\n',
            "x.ts": MISSPELLED,
            "y.ts": f"// y\n{MISSPELLED}",
        },
        [("x.ts", "binding-undeclared"), ("y.ts", "binding-undeclared")],
    ),
    "named-a-little-like-another-in-several": (
        {
            "wrangler.toml": 'main = "x.ts"\nkv_namespaces = [{ binding = "CARTS" }]\n',
            "x.ts": MISSPELLED.replace("CART", "CARTS_KV"),
            "y.ts": "// y\n" + MISSPELLED.replace("CART", "CARTS_KV"),
        },
        [("x.ts", "binding-undeclared")],
    ),
    "same-text": (
        {"wrangler.toml": ONLY_A, "x.ts": OTHER, "old/x.ts": OTHER, "types.ts": TYPED_A},
        [("x.ts", "list-without-cursor")],
    ),
    "same-text-as-what-is-started": (
        {"wrangler.toml": ONLY_A, "x.ts": OTHER, "a.ts": OTHER, "types.ts": TYPED_A},
        [("x.ts", "list-without-cursor")],
    ),
    "same-text-with-another-severity": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": OTHER + UNAWAITED,
            "a.ts": OTHER + UNAWAITED,
            "types.ts": TYPED_A,
            "kvlens.toml": '[per-file-rules]\n"x.ts" = { list-without-cursor = "off" }\n',
        },
        [("a.ts", "list-without-cursor"), ("x.ts", "promise-not-awaited")],
    ),
    "same-problem-in-another-text": (
        {"wrangler.toml": ONLY_A, "x.ts": OTHER, "y.ts": f"// y\n{OTHER}", "types.ts": TYPED_A},
        [("x.ts", "list-without-cursor"), ("y.ts", "list-without-cursor")],
    ),
    "javascript-beside-its-typescript": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": OTHER,
            "x.js": f"// x\n{OTHER}",
            "y.jsx": f"// y\n{OTHER}",
            "types.ts": TYPED_A,
        },
        [("x.ts", "list-without-cursor"), ("y.jsx", "list-without-cursor")],
    ),
    "javascript-that-is-started-beside-its-typescript": (
        {
            "wrangler.toml": ONLY_A.replace("x.ts", "x.js"),
            "x.ts": OTHER,
            "x.js": f"// x\n{OTHER}",
            "types.ts": TYPED_A,
        },
        [("x.js", "list-without-cursor"), ("x.ts", "list-without-cursor")],
    ),
    "bundle": (
        {"wrangler.toml": ONLY_A, "x.ts": OTHER, "built/x.js": BUNDLE, "types.ts": TYPED_A},
        [("x.ts", "list-without-cursor")],
    ),
    "bundle-that-is-started": (
        {"wrangler.toml": ONLY_A.replace("x.ts", "built/x.js"), "built/x.js": BUNDLE},
        [("x.js", "list-without-cursor")],
    ),
    "count-of-a-cron-job-in-another-file": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": f"import {{ count }} from './y';\n{CRON_A}",
            "y.ts": COUNT,
        },
        [],
    ),
    "count-of-a-cron-job-and-a-request": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": f"import {{ count }} from './y';\n{CRON_A}",
            "y.ts": f"{COUNT}\nexport const onRequest = async (c) => count(c.env);",
        },
        [("y.ts", "counter-not-atomic")],
    ),
    "another-worker": (
        {"wrangler.toml": ONLY_A, "x.ts": WORKER_A, "tools/y.ts": WORKER_B, "types.ts": TYPED},
        [],
    ),
    "another-worker-that-is-an-app": (
        {"wrangler.toml": ONLY_A, "x.ts": WORKER_A, "tools/y.ts": APP_B, "types.ts": TYPED},
        [],
    ),
    "an-app-that-the-worker-mounts": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": f"import app from './y';\nexport const all = [app];\n{WORKER_A}",
            "y.ts": APP_B,
            "types.ts": TYPED,
        },
        [("y.ts", "binding-undeclared")],
    ),
    "the-worker-that-is-started": (
        {"wrangler.toml": ONLY_A, "x.ts": WORKER_B, "types.ts": TYPED},
        [("x.ts", "binding-undeclared")],
    ),
    "worker-of-no-config": (
        {"wrangler.toml": ONLY_A[ONLY_A.index("kv") :], "y.ts": WORKER_B, "types.ts": TYPED},
        [("y.ts", "binding-undeclared")],
    ),
    "functions-of-another-project": (
        {
            "wrangler.toml": PAGES_A,
            "functions/a.ts": FUNCTION.replace(".B", ".A"),
            "admin/functions/b.ts": FUNCTION,
            "types.ts": TYPED,
        },
        [],
    ),
    "functions-of-the-project": (
        {"wrangler.toml": PAGES_A, "functions/api/functions/b.ts": FUNCTION, "types.ts": TYPED},
        [("b.ts", "binding-undeclared")],
    ),
    "functions-beside-a-config-of-files": (
        {
            "wrangler.toml": 'assets = { directory = "dist" }\n',
            "functions/b.ts": FUNCTION,
            "functions/types.ts": TYPED,
        },
        [],
    ),
    "functions-beside-a-config-of-a-worker": (
        {"wrangler.toml": ONLY_A, "x.ts": WORKER_A, "functions/b.ts": FUNCTION, "types.ts": TYPED},
        [("b.ts", "binding-undeclared")],
    ),
    "type-of-an-undeclared-binding": (
        {"wrangler.toml": ONLY_A, "x.ts": USES_TYPE, "types.ts": TYPED},
        [("x.ts", "binding-undeclared")],
    ),
    "generated-types-that-lack-one-too": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": WORKER_A,
            "worker-configuration.d.ts": GENERATED.replace("{}", "B"),
        },
        [("wrangler.toml", "types-outdated")],
    ),
    "generated-types-with-another-alone": (
        {
            "wrangler.toml": ONLY_A,
            "x.ts": WORKER_A,
            "worker-configuration.d.ts": GENERATED.replace("{}", "A: KVNamespace;\n  B"),
        },
        [("worker-configuration.d.ts", "env-member-undeclared")],
    ),
    "type-of-an-unused-binding": (
        {"wrangler.toml": ONLY_A, "x.ts": USES_TYPE.replace(".B.", ".A."), "types.ts": TYPED},
        [("types.ts", "env-member-undeclared")],
    ),
}


@pytest.mark.parametrize(("files", "expected"), REPEATS.values(), ids=REPEATS)
def test_what_another_file_has_is_not_repeated(
    checker: Checker, files: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    for name, content in files.items():
        checker.write(name, content)
    found = checker.json("--ignore", "binding-unused")
    assert sorted((Path(one["file"]).name, one["code"]) for one in found) == sorted(expected)


SAME_ID = f'kv_namespaces = [{{ binding = "A", id = "{ID}" }}, {{ binding = "B", id = "{ID}" }}]\n'
# id: (options, kvlens.toml, severities of the problems of a rule that is off by default)
OFF_BY_DEFAULT: dict[str, tuple[list[str], str, list[str]]] = {
    "nothing": ([], "", []),
    "selected": (["--select", "id-twice"], "", ["information"]),
    "selected-by-a-pattern": (["--select", "id-*"], "", ["information"]),
    "ignored": (["--select", "id-*", "--ignore", "id-twice"], "", []),
    "another-ignored": (["--ignore", "id-empty"], "", []),
    "severity": (["--severity", "id-twice=error"], "", ["error"]),
    "project-file": ([], '[rules]\nid-twice = "warning"\n', ["warning"]),
    "by-file": ([], '[per-file-rules]\n"*.toml" = { id-twice = "warning" }\n', ["warning"]),
    "other-files": ([], '[per-file-rules]\n"*.json" = { id-twice = "warning" }\n', []),
}


@pytest.mark.parametrize(("words", "file", "found"), OFF_BY_DEFAULT.values(), ids=OFF_BY_DEFAULT)
def test_a_rule_that_is_off_by_default(
    checker: Checker, words: list[str], file: str, found: list[str]
) -> None:
    checker.write("wrangler.toml", SAME_ID)
    checker.write("kvlens.toml", file)
    assert [problem["severity"] for problem in checker.json(*words)] == found
