"""The commands on keys: options, exit codes, and one-line errors that say what to do."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kvlens.cli import main, terminal
from kvlens.kv.records import Page
from kvlens.process import own_command
from kvlens.stores.base import StoreError
from kvlens.stores.wrangler.disk_format import blobs_path, database_path
from kvlens.stores.wrangler.store import WranglerStore

CONFIG = """\
name = "shop"
kv_namespaces = [
  { binding = "BOTH", id = "1d" , preview_id = "91d" },
  { binding = "ONE", id = "2d" },
  { binding = "NONE" },
]

[[env.prod.kv_namespaces]]
binding = "BOTH"
id = "3d"

[env.empty]
"""


class Result(NamedTuple):
    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Result]


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Cli:
    """Run `kvlens` in a folder with a config; standard input isn't a terminal."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*arguments: str) -> Result:
        capfdbinary.readouterr()
        code = main(arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return run


ONE = ("--binding", "ONE")


def put(cli: Cli, key: str, value: str, *options: str) -> None:
    assert cli("key", "put", key, value, *(options or ONE)).code == 0


# -- put and get ------------------------------------------------------------------------------

VALUES = {
    "text": "v",
    "empty": "",
    "not ASCII": "é😀",
    "a number below 0": "-5",
    "lines": "a\r\nb\n",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_value_comes_back(cli: Cli, value: str) -> None:
    said = cli("key", "put", "k", value, *ONE)
    size = len(value.encode())
    unit = "byte" if size == 1 else "bytes"
    assert said == (0, f'Wrote key "k" to ONE (id "2d"): {size} {unit}.\n'.encode(), "")
    assert cli("key", "get", "k", *ONE) == (0, value.encode(), "")


def test_value_that_looks_like_an_option_stands_behind_two_dashes(cli: Cli) -> None:
    assert cli("key", "put", *ONE, "k", "-x").code == 2
    assert cli("key", "put", *ONE, "k", "--", "-x").code == 0
    assert cli("key", "get", *ONE, "k").out == b"-x"


def test_options_may_stand_between_words(cli: Cli) -> None:
    assert cli("key", "put", "k", *ONE, "v", "--ttl", "60").code == 0
    assert cli("key", "get", *ONE, "k").out == b"v"


def test_file_stays_binary(cli: Cli, tmp_path: Path) -> None:
    data = bytes(range(256)) * 300
    (tmp_path / "logo.bin").write_bytes(data)
    assert cli("key", "put", "k", "--path", "logo.bin", *ONE).code == 0
    assert cli("key", "get", "k", *ONE).out == data
    item = cli("key", "get", "k", "--json", *ONE).json
    assert item.keys() == {"key", "value", "base64"}


def test_text_is_decoded(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"\xff\xc3\xa9")
    assert cli("key", "put", "k", "--path", "v", *ONE).code == 0
    assert cli("key", "get", "k", "--text", *ONE).out.decode().splitlines() == ["\ufffdé"]


def test_put_keeps_metadata_and_time(cli: Cli) -> None:
    before = int(time.time())
    put(cli, "ttl", "v", "--ttl", "60", "--metadata", '{"a": [1, "é"]}', *ONE)
    put(cli, "until", "v", "--expiration", "2000000000", "--metadata", "0", *ONE)
    put(cli, "null", "v", "--metadata", "null", *ONE)
    listed = cli("key", "list", *ONE).json
    assert [set(key) for key in listed] == [
        {"name"},
        {"name", "expiration", "metadata"},
        {"name", "expiration", "metadata"},
    ]
    assert before + 60 <= listed[1]["expiration"] <= int(time.time()) + 60
    assert listed[1]["metadata"] == {"a": [1, "é"]}
    assert listed[2] == {"name": "until", "expiration": 2_000_000_000, "metadata": 0}


OVER: dict[str, tuple[list[str], str, set[str]]] = {
    # id: (how the new value is put, the end of the output, the key's data afterwards)
    "neither": (
        [],
        "1 byte. Its old metadata and expiration were removed; to keep them, use --keep.",
        {"name"},
    ),
    "metadata alone": (
        ["--metadata", "2"],
        "1 byte. Its old expiration was removed; to keep it, use --keep.",
        {"name", "metadata"},
    ),
    "both": (
        ["--metadata", "2", "--expiration", "2000000001"],
        "1 byte, expires 2033-05-18 03:33:21 UTC.",
        {"name", "metadata", "expiration"},
    ),
    "keep": (
        ["--keep"],
        "1 byte, expires 2033-05-18 03:33:20 UTC.",
        {"name", "metadata", "expiration"},
    ),
}


@pytest.mark.parametrize(("options", "end", "has"), OVER.values(), ids=OVER.keys())
def test_put_over_a_key_says_what_it_loses(
    cli: Cli, options: list[str], end: str, has: set[str]
) -> None:
    put(cli, "k", "v", "--expiration", "2000000000", "--metadata", "1", *ONE)
    put(cli, "k2", "v", "--metadata", "1", *ONE)
    said = cli("key", "put", "k", "w", *options, *ONE)
    assert said.out.decode() == f'Wrote key "k" to ONE (id "2d"): {end}\n'
    assert set(cli("key", "list", *ONE).json[0]) == has
    assert cli("key", "get", "k", *ONE).out == b"w"


def test_put_says_what_it_wrote_as_json(cli: Cli) -> None:
    assert cli("key", "put", "k", "v", "--metadata", "[1]", "--json", *ONE).json == {
        "key": "k",
        "id": "2d",
        "size": 1,
        "metadata": [1],
    }


def test_list_has_prefix_and_more_than_a_page(cli: Cli, tmp_path: Path) -> None:
    items = [{"key": f"k{n:04}", "value": ""} for n in range(2_050)]
    (tmp_path / "many.json").write_text(json.dumps(items), encoding="utf-8")
    assert cli("bulk", "put", "many.json", *ONE).out == b'Wrote 2,050 keys to ONE (id "2d").\n'
    assert len(cli("key", "list", *ONE).json) == 2_050
    assert cli("key", "list", "--prefix", "k204", *ONE).json == [
        {"name": f"k204{n}"} for n in range(10)
    ]
    assert cli("key", "list", "--prefix", "%", *ONE).json == []


LISTS: dict[str, tuple[list[str], list[str]]] = {
    # id: (options of `key list`, the keys in the order printed)
    "a filter": (["--filter", "user:*"], ["user:1", "user:2"]),
    "all": (["--filter", ""], ["cart", "user:1", "user:2"]),
    "none": (["--filter", "nothing"], []),
    "values": (["--filter", "value:ada"], ["user:2"]),
    "by size": (["--sort", "size"], ["user:1", "user:2", "cart"]),
    "the largest first": (["--sort", "size", "--descending"], ["cart", "user:2", "user:1"]),
    "the last first": (["--descending"], ["user:2", "user:1", "cart"]),
    "by type": (["--sort", "type"], ["user:1", "cart", "user:2"]),
    "by metadata, then those without": (["--sort", "metadata"], ["user:2", "cart", "user:1"]),
    "by a field, then those without": (["--sort", "meta.n"], ["user:2", "cart", "user:1"]),
}


@pytest.mark.parametrize(("options", "names"), LISTS.values(), ids=LISTS)
def test_list_filters_and_sorts(cli: Cli, options: list[str], names: list[str]) -> None:
    put(cli, "cart", "a long text")
    put(cli, "user:1", "{}")
    put(cli, "user:2", "Ada L.", "--metadata", '{"n":1}', *ONE)
    rows = cli("key", "list", *options, *ONE).json
    assert [row["name"] for row in rows] == names
    shown = {"name": "user:2", "metadata": {"n": 1}, "type": "text", "size": 6, "preview": "Ada L."}
    assert "user:2" not in names or shown in rows


def test_a_list_that_is_too_long_to_be_sorted_says_so(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvlens.operations.view.SORT_LIMIT", 1)
    put(cli, "a", "1")
    put(cli, "b", "2")
    code, out, err = cli("key", "list", "--sort", "size", *ONE)
    assert (code, out) == (1, b"")
    assert "2 keys match, and at most 1 can be sorted by size. Narrow --filter" in err
    assert len(cli("key", "list", "--sort", "key", *ONE).json) == 2


def test_delete(cli: Cli) -> None:
    put(cli, "k", "v")
    assert cli("key", "delete", "k", *ONE) == (0, b'Deleted key "k" from ONE (id "2d").\n', "")
    assert cli("key", "list", *ONE).json == []


# -- which namespace --------------------------------------------------------------------------

PREVIEWS: dict[str, tuple[list[str], str]] = {
    # id: (options, the id they select)
    "preview_id first": (["--binding", "BOTH"], "91d"),
    "preview": (["--binding", "BOTH", "--preview"], "91d"),
    "preview true": (["--binding", "BOTH", "--preview", "true"], "91d"),
    "preview=true": (["--preview=true", "--binding", "BOTH"], "91d"),
    "no preview": (["--binding", "BOTH", "--no-preview"], "1d"),
    "preview false": (["--preview", "false", "--binding", "BOTH"], "1d"),
    "preview=false": (["--binding", "BOTH", "--preview=false"], "1d"),
    "id": (["--binding", "ONE"], "2d"),
    "the binding's name": (["--binding", "NONE"], "NONE"),
    "no id, no preview": (["--binding", "NONE", "--no-preview"], "NONE"),
    "environment": (["--binding", "BOTH", "--env", "prod"], "3d"),
    "environment, short": (["--binding=BOTH", "-e", "prod"], "3d"),
    "no environment": (["--binding", "BOTH", "--env="], "91d"),
    "namespace id": (["--namespace-id", "any id"], "any id"),
    "local": (["--binding", "ONE", "--local"], "2d"),
    "not remote": (["--binding", "ONE", "--remote=false"], "2d"),
}


@pytest.mark.parametrize(("options", "store_id"), PREVIEWS.values(), ids=PREVIEWS.keys())
def test_put_and_get_mean_the_same_namespace(cli: Cli, options: list[str], store_id: str) -> None:
    put(cli, "k", "v", *options)
    assert cli("key", "get", "k", *options).out == b"v"
    assert cli("key", "get", "k", "--namespace-id", store_id).out == b"v"


def test_environment_variable_names_the_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_ENV", "prod")
    assert cli("key", "put", "k", "v", "--binding", "BOTH", "--json").json["id"] == "3d"


def test_config_is_found_above_and_keeps_its_state(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cli, "k", "v")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert cli("key", "get", "k", *ONE).out == b"v"
    assert cli("key", "get", "k", "--config", "../../wrangler.toml", *ONE).out == b"v"
    assert not list(below.iterdir())


def test_persist_to_is_a_store_of_its_own_from_this_folder(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cli, "k", "v", "--persist-to", "state", *ONE)
    assert (tmp_path / "state" / "v3" / "kv").is_dir()
    assert cli("key", "get", "k", *ONE).code == 1
    below = tmp_path / "src"
    below.mkdir()
    monkeypatch.chdir(below)
    assert cli("key", "get", "k", "--store", "wrangler:../state", *ONE).out == b"v"
    assert cli("key", "get", "k", "--persist-to", str(tmp_path / "state"), *ONE).out == b"v"


def test_namespace_id_needs_no_config(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").unlink()
    put(cli, "k", "v", "--namespace-id", "x")
    assert cli("key", "get", "k", "--namespace-id", "x").out == b"v"
    assert (tmp_path / ".wrangler" / "state" / "v3").is_dir()


@pytest.mark.parametrize("name", ["wrangler.json", "wrangler.jsonc"])
def test_json_configs(cli: Cli, tmp_path: Path, name: str) -> None:
    text = '{"kv_namespaces": [{"binding": "J", "id": "4d"}]}'
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert cli("key", "put", "k", "v", "--binding", "J", "--json").json["id"] == "4d"


# -- errors -----------------------------------------------------------------------------------

ERRORS: dict[str, tuple[list[str], int, str]] = {
    # id: (the command, exit code, standard error without the command's name)
    "missing key": (
        ["key", "get", "none", *ONE],
        1,
        'no key "none" in ONE (id "2d"); `kvlens key list` shows the keys that are there',
    ),
    "missing key, deleted": (
        ["key", "delete", "none", *ONE],
        1,
        'no key "none" in ONE (id "2d"); `kvlens key list` shows the keys that are there',
    ),
    "no namespace": (
        ["key", "get", "k"],
        2,
        "Missing required option: exactly one of --binding and --namespace-id must be provided",
    ),
    "two namespaces": (
        ["key", "get", "k", "--namespace-id", "x", *ONE],
        2,
        "Conflicting options: --binding and --namespace-id cannot be used together. "
        "Please provide only one.",
    ),
    "keep and a time": (
        ["key", "put", "k", "v", "--keep", "--ttl", "60", *ONE],
        2,
        "--keep and --ttl can't be used together",
    ),
    "keep without a key": (
        ["key", "put", "none", "v", "--keep", *ONE],
        1,
        'no key "none" in ONE (id "2d"); `kvlens key list` shows the keys that are there',
    ),
    "no value": (
        ["key", "put", "k", *ONE],
        2,
        "Missing required option: exactly one of <value> and --path must be provided",
    ),
    "two values": (
        ["key", "put", "k", "", "--path", "f", *ONE],
        2,
        "Conflicting options: <value> and --path cannot be used together. Please provide only one.",
    ),
    "unknown binding": (
        ["key", "get", "k", "--binding", "X"],
        1,
        'no KV namespace with binding "X" in wrangler.toml; there are BOTH, ONE and NONE, '
        "or use --namespace-id",
    ),
    "not inherited": (
        ["key", "get", "k", "--env", "prod", *ONE],
        1,
        'no KV namespace with binding "ONE" in environment "prod" of wrangler.toml: '
        "environments do not inherit it from the top level; add it there",
    ),
    "unknown environment": (
        ["key", "get", "k", "--env", "dev", *ONE],
        1,
        'no environment "dev" in wrangler.toml; there are prod and empty',
    ),
    "no preview_id": (
        ["key", "get", "k", "--preview", *ONE],
        1,
        'No preview namespace ID is configured for binding "ONE". '
        'Add a "preview_id" to it in wrangler.toml, or leave --preview out.',
    ),
    "empty key": (["key", "get", "", *ONE], 1, "Key name cannot be empty."),
    "key of a dot": (["key", "put", ".", "", *ONE], 1, '"." is not allowed as a key name.'),
    "long key": (
        ["key", "put", "k" * 513, "", *ONE],
        1,
        "KV PUT failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.",
    ),
    "key that isn't text": (
        ["key", "put", "\udcff", "", *ONE],
        2,
        "the key isn't UTF-8 text; a key has to be",
    ),
    "short ttl": (
        ["key", "put", "k", "", "--ttl", "59", *ONE],
        1,
        "KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least 60.",
    ),
    "past": (
        ["key", "put", "k", "", "--expiration", "1", *ONE],
        1,
        "KV PUT failed: 400 Invalid expiration of 1. Please specify integer greater than the "
        "current number of seconds since the UNIX epoch.",
    ),
    "two times": (
        ["key", "put", "k", "", "--expiration", "1", "--ttl", "60", *ONE],
        2,
        "--ttl and --expiration both say when the key expires; use one of them",
    ),
    "ttl no number": (
        ["key", "put", "k", "", "--ttl", "1h", *ONE],
        2,
        "argument --ttl: invalid int value: '1h'; see kvlens key put --help",
    ),
    "metadata no JSON": (
        ["key", "put", "k", "", "--metadata", "{a:1}", *ONE],
        2,
        "--metadata must be valid JSON. Received: {a:1}",
    ),
    "metadata NaN": (
        ["key", "put", "k", "", "--metadata", "NaN", *ONE],
        2,
        "--metadata must be valid JSON. Received: NaN",
    ),
    "long metadata": (
        ["key", "put", "k", "", "--metadata", f'"{"x" * 1023}"', *ONE],
        1,
        "KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.",
    ),
    "no such file": (
        ["key", "put", "k", "--path", "none.bin", *ONE],
        1,
        "none.bin: No such file or directory",
    ),
    "a folder": (
        ["key", "put", "k", "--path", ".", *ONE],
        1,
        ".: is a folder; --path takes a file",
    ),
    "no config": (
        ["key", "get", "k", "-c", "none.toml", *ONE],
        1,
        "{folder}/none.toml: can't be read: No such file or directory",
    ),
    "memory": (
        ["key", "get", "k", "--store", "memory:", *ONE],
        2,
        "the store memory: is in the memory of a running emulator; set KVLENS_TOKEN and pass "
        "--store http://127.0.0.1:PORT as `kvlens serve` prints them, or use wrangler:",
    ),
    "a store on another machine": (
        ["key", "get", "k", "--store", "http://10.0.0.1:8787", *ONE],
        2,
        '"http://10.0.0.1:8787" is not on this machine: an emulator answers at 127.0.0.1 only.',
    ),
    "two stores": (
        ["key", "get", "k", "--store", "wrangler:", "--persist-to", "x", *ONE],
        2,
        "--store and --persist-to both name a store; use one of them",
    ),
    "remote": (
        ["key", "get", "k", "--remote", *ONE],
        2,
        "--remote: to use the real namespaces, pass --store cloudflare:ACCOUNT_ID",
    ),
    "no key": (["key", "get", *ONE], 2, "KEY is missing; see kvlens key get --help"),
    "a word too many": (
        ["key", "get", "a", "b", *ONE],
        2,
        'unexpected argument "b"; see kvlens key get --help',
    ),
    "unknown option": (
        ["key", "get", "a", "--txt", *ONE],
        2,
        "unknown option --txt; did you mean --text? See kvlens key get --help",
    ),
    "seed without files": (
        ["seed"],
        1,
        "no seed files: pass a FILE, or save them as {seeds}BINDING.json",
    ),
    "seed of no file": (["seed", "data.json"], 1, "data.json: no such file"),
    "seed of no binding": (
        ["seed", "wrangler.toml"],
        1,
        'wrangler.toml: no KV namespace with binding "wrangler" in wrangler.toml; there are BOTH, '
        "ONE and NONE, or use --namespace-id; name its namespace with --binding",
    ),
    "seed by id without file": (
        ["seed", "--namespace-id", "x"],
        2,
        "--namespace-id needs a FILE; only a binding has seed files",
    ),
    "a filter with a mistake": (
        ["key", "list", "--filter", "cart size>x", *ONE],
        2,
        "--filter: size>x: it needs a number of bytes, such as 500, 10k or 1MiB.",
    ),
    "two filters": (
        ["key", "list", "--filter", "cart", "--prefix", "c", *ONE],
        2,
        "--prefix can't be combined with --filter, --sort or --descending; "
        "write the prefix as a filter: --filter 'P*'",
    ),
    "clear unasked": (
        ["clear", *ONE],
        2,
        'would delete every key of ONE (id "2d"); to confirm in a script, add --force',
    ),
}


@pytest.mark.parametrize(("command", "code", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_error_is_one_line(
    cli: Cli, tmp_path: Path, command: list[str], code: int, message: str
) -> None:
    result = cli(*command)
    text = message.replace("{folder}/", f"{tmp_path}{os.sep}")
    text = text.replace("{seeds}", f"seeds{os.sep}")
    alone = command[0] in ("seed", "export", "clear") or text.startswith(("no com", "a com"))
    name = " ".join(["kvlens", *command[: 1 if alone else 2]])
    assert result == (code, b"", f"{name}: {text}\n")
    assert not (tmp_path / ".wrangler").exists()  # nothing was written


def test_mistake_in_the_config_is_named_where_a_binding_is_not_found(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "wrangler.toml").write_text('name = "x\n[[kv_namespaces]\n', encoding="utf-8")
    result = cli("key", "get", "k", *ONE)
    assert result.code == 1
    assert "wrangler.toml; the file has a mistake in line 1: " in result.err


def test_unknown_store_is_wrong_use_and_named(cli: Cli) -> None:
    result = cli("key", "get", "k", "--store", "floppy:", *ONE)
    assert result.code == 2
    assert result.err.startswith(
        'kvlens key get: Unknown store "floppy:". Use one of these: memory:, '
    )


def test_value_over_the_limit_is_refused_before_it_is_read(cli: Cli, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as out:
        out.truncate(25 * 1024 * 1024 + 1)
    result = cli("key", "put", "k", "--path", "big", *ONE)
    assert result.code == 1
    assert "Value length of 26214401 exceeds limit of 26214400." in result.err


OUT_OF_REACH = [
    ["key", "list", "--binding", "ONE"],
    ["key", "get", "k", "--binding", "ONE"],
    ["key", "put", "k", "v", "--binding", "ONE"],
    ["clear", "--force", "--binding", "ONE"],
    ["export", "--binding", "ONE"],
    ["namespace", "list"],
]


@pytest.mark.parametrize("arguments", OUT_OF_REACH, ids=[" ".join(a) for a in OUT_OF_REACH])
def test_what_is_in_place_of_the_keys_is_named_once(
    cli: Cli, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / ".wrangler").write_text("", encoding="utf-8")
    done = cli(*arguments)
    assert done.code == 1
    assert done.err.count(f"{tmp_path / '.wrangler'} is a file, not a folder. Remove it") == 1


def test_damaged_store_is_a_line(cli: Cli, tmp_path: Path) -> None:
    put(cli, "k", "v")
    (database,) = (tmp_path / ".wrangler" / "state").rglob("*.sqlite")
    database.write_bytes(b"no database at all, " * 1000)
    result = cli("key", "get", "k", *ONE)
    assert result.code == 1
    assert result.err.startswith("kvlens key get: ")
    assert result.err.count("\n") == 1


WHOLE = {
    # what is made page by page: (command, characters that wait in memory)
    "list": (["key", "list"], terminal.HELD),
    "list, on disk": (["key", "list"], 1),
    "export": (["export"], terminal.HELD),
    "export, on disk": (["export"], 1),
}


@pytest.mark.parametrize(("command", "held"), WHOLE.values(), ids=WHOLE.keys())
def test_a_store_that_fails_on_the_way_prints_no_half_array(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str], held: int
) -> None:
    monkeypatch.setattr(terminal, "HELD", held)
    Path("many.json").write_text(
        json.dumps([{"key": f"é{n:04}", "value": "\u2028\x1b"} for n in range(2_050)])
    )
    assert cli("bulk", "put", "many.json", *ONE).code == 0
    assert len(cli(*command, *ONE).json) == 2_050
    read = WranglerStore.list

    async def until_page_two(store: WranglerStore, ns: str, **how: Any) -> Page:
        if how.get("after") is not None:
            raise StoreError("the disk is gone")
        return await read(store, ns, **how)

    monkeypatch.setattr(WranglerStore, "list", until_page_two)
    result = cli(*command, *ONE)
    said = f"kvlens {' '.join(command)}: the disk is gone\n"
    assert result == Result(1, b"", said)


# -- bulk -------------------------------------------------------------------------------------


def write_json(path: Path, value: object) -> str:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path.name


def test_bulk_put_honors_options_where_items_say_nothing(cli: Cli, tmp_path: Path) -> None:
    file = write_json(
        tmp_path / "b.json",
        [
            {"key": "own", "value": "1", "expiration": 2_000_000_000, "metadata": {"own": True}},
            {"key": "plain", "value": ""},
        ],
    )
    options = ["--expiration", "1999999999", "--metadata", '{"from": "option"}']
    assert cli("bulk", "put", file, *options, *ONE, "--json").json == {"id": "2d", "written": 2}
    assert cli("key", "list", *ONE).json == [
        {"name": "own", "expiration": 2_000_000_000, "metadata": {"own": True}},
        {"name": "plain", "expiration": 1_999_999_999, "metadata": {"from": "option"}},
    ]


@pytest.mark.parametrize("command", [["bulk", "put", "bad.json", *ONE], ["seed", "bad.json", *ONE]])
def test_bad_items_are_all_named_and_nothing_is_written(
    cli: Cli, tmp_path: Path, command: list[str]
) -> None:
    good = [{"key": f"g{n}", "value": ""} for n in range(3)]
    write_json(tmp_path / "bad.json", [*good, {"key": ""}, {"key": "k", "value": 5}])
    result = cli(*command)
    assert result.code == 1
    lines = result.err.splitlines()
    assert [line.split(": ", 2)[1] for line in lines[:-1]] == [
        'item at index 3 (key "")',
        'item at index 3 (key "")',
        'item at index 4 (key "k")',
    ]
    assert lines[-1].endswith(": 3 mistakes in bad.json; nothing was written")
    assert cli("key", "list", *ONE).json == []


def test_bulk_get_shows_everything_and_tells_what_is_missing(cli: Cli, tmp_path: Path) -> None:
    seeds = [
        {"key": "a", "value": "1", "metadata": {"m": 1}, "expiration": 2_000_000_000},
        {"key": "b", "value": "/w==", "base64": True},
    ]
    cli("bulk", "put", write_json(tmp_path / "s.json", seeds), *ONE)
    file = write_json(tmp_path / "k.json", ["b", {"name": "a"}])
    result = cli("bulk", "get", file, *ONE)
    assert (result.code, result.err) == (0, "")
    assert result.json == {
        "b": {"value": "/w==", "base64": True},
        "a": {"value": "1", "expiration": 2_000_000_000, "metadata": {"m": 1}},
    }
    result = cli("bulk", "get", write_json(tmp_path / "k.json", ["a", "zz"]), *ONE)
    assert (result.code, result.json["zz"]) == (1, {"value": None})
    assert result.err == 'kvlens bulk get: 1 key not in ONE (id "2d"): "zz"\n'


def test_bulk_delete_takes_what_key_list_prints(cli: Cli, tmp_path: Path) -> None:
    for key in "abc":
        put(cli, key, "v")
    (tmp_path / "k.json").write_bytes(cli("key", "list", "--prefix", "a", *ONE).out)
    assert cli("bulk", "delete", "k.json", *ONE).out == b'Deleted 1 key from ONE (id "2d").\n'
    file = write_json(tmp_path / "k.json", ["a", "b"])
    assert cli("bulk", "delete", file, "--force", "--json", *ONE).json == {
        "id": "2d",
        "deleted": 1,
        "missing": 1,
    }
    assert cli("key", "list", *ONE).json == [{"name": "c"}]


def test_bulk_delete_of_bad_keys_deletes_nothing(cli: Cli, tmp_path: Path) -> None:
    put(cli, "a", "v")
    result = cli("bulk", "delete", write_json(tmp_path / "k.json", ["a", 5]), *ONE)
    assert result.code == 1
    assert (
        'item at index 1: must be a string or an object with a "name", but is of type' in result.err
    )
    assert cli("key", "get", "a", *ONE).code == 0


# -- seed, export, clear, namespace -------------------------------------------------------------


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    write_json(folder / "ONE.json", [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    write_json(folder / "BOTH.json", [{"key": "c", "value": "3", "metadata": {"n": 1}}])
    write_json(folder / "ELSE.json", [{"key": "d", "value": "4"}])
    return folder


def test_seed_takes_the_file_of_every_binding(cli: Cli, seeds: Path) -> None:
    both, one = Path("seeds", "BOTH.json"), Path("seeds", "ONE.json")
    assert cli("seed").out.decode().splitlines() == [
        f'Wrote 1 key from {both} to BOTH (id "91d").',
        f'Wrote 2 keys from {one} to ONE (id "2d").',
    ]
    assert cli("key", "get", "c", "--binding", "BOTH").out == b"3"


SEEDS: dict[str, tuple[list[str], list[tuple[str, int]]]] = {
    # id: (arguments, the ids written to and their number of keys)
    "one file by its name": (["seeds/ONE.json"], [("2d", 2)]),
    "two files": (["seeds/ONE.json", "seeds/BOTH.json"], [("2d", 2), ("91d", 1)]),
    "a binding": (["--binding", "ONE"], [("2d", 2)]),
    "a file and a binding": (["seeds/ELSE.json", "--binding", "ONE"], [("2d", 1)]),
    "a file and an id": (["seeds/ELSE.json", "--namespace-id", "x"], [("x", 1)]),
    "the id, not the preview_id": (["--no-preview"], [("1d", 1), ("2d", 2)]),
    "an environment": (["--env", "prod"], [("3d", 1)]),
}


@pytest.mark.parametrize(("arguments", "expected"), SEEDS.values(), ids=SEEDS.keys())
def test_seed(cli: Cli, seeds: Path, arguments: list[str], expected: list[tuple[str, int]]) -> None:
    written = cli("seed", *arguments, "--json").json
    assert [(row["id"], row["written"]) for row in written] == expected
    for store_id, keys in expected:
        assert len(cli("key", "list", "--namespace-id", store_id).json) == keys


FOUND: list[tuple[list[str], bool]] = [
    (["seed"], True),
    (["seed", "--binding", "ONE"], True),
    (["seed", "--dry-run"], True),
    (["check"], True),
    (["seed", "seeds/ONE.json"], False),
    (["check", "seeds/ONE.json"], False),
]


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
@pytest.mark.parametrize("linked", ["seeds", "seeds/ONE.json"])
@pytest.mark.parametrize(("arguments", "found"), FOUND, ids=[" ".join(one[0]) for one in FOUND])
def test_a_seed_file_that_is_found_is_in_the_project(
    cli: Cli,
    seeds: Path,
    tmp_path_factory: pytest.TempPathFactory,
    linked: str,
    arguments: list[str],
    found: bool,
) -> None:
    """One that the user names may be anywhere."""
    place = seeds.parent / linked
    outside = tmp_path_factory.mktemp("outside") / place.name
    place.rename(outside)
    place.symlink_to(outside)
    done = cli(*arguments)
    says = f"isn't read: {place} is a link to {outside}, outside the project {seeds.parent}"
    assert (says in done.err + done.out.decode()) == found
    assert (done.code == 1) == found
    seeded = "seed" in arguments and not found
    assert (cli("key", "get", "a", *ONE).code == 0) == seeded


def test_dry_run_tells_and_writes_nothing(cli: Cli, seeds: Path) -> None:
    put(cli, "a", "old")
    put(cli, "b", "2")
    result = cli("seed", "--dry-run")
    assert result.out.decode().splitlines() == [
        f'{Path("seeds", "BOTH.json")} to BOTH (id "91d"):',
        '  + "c"',
        "  1 new, 0 changed, 0 same; nothing was written",
        f'{Path("seeds", "ONE.json")} to ONE (id "2d"):',
        '  ~ "a" (value)',
        "  0 new, 1 changed, 1 same; nothing was written",
    ]
    plan = cli("seed", "--dry-run", "--binding", "ONE", "--json").json
    assert plan[0]["changes"] == [
        {"key": "a", "kind": "changed", "parts": ["value"]},
        {"key": "b", "kind": "same", "parts": []},
    ]
    assert cli("key", "get", "a", *ONE).out == b"old"


def test_a_mistake_in_one_file_keeps_all_from_being_written(cli: Cli, seeds: Path) -> None:
    write_json(seeds / "ONE.json", [{"key": "a"}])
    result = cli("seed")
    assert result.code == 1
    assert result.err == (
        f'kvlens seed: {Path("seeds", "ONE.json")}:1:2: item at index 0 (key "a"): '
        'has no "value"; an empty value is ""\n'
    )
    assert cli("key", "list", "--binding", "BOTH").json == []


def test_warnings_are_lines_with_places(cli: Cli, seeds: Path) -> None:
    write_json(seeds / "ONE.json", [{"key": "a", "value": "", "ttl": 60}])
    result = cli("seed", "--binding", "ONE")
    assert result.code == 0
    assert result.err == (
        f"warning: {Path('seeds', 'ONE.json')}:1:2: "
        'item at index 0 (key "a"): unknown property "ttl" is left out; did you mean "expiration_ttl"?\n'
    )


def test_export_seeds_back_to_the_same(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"\xff\0")
    cli("key", "put", "bin", "--path", "v", "--metadata", '{"é":1}', *ONE)
    put(cli, "until", "", "--expiration", "2000000000", *ONE)
    printed = cli("export", *ONE)
    said = cli("export", "-o", "out/ONE.json", *ONE)
    assert said.out.decode() == 'Wrote 2 keys of ONE (id "2d") to out/ONE.json.\n'
    assert (tmp_path / "out" / "ONE.json").read_bytes() == printed.out
    assert cli("seed", "out/ONE.json", "--namespace-id", "copy").code == 0
    assert cli("export", "--namespace-id", "copy").json == printed.json
    assert cli("export", "--prefix", "b", *ONE).json == printed.json[:1]


@pytest.mark.parametrize("option", ["--force", "-f", "--yes", "-y"])
def test_clear(cli: Cli, option: str) -> None:
    put(cli, "a", "1")
    put(cli, "b", "1", "--binding", "BOTH")
    assert cli("clear", option, *ONE).out == b'Deleted 1 key from ONE (id "2d").\n'
    assert cli("clear", option, "--json", *ONE).json == {"id": "2d", "deleted": 0}
    assert cli("key", "list", "--binding", "BOTH").json == [{"name": "b"}]


class Terminal(io.StringIO):
    """The input that a user types at a prompt."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("YES\n", 0), ("\n", 1), ("", 1)])
def test_clear_and_bulk_delete_ask(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    file = write_json(tmp_path / "k.json", ["a"])
    for command, asked in (
        (("clear",), 'Delete all 1 key of ONE (id "2d")? [y/N] '),
        (("bulk", "delete", file), 'Delete the 1 key read from k.json from ONE (id "2d")? [y/N] '),
    ):
        put(cli, "a", "1")
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        result = cli(*command, *ONE)
        assert result.code == code
        assert result.err.startswith(asked)
        assert len(cli("key", "list", *ONE).json) == code


def test_clear_deletes_what_its_question_counted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def put_meanwhile(question: str) -> bool:
        put(cli, "later", "precious")
        return question == 'Delete all 1 key of ONE (id "2d")?'

    put(cli, "a", "1")
    monkeypatch.setattr("sys.stdin", Terminal(""))
    monkeypatch.setattr("kvlens.cli.commands.clear.confirmed", put_meanwhile)
    result = cli("clear", *ONE)
    assert result.code == 1
    assert "ONE has changed since its keys were counted: it now has 2 keys. Nothing" in result.err
    assert cli("key", "list", *ONE).json == [{"name": "a"}, {"name": "later"}]


def test_namespace_list(cli: Cli) -> None:
    put(cli, "a", "x" * 1536)
    put(cli, "b", "", "--binding", "BOTH", "--no-preview")
    assert cli("namespace", "list").out.decode().splitlines() == [
        "BINDING  ID    KEYS     SIZE  ENVIRONMENT",
        "BOTH     91d      0      0 B",
        "ONE      2d       1  1.5 KiB",
        "NONE     NONE     0      0 B",
        "BOTH     3d       0      0 B  prod",
    ]
    assert cli("namespace", "list", "--env", "prod", "--json").json == [
        {"binding": "BOTH", "id": "3d", "environment": "prod", "keys": 0, "size": 0}
    ]
    assert len(cli("namespace", "list", "--env", "", "--json").json) == 3
    assert cli("namespace", "list", "--env", "empty").out == (
        b"No KV namespaces in wrangler.toml; add one to kv_namespaces there.\n"
    )


def test_list_of_namespaces_says_why_there_are_none(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text("kv_namespaces = [\n", encoding="utf-8")
    assert (
        cli("namespace", "list")
        .out.decode()
        .startswith("No KV namespaces in wrangler.toml; the file has a mistake in line 1: ")
    )


@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        pytest.param(
            "export default { worker: { name: 'w', env: {} } };",
            "add one to the Worker's env there, as NAME: bindings.kv()",
            id="none",
        ),
        pytest.param(
            "import { ids } from './ids';\nexport default { worker: { env: { ...ids } } };",
            "what only running it would tell isn't guessed",
            id="not known",
        ),
    ],
)
def test_list_of_namespaces_in_code_says_why_there_are_none(
    cli: Cli, tmp_path: Path, code: str, way_out: str
) -> None:
    (tmp_path / "wrangler.toml").unlink()
    (tmp_path / "cloudflare.config.ts").write_text(code, encoding="utf-8")
    said = cli("namespace", "list").out.decode()
    assert said == f"No KV namespaces in cloudflare.config.ts; {way_out}.\n"


# -- as a process -----------------------------------------------------------------------------


def test_standard_input_and_output_stay_binary(tmp_path: Path) -> None:
    data = bytes(range(256)) + b"\r\n\x1a"
    command = [*own_command("key"), "put", "k", "--path", "-", "--namespace-id", "x"]
    subprocess.run(command, input=data, cwd=tmp_path, check=True, capture_output=True)
    command = [*own_command("key"), "get", "k", "--namespace-id", "x"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert done.stdout == data


def test_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    items = [{"key": f"k{n:05}", "value": "v" * 100} for n in range(5_000)]
    write_json(tmp_path / "many.json", items)
    options = ["--namespace-id", "x"]
    subprocess.run([*own_command("bulk"), "put", "many.json", *options], cwd=tmp_path, check=True)
    with subprocess.Popen(
        [*own_command("export"), *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline().strip() == b"["
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_nothing_is_imported_that_a_get_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    program = (
        "import sys; from kvlens.cli import main; "
        f"main(['key', 'get', 'k', '--config', {str(tmp_path / 'wrangler.toml')!r}, "
        "'--binding', 'ONE']); print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, cwd=tmp_path
    )
    loaded = set(done.stdout.decode().split())
    assert "kvlens.stores.wrangler.store" in loaded
    unneeded = {"pygls", "lsprotocol", "tomlkit", "watchfiles", "httptools", "http.client"}
    assert not unneeded & loaded


@pytest.fixture
def emulator(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an emulator with its keys in memory, in a separate process."""
    command = own_command("serve", "--store", "memory:", "--json", "--lifeline")
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        ready = json.loads(process.stdout.readline())
        monkeypatch.setenv("KVLENS_TOKEN", ready["token"])
        yield ready["url"]
        process.stdin.close()
        process.stdout.read()


def test_running_emulator_is_a_store(
    cli: Cli, seeds: Path, emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = ("--store", emulator)
    assert cli("seed", *there).code == 0
    put(cli, "bin", "\udcff", *ONE, *there)
    assert cli("key", "get", "bin", *ONE, *there).out == b"\xff"
    assert len(cli("export", *ONE, *there).json) == 3
    assert cli("clear", "--force", *ONE, *there).out == b'Deleted 3 keys from ONE (id "2d").\n'
    rows = cli("namespace", "list", "--json", *there).json
    assert [row["keys"] for row in rows] == [1, 0, 0, 0]
    assert cli("key", "list", *ONE).json == []  # not the store on disk
    monkeypatch.setenv("KVLENS_TOKEN", "wrong")
    refused = cli("key", "list", *ONE, *there)
    assert refused.code == 1
    assert "token" in refused.err
    assert refused.err.count("\n") == 1


# -- keys under an old name -----------------------------------------------------------------


def test_a_seed_says_over_how_many_values_it_wrote(cli: Cli, seeds: Path) -> None:
    put(cli, "a", "mine")
    put(cli, "b", "2")
    said = cli("seed", "--binding", "ONE").out.decode()
    one = Path("seeds", "ONE.json")
    assert said == f'Wrote 2 keys from {one} to ONE (id "2d"), 1 of them over another value.\n'
    assert cli("seed", "--binding", "ONE", "--json").json[0]["overwritten"] == 0


def test_keys_under_an_old_name_are_listed_and_moved(cli: Cli) -> None:
    put(cli, "k", "v", "--namespace-id", "OLD", "--metadata", '{"m":1}')
    put(
        cli, "same", "v", "--namespace-id", "1d"
    )  # the id of a preview_id doesn't count as an old name
    rows = cli("namespace", "list", "--json").json
    assert rows[-1] == {"binding": None, "id": "OLD", "environment": None, "keys": 1, "size": 1}
    assert [row["id"] for row in rows].count("1d") == 0
    said = cli("namespace", "list").out.decode().splitlines()
    assert said[-1] == (
        '"OLD" is in no kv_namespaces. kvlens namespace move OLD BINDING takes its 1 key along.'
    )
    moved = cli("namespace", "move", "OLD", "ONE")
    assert moved.out.decode() == 'Moved 1 key from namespace id "OLD" to ONE (id "2d").\n'
    assert cli("key", "list", *ONE).json == [{"name": "k", "metadata": {"m": 1}}]
    assert all(row["binding"] for row in cli("namespace", "list", "--json").json)


def test_moving_over_other_keys_needs_a_word(cli: Cli) -> None:
    put(cli, "k", "old", "--namespace-id", "OLD")
    put(cli, "k", "other")
    refused = cli("namespace", "move", "OLD", "ONE")
    assert (refused.code, refused.err) == (
        1,
        'kvlens namespace move: ONE (id "2d") has 1 key with different content, such as "k"; '
        "nothing was moved. Add --existing keep or --existing overwrite\n",
    )
    assert cli("key", "get", "k", *ONE).out == b"other"
    said = cli("namespace", "move", "OLD", "ONE", "--existing", "overwrite", "--json").json
    assert said == {"id": "2d", "moved": 1, "conflicts": ["k"]}
    assert cli("key", "get", "k", *ONE).out == b"old"
    assert cli("namespace", "move", "OLD").code == 2


def test_a_copy_leaves_the_source(cli: Cli) -> None:
    put(cli, "k", "v", "--namespace-id", "OLD", "--metadata", '{"m":1}')
    copied = cli("namespace", "copy", "OLD", "ONE")
    assert copied.out.decode() == 'Copied 1 key from namespace id "OLD" to ONE (id "2d").\n'
    for place in (ONE, ("--namespace-id", "OLD")):
        assert cli("key", "list", *place).json == [{"name": "k", "metadata": {"m": 1}}]
    put(cli, "k", "other")
    refused = cli("namespace", "copy", "OLD", "ONE")
    assert (refused.code, refused.err) == (
        1,
        'kvlens namespace copy: ONE (id "2d") has 1 key with different content, such as "k"; '
        "nothing was copied. Add --existing keep or --existing overwrite\n",
    )
    kept = cli("namespace", "copy", "OLD", "ONE", "--existing", "keep", "--json").json
    assert kept == {"id": "2d", "copied": 0, "conflicts": ["k"]}
    cli("namespace", "copy", "OLD", "ONE", "--existing", "overwrite")
    assert cli("key", "get", "k", *ONE).out == b"v"


# -- what is damaged ----------------------------------------------------------------------------


def damage(state: Path, ns: str, key: str) -> None:
    """Remove the file of a value."""
    database = sqlite3.connect(database_path(state, ns))
    row = database.execute("SELECT blob_id FROM _mf_entries WHERE key = ?", (key,)).fetchone()
    database.close()
    (blobs_path(state, ns) / row[0]).unlink()


def test_a_damaged_key_hides_no_other(cli: Cli, tmp_path: Path) -> None:
    for key in "abc":
        put(cli, key, key)
    damage(tmp_path / ".wrangler" / "state" / "v3", "2d", "b")
    missing = 'The value of key "b" is missing'
    result = cli("export", *ONE)
    assert (result.code, [item["key"] for item in result.json]) == (1, ["a", "c"])
    assert missing in result.err
    assert "1 key damaged; all others were written" in result.err
    result = cli("export", *ONE, "-o", "out.json", "--json")
    assert (result.code, result.json["keys"], result.json["damaged"]) == (1, 2, ["b"])
    assert len(json.loads(Path("out.json").read_bytes())) == 2
    result = cli("key", "list", *ONE, "--json")
    assert (result.code, [key["name"] for key in result.json]) == (0, ["a", "b", "c"])
    Path("keys.json").write_text('["a", "b"]', encoding="utf-8")
    result = cli("bulk", "get", "keys.json", *ONE)
    assert (result.code, list(result.json)) == (1, ["a"])
    assert missing in result.err
    result = cli("key", "get", "b", *ONE)
    assert result.code == 1
    assert "Put or delete the key to fix this" in result.err
    seed = Path("seeds/ONE.json")
    seed.parent.mkdir()
    seed.write_text('[{"key": "b", "value": "b"}]', encoding="utf-8")
    assert cli("seed", "--dry-run", str(seed)).code == 0
    assert cli("seed", str(seed)).code == 0
    assert cli("key", "get", "b", *ONE).out == b"b"
    assert cli("export", *ONE).code == 0


OUTSIDE = "../../../../../../kept.txt"
ASKED = 'Delete all 2 keys of ONE (id "2d"), but not 1 damaged key? [y/N] '
CLEARED: dict[str, tuple[list[str], str, int, bytes | dict[str, Any]]] = {
    # id: (options, what is typed, the code, the output)
    "without a question": (["--force"], "", 1, b'Deleted 2 keys from ONE (id "2d").\n'),
    "after a question": ([], "y\n", 1, b'Deleted 2 keys from ONE (id "2d").\n'),
    "as JSON": (["-f", "--json"], "", 1, {"id": "2d", "deleted": 2, "damaged": ["bad"]}),
}


@pytest.mark.parametrize(("options", "typed", "code", "out"), CLEARED.values(), ids=CLEARED.keys())
def test_a_key_that_names_no_value_is_shown_and_stays(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    typed: str,
    code: int,
    out: bytes | dict[str, Any],
) -> None:
    """A hostile repository can name any file there: nothing reads, empties or removes it."""
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    for key in ("a", "z"):
        put(cli, key, key)
    path = database_path(tmp_path / ".wrangler" / "state" / "v3", "2d")
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO _mf_entries VALUES ('bad', ?, NULL, '1')", (OUTSIDE,))
        database.commit()
    text = f"Key \"bad\" is damaged in {path}: '{OUTSIDE}' is not the name of a value's file."
    text += " Put or delete the key to fix this."
    bad = {"name": "bad", "metadata": 1, "damaged": text}
    assert cli("key", "list", *ONE).json == [{"name": "a"}, bad, {"name": "z"}]
    assert text in cli("key", "get", "bad", *ONE).err

    monkeypatch.setattr("sys.stdin", Terminal(typed))
    result = cli("clear", *options, *ONE)
    assert (result.code, result.json if isinstance(out, dict) else result.out) == (code, out)
    assert result.err.startswith(ASKED) == bool(typed)
    assert text in result.err
    assert "1 key damaged; all others were deleted" in result.err
    assert cli("key", "list", *ONE).json == [bad]

    assert cli("key", "delete", "bad", *ONE).code == 0
    assert cli("key", "list", *ONE).json == []
    assert (tmp_path / "kept.txt").read_text(encoding="utf-8") == "kept"


def test_a_damaged_namespace_hides_no_other(cli: Cli, tmp_path: Path) -> None:
    put(cli, "k", "v")
    put(cli, "k", "v", "--binding", "NONE")
    path = database_path(tmp_path / ".wrangler" / "state" / "v3", "2d")
    path.write_bytes(path.read_bytes()[:5000])
    result = cli("namespace", "list", "--env", "", "--json")
    assert result.code == 1
    keys = {row["binding"]: (row["keys"], "error" in row) for row in result.json}
    assert keys == {"BOTH": (0, False), "ONE": (None, True), "NONE": (1, False)}
    assert f"The KV database {path} is damaged" in result.err
    assert "1 namespace could not be read" in result.err
    result = cli("namespace", "list", "--env", "")
    assert b"NONE" in result.out
    assert b"?" in result.out


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
@pytest.mark.parametrize("refused", ["91d", "2d"])
def test_seeds_for_several_namespaces_are_written_completely_or_not_at_all(
    cli: Cli, tmp_path: Path, refused: str
) -> None:
    (tmp_path / "seeds").mkdir()
    for binding in ("BOTH", "ONE"):
        write_json(tmp_path / "seeds" / f"{binding}.json", [{"key": "k", "value": "seeded"}])
    state = tmp_path / ".wrangler" / "state" / "v3" / "kv"
    (tmp_path / "elsewhere").mkdir()
    state.mkdir(parents=True)
    (state / refused).symlink_to(tmp_path / "elsewhere")
    said = cli("seed", "--force")
    assert said.code == 1
    (state / refused).unlink()
    for namespace in ("91d", "2d"):
        assert cli("key", "list", "--namespace-id", namespace).json == []
