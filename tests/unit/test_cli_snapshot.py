"""`kvlens snapshot`: output, exit codes, and the questions before it deletes."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from kvlens.stores.wrangler.disk_format import database_path

from tests.unit.test_cli_key import ONE, Cli, cli, put

__all__ = ["cli"]
BOTH = ("--binding", "BOTH")


@pytest.fixture
def saved(cli: Cli) -> Cli:
    """Two namespaces with one key each, saved as "s"."""
    put(cli, "k", "1")
    put(cli, "p", "1", *BOTH, "--env", "prod", "--metadata", "[1]")
    assert cli("snapshot", "save", "s").code == 0
    return cli


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def change_keys(cli: Cli) -> None:
    put(cli, "k", "2")
    put(cli, "fresh", "2")
    assert cli("key", "delete", "p", *BOTH, "--env", "prod").code == 0


def test_save_says_what_and_where(cli: Cli, tmp_path: Path) -> None:
    put(cli, "k", "é")
    where = Path(".wrangler", "kvlens", "snapshots", "s")
    said = cli("snapshot", "save", "s")
    assert said.out.decode() == f'Saved "s": 1 key of 4 namespaces (2 B) in {where}.\n'
    assert cli("snapshot", "save", "s").err == (
        'kvlens snapshot save: snapshot "s" already exists; '
        "take another name, or overwrite it with --force\n"
    )
    one = cli("snapshot", "save", "s", "--force", "--json", *ONE).json
    created = one.pop("created")
    assert one == {
        "name": "s",
        "folder": str(tmp_path / where),
        "keys": 1,
        "size": 2,
        "namespaces": [
            {
                "binding": "ONE",
                "environment": None,
                "id": "2d",
                "file": "ONE~2.json",
                "keys": 1,
                "size": 2,
            }
        ],
    }
    assert cli("snapshot", "list", "--json").json == [{**one, "created": created}]


CHOSEN: dict[str, tuple[list[str], list[tuple[str, str | None]]]] = {
    # id: (options, the namespaces that are saved)
    "all": ([], [("BOTH", None), ("ONE", None), ("NONE", None), ("BOTH", "prod")]),
    "an environment": (["--env", "prod"], [("BOTH", "prod")]),
    "the top level": (["--env", ""], [("BOTH", None), ("ONE", None), ("NONE", None)]),
    "a binding": ([*BOTH], [("BOTH", None), ("BOTH", "prod")]),
    "two bindings": ([*BOTH, *ONE], [("BOTH", None), ("ONE", None), ("BOTH", "prod")]),
    "both": ([*BOTH, "--env", "prod"], [("BOTH", "prod")]),
}


@pytest.mark.parametrize(("options", "kept"), CHOSEN.values(), ids=CHOSEN.keys())
def test_save_takes_what_is_chosen(
    cli: Cli, options: list[str], kept: list[tuple[str, str | None]]
) -> None:
    found = cli("snapshot", "save", "s", "--json", *options).json["namespaces"]
    assert [(one["binding"], one["environment"]) for one in found] == kept


DAMAGED = {
    # one of several namespaces can't be read: (its id and name, options, how to save the others)
    "another binding": ("2d", "ONE", [], "--binding BOTH --binding NONE"),
    "another environment": ("3d", 'BOTH of environment "prod"', [*BOTH], "--env ''"),
    "alone": ("2d", "ONE", [*ONE], ""),
}


@pytest.mark.parametrize(("ns", "name", "options", "rest"), DAMAGED.values(), ids=DAMAGED.keys())
@pytest.mark.parametrize("command", ["save", "diff", "restore"])
def test_a_damaged_namespace_is_named_with_the_way_to_do_the_others(
    saved: Cli, tmp_path: Path, command: str, ns: str, name: str, options: list[str], rest: str
) -> None:
    path = database_path(tmp_path / ".wrangler" / "state" / "v3", ns)
    path.write_bytes(path.read_bytes()[:5000])
    words = ["snapshot", command, "s", *(["--force"] if command != "diff" else []), *options]
    result = saved(*words)
    assert result.code == 1
    assert f"{command}: {name} can't be read. The KV database {path} is damaged" in result.err
    way_out = f" To do the others: {rest}.\n" if rest else " are untouched.\n"
    assert result.err.endswith(way_out)
    if rest:
        assert saved(*words, *shlex.split(rest)).code == 0


def test_list(cli: Cli, tmp_path: Path) -> None:
    assert cli("snapshot", "list").out == b"No snapshots; kvlens snapshot save NAME makes one.\n"
    cli("snapshot", "save", "first", *ONE)
    cli("snapshot", "save", "second", "--env", "prod")
    (tmp_path / ".wrangler/kvlens/snapshots/second/manifest.json").write_bytes(b"{")
    said = cli("snapshot", "list")
    assert [line.split()[0] for line in said.out.decode().splitlines()] == ["NAME", "first"]
    assert said.err.startswith("warning: ")
    assert said.err.count("\n") == 1
    assert "damaged" in said.err


def test_diff_tells_what_changed(saved: Cli) -> None:
    same = saved("snapshot", "diff", "s")
    assert same.code == 0
    assert same.err == ""
    change_keys(saved)
    put(saved, "only value", "1", *BOTH)
    said = saved("snapshot", "diff", "s")
    assert said.code == 1
    assert said.out.decode().splitlines()[1:] == [
        'BOTH (id "91d"):',
        '  + "only value"',
        "  1 new, 0 gone, 0 changed",
        'ONE (id "2d"):',
        '  + "fresh"',
        '  ~ "k" (value)',
        "  1 new, 0 gone, 1 changed",
        'NONE (id "NONE"): nothing',
        'BOTH of environment "prod" (id "3d"):',
        '  - "p"',
        "  0 new, 1 gone, 0 changed",
    ]
    found = saved("snapshot", "diff", "s", "--json", *ONE)
    assert found.code == 1
    assert found.json == {
        "name": "s",
        "different": True,
        "namespaces": [
            {
                "binding": "ONE",
                "environment": None,
                "id": "2d",
                "expired": 0,
                "changes": [
                    {"key": "fresh", "kind": "new", "parts": []},
                    {"key": "k", "kind": "changed", "parts": ["value"]},
                ],
            }
        ],
    }


def test_restore_undoes_it(saved: Cli) -> None:
    change_keys(saved)
    refused = saved("snapshot", "restore", "s")
    assert refused == (
        2,
        b"",
        'kvlens snapshot restore: would delete 1 key of ONE (id "2d") that "s" does not have: "fresh"; '
        "to confirm in a script, add --force\n",
    )
    assert saved("snapshot", "diff", "s").code == 1
    assert saved("snapshot", "restore", "s", "--force", "--json").json == {
        "name": "s",
        "namespaces": [
            {
                "binding": binding,
                "environment": environment,
                "id": id_,
                "expired": 0,
                "written": written,
                "overwritten": overwritten,
                "deleted": deleted,
            }
            for binding, environment, id_, written, overwritten, deleted in [
                ("BOTH", None, "91d", 0, 0, 0),
                ("ONE", None, "2d", 1, 1, 1),
                ("NONE", None, "NONE", 0, 0, 0),
                ("BOTH", "prod", "3d", 1, 0, 0),
            ]
        ],
    }
    assert saved("snapshot", "diff", "s").code == 0
    assert saved("key", "get", "p", "--json", *BOTH, "--env", "prod").json["metadata"] == [1]


ANSWERS: dict[str, tuple[str, int, str, bool]] = {
    # id: (the answer, exit code, output, restored)
    "yes": ("y\n", 0, "ONE (id", True),
    "no": ("n\n", 1, "nothing was restored", False),
    "nothing": ("", 1, "nothing was restored", False),
}


@pytest.mark.parametrize(("answer", "code", "says", "done"), ANSWERS.values(), ids=ANSWERS.keys())
def test_restore_asks_before_it_deletes(
    saved: Cli, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, says: str, done: bool
) -> None:
    put(saved, "fresh", "2")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    said = saved("snapshot", "restore", "s", *ONE)
    assert said.code == code
    assert 'Delete 1 key of ONE (id "2d") that "s" does not have: "fresh"?' in said.err
    assert says in said.out.decode() + said.err
    assert saved("key", "get", "fresh", *ONE).code == int(done)


def test_restore_that_deletes_nothing_asks_nothing(saved: Cli) -> None:
    put(saved, "k", "2")
    said = saved("snapshot", "restore", "s", *ONE)
    assert said == (0, b'ONE (id "2d"): wrote 1 key, deleted 0.\n', "")
    said = saved("snapshot", "restore", "s", *ONE)
    assert said == (0, b'ONE (id "2d"): was as in the snapshot.\n', "")


def test_what_is_in_one_of_both_only_is_said(saved: Cli, tmp_path: Path) -> None:
    config: dict[str, Any] = {"kv_namespaces": [{"binding": "ONE", "id": "2d"}, {"binding": "NEW"}]}
    (tmp_path / "wrangler.json").write_text(json.dumps(config), encoding="utf-8")
    said = saved("snapshot", "diff", "s")
    assert said.code == 0
    assert said.err.splitlines() == [
        "warning: BOTH is no longer in the config",
        "warning: NONE is no longer in the config",
        'warning: BOTH of environment "prod" is no longer in the config',
        "warning: NEW is not in the snapshot",
    ]


REFUSED: dict[str, tuple[list[str], int, str]] = {
    # id: (words, exit code, output)
    "no verb": ([], 2, "a command is missing; there are save, list, diff and restore"),
    "no name": (["save"], 2, "NAME is missing"),
    "a path": (["save", "../x"], 1, '"../x" can\'t be the name of a snapshot'),
    "not there": (["diff", "t"], 1, 'no snapshot "t"; the snapshots are: s'),
    "an unknown binding": (
        ["save", "t", "--binding", "X"],
        1,
        'no KV namespace with binding "X" in wrangler.toml; there are BOTH, ONE and NONE\n',
    ),
    "an unknown environment": (["save", "t", "--env", "X"], 1, 'no environment "X"'),
    "an empty environment": (["save", "t", "--env", "empty"], 1, "no KV namespaces in"),
    "not in it": (["restore", "p", *ONE], 1, "has none of these namespaces; it has BOTH of"),
    "a store in memory": (["save", "t", "--store", "memory:"], 2, "is in the memory of a running"),
}


@pytest.mark.parametrize(("words", "code", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_said_in_one_line(
    saved: Cli, words: list[str], code: int, says: str
) -> None:
    if "p" in words:
        saved("snapshot", "save", "p", "--env", "prod")
    said = saved("snapshot", *words)
    assert said.code == code
    assert says in said.err
    assert said.err.count("\n") == 1
