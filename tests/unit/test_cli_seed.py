"""`kvlens seed`: which files it takes, and what it says if there are none."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.cli import main

CONFIG = 'kv_namespaces = [{ binding = "ONE", id = "1d" }]\n'
FILE = '[{"key": "k", "value": "v"}]'
MISSING = "kvlens.toml names no existing file of a binding here: correct it, or pass a FILE"
OTHER = (
    'a.json: no KV namespace with binding "a" in wrangler.toml; there is ONE, or use '
    "--namespace-id; name its namespace with --binding"
)
NONE = "no seed files: pass a FILE, or save them as "

CASES: dict[str, tuple[str, list[str], list[str], int, str]] = {
    # kvlens.toml, the files that exist, the arguments, the exit code, what is said
    "default": ("", ["seeds/ONE.json"], [], 0, ""),
    "none": ("", [], [], 1, NONE),
    "other settings": ("exclude = ['x']", [], [], 1, NONE),
    "named": ("seeds = { ONE = 'data/a.json' }", ["data/a.json"], [], 0, ""),
    "named, missing": ("seeds = { ONE = 'data/b.json' }", ["data/a.json"], [], 1, MISSING),
    "of another binding": ("seeds = { TWO = 'data/a.json' }", ["data/a.json"], [], 1, MISSING),
    "besides another": ("seeds = { TWO = 'a.json' }", ["seeds/ONE.json"], [], 0, ""),
    "no match": ("seeds = ['data/*.json']", ["seeds/ONE.json"], [], 1, MISSING),
    "match": ("seeds = ['data/*.json']", ["data/ONE.json"], [], 0, ""),
    "given": ("", ["ONE.json"], ["ONE.json"], 0, ""),
    "given, missing": ("", [], ["nothere.json"], 1, "nothere.json: no such file"),
    "given, of no binding": ("", ["a.json"], ["a.json"], 1, OTHER),
}


@pytest.mark.parametrize(("settings", "files", "given", "code", "said"), CASES.values(), ids=CASES)
def test_the_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    files: list[str],
    given: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "kvlens.toml").write_text(settings, encoding="utf-8")
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(FILE, encoding="utf-8")
    assert main(["seed", *given]) == code, capsys.readouterr().err
    assert said in capsys.readouterr().err
