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


SIDES = {
    # id: (options, exit code, standard error)
    "an id and a binding": (["--namespace-id", "b", "--to-binding", "S"], 1, ""),
    "an id and an environment": (["--namespace-id", "a", "--to-env", "x"], 1, ""),
    "an unknown id and an environment": (["--namespace-id", "q", "--to-env", "x"], 1, 'id "q"'),
    "the same binding": (["--binding", "S", "--to-binding", "S"], 2, "both sides are S"),
    "the same environment": (["--binding", "S", "--to-env", ""], 2, "both sides are S"),
    "the same store": (["--binding", "S", "--to-store", "wrangler:"], 2, "both sides are S"),
    "the same Redis": (
        [
            "--binding",
            "S",
            "--store",
            "redis://LOCALHOST",
            "--to-store",
            "redis://u:p@[::1]:6379/0",
        ],
        2,
        'of the store "redis://[::1]:6379/0"',
    ),
    "a store that isn't there": (["--binding", "S", "--to-store", "wrangler:no"], 1, "no folder"),
}


@pytest.mark.parametrize(("words", "code", "said"), SIDES.values(), ids=SIDES)
def test_sides(project: Path, words: list[str], code: int, said: str) -> None:
    done = kvlens(project, "compare", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_stores_have_their_own_names(project: Path) -> None:
    words = ["compare", "--binding", "S", "--store", "wrangler:other", "--to-store", "wrangler:"]
    found = json.loads(kvlens(project, *words, "--json").stdout)
    assert (found["left"], found["right"]) == (f"wrangler:{project / 'other'}", "wrangler:")
