"""The fields of a config: every field, an invalid value, and the message."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from kvlens.config.find import ConfigError
from kvlens.worker.build import build
from kvlens.worker.commands import run
from kvlens.worker.config import FIELDS, read_worker_config
from kvlens.worker.errors import BuildError, WorkerError

from tests.unit.odd_files import endless, gigabytes, pipe

WRONG: list[tuple[str, Any, str]] = [
    ("name", 5, "name is 5, a number; it takes a string"),
    ("main", ["a.js"], "main is a list; it takes a string"),
    ("main", "a\0b", r"main is 'a\x00b', a string with a NUL or half a surrogate pair; it takes a string"),
    ("pages_build_output_dir", True, "pages_build_output_dir is true; it takes a string"),
    ("compatibility_date", 20250601,
     'compatibility_date is 20250601, a number; it takes a date such as "2026-01-31"'),
    ("compatibility_flags", "x", 'compatibility_flags is "x", a string; it takes a list of strings'),
    ("compatibility_flags", ["a", 1], "compatibility_flags[1] is 1, a number; it takes a string"),
    ("kv_namespaces", 5, "kv_namespaces is 5, a number; it takes a list of tables"),
    ("vars", ["x"], "vars is a list; it takes a table"),
    ("vars", {"a\0": 1}, r"vars: the name 'a\x00' is 'a\x00', a string with a NUL or half a surrogate pair; it takes a string"),
    ("secrets", ["TOKEN"], "secrets is a list; it takes a table"),
    ("secrets", {"required": "TOKEN"}, 'secrets.required is "TOKEN", a string; it takes a list of strings'),
    ("secrets", {"required": [{}]}, "secrets.required[0] is a table; it takes a string"),
    ("wasm_modules", "x", 'wasm_modules is "x", a string; it takes a table of strings'),
    ("wasm_modules", {"W": 5}, "wasm_modules.W is 5, a number; it takes a string"),
    ("text_blobs", [], "text_blobs is a list; it takes a table of strings"),
    ("data_blobs", {"D": None}, "data_blobs.D is null; it takes a string"),
    ("rules", {}, "rules is a table; it takes a list of tables"),
    ("rules", [5], "rules[0] is 5, a number; it takes a table"),
    ("rules", [None], "rules[0] is null; it takes a table"),
    ("rules", [{"type": 5}], "rules[0].type is 5, a number; it takes a string"),
    ("rules", [{"type": "Text", "globs": [5]}], "rules[0].globs[0] is 5, a number; it takes a string"),
    ("rules", [{"globs": "**/*.md"}], 'rules[0].globs is "**/*.md", a string; it takes a list of strings'),
    ("rules", [{"fallthrough": 1}], "rules[0].fallthrough is 1, a number; it takes true or false"),
    ("no_bundle", "yes", 'no_bundle is "yes", a string; it takes true or false'),
    ("find_additional_modules", 1, "find_additional_modules is 1, a number; it takes true or false"),
    ("base_dir", 5, "base_dir is 5, a number; it takes a string"),
    ("build", "make", 'build is "make", a string; it takes a table'),
    ("build", {"command": ["make"]}, "build.command is a list; it takes a string"),
    ("build", {"cwd": 5}, "build.cwd is 5, a number; it takes a string"),
    ("build", {"watch_dir": 5}, "build.watch_dir is 5, a number; it takes a string or a list of strings"),
    ("build", {"watch_dir": ["a", 5]}, "build.watch_dir[1] is 5, a number; it takes a string"),
    ("define", "x", 'define is "x", a string; it takes a table of strings'),
    ("define", {"A": 5}, "define.A is 5, a number; it takes a string"),
    ("alias", ["x"], "alias is a list; it takes a table of strings"),
    ("tsconfig", 5, "tsconfig is 5, a number; it takes a string"),
    ("jsx_factory", 5, "jsx_factory is 5, a number; it takes a string"),
    ("jsx_fragment", {}, "jsx_fragment is a table; it takes a string"),
    ("minify", "true", 'minify is "true", a string; it takes true or false'),
    ("keep_names", 0, "keep_names is 0, a number; it takes true or false"),
    ("dev", 5, "dev is 5, a number; it takes a table"),
    ("dev", {"port": "9311"}, 'dev.port is "9311", a string; it takes a port from 0 to 65535'),
    ("dev", {"port": 65536}, "dev.port is 65536, a number; it takes a port from 0 to 65535"),
    ("dev", {"port": True}, "dev.port is true; it takes a port from 0 to 65535"),
    ("dev", {"ip": 1}, "dev.ip is 1, a number; it takes a string"),
    ("dev", {"local_protocol": "h3"}, 'dev.local_protocol is "h3", a string; it takes "http" or "https"'),
    ("dev", {"local_protocol": {}}, 'dev.local_protocol is a table; it takes "http" or "https"'),
    ("env", 5, "env is 5, a number; it takes a table of environments"),
    ("env", {"a": 5}, "env.a is 5, a number; it takes a table"),
]  # fmt: skip


def test_every_field_is_in_the_table() -> None:
    assert {name for name, *_ in WRONG} == set(FIELDS)


def write(folder: Path, config: dict[str, Any]) -> Path:
    path = folder / "wrangler.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "value", "said"), [pytest.param(*w, id=f"{w[0]}-{w[1]!r:.30}") for w in WRONG]
)
def test_values_that_a_field_does_not_take(
    name: str, value: Any, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {name: value})
    with pytest.raises(ConfigError) as refused:
        read_worker_config(path)
    assert str(refused.value) == f"{path}: {said}"
    assert "\n" not in str(refused.value)


def test_an_environments_field_is_named_with_it(tmp_path: Path) -> None:
    path = write(tmp_path, {"env": {"x": {"build": {"cwd": 5}}}})
    assert read_worker_config(path).command_folder == tmp_path
    with pytest.raises(ConfigError, match=r"env\.x\.build\.cwd is 5, a number; it takes a string"):
        read_worker_config(path, "x")


def test_null_is_a_field_that_is_left_out(tmp_path: Path) -> None:
    nothing: dict[str, Any] = dict.fromkeys(FIELDS)
    nothing["build"] = {"command": None, "cwd": None, "watch_dir": None}
    settings = read_worker_config(write(tmp_path, nothing))
    assert settings.main is None
    assert settings.watch == (tmp_path / "src",)


NOTICES: list[tuple[str, dict[str, Any], str]] = [
    ("any address", {"dev": {"ip": "0.0.0.0"}}, 'dev.ip = "0.0.0.0" is not used: KV Lens listens only on'),
    ("a network's", {"dev": {"ip": "192.168.1.2"}}, 'dev.ip = "192.168.1.2" is not used'),
    ("https", {"dev": {"local_protocol": "https"}}, "KV Lens serves only HTTP"),
    ("a secret", {"secrets": {"required": ["KVLENS_NO_SUCH"]}},
     "required secrets are missing: KVLENS_NO_SUCH; add them to .dev.vars or .env, or set them"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "said"), [pytest.param(*n[1:], id=n[0]) for n in NOTICES])
def test_what_is_not_done_is_named(config: dict[str, Any], said: str, tmp_path: Path) -> None:
    (notice,) = read_worker_config(write(tmp_path, config)).notices
    assert said in notice


def test_what_is_done_is_not_named(tmp_path: Path) -> None:
    dev = {"port": 9311, "ip": "localhost", "local_protocol": "http", "inspector_port": 1}
    settings = read_worker_config(write(tmp_path, {"dev": dev}))
    assert (settings.port, settings.notices) == (9311, [])


def test_only_required_secrets_from_the_shell_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The expected values are those of wrangler 4.164; tests/interop/test_dotenv.py checks that."""
    monkeypatch.setenv("OF_SHELL", "s")
    (tmp_path / ".env").write_text("TOKEN=t\nOTHER=o\nV=secret\n", encoding="utf-8")
    config = {"vars": {"V": "v", "W": "w"}, "secrets": {"required": ["TOKEN", "OF_SHELL"]}}
    settings = read_worker_config(write(tmp_path, config))
    assert settings.variables == {"V": "secret", "W": "w", "TOKEN": "t", "OF_SHELL": "s"}
    assert settings.notices == []


# what isn't a file ----------------------------------------------------------------------------

MAIN = {"main": "w.js", "compatibility_date": "2025-06-01"}
PLACES: list[tuple[str, dict[str, Any], str]] = [
    ("main", {**MAIN, "main": "bad"}, "main = bad: "),
    ("dev vars", MAIN, ".dev.vars: "),
    ("env", MAIN, ".env: "),
    ("tsconfig", {**MAIN, "tsconfig": "bad"}, "bad "),
    ("tsconfig.json", {**MAIN, "minify": True}, "tsconfig.json "),
    ("package.json", {**MAIN, "minify": True}, "package.json "),
]
FILES = {
    "dev vars": ".dev.vars",
    "env": ".env",
    "tsconfig.json": "tsconfig.json",
    "package.json": "package.json",
}
KINDS = ["pipe", "device", "huge"]


def place(path: Path, kind: str) -> str:
    """Put something other than a readable file there, and return the error's text for it."""
    if kind == "pipe":
        pipe(path)
        return "is a named pipe, not a file"
    if kind == "device":
        endless(path)
        return "is a device, not a file"
    gigabytes(path)
    return "bytes, over the limit of"


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "config", "said"), [pytest.param(*p, id=p[0]) for p in PLACES])
def test_what_is_no_file_is_refused_at_once(
    name: str, config: dict[str, Any], said: str, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "w.js").write_text("export default {};", encoding="utf-8")
    reason = place(tmp_path / FILES.get(name, "bad"), kind)
    path = write(tmp_path, config)
    with pytest.raises(WorkerError) as refused:
        build(read_worker_config(path))
    assert said in str(refused.value)
    assert reason in str(refused.value)


BASES: list[tuple[str, dict[str, Any], str]] = [
    ("outside", {"base_dir": "../.."}, "is outside the project's folder"),
    ("the root", {"base_dir": "/"}, "is outside the project's folder"),
    (
        "beside main",
        {"base_dir": "lib"},
        "doesn't contain main = w.js; choose one of its parent folders",
    ),
]


@pytest.mark.parametrize("how", ["no_bundle", "find_additional_modules"])
@pytest.mark.parametrize(("more", "said"), [pytest.param(*b[1:], id=b[0]) for b in BASES])
def test_folders_that_modules_are_not_looked_for_in(
    more: dict[str, Any], said: str, how: str, tmp_path: Path
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "w.js").write_text("export default {};", encoding="utf-8")
    with pytest.raises(BuildError, match=said):
        build(read_worker_config(write(tmp_path, {**MAIN, how: True, **more})))


def test_a_folder_with_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kvlens.worker.build.MOST_FILES", 3)
    for name in ("w.js", "a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("export default {};", encoding="utf-8")
    with pytest.raises(BuildError, match="too many to search for modules; set base_dir"):
        build(read_worker_config(write(tmp_path, {**MAIN, "no_bundle": True})))


def test_modules_that_are_taken_along(tmp_path: Path) -> None:
    for name in ("src/w.js", "src/lang/en.mjs", "src/lang/de.mjs", "src/old.cjs", "src/t.txt",
                 "src/other.js", "src/node_modules/x/x.mjs", "out.mjs"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("export default {};", encoding="utf-8")
    rules = [{"type": "ESModule", "globs": ["./lang/**/*.mjs"]},
             {"type": "CommonJS", "globs": ["*.cjs"]}]  # fmt: skip
    config = {**MAIN, "main": "src/w.js", "find_additional_modules": True, "rules": rules}
    script = build(read_worker_config(write(tmp_path, config)))
    assert [(module.name, module.kind) for module in script.modules] == [
        ("w.js", "esModule"),
        ("old.cjs", "commonJsModule"),
        ("t.txt", "text"),
        ("lang/de.mjs", "esModule"),
        ("lang/en.mjs", "esModule"),
    ]
    assert tmp_path / "src/t.txt" in script.inputs


def test_a_pages_project_is_told_what_runs_it(tmp_path: Path) -> None:
    path = write(tmp_path, {"pages_build_output_dir": "public"})
    with pytest.raises(WorkerError, match='Run it with "wrangler pages dev"') as refused:
        build(read_worker_config(path))
    assert "add main" not in str(refused.value)


# programs ---------------------------------------------------------------------------------------


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="took longer than 0 s and was stopped"):
        run("sleep 1000", tmp_path, shell=True, timeout=0.1)


def test_the_last_of_what_a_program_says_is_kept(tmp_path: Path) -> None:
    ran = run("yes | head -c 50000000; echo end", tmp_path, shell=True)
    assert ran.output.startswith("…\n")
    assert ran.output.endswith("end\n")
    assert len(ran.output) < 1_000_000


def test_programs_that_cannot_be_started(tmp_path: Path) -> None:
    for command in (["/no/such/program"], ["true", "x" * 10_000_000]):
        with pytest.raises(BuildError, match="can't be started in"):
            run(command, tmp_path)
    with pytest.raises(BuildError, match="can't be started in"):
        run(["true"], tmp_path / "no such folder")
