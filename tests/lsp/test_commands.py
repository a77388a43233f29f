"""Commands from any client."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.stores.base import digest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import CONFIG, Editor, connected, run

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARTS = {"binding": "CARTS", "environment": None}
HOME = {"store": "memory:", "declared": True}  # where a value was read
METADATA = {"metadata": {"a": [1, None]}, "metadataText": '{"a":[1,null]}'}


async def test_namespaces_of_every_environment(editor: Editor) -> None:
    (project,) = await run(editor, "kvlens.namespaces")
    assert project["label"] == "wrangler.toml"
    assert [(n["environment"], n["binding"], n["id"][:4]) for n in project["namespaces"]] == [
        (None, "CARTS", "0f2a"),
        (None, "PRICES", "fb69"),
        ("prod", "CARTS", "1f2a"),
    ]
    assert project["namespaces"][0]["range"]["start"] == {"line": 3, "character": 10}


async def test_a_key_lives_from_put_to_delete(editor: Editor) -> None:
    metadata = METADATA["metadata"]
    await run(editor, "kvlens.put", **CARTS, key="k/1 ŋ", text="ŋ", metadata=metadata)
    got = await run(editor, "kvlens.get", **CARTS, key="k/1 ŋ")
    known = digest("ŋ".encode())
    assert got == {"size": 2, "digest": known, "text": "ŋ", **METADATA, **HOME}
    assert (await run(editor, "kvlens.delete", **CARTS, key="k/1 ŋ"))["deleted"] == 1
    assert await run(editor, "kvlens.get", **CARTS, key="k/1 ŋ") is None


async def test_binary_stays_binary(editor: Editor) -> None:
    value = bytes(range(256))
    data = base64.b64encode(value).decode()
    await run(editor, "kvlens.put", **CARTS, key="bin", base64=data)
    got = await run(editor, "kvlens.get", **CARTS, key="bin")
    assert got == {"size": 256, "digest": digest(value), "base64": data, **HOME}


async def test_an_edit_keeps_metadata_and_expiration(editor: Editor) -> None:
    put = {**CARTS, "key": "kept", "text": "old", "metadata": 0, "expirationTtl": 600}
    await run(editor, "kvlens.put", **put)
    before = await run(editor, "kvlens.get", **CARTS, key="kept")
    done = await run(editor, "kvlens.put", **CARTS, key="kept", text="new", keep=True)
    assert done == {"kept": True}
    after = await run(editor, "kvlens.get", **CARTS, key="kept")
    assert after == {**before, "text": "new", "digest": digest(b"new")}
    await run(editor, "kvlens.delete", **CARTS, key="kept")
    with pytest.raises(JsonRpcException, match="is no longer in CARTS"):
        await run(editor, "kvlens.put", **CARTS, key="kept", text="x", keep=True)


CHANGED: dict[str, tuple[dict[str, Any], str | None]] = {
    # id: (the put over "read", the value afterwards; None is a conflict)
    "a new value": ({"keep": True, "expected": digest(b"read")}, "new"),
    "another's value": ({"keep": True, "expected": digest(b"else")}, None),
    "all of it": ({"expected": digest(b"read")}, "new"),
    "all over another's": ({"expected": digest(b"else")}, None),
    "a key that was not there": ({"expected": ""}, None),
    "whatever is there": ({}, "new"),
}


@pytest.mark.parametrize(("params", "then"), CHANGED.values(), ids=CHANGED.keys())
async def test_only_what_was_read_is_written_over(
    editor: Editor, params: dict[str, Any], then: str | None
) -> None:
    await run(editor, "kvlens.put", **CARTS, key="cas", text="read")
    put = run(editor, "kvlens.put", **CARTS, key="cas", text="new", **params)
    if then is None:
        with pytest.raises(JsonRpcException, match='"cas" in CARTS is not what was read') as caught:
            await put
        assert caught.value.code == -32801  # ContentModified
    else:
        await put
    got = await run(editor, "kvlens.get", **CARTS, key="cas")
    assert got["text"] == (then or "read")
    await run(editor, "kvlens.delete", **CARTS, key="cas")
    done = await run(editor, "kvlens.put", **CARTS, key="cas", text="first", expected="")
    assert done == {"kept": False}
    await run(editor, "kvlens.delete", **CARTS, key="cas")


async def test_a_renamed_key_keeps_what_it_has(editor: Editor) -> None:
    put = {**CARTS, "key": "old", "text": "v", "metadata": [1], "expirationTtl": 600}
    await run(editor, "kvlens.put", **put)
    await run(editor, "kvlens.put", **CARTS, key="there", text="other")
    before = await run(editor, "kvlens.get", **CARTS, key="old")
    refused = await run(editor, "kvlens.rename", **CARTS, key="old", to="there")
    assert refused == {"renamed": False, "digest": digest(b"other")}
    done = {"renamed": True}
    assert await run(editor, "kvlens.rename", **CARTS, key="old", to="new", keep=True) == done
    over = {"to": "there", "expected": refused["digest"]}
    assert await run(editor, "kvlens.rename", **CARTS, key="old", **over) == done
    got = [await run(editor, "kvlens.get", **CARTS, key=key) for key in ("old", "new", "there")]
    assert got == [None, before, before]
    await run(editor, "kvlens.delete", **CARTS, keys=["new", "there"])


async def test_metadata_and_expiry_are_set_without_the_value(editor: Editor) -> None:
    await run(editor, "kvlens.put", **CARTS, key="u/a", text="1", metadata=1)
    await run(editor, "kvlens.put", **CARTS, key="u/b", text="2")
    both = {**CARTS, "keys": ["u/a", "u/b"]}
    assert await run(editor, "kvlens.update", **both, expiration=2_000_000_000) == {"updated": 2}
    exact = {"metadataText": '{"n":1.0}', "beforeText": "1"}
    await run(editor, "kvlens.update", **CARTS, keys=["u/a"], **exact)
    got = await run(editor, "kvlens.get", **CARTS, key="u/a")
    assert (got["text"], got["metadataText"]) == ("1", '{"n":1.0}')
    assert got["expiration"] == 2_000_000_000
    with pytest.raises(JsonRpcException, match="is not what was read") as caught:
        await run(editor, "kvlens.update", **CARTS, keys=["u/a"], **exact)
    assert caught.value.code == -32801
    await run(editor, "kvlens.update", **both, expiration=None)
    removed = {"metadataText": None, "beforeText": '{"n":1.0}'}
    await run(editor, "kvlens.update", **CARTS, keys=["u/a"], **removed)
    page = await run(editor, "kvlens.list", **CARTS, prefix="u/")
    assert page["keys"] == [{"name": "u/a"}, {"name": "u/b"}]
    with pytest.raises(JsonRpcException, match='"u/c" is no longer in CARTS'):
        await run(editor, "kvlens.update", **CARTS, keys=["u/a", "u/c"], expirationTtl=60)
    await run(editor, "kvlens.delete", **CARTS, keys=["u/a", "u/b"])


async def test_keys_come_in_pages(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    for number in range(5):
        await run(editor, "kvlens.put", **prices, key=f"p{number}", text="1")
    page = await run(editor, "kvlens.list", **prices, limit=3, prefix="p")
    assert [k["name"] for k in page["keys"]] == ["p0", "p1", "p2"]
    rest = await run(editor, "kvlens.list", **prices, prefix="p", cursor=page["cursor"])
    assert rest == {"keys": [{"name": "p3"}, {"name": "p4"}], "list_complete": True}
    assert (await run(editor, "kvlens.clear", **prices))["deleted"] == 5


async def test_keys_are_shown_as_folders(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    names = ["a", "tea/black/1", "tea/black/2", "tea/green", "tea:x", "user:1", "user:2:a", "z"]
    items = [{"key": name, "value": "{}"} for name in names]
    assert (await run(editor, "kvlens.seed", **prices, items=items))["written"] == 8
    both = {**prices, "delimiters": [":", "/"]}

    async def shown(**more: Any) -> tuple[list[str], str | None]:
        page = await run(editor, "kvlens.folder", **both, **more)
        found = [one.get("folder") or one["row"]["name"] for one in page["items"]]
        return found, page.get("cursor")

    assert await shown() == (["a", "tea/", "tea:", "user:", "z"], None)
    first, cursor = await shown(limit=2)
    assert first == ["a", "tea/"]
    assert await shown(cursor=cursor) == (["tea:", "user:", "z"], None)
    assert await shown(prefix="tea/") == (["tea/black/", "tea/green"], None)
    assert await shown(prefix="user:") == (["user:1", "user:2:"], None)
    flat = await run(editor, "kvlens.folder", **prices)
    assert [one["row"]["name"] for one in flat["items"]] == names
    assert flat["items"][0]["row"]["type"] == "json"
    counted = await run(editor, "kvlens.countFolders", **prices, prefixes=["tea/", "user:", "no"])
    assert counted == {"counts": [3, 2, 0]}
    wrong = {**prices, "delimiters": [""]}
    with pytest.raises(JsonRpcException, match='"delimiters" takes up to 20 texts'):
        await run(editor, "kvlens.folder", **wrong)
    await run(editor, "kvlens.clear", **prices)


async def test_some_keys_are_copied(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    for name in ("a", "b", "c"):
        await run(editor, "kvlens.put", **prices, key=name, text=name, metadata=[name])
    await run(editor, "kvlens.put", **CARTS, key="b", text="other")
    (project,) = await run(editor, "kvlens.namespaces")
    request = {**CARTS, "from": project["namespaces"][1]["id"], "keys": ["a", "b", "a", "gone"]}
    refused = await run(editor, "kvlens.copyKeys", **request)
    digest = refused.pop("digest")
    assert refused == {"copied": 0, "conflicts": 1, "named": ["b"]}
    over = {"existing": "overwrite", "expected": digest}
    assert (await run(editor, "kvlens.copyKeys", **request, **over))["copied"] == 2
    page = await run(editor, "kvlens.list", **CARTS)
    copies = [{"name": "a", "metadata": ["a"]}, {"name": "b", "metadata": ["b"]}]
    assert [key for key in page["keys"] if key["name"] in "abc"] == copies
    await run(editor, "kvlens.delete", **CARTS, keys=["a", "b"])
    await run(editor, "kvlens.clear", **prices)


async def test_seed_and_export(editor: Editor) -> None:
    seeds: list[dict[str, Any]] = [
        {"key": "a", "value": "1", "metadata": {"m": 1}},
        {"key": "b", "value": "//79", "base64": True},
        {"key": "c", "value": "", "expiration_ttl": 600},
    ]
    file = editor.folder / "some seeds.json"
    file.write_text(json.dumps(seeds), encoding="utf-8")
    prices = {"binding": "PRICES"}
    done = await run(editor, "kvlens.seed", **prices, file=file.as_uri())
    assert (done["written"], done["overwritten"]) == (3, 0)
    seeds[0]["value"] = "2"
    file.write_text(json.dumps(seeds), encoding="utf-8")
    refused = await run(editor, "kvlens.seed", **prices, file=file.as_uri())
    assert (refused["written"], refused["keys"]) == (0, ["a"])
    assert 'PRICES has "a" with other content.' in editor.messages[-1].message
    again = await run(editor, "kvlens.seed", **prices, file=file.as_uri(), existing="overwrite")
    assert (again["written"], again["overwritten"]) == (3, 1)
    out = editor.folder / "export.json"
    assert (await run(editor, "kvlens.export", **prices, file=out.as_uri()))["keys"] == 3
    exported = json.loads(out.read_text(encoding="utf-8"))
    assert exported[:2] == seeds[:2]
    assert exported == (await run(editor, "kvlens.export", **prices))["items"]
    assert exported[2]["key"] == "c"
    assert exported[2]["expiration"] > 0
    assert any(reports for reports in editor.progress_reports.values())
    await run(editor, "kvlens.clear", **prices)


async def test_a_seed_file_in_the_project_is_no_link_out_of_it(
    editor: Editor, tmp_path: Path
) -> None:
    outside, link = tmp_path / "CARTS.json", editor.folder / "linked.json"
    outside.write_text('[{"key": "linked", "value": "v"}]', encoding="utf-8")
    link.symlink_to(outside)
    with pytest.raises(JsonRpcException) as caught:
        await run(editor, "kvlens.seed", binding="PRICES", file=link.as_uri())
    assert f"{link} is a link to {outside}, outside the project" in str(caught.value)
    assert (await run(editor, "kvlens.list", binding="PRICES"))["keys"] == []
    assert (await run(editor, "kvlens.seed", binding="PRICES", file=outside.as_uri()))["written"]
    await run(editor, "kvlens.delete", binding="PRICES", keys=["linked"])
    link.unlink()


NO_EXPORT: dict[str, tuple[Callable[[Path], None], str]] = {
    # what is in the file's place: (what makes it, the reason)
    "a pipe": (lambda path: os.mkfifo(path), "is not a regular file; name another one"),
    "a device": (lambda path: path.symlink_to("/dev/full"), "is not a regular file"),
    "a folder": (Path.mkdir, "is a folder; name a file"),
    "a link": (
        lambda path: path.symlink_to("wrangler.toml"),
        "is a link to .*wrangler.toml; name that file instead",
    ),
    "a link to nothing": (
        lambda path: path.symlink_to("nothing"),
        "is a link to .*nothing; name that file instead",
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="no pipes and links there")
@pytest.mark.parametrize(("make", "why"), NO_EXPORT.values(), ids=NO_EXPORT)
async def test_an_export_replaces_only_a_regular_file(
    editor: Editor, make: Callable[[Path], None], why: str
) -> None:
    """Even opening a pipe would wait for its reader, and nothing else would be answered."""
    out, config = editor.folder / "out.json", editor.folder / "wrangler.toml"
    before = config.read_bytes()
    make(out)
    with pytest.raises(JsonRpcException, match=f"out.json: {why}"):
        await run(editor, "kvlens.export", binding="PRICES", file=out.as_uri())
    assert config.read_bytes() == before
    assert not (editor.folder / "nothing").exists()
    if out.is_dir() and not out.is_symlink():
        out.rmdir()
    else:
        out.unlink()


async def test_a_relative_file_starts_at_the_config(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    await run(editor, "kvlens.put", **prices, key="a", text="1")
    done = await run(editor, "kvlens.export", **prices, file="some/out.json")
    out = editor.folder / "some" / "out.json"
    assert done == {"file": out.as_uri(), "keys": 1}
    assert json.loads(out.read_text("utf-8")) == [{"key": "a", "value": "1"}]
    seeded = await run(editor, "kvlens.seed", **prices, file="some/out.json")
    assert seeded["written"] == 1
    if os.name != "nt":
        (editor.folder / "link").symlink_to(editor.folder.parent)
        for command in ("kvlens.export", "kvlens.seed"):
            with pytest.raises(JsonRpcException, match="leads out of"):
                await run(editor, command, **prices, file="link/out.json")
        (editor.folder / "link").unlink()
    out.unlink()
    await run(editor, "kvlens.clear", **prices)


async def test_commands_beside_a_change_of_the_store(editor: Editor) -> None:
    """Each succeeds, or says to try again."""
    asked = []
    for number in range(50):  # the last store is that of the other tests
        if number % 10 == 0:
            store = ("memory:", "wrangler:")[number // 10 % 2]
            editor.workspace_did_change_configuration(
                types.DidChangeConfigurationParams({"kvlens": {"store": store}})
            )
        asked.append(asyncio.create_task(run(editor, "kvlens.namespaces")))
        asked.append(asyncio.create_task(run(editor, "kvlens.put", **CARTS, key="k", text="1")))
        await asyncio.sleep(0.02)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            assert isinstance(answer, JsonRpcException)
            assert "Internal error" not in str(answer)


async def test_a_delete_takes_what_was_read(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    keys = {**prices, "keys": ["counter", "none"]}
    await run(editor, "kvlens.put", **prices, key="counter", text="41")
    read = await run(editor, "kvlens.delete", **keys, dryRun=True)
    assert read["deleted"] == 0
    await run(editor, "kvlens.put", **prices, key="counter", text="42")
    with pytest.raises(JsonRpcException, match="to delete from PRICES are not what") as caught:
        await run(editor, "kvlens.delete", **keys, expected=read["digest"])
    assert caught.value.code == -32801  # ContentModified
    again = await run(editor, "kvlens.delete", **keys, dryRun=True)
    done = await run(editor, "kvlens.delete", **keys, expected=again["digest"])
    assert done["deleted"] == 1


async def test_a_clear_takes_what_was_counted(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    for number in range(1005):
        await run(editor, "kvlens.put", **prices, key=f"p{number}", text="1")
    counted = await run(editor, "kvlens.clear", **prices, dryRun=True)
    assert (counted["deleted"], counted["keys"]) == (0, 1005)
    await run(editor, "kvlens.put", **prices, key="later", text="precious")
    with pytest.raises(JsonRpcException, match="it now has 1,006 keys") as caught:
        await run(editor, "kvlens.clear", **prices, expected=counted["digest"])
    assert caught.value.code == -32801  # ContentModified
    assert (await run(editor, "kvlens.get", **prices, key="later"))["text"] == "precious"
    again = await run(editor, "kvlens.clear", **prices, dryRun=True)
    done = await run(editor, "kvlens.clear", **prices, expected=again["digest"])
    assert done["deleted"] == 1006
    assert (await run(editor, "kvlens.list", **prices))["keys"] == []


THERE: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    # id: (the key, the file's item, whether a put would lose something)
    "another value": ({"text": "old"}, {}, True),
    "metadata": ({"text": "v", "metadata": 1}, {}, True),
    "an expiry that goes": ({"text": "v", "expirationTtl": 900}, {}, True),
    "an expiry that comes": ({"text": "v"}, {"expiration_ttl": 900}, True),
    "an expiry that moves": ({"text": "v", "expirationTtl": 800}, {"expiration_ttl": 900}, False),
    "the same": ({"text": "v"}, {}, False),
}


@pytest.mark.parametrize(("there", "item", "asks"), THERE.values(), ids=THERE.keys())
async def test_a_seed_takes_nothing_away_unless_told(
    editor: Editor, there: dict[str, Any], item: dict[str, Any], asks: bool
) -> None:
    prices = {"binding": "PRICES"}
    await run(editor, "kvlens.put", **prices, key="k", **there)
    before = await run(editor, "kvlens.get", **prices, key="k")
    items = [{"key": "k", "value": "v", **item}, {"key": "new", "value": "v"}]
    file = editor.folder / "there.json"
    file.write_text(json.dumps(items), encoding="utf-8")
    seed = {**prices, "file": file.as_uri()}
    refused = await run(editor, "kvlens.seed", **seed, existing="refuse")
    assert refused.get("conflicts", 0) == asks
    if asks:
        assert (refused["written"], refused["keys"]) == (0, ["k"])
        assert await run(editor, "kvlens.get", **prices, key="new") is None
        kept = await run(editor, "kvlens.seed", **seed, existing="keep")
        assert kept["written"] == 1
        assert await run(editor, "kvlens.get", **prices, key="k") == before
        seen = {**seed, "existing": "overwrite", "expected": refused["digest"]}
        await run(editor, "kvlens.put", **prices, key="k", text="never seen")
        for existing in ("overwrite", "keep"):
            again = await run(editor, "kvlens.seed", **{**seen, "existing": existing})
            assert (again["conflicts"], again["written"]) == (1, 0)
        seen["expected"] = again["digest"]
        file.write_text(json.dumps([*items, {"key": "unasked", "value": ""}]), encoding="utf-8")
        assert (await run(editor, "kvlens.seed", **seen))["conflicts"] == 1
        assert await run(editor, "kvlens.get", **prices, key="unasked") is None
        file.write_text(json.dumps(items), encoding="utf-8")
        assert (await run(editor, "kvlens.seed", **seen))["written"] == 2
    assert (await run(editor, "kvlens.get", **prices, key="k"))["text"] == "v"
    await run(editor, "kvlens.clear", **prices)


async def test_a_bad_seed_file_writes_nothing_and_names_every_item(editor: Editor) -> None:
    file = editor.folder / "bad.json"
    items = [
        {"key": "ok", "value": "1"},
        {"key": "k" * 513, "value": "1"},
        {"key": "x", "value": 5},
    ]
    file.write_text(json.dumps(items), encoding="utf-8")
    with pytest.raises(JsonRpcException) as caught:
        await run(editor, "kvlens.seed", binding="PRICES", file=file.as_uri())
    assert "index 1" in str(caught.value)
    assert "index 2" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (await run(editor, "kvlens.list", binding="PRICES"))["keys"] == []


MISTAKES: list[tuple[str, str, dict[str, Any], str]] = [
    ("unknown-command", "kvlens.none", {}, "No command 'kvlens.none'"),
    ("no-namespace", "kvlens.list", {}, '"binding" or "id" is missing'),
    (
        "unknown-binding",
        "kvlens.list",
        {"binding": "X"},
        'No KV namespace with binding "X" in wrangler.toml; there are CARTS and PRICES, or use "id".',
    ),
    (
        "unknown-config",
        "kvlens.list",
        {"config": "file:///none", "binding": "X"},
        "not a config of this",
    ),
    ("no-key", "kvlens.get", {"binding": "PRICES"}, '"key" is missing'),
    ("wrong-type", "kvlens.get", {"binding": 5}, '"binding" is 5; it takes str'),
    ("limit", "kvlens.list", {"binding": "PRICES", "limit": 0}, '"limit" is 0; it takes 1 to 1000'),
    (
        "key-empty",
        "kvlens.put",
        {"binding": "PRICES", "key": "", "text": ""},
        "Key name cannot be empty",
    ),
    ("key-long", "kvlens.put", {"binding": "PRICES", "key": "k" * 513, "text": ""}, "limit of 512"),
    (
        "ttl",
        "kvlens.put",
        {"binding": "PRICES", "key": "k", "text": "", "expirationTtl": 5},
        "at least 60",
    ),
    ("no-value", "kvlens.put", {"binding": "PRICES", "key": "k"}, '"text" or "base64" is missing'),
    ("not-base64", "kvlens.put", {"binding": "PRICES", "key": "k", "base64": "?"}, "not base64"),
    ("no-file", "kvlens.seed", {"binding": "PRICES", "file": "/none.json"}, "none.json"),
    ("out", "kvlens.export", {"binding": "PRICES", "file": "../out.json"}, "leads out of"),
    ("out, a seed", "kvlens.seed", {"binding": "PRICES", "file": "../../x.json"}, "leads out of"),
    ("half a file", "kvlens.export", {"binding": "PRICES", "file": "\ud800"}, "half a character"),
    ("half a key", "kvlens.get", {**CARTS, "key": "a\ud800"}, "half a character"),
    ("half a name", "kvlens.snapshotSave", {"name": "\udfff"}, "half a character"),
    ("half a config", "kvlens.list", {**CARTS, "config": "file:///\ud800"}, "not a config"),
    ("NUL", "kvlens.list", {**CARTS, "config": "file:///%00"}, "not a config of this workspace"),
    ("NUL in a file", "kvlens.seed", {**CARTS, "file": "a\0b"}, "a\\x00b"),
    (
        "existing",
        "kvlens.seed",
        {"binding": "PRICES", "file": "/none.json", "existing": "ask"},
        "takes refuse, keep or overwrite",
    ),
    ("declared", "kvlens.addNamespace", {"binding": "CARTS"}, 'already declares "CARTS"'),
]


@pytest.mark.parametrize(
    ("command", "params", "says"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
async def test_a_mistake_is_answered_in_one_readable_line(
    editor: Editor, command: str, params: dict[str, Any], says: str
) -> None:
    with pytest.raises(JsonRpcException) as caught:
        await run(editor, command, **params)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert not caught.value.data


async def test_a_command_without_arguments_is_answered(editor: Editor) -> None:
    found = await editor.workspace_execute_command_async(
        types.ExecuteCommandParams("kvlens.namespaces")
    )
    assert found


async def test_what_the_editor_puts_a_program_reads_at_the_address(editor: Editor) -> None:
    await run(editor, "kvlens.put", **CARTS, key="seen", text="outside")
    address = await run(editor, "kvlens.address")
    assert address["url"].startswith("http://127.0.0.1:")
    (project,) = await run(editor, "kvlens.namespaces")
    namespace = project["namespaces"][0]["id"]
    url = f"{address['rest']}/accounts/local/storage/kv/namespaces/{namespace}/values/seen"
    token = {"Authorization": f"Bearer {address['token']}"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=token)) as answer:
        assert answer.read() == b"outside"
    for headers in (
        {},
        {**token, "Origin": "https://evil.example"},
        {**token, "Host": "evil.example"},
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, headers=headers))
        assert caught.value.code in (401, 403)


async def test_a_snapshot_is_saved_listed_and_restored(editor: Editor) -> None:
    prices = {"binding": "PRICES"}
    await run(editor, "kvlens.put", **prices, key="kept", text="1", metadata=[1])
    saved = await run(editor, "kvlens.snapshotSave", name="before")
    assert [one["binding"] for one in saved["namespaces"]] == ["CARTS", "PRICES", "CARTS"]
    with pytest.raises(
        JsonRpcException, match=r'Snapshot "before" already exists.*overwrite it with "force"'
    ):
        await run(editor, "kvlens.snapshotSave", name="before")
    only = await run(editor, "kvlens.snapshotSave", name="before", force=True, **prices)
    assert only["keys"] == 1
    assert await run(editor, "kvlens.snapshotList") == [only]

    await run(editor, "kvlens.put", **prices, key="kept", text="2")
    await run(editor, "kvlens.put", **prices, key="fresh", text="2")
    asked = await run(editor, "kvlens.snapshotRestore", name="before")
    (namespace,) = asked.pop("namespaces")
    seen = asked.pop("digest")
    counts = {"written": 1, "overwritten": 1, "deleted": 1, "expired": 0}
    assert asked == {"restored": False, **counts}
    assert (namespace["binding"], namespace["overwritten"]) == ("PRICES", 1)
    assert (await run(editor, "kvlens.get", **prices, key="kept"))["text"] == "2"
    await run(editor, "kvlens.put", **prices, key="kept", text="3")
    force = {"name": "before", "force": True}
    refused = await run(editor, "kvlens.snapshotRestore", **force, expected=seen)
    assert not refused["restored"]
    assert (await run(editor, "kvlens.get", **prices, key="kept"))["text"] == "3"
    await run(editor, "kvlens.delete", **prices, key="fresh")
    asked = await run(editor, "kvlens.snapshotRestore", name="before")
    assert (asked["restored"], asked["overwritten"], asked["deleted"]) == (False, 1, 0)
    done = await run(editor, "kvlens.snapshotRestore", **force, expected=asked["digest"])
    assert done["restored"]
    assert await run(editor, "kvlens.get", **prices, key="kept") == {
        "size": 1,
        "digest": digest(b"1"),
        "text": "1",
        "metadata": [1],
        "metadataText": "[1]",
        **HOME,
    }
    again = await run(editor, "kvlens.snapshotRestore", name="before")
    assert (again["restored"], again["written"], again["deleted"]) == (True, 0, 0)
    assert (await run(editor, "kvlens.clear", **prices))["deleted"] == 1


SNAPSHOTS: dict[str, tuple[str, dict[str, Any], str]] = {
    # id: (command, parameters, message)
    "no name": ("Save", {}, '"name" is missing'),
    "a bad name": ("Save", {"name": "../x"}, "can't be the name of a snapshot"),
    "none of that name": ("Restore", {"name": "none"}, 'No snapshot "none"'),
    "no such binding": ("Save", {"name": "x", "binding": "X"}, 'No KV namespace with binding "X"'),
    "no such environment": (
        "Save",
        {"name": "x", "environment": "X"},
        'No environment "X" in wrangler.toml; there is prod',
    ),
}


@pytest.mark.parametrize(("command", "params", "says"), SNAPSHOTS.values(), ids=SNAPSHOTS.keys())
async def test_what_is_wrong_with_a_snapshot_is_said(
    editor: Editor, command: str, params: dict[str, Any], says: str
) -> None:
    with pytest.raises(JsonRpcException, match=says):
        await run(editor, f"kvlens.snapshot{command}", **params)


async def test_a_namespace_added_to_the_file_is_there_and_no_key_is_lost(editor: Editor) -> None:
    await run(editor, "kvlens.put", **CARTS, key="stays", text="1")
    await run(editor, "kvlens.addNamespace", binding="ADDED")
    (asked,) = editor.edits
    assert asked.edit.changes
    (edit,) = asked.edit.changes[(editor.folder / "wrangler.toml").as_uri()]
    config = editor.folder / "wrangler.toml"
    lines = CONFIG.splitlines(keepends=True)
    at = sum(map(len, lines[: edit.range.start.line])) + edit.range.start.character
    config.write_text(CONFIG[:at] + edit.new_text + CONFIG[at:], encoding="utf-8")
    bindings: list[str] = []
    while "ADDED" not in bindings:
        await asyncio.sleep(0.05)
        (project,) = await run(editor, "kvlens.namespaces")
        bindings = [n["binding"] for n in project["namespaces"]]
    await run(editor, "kvlens.put", binding="ADDED", key="k", text="v")
    assert (await run(editor, "kvlens.get", **CARTS, key="stays"))["text"] == "1"


async def test_restart_gives_a_running_emulator(editor: Editor) -> None:
    before = await run(editor, "kvlens.address")
    after = await run(editor, "kvlens.restart")
    assert after["url"]
    assert (await run(editor, "kvlens.address"))["token"] != before["token"]


async def test_a_damaged_key_is_listed_as_such_and_no_clear_takes_it(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    prices = {"binding": "PRICES"}
    async with connected(tmp_path) as editor:
        await run(editor, "kvlens.put", **prices, key="good", text="1")
        (path,) = tmp_path.glob(".wrangler/**/*.sqlite")
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("INSERT INTO _mf_entries VALUES ('bad', '../x', NULL, NULL)")
            database.commit()
        with pytest.raises(JsonRpcException, match='Key "bad" is damaged') as caught:
            await run(editor, "kvlens.get", **prices, key="bad")
        bad = {"name": "bad", "damaged": str(caught.value)}
        listed = await run(editor, "kvlens.list", **prices)
        assert listed["keys"] == [bad, {"name": "good"}]
        counted = await run(editor, "kvlens.clear", **prices, dryRun=True)
        assert (counted["keys"], counted["kept"]) == (1, [bad])
        done = await run(editor, "kvlens.clear", **prices, expected=counted["digest"])
        assert (done["deleted"], done["kept"]) == (1, [bad])
        assert await run(editor, "kvlens.clear", **prices) == {"deleted": 0, "kept": [bad]}
        assert (await run(editor, "kvlens.delete", **prices, key="bad"))["deleted"] == 1
        assert await run(editor, "kvlens.clear", **prices) == {"deleted": 0}
