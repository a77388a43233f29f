"""`kvlens history` in a real process."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.unit.test_cli_copy import CONFIG, kvlens

HISTORY = Path(".wrangler", "kvlens", "history", "history.sqlite")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose key `k` had the values `one` and `two`."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    for value in ("one", "two"):
        kvlens(tmp_path, "key", "put", "k", value, "--binding", "S")
    return tmp_path


def _nothing(project: Path) -> None:
    pass


def _damaged(project: Path) -> None:
    for blob in (project / ".wrangler" / "state" / "v3" / "kv" / "a" / "blobs").iterdir():
        blob.unlink()


def _changed(project: Path) -> None:
    kvlens(project, "key", "put", "k", "three", "--binding", "S")


def _foreign(project: Path) -> None:
    (project / HISTORY).write_bytes(b"not a database")


BACK = {
    # id: (what happened, command, exit code, what it says, the value then)
    "undo": (_nothing, ["undo", "--force"], 0, 'of the store "wrangler:": undo action 2', "one"),
    "undo in a script": (_nothing, ["undo"], 2, "would undo action 2 (shell", "two"),
    "undo twice": (_changed, ["undo", "1", "--force"], 1, "changed since", "three"),
    "undo of a damaged key": (_damaged, ["undo", "--force"], 1, "can't be read now", None),
    "restore": (_nothing, ["restore", "2", "--force"], 0, "before change 2", "one"),
    "restore of a damaged key": (_damaged, ["restore", "2", "--force"], 0, "1 key", "one"),
    "deletion of a damaged key": (_damaged, ["restore", "1", "--force"], 0, "deleted 1", None),
    "restore of nothing": (
        _nothing,
        ["restore", "2", "--after", "--force"],
        1,
        "nothing was changed: the keys are already as they were",
        "two",
    ),
    "no such action": (_nothing, ["undo", "999999999999999999"], 1, "doesn't have", "two"),
    "a history of something else": (_foreign, ["undo", "--force"], 1, "not a history", "two"),
}


@pytest.mark.parametrize(("happened", "words", "code", "said", "value"), BACK.values(), ids=BACK)
def test_back(
    project: Path, happened: object, words: list[str], code: int, said: str, value: str | None
) -> None:
    assert callable(happened)
    happened(project)
    done = kvlens(project, "history", *words)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    got = kvlens(project, "key", "get", "k", "--binding", "S")
    assert (got.stdout if got.returncode == 0 else None) == value


LISTED = {
    # id: (options, exit code, what it says)
    "a key without changes": (["--key", "nope"], 0, "No recorded change matches"),
    "older than the first": (["--before", "1"], 0, "No recorded change matches"),
    "a huge id": (["--before", "9" * 30], 2, "is too large"),
    "a huge time": (["--since", "9" * 400], 2, "is too large"),
    "the largest id": (["--before", str(2**53 - 1)], 0, "shell"),
    "no limit": (["--limit", "0"], 2, "1 to 1000"),
}


@pytest.mark.parametrize(("words", "code", "said"), LISTED.values(), ids=LISTED)
def test_list(project: Path, words: list[str], code: int, said: str) -> None:
    done = kvlens(project, "history", "list", *words)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done


def test_a_history_of_something_else_is_said_and_set_aside(project: Path) -> None:
    _foreign(project)
    done = kvlens(project, "history", "list")
    assert (done.returncode, "renames it to history.damaged" in done.stderr) == (1, True)
    kvlens(project, "key", "put", "k", "three", "--binding", "S")
    assert "three" not in kvlens(project, "history", "list").stderr
    assert (project / HISTORY).with_name("history.damaged").read_bytes() == b"not a database"


NOT_FINITE = ["1e400", '{"n": [1e999, -1e999], "s": "Infinity"}']
READERS = {
    # commands that print the metadata as JSON
    "list": ["key", "list"],
    "filtered": ["key", "list", "--filter", "k"],
    "get": ["key", "get", "k", "--json"],
    "export": ["export"],
}


@pytest.mark.parametrize("metadata", NOT_FINITE)
@pytest.mark.parametrize("words", READERS.values(), ids=READERS)
def test_metadata_that_no_double_holds_is_null(
    project: Path, words: list[str], metadata: str
) -> None:
    for file in (project / ".wrangler" / "state" / "v3" / "kv").glob("*/*.sqlite"):
        with sqlite3.connect(file) as db:
            db.execute("UPDATE _mf_entries SET metadata = ?", (metadata,))
        db.close()
    done = kvlens(project, *words, "--binding", "S")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    shown = (found[0] if isinstance(found, list) else found)["metadata"]
    assert shown == json.loads(metadata, parse_float=lambda _: None)
    assert kvlens(project, "snapshot", "save", "s").returncode == 0
