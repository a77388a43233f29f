"""`kvlens copy` in a real process."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from kvlens.process import own_command

CONFIG = (
    '[[kv_namespaces]]\nbinding = "S"\nid = "a"\n[[env.x.kv_namespaces]]\nbinding = "S"\nid = "b"\n'
)
HERE = [
    {"key": "both", "value": "here", "metadata": {"n": 1}},
    {"key": "mine", "value": "1"},
    {"key": "same", "value": "s"},
]
THERE = [
    {"key": "both", "value": "there"},
    {"key": "same", "value": "s"},
    {"key": "theirs", "value": "2"},
]


def kvlens(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        own_command(*words),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def values(folder: Path, *place: str) -> dict[str, str]:
    """Return the values of a namespace, after the metadata of those that have some."""
    done = kvlens(folder, "export", "--binding", "S", *place)
    found = {}
    for item in json.loads(done.stdout):
        metadata = json.dumps(item["metadata"]) if "metadata" in item else ""
        found[item["key"]] = metadata + item["value"]
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    for name, items in (("here", HERE), ("there", THERE)):
        (tmp_path / f"{name}.json").write_text(json.dumps(items), encoding="utf-8")
    kvlens(tmp_path, "bulk", "put", "here.json", "--binding", "S")
    kvlens(tmp_path, "bulk", "put", "there.json", "--binding", "S", "--env", "x")
    return tmp_path


COPIED = {
    # id: (options, the target, what it has then)
    "all": (
        ["--to-env", "x", "--force"],
        ["--env", "x"],
        {"both": '{"n": 1}here', "mine": "1", "same": "s", "theirs": "2"},
    ),
    "with deletes": (
        ["--to-env", "x", "--delete", "--force"],
        ["--env", "x"],
        {"both": '{"n": 1}here', "mine": "1", "same": "s"},
    ),
    "some keys": (
        ["--to-env", "x", "--keys", "mi*"],
        ["--env", "x"],
        {"both": "there", "mine": "1", "same": "s", "theirs": "2"},
    ),
    "from a file": (
        ["--file", "there.json", "--force"],
        [],
        {"both": "there", "mine": "1", "same": "s", "theirs": "2"},
    ),
    "another store": (
        ["--to-store", "wrangler:other"],
        ["--store", "wrangler:other"],
        {"both": '{"n": 1}here', "mine": "1", "same": "s"},
    ),
    "only said": (
        ["--to-env", "x", "--dry-run"],
        ["--env", "x"],
        {"both": "there", "same": "s", "theirs": "2"},
    ),
}


@pytest.mark.parametrize(("words", "place", "then"), COPIED.values(), ids=COPIED)
def test_copy(project: Path, words: list[str], place: list[str], then: dict[str, str]) -> None:
    done = kvlens(project, "copy", "--binding", "S", *words)
    assert done.returncode == 0, done.stderr
    assert values(project, *place) == then


REFUSED = {
    # id: (options, exit code, what it says)
    "overwriting in a script": (["--to-env", "x"], 2, "would copy 2 keys (1 new, 1 overwritten)"),
    "deleting in a script": (["--to-env", "x", "--keys", "theirs", "--delete"], 2, "1 deleted"),
    "no other side": ([], 2, "the other namespace is missing"),
    "an unknown environment": (["--to-env", "y"], 1, "y"),
    "a bad filter": (["--to-env", "x", "--keys", "/(/"], 2, "--keys: /(/"),
    "a filter of values": (["--to-env", "x", "--keys", "size>1"], 2, "by key only"),
}


@pytest.mark.parametrize(("words", "code", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(project: Path, words: list[str], code: int, said: str) -> None:
    before = values(project, "--env", "x")
    done = kvlens(project, "copy", "--binding", "S", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert values(project, "--env", "x") == before


def test_a_copy_to_another_store_says_how_to_undo_it(project: Path) -> None:
    done = kvlens(project, "copy", "--binding", "S", "--to-store", "wrangler:other")
    assert "there is no folder" in done.stderr
    command = done.stdout.splitlines()[-1].removeprefix("To undo it: kvlens ").split()
    plain = kvlens(project, "history", "undo")
    assert f"history undo {command[2]} --store" in plain.stderr
    undone = kvlens(project, *command, "--force")
    assert undone.returncode == 0, undone.stderr
    assert values(project, "--store", "wrangler:other") == {}


def test_a_copy_is_undone(project: Path) -> None:
    kvlens(project, "copy", "--binding", "S", "--to-env", "x", "--delete", "--force")
    done = kvlens(project, "history", "undo", "--force")
    assert done.returncode == 0, done.stderr
    assert values(project, "--env", "x") == {"both": "there", "same": "s", "theirs": "2"}


def test_the_result_as_json(project: Path) -> None:
    done = kvlens(project, "copy", "--binding", "S", "--to-env", "x", "--dry-run", "--json")
    counts = {"new": 1, "overwritten": 1, "deleted": 0, "unreadable": 0}
    assert json.loads(done.stdout) == {"to": "x", **counts, "done": False}


def test_damaged_keys_are_left_out_and_said(project: Path) -> None:
    for blob in (project / ".wrangler" / "state" / "v3" / "kv" / "a" / "blobs").iterdir():
        blob.unlink()
    kvlens(project, "key", "put", "fine", "1", "--binding", "S")
    done = kvlens(project, "copy", "--binding", "S", "--to-env", "x", "--force")
    assert done.returncode == 1
    assert "damaged keys can't be copied" in done.stderr
    assert kvlens(project, "key", "get", "fine", "--binding", "S", "--env", "x").stdout == "1"


def test_an_undo_brings_back_what_a_moved_clock_hides(project: Path) -> None:
    kvlens(project, "key", "put", "h", "old", "--binding", "S", "--ttl", "3000")
    kvlens(project, "clock", "advance", "2h")
    kvlens(project, "key", "put", "h", "new", "--binding", "S")
    done = kvlens(project, "history", "undo", "--force")
    assert done.returncode == 0, done.stderr
    assert kvlens(project, "key", "get", "h", "--binding", "S").returncode == 1
    kvlens(project, "clock", "reset")
    assert kvlens(project, "key", "get", "h", "--binding", "S").stdout == "old"


SAID = {
    # id: (how far the clock is moved, the command, its exit code, standard output, and error)
    "a missing key": ("2h", "key get h", 1, "", 'no key "h" in S (id "a"): it has expired by the moved'),
    "a missing key to delete": ("2h", "key delete h", 1, "", "the clock is 2 h ahead of the real"),
    "a missing key to change": ("2h", "key put h 1 --keep", 1, "", "it has expired by the moved"),
    "a key that never was": ("2h", "key get none", 1, "", "`kvlens key list` shows the keys"),
    "missing keys": ("2h", "bulk get keys.json", 1, "", "some have expired by the moved clock"),
    "an export": ("2h", "export", 0, "", "Keys that it hides were not exported"),
    "a clear": ("2h", "clear --force", 0, "Deleted 3 keys", "Keys that it hides were left"),
    "a snapshot": ("2h", "snapshot save x", 0, "8 keys", "Keys that it hides are in the snapshot"),
    "an undo": ("2h", "history undo --force", 0, "Restored 0 keys", "stay hidden until then"),
    "a comparison": ("2h", "compare --to-env x", 1, "", "`kvlens clock reset` sets it back. Keys"),
    "a copy": (
        "-2h", "copy --to-store wrangler:other --dry-run", 0,
        "Would copy 4 keys to S", "the clock is 2 h behind the real time",
    ),
    "a copy of nothing": (
        "2h", "copy --to-env y --keys /^h$/ --dry-run", 0,
        "1 key left, expired by only one of the clocks.", "2 h ahead",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("far", "words", "code", "out", "err"), SAID.values(), ids=SAID)
def test_a_moved_clock_is_named(
    project: Path, far: str, words: str, code: int, out: str, err: str
) -> None:
    (project / "wrangler.toml").write_text(
        f'{CONFIG}[[env.y.kv_namespaces]]\nbinding = "S"\nid = "c"\n', encoding="utf-8"
    )
    (project / "keys.json").write_text('["h", "none"]', encoding="utf-8")
    kvlens(project, "key", "put", "h", "1", "--binding", "S", "--ttl", "3000")
    kvlens(project, "key", "put", "h", "2", "--binding", "S", "--env", "y")
    kvlens(project, "clock", "advance", far)
    here = () if words.startswith("history") else ("--binding", "S")
    done = kvlens(project, *words.split(), *here)
    assert (done.returncode, out in done.stdout, err in done.stderr) == (code, True, True), done
    kvlens(project, "clock", "reset")
    assert kvlens(project, "key", "get", "h", "--binding", "S").stdout == "1"


def test_resume_leaves_a_clock_that_is_not_frozen(project: Path) -> None:
    for move in ("reset", "freeze", "resume"):
        kvlens(project, "clock", move)
    before = json.loads(kvlens(project, "clock", "show", "--json").stdout)
    after = json.loads(kvlens(project, "clock", "resume", "--json").stdout)
    assert (after["seconds"], after["frozen"]) == (before["seconds"], False)
