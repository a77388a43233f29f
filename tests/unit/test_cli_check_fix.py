"""`kvlens check`: fixes, standard input, baselines, project files and watching."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.process import own_command

from tests.unit.test_cli_check import EMPTY_ID, GOOD, Checker, checker

__all__ = ["checker"]

FIXED = '[[kv_namespaces]]\nbinding = "A"\n'
SOURCE = """\
export default {
  async fetch(request, env) {
    await env.A.put("a", 1);
    await env.A.put("b", "x", { expirationTtl: 5 });
    await env.A.put("c", { d: 1 });
  },
};
"""


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    """Standard input, to be filled."""
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data, encoding="utf-8"))
    yield data


def give(stdin: io.BytesIO, text: str | bytes) -> None:
    stdin.write(text.encode() if isinstance(text, str) else text)
    stdin.seek(0)


FIXES: dict[str, tuple[str, bytes, bytes]] = {
    # name, content, content with fixes
    "config": ("wrangler.toml", EMPTY_ID.encode(), FIXED.encode()),
    "line-ends": (
        "wrangler.toml",
        EMPTY_ID.replace("\n", "\r\n").encode(),
        FIXED.replace("\n", "\r\n").encode(),
    ),
    "byte-order-mark": (
        "wrangler.toml",
        b"\xef\xbb\xbf" + EMPTY_ID.encode(),
        b"\xef\xbb\xbf" + FIXED.encode(),
    ),
    "json": (
        "wrangler.jsonc",
        b'{"kv_namespaces": [{"binding": "A", "id": ""}]} // kept\n',
        b'{"kv_namespaces": [{"binding": "A"}]} // kept\n',
    ),
}


@pytest.mark.parametrize(("name", "content", "fixed"), FIXES.values(), ids=FIXES)
def test_fixes_are_written_once_and_for_all(
    checker: Checker, name: str, content: bytes, fixed: bytes
) -> None:
    path = checker.write(name, content)
    code, out, err = checker("--fix")
    assert (code, err) == (0, "Fixed 1 problem in 1 file.\n")
    assert out == "No problems in 1 file.\n"
    assert path.read_bytes() == fixed
    assert checker("--fix") == (0, out, ""), "nothing is left to fix"
    assert path.read_bytes() == fixed


def test_many_problems_are_fixed_in_one_pass(checker: Checker) -> None:
    path = checker.write(
        "wrangler.toml",
        "".join(f'[[kv_namespaces]]\nbinding = "A{n}"\nid = ""\n' for n in range(300)),
    )
    assert checker("--fix")[0] == 0
    assert "id" not in path.read_text(encoding="utf-8")


def test_sources_are_fixed_and_what_is_uncertain_stays(checker: Checker) -> None:
    checker.write("wrangler.toml", GOOD)
    path = checker.write("src/index.js", SOURCE)
    code, out, _ = checker("--fix")
    assert code == 1
    assert "ttl-out-of-range" in out
    text = path.read_text(encoding="utf-8")
    assert 'put("a", String(1))' in text
    assert "expirationTtl: 5" in text


def test_only_selected_rules_are_fixed(checker: Checker) -> None:
    path = checker.write("wrangler.toml", EMPTY_ID)
    assert checker("--fix", "--ignore", "id-empty")[0] == 0
    assert path.read_text(encoding="utf-8") == EMPTY_ID


def test_diff_shows_and_changes_nothing(checker: Checker) -> None:
    path = checker.write("wrangler.toml", EMPTY_ID)
    code, out, _ = checker("--diff")
    assert code == 1
    assert out == (
        "--- a/wrangler.toml\n+++ b/wrangler.toml\n@@ -1,3 +1,2 @@\n"
        ' [[kv_namespaces]]\n binding = "A"\n-id = ""\n'
    )
    assert path.read_text(encoding="utf-8") == EMPTY_ID
    path.write_text(GOOD, encoding="utf-8")
    assert checker("--diff") == (0, "", "")


UNFIXED: dict[str, tuple[bytes, str]] = {
    # content, why it isn't fixed
    "not-utf-8": (b"// caf\xe9\n" + SOURCE.encode(), "not fixed: it is not UTF-8 at byte 6"),
    "read-only": (SOURCE.encode(), "not fixed: it is read-only"),
}


@pytest.mark.parametrize(("content", "why"), UNFIXED.values(), ids=UNFIXED)
def test_a_file_that_cannot_be_fixed_is_named_and_the_others_are_fixed(
    checker: Checker, content: bytes, why: str
) -> None:
    checker.write("wrangler.toml", f"main = 'src/b.js'\n{GOOD}")
    bad, good = checker.write("src/a.js", content), checker.write("src/b.js", SOURCE)
    if "read-only" in why:
        bad.chmod(0o444)
    _, shown, said = checker("--diff", "--severity", "ttl-out-of-range=off")
    code, out, err = checker("--fix", "--severity", "ttl-out-of-range=off")
    bad.chmod(0o644)
    assert f"src/a.js: {why}" in said
    assert "src/b.js" in shown
    assert "src/a.js" not in shown
    assert code == 1
    assert f"src/a.js: {why}" in err
    assert "Fixed 2 problems in 1 file." in err
    assert "src/a.js" in out
    assert "src/b.js" not in out
    assert bad.read_bytes() == content
    assert "JSON.stringify" in good.read_text(encoding="utf-8")


DIFFS: dict[str, tuple[str, str]] = {
    # name, content
    "lf": ("a.js", SOURCE),
    "crlf": ("a.js", SOURCE.replace("\n", "\r\n")),
    "byte-order-mark": ("a.js", f"\ufeff{SOURCE}"),
    "no-line-end": ("a.js", SOURCE.rstrip()),
    "other-line-ends": ("a.js", SOURCE.replace('"b"', '"\u2028\x0b\u0085"')),
    "steering": ("a.js", SOURCE.replace('"b"', '"\x1b[2J\u202e"')),
    "spaces": ("a b.js", SOURCE),
}
if sys.platform != "win32":  # no file has such a name there
    DIFFS |= {"quotes": ('a"\\\tb.js', SOURCE), "line-in-name": ("a\nb.js", SOURCE)}


@pytest.mark.parametrize(("name", "content"), DIFFS.values(), ids=DIFFS)
def test_a_diff_is_what_git_applies(checker: Checker, name: str, content: str) -> None:
    checker.write("wrangler.toml", GOOD)
    path = checker.write(f"src/{name}", content)
    ran = subprocess.run(
        [*own_command(), "check", "--diff"], cwd=checker.folder, capture_output=True, check=False
    )
    assert ran.returncode == 1, ran.stderr
    git = ("git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn")
    subprocess.run(git, cwd=checker.folder, input=ran.stdout, check=True)
    applied = path.read_bytes()
    path.write_bytes(content.encode())
    checker("--fix")
    assert path.read_bytes() == applied != content.encode()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_out_of_the_folder_is_not_fixed(checker: Checker, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.toml"
    outside.write_text(EMPTY_ID, encoding="utf-8")
    (tmp_path / "wrangler.toml").symlink_to(outside)
    _, out, err = checker("--diff")
    assert out == ""
    assert "outside this folder; name that file instead" in err
    code, _, err = checker("--fix")
    assert code == 1
    assert "outside this folder; name that file instead" in err
    assert outside.read_text(encoding="utf-8") == EMPTY_ID


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("link", ["a.js", "z.js"])
def test_a_file_counts_under_its_own_name_and_not_that_of_a_link(
    checker: Checker, link: str
) -> None:
    checker.write("wrangler.toml", f"main = 'src/b.js'\n{GOOD}")
    path = checker.write("src/b.js", SOURCE)
    path.with_name(link).symlink_to(path.name)
    for words in ((), ("--diff",), ("src",)):
        _, out, _ = checker(*words)
        assert "src/b.js" in out
        assert link not in out


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_that_leads_nowhere_is_no_source(checker: Checker, tmp_path: Path) -> None:
    checker.write("wrangler.toml", GOOD)
    (tmp_path / ".#index.js").symlink_to("me@host.1234:5678")  # of Emacs, for unsaved changes
    assert checker("--output-format", "json")[:2] == (0, "[]\n")
    checker.write("me@host.1234:5678", SOURCE)
    assert ".#index.js" in checker()[1]


STDIN: dict[str, tuple[str, str, str | None]] = {
    # name, text, the code of the one problem
    "config": ("sub/wrangler.toml", EMPTY_ID, "id-empty"),
    "clean": ("wrangler.toml", GOOD, None),
    "source": ("src/index.js", "export default { fetch: (r, env) => env.A.get() }", "key-invalid"),
    "source-of-the-project": (
        "src/x.ts",
        "export default { async fetch(r, env: Env) { await env.B.get('k', 'json') } }",
        "binding-undeclared",
    ),
    "seeds": ("seeds/A.json", '[{"key": ""}]', "seed-invalid"),
    "byte-order-mark": ("wrangler.toml", "\ufeff" + EMPTY_ID, "id-empty"),
}


@pytest.mark.parametrize(("name", "text", "code"), STDIN.values(), ids=STDIN)
def test_standard_input_belongs_where_its_name_is(
    checker: Checker, stdin: io.BytesIO, name: str, text: str, code: str | None
) -> None:
    checker.write("wrangler.toml", GOOD)
    give(stdin, text)
    found = checker.json("-", "--stdin-filename", name)
    assert {(problem["file"], problem["code"]) for problem in found} == (
        {(name, code)} if code else set()
    )
    assert not (checker.folder / name).exists() or name == "wrangler.toml"


MISSING = {
    # the name that standard input is given, in a folder that isn't there; the folder's other files
    "beside-a-config": ("a/b/index.ts", {"wrangler.toml": GOOD}),
    "without-a-config": ("a/b/index.ts", {}),
    "in-place-of-a-file": ("a/index.ts", {"a": ""}),
    "of-a-file-that-cannot-be-read": ("index.ts", {"index.ts": "\ufeff".encode("utf-16")}),
    "config": ("a/b/wrangler.toml", {}),
}


@pytest.mark.parametrize(("name", "files"), MISSING.values(), ids=MISSING)
def test_the_file_of_standard_input_need_not_exist(
    checker: Checker, stdin: io.BytesIO, name: str, files: dict[str, str | bytes]
) -> None:
    for path, content in files.items():
        checker.write(path, content)
    is_config = name.endswith(".toml")
    give(stdin, EMPTY_ID if is_config else "import './b';\nexport default { fetch: (r, env) => "
         "env.A.getWithMetadata('') };\n")  # fmt: skip
    found = checker.json("-", "--stdin-filename", name)
    code = "id-empty" if is_config else "key-invalid"
    assert [(each["file"], each["code"]) for each in found] == [(name, code)]


NO_TEXT: dict[str, tuple[str, bytes, str]] = {
    # name, what standard input gives, why it can't be used
    "utf-16-source": ("a.ts", "é".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
    "utf-16-config": ("wrangler.toml", b"\xfe\xff\0a", "is UTF-16 text; save it as UTF-8"),
    "utf-16-without-a-mark": ("a.ts", "a".encode("utf-16-le"), "is UTF-16 text; save it as UTF-8"),
    "binary": ("a.ts", b"ab\0", "is a binary file"),
    "latin-1": ("seeds/A.json", b"[\xe9]", "is not UTF-8 at byte 1; save it as UTF-8"),
}


@pytest.mark.parametrize(("name", "data", "reason"), NO_TEXT.values(), ids=NO_TEXT)
def test_standard_input_that_is_no_text_is_named(
    checker: Checker, stdin: io.BytesIO, name: str, data: bytes, reason: str
) -> None:
    give(stdin, data)
    code, out, err = checker("-", "--stdin-filename", name)
    assert (code, out) == (1, "")
    assert err == f"kvlens check: standard input {reason}\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte-order-mark"])
def test_standard_input_is_fixed_to_standard_output(
    checker: Checker, stdin: io.BytesIO, mark: str
) -> None:
    give(stdin, mark + EMPTY_ID + "x = 1 # \x1b\n")
    code, out, err = checker("-", "--stdin-filename", "wrangler.toml", "--fix")
    assert out == mark + FIXED + "x = 1 # \x1b\n"
    assert "1 file" in err
    assert code in (0, 1)
    assert not (checker.folder / "wrangler.toml").exists()


WRONG: dict[str, tuple[list[str], str]] = {
    "stdin-without-name": (["-"], "name the file with --stdin-filename"),
    "stdin-and-more": (["-", "src", "--stdin-filename", "a.js"], "standard input alone"),
    "name-without-stdin": (["--stdin-filename", "a.js"], "give - as the path"),
    "name-of-another-kind": (["-", "--stdin-filename", "a.png"], "a.png: not a config"),
    "project-file": (["-", "--stdin-filename", "a/kvlens.toml"], "save it, and run kvlens check"),
    "shared-file": (["-", "--stdin-filename", "pyproject.toml"], "is checked where it is"),
    "update-nothing": (["--update-baseline"], "needs --baseline FILE"),
    "watch-and-fix": (["--watch", "--fix"], "--watch only reports"),
    "fix-and-diff": (["--fix", "--diff"], "give one of them"),
    "select-unknown": (["--select", "id-emty"], "there is no rule 'id-emty'"),
    "ignore-no-match": (["--ignore", "zz*"], "there is no rule 'zz*'"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use(checker: Checker, words: list[str], message: str) -> None:
    checker.write("src/a.js", "")
    code, _, err = checker(*words)
    assert code == 2
    assert message in err


def test_exit_zero(checker: Checker) -> None:
    checker.write("wrangler.toml", EMPTY_ID)
    code, out, _ = checker("--exit-zero")
    assert code == 0
    assert "id-empty" in out


# baselines


def test_a_baseline_hides_what_was_known(checker: Checker) -> None:
    config = checker.write("sub/wrangler.toml", EMPTY_ID)
    assert checker("--baseline", "known.json", "--update-baseline")[0] == 0
    assert json.loads((checker.folder / "known.json").read_text(encoding="utf-8")) == {
        "version": 1,
        "problems": {"sub/wrangler.toml": {"id-empty": 1}},
    }
    config.write_text("# moved\n" + EMPTY_ID, encoding="utf-8")
    assert checker("--baseline", "known.json")[0] == 0
    config.write_text(EMPTY_ID + EMPTY_ID.replace("A", "B"), encoding="utf-8")
    code, out, _ = checker("--baseline", "known.json")
    assert code == 1
    assert out.count("id-empty") == 2, "nobody can tell which one is new"
    config.write_text(GOOD, encoding="utf-8")
    code, _, err = checker("--baseline", "known.json")
    assert code == 0
    assert "1 problem in known.json no longer exists; --update-baseline removes it" in err
    assert checker("--baseline", "known.json", "--update-baseline")[2] == ""
    config.write_text(EMPTY_ID, encoding="utf-8")
    assert checker("--baseline", "known.json")[0] == 1


def test_a_baseline_holds_in_every_folder(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker.write("sub/wrangler.toml", EMPTY_ID)
    assert checker("--baseline", "sub/../known.json", "--update-baseline")[0] == 0
    assert checker("--baseline", "known.json")[0] == 0
    monkeypatch.chdir(checker.folder / "sub")
    assert checker("--baseline", "../known.json")[0] == 0
    checker.write("sub/other/wrangler.toml", EMPTY_ID)
    assert checker("--baseline", "../known.json")[0] == 1


RECORDS = {
    "a/wrangler.toml": {"id-empty": 1, "id-malformed": 1},
    "b/wrangler.toml": {"id-empty": 1, "id-malformed": 1},
    "c/wrangler.toml": {"id-empty": 1},
}
PARTS: dict[str, tuple[list[str], dict[str, dict[str, int]]]] = {
    # the arguments; the records: now, both problems of a are fixed, b has one of each, c is gone
    "everything": ([], {"b/wrangler.toml": {"id-empty": 1, "id-malformed": 1}}),
    "select": (
        ["--select", "id-empty"],
        {"a/wrangler.toml": {"id-malformed": 1}, "b/wrangler.toml": RECORDS["b/wrangler.toml"]},
    ),
    "ignore": (
        ["--ignore", "id-empty"],
        {
            "a/wrangler.toml": {"id-empty": 1},
            "b/wrangler.toml": RECORDS["b/wrangler.toml"],
            "c/wrangler.toml": {"id-empty": 1},
        },
    ),
    "severity": (
        ["--severity", "id-malformed=off", "a"],
        {**RECORDS, "a/wrangler.toml": {"id-malformed": 1}},
    ),
    "folder": (["a"], {path: RECORDS[path] for path in RECORDS if path[0] != "a"}),
    "file": (["b/wrangler.toml"], RECORDS),
    "folder-and-select": (
        ["a", "--select", "id-empty"],
        {**RECORDS, "a/wrangler.toml": {"id-malformed": 1}},
    ),
    "folder-whose-file-is-gone": (
        ["c"],
        {path: RECORDS[path] for path in RECORDS if path[0] != "c"},
    ),
}


@pytest.mark.parametrize(("words", "records"), PARTS.values(), ids=PARTS)
def test_a_check_of_a_part_keeps_the_records_of_the_rest(
    checker: Checker, words: list[str], records: dict[str, dict[str, int]]
) -> None:
    known = checker.write("known.json", json.dumps({"version": 1, "problems": RECORDS}))
    checker.write("a/wrangler.toml", GOOD)
    checker.write("b/wrangler.toml", f'{EMPTY_ID}[[kv_namespaces]]\nbinding = "B"\nid = "1"\n')
    (checker.folder / "c").mkdir()
    _, _, err = checker(*words, "--baseline", "known.json", "--update-baseline")
    assert "no longer exist" not in err
    assert json.loads(known.read_text(encoding="utf-8"))["problems"] == records


def test_rules_that_are_not_checked_are_not_said_to_be_fixed(checker: Checker) -> None:
    checker.write("known.json", json.dumps({"version": 1, "problems": RECORDS}))
    checker.write("a/wrangler.toml", GOOD)
    _, _, err = checker("--baseline", "known.json", "--select", "id-empty")
    assert "1 problem in known.json no longer exists; --update-baseline removes it" in err


BROKEN = {
    "not-json": "{",
    "deep": "[" * 100_000,
    "another-version": '{"version": 2}',
    "a-list": "[]",
    "no-counts": '{"version": 1}',
    "count-of-another-kind": '{"version": 1, "problems": {"a": {"id-empty": "1"}}}',
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_baseline_is_named(checker: Checker, text: str) -> None:
    checker.write("wrangler.toml", EMPTY_ID)
    checker.write("known.json", text)
    code, out, err = checker("--baseline", "known.json")
    assert (code, out) == (1, "")
    assert "known.json: " in err
    assert "--update-baseline" in err


KEPT: dict[str, tuple[str, bool]] = {
    # the text of the file named with --baseline, whether --update-baseline keeps it
    "config": (GOOD, True),
    "package": ('{"name": "shop", "version": "1.0.0"}', True),
    "conflict": ('<<<<<<< ours\n{"version": 1, "problems": {}}\n=======\n', True),
    "baseline": ('{"version": 1, "problems": {"gone.js": {"id-empty": 1}}}', False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("text", "kept"), KEPT.values(), ids=KEPT)
def test_only_a_baseline_is_overwritten(checker: Checker, text: str, kept: bool) -> None:
    checker.write("wrangler.toml", EMPTY_ID)
    path = checker.write("known", text)
    code, _, err = checker("--baseline", "known", "--update-baseline")
    assert code == (1 if kept else 0)
    assert (path.read_text(encoding="utf-8") == text) is kept
    assert ("known isn't a baseline, and is kept" in err) is kept


def test_a_missing_baseline_is_named(checker: Checker) -> None:
    checker.write("wrangler.toml", EMPTY_ID)
    code, _, err = checker("--baseline", "known.json")
    assert code == 1
    assert "known.json: there is no such file; --update-baseline writes it" in err


# project files


def test_a_project_file_is_used(checker: Checker) -> None:
    checker.write("kvlens.toml", 'exclude = ["old"]\n[rules]\nid-empty = "warning"\n')
    checker.write("wrangler.toml", EMPTY_ID)
    excluded = checker.write("old/wrangler.toml", EMPTY_ID)
    assert [problem["severity"] for problem in checker.json()] == ["warning"]
    assert [problem["file"] for problem in checker.json(str(excluded))] == ["old/wrangler.toml"]
    assert checker.json("--severity", "id-empty=error")[0]["severity"] == "error"


def test_mistakes_in_a_project_file_are_problems(checker: Checker) -> None:
    checker.write("kvlens.toml", '[rules]\nid-emty = "off"\n')
    checker.write("wrangler.toml", GOOD)
    (problem,) = checker.json()
    assert problem["code"] == "project-file-invalid"
    assert problem["file"] == "kvlens.toml"
    assert problem["range"]["start"] == {"line": 1, "character": 0}


EXCLUDING: dict[str, tuple[str, list[str], str]] = {
    # the project file, the arguments, what is said if nothing is left
    "all": ('exclude = ["**"]', [], '`exclude` in kvlens.toml leaves out all files below .: "**"'),
    "folder": ('exclude = ["x", "a"]', ["a"], 'below a: "a". Narrow it, or name the files'),
    "nothing": ("", ["b"], "no config of a Worker, such as wrangler.jsonc, below b"),
}


@pytest.mark.parametrize(("text", "words", "said"), EXCLUDING.values(), ids=EXCLUDING)
def test_what_leaves_nothing_to_check_is_named(
    checker: Checker, text: str, words: list[str], said: str
) -> None:
    checker.write("kvlens.toml", text)
    checker.write("a/wrangler.toml", EMPTY_ID)
    (checker.folder / "b").mkdir()
    for _ in range(2):  # the second time from the cache
        code, _, err = checker(*words)
        assert code == 1
        assert said in err


def test_what_a_project_file_names_is_looked_for_each_time(checker: Checker) -> None:
    checker.write("kvlens.toml", 'seeds = { A = "a.json" }\n')
    checker.write("wrangler.toml", GOOD)
    (problem,) = checker.json()
    assert (problem["file"], problem["range"]["start"]["character"]) == ("kvlens.toml", 14)
    checker.write("a.json", "")
    assert [each["code"] for each in checker.json()] == ["seed-invalid"]


def test_excluded_sources_are_not_checked(checker: Checker) -> None:
    checker.write("wrangler.toml", f'name = "a"\n{GOOD}')
    checker.write("kvlens.toml", 'exclude = ["*.gen.js"]\n')
    checker.write("src/a.gen.js", "export default { fetch: (r, env) => env.A.get() }")
    assert checker.json() == []


# watching


def test_watch_checks_again(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text(EMPTY_ID, encoding="utf-8")
    with subprocess.Popen(
        own_command("check", "--watch"), cwd=tmp_path, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        while b"1 error" not in process.stdout.readline():
            assert process.poll() is None
        config.write_text(GOOD, encoding="utf-8")
        assert process.stdout.readline().strip() == b"No problems in 1 file."
        process.terminate()


@pytest.mark.skipif(sys.platform == "win32", reason="a process has no Ctrl+C of its own there")
def test_watch_ends_with_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(GOOD, encoding="utf-8")
    with subprocess.Popen(
        own_command("check", "--watch"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        told = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert told + process.stderr.read() == b"Watching for changes; press Ctrl+C to stop.\n"


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--fix", "--diff", "--watch", "--select", "--ignore", "--exit-zero"):
        assert option in text
