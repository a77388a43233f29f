"""`kvlens compare` in a real process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from kvlens.process import own_command

CONFIG = (
    '[[kv_namespaces]]\nbinding = "S"\nid = "a"\n[[env.x.kv_namespaces]]\nbinding = "S"\nid = "b"\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    kvlens(tmp_path, "key", "put", "k", "1", "--binding", "S")
    kvlens(tmp_path, "snapshot", "save", "base")
    (tmp_path / "s.json").write_text('[{"key": "k", "value": "2"}]', encoding="utf-8")
    return tmp_path


def kvlens(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*own_command(*words)], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "code", "keys"),
    [
        pytest.param(["--to-env", "x"], 1, [["k", "left"]], id="environment"),
        pytest.param(["--snapshot", "base"], 0, [], id="snapshot"),
        pytest.param(["--file", "s.json"], 1, [["k", "changed"]], id="file"),
        pytest.param(["--to-store", "wrangler:other"], 1, [["k", "left"]], id="store"),
    ],
)
def test_compare(project: Path, words: list[str], code: int, keys: list[list[str]]) -> None:
    done = kvlens(project, "compare", "--binding", "S", *words, "--json")
    assert done.returncode == code, done.stderr
    assert [[one["key"], one["kind"]] for one in json.loads(done.stdout)["keys"]] == keys


def test_it_says_what_is_missing(project: Path) -> None:
    done = kvlens(project, "compare", "--binding", "S")
    assert (done.returncode, "--to-env" in done.stderr) == (2, True)
