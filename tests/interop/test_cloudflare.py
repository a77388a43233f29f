"""The store of real namespaces, with our emulator's REST API as Cloudflare's."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from kvlens.emulator.server import Emulator
from kvlens.kv import limits
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, KeyInfo, Stats, Write
from kvlens.stores.base import Seen, Store, StoreError, digest
from kvlens.stores.batch import each, everything
from kvlens.stores.cloudflare import store as cloudflare
from kvlens.stores.registry import open_store

from tests.lsp.conftest import connected, run
from tests.unit import test_history
from tests.unit.test_stores import (
    CHECKS,
    NOW,
    delete_unchanged_loses_no_write,
    fill,
    many_changes_are_cancelled_from_their_middle,
    names,
    no_write_is_lost_to_a_change,
)

TOKEN = "the-secret-token"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW - 1000)  # expirations near NOW are far enough ahead for the API


@pytest.fixture
async def emulator(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Emulator]:
    kept = open_store("memory:", tmp_path, clock)
    namespaces = {"A": "A", "B": "B", "a/b:c?": "odd"}
    async with Emulator(kept, namespaces, token=TOKEN) as started:
        monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", started.rest)
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
        monkeypatch.setenv("KVLENS_ALLOW_REMOTE_WRITES", "1")
        monkeypatch.setattr(cloudflare, "TRIES", 0)
        yield started
    await kept.close()


@pytest.fixture
async def store(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store("cloudflare:acc?writes=allow", tmp_path)
    yield opened
    await opened.close()


class Measured(cloudflare.CloudflareStore):
    """The API doesn't report sizes: for the common checks, the values are read."""

    async def stats(self, ns: str) -> Stats:
        told = await super().stats(ns)
        assert told.size is None
        values = [await self.get(ns, info.name) for info in (await self.list(ns)).keys]
        return Stats(told.keys, sum(len(entry.value) for entry in values if entry))


@pytest.mark.parametrize(
    "check",
    # the API can't undo what an earlier request has written, and can't compare
    [
        check
        for check in CHECKS
        if check
        not in (
            many_changes_are_cancelled_from_their_middle,
            delete_unchanged_loses_no_write,
            no_write_is_lost_to_a_change,
        )
    ],
    ids=lambda check: check.__name__,
)
async def test_store(emulator: Emulator, check: Callable[[Store], Awaitable[None]]) -> None:
    store = Measured("acc", TOKEN, emulator.rest, writable=True)
    await check(store)
    await store.close()


async def test_expired_keys(store: Store, clock: ManualClock) -> None:
    await store.put_many(
        "A", [Write(str(n), b"v", None, NOW if n % 2 else None) for n in range(10)]
    )
    await store.put("A", Write("1", b"w", '{"é":1}', NOW + 100))
    assert await store.replace("A", "1", b"x")
    assert await store.get("A", "1") == Entry(b"x", '{"é":1}', NOW + 100)
    assert (await store.list("A", prefix="1")).keys == [KeyInfo("1", NOW + 100, '{"é":1}')]
    clock.advance(1100)
    assert await names(store) == ["0", "2", "4", "6", "8"]
    assert not await store.replace("A", "1", b"x")
    assert await store.delete("A", ["1", "2"]) == 1


async def test_lists_of_many_keys(store: Store, emulator: Emulator) -> None:
    await emulator.store.put_many("A", [Write(f"{n:05}", b"") for n in range(6500)])
    assert await store.stats("A") == Stats(None, None)  # it would take too many requests
    found: list[str] = []
    after = None
    for limit in (7, 1, 1000, 2999, 12, 4000):  # page sizes other than the API's
        page = await store.list("A", limit=limit, after=after)
        found += [info.name for info in page.keys]
        after = found[-1]
        assert page.complete == (len(found) == 6500)
    assert found == [f"{n:05}" for n in range(6500)]
    assert await names(store, after="05999x", limit=2) == [
        "06000",
        "06001",
    ]  # far from any known cursor
    assert await store.delete("A", [*found[:6000], "none"]) == 6001  # counted as requested
    assert await store.clear("A") == 500


async def test_large_writes_take_several_requests(
    store: Store, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REST_BULK_KEYS", 100)
    monkeypatch.setattr(cloudflare, "BULK_SIZE", 1000)
    await store.put_many("A", [Write(f"{n:03}", bytes(n), "[1]") for n in range(250)])
    assert await emulator.store.stats("A") == Stats(250, 250 * 249 // 2)
    assert await emulator.store.get("A", "249") == Entry(bytes(249), "[1]")
    bad = [Write(f"b{n:03}", b"", None, NOW - (n >= 150) * 999) for n in range(200)]
    with pytest.raises(StoreError, match=r"code 10033\); 100 of 200 keys are written\."):
        await store.put_many("A", bad)
    assert await store.clear("A") == 350


async def test_reading_many(store: Store, emulator: Emulator) -> None:
    entries = {
        "text": Entry("é\U0001f600".encode(), '{"a":[1.5]}', NOW + 5),
        "binary": Entry(b"\xff\x00\n", "0"),
        "marked": Entry("\ufffd".encode()),
        "empty": Entry(b""),
        "12": Entry(b"1.0"),
        "__proto__": Entry(b"null", "false"),
    }
    await emulator.store.put_many("A", [Write(key, *entry) for key, entry in entries.items()])
    wanted = ["none", *entries, "text"]
    assert [pair async for pair in each(store, "A", wanted)] == [
        (key, entries.get(key)) for key in wanted
    ]
    await emulator.store.put_many("A", [Write(f"large{n}", b"x" * 9_000_000) for n in range(4)])
    sizes = {key: len(entry.value) async for key, entry in everything(store, "A", prefix="l")}
    assert sizes == dict.fromkeys(["large0", "large1", "large2", "large3"], 9_000_000)


# -- who may write -------------------------------------------------------------------------


async def delete_as_read(store: Store) -> None:
    entry = await store.get("A", "k")
    assert entry is not None
    await store.delete_unchanged("A", [Seen.of("k", entry)])


WRITES: list[Callable[[Store], Awaitable[object]]] = [
    lambda store: store.put("A", Write("k", b"w")),
    lambda store: store.put_many("A", [Write("k", b"w")]),
    lambda store: store.put_unchanged("A", Write("k", b"w"), digest(b"v")),
    lambda store: store.replace("A", "k", b"w"),
    delete_as_read,
    lambda store: store.delete("A", ["k"]),
    lambda store: store.clear("A"),
]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("cloudflare:acc", None),
        ("cloudflare:acc", "1"),
        ("cloudflare:acc?writes=allow", None),
        ("cloudflare:acc?writes=allow", "0"),
    ],
)
async def test_read_only_unless_url_and_environment_allow(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, url: str, allowed: str | None
) -> None:
    if allowed is None:
        monkeypatch.delenv("KVLENS_ALLOW_REMOTE_WRITES")
    else:
        monkeypatch.setenv("KVLENS_ALLOW_REMOTE_WRITES", allowed)
    await fill(emulator.store, "k")
    store = open_store(url, Path())
    for write in WRITES:
        with pytest.raises(StoreError, match=r"read-only here\. To write to them, append"):
            await write(store)
    assert await store.get("A", "k") == Entry(b"k")
    assert await names(store) == ["k"]
    assert await store.stats("A") == Stats(1, None)
    assert await emulator.store.get("A", "k") == Entry(b"k")
    await store.close()


async def test_each_write_is_named_in_the_log(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for write in WRITES:
        await write(store)
    await store.put_many("A", [Write(f"k{n}", b"secret value") for n in range(12)])
    await store.get("A", "k1")
    said = [r.getMessage() for r in caplog.records if r.name == "kvlens.stores.cloudflare"]
    where = "Cloudflare account acc, namespace A: "
    ten = ", ".join(f"'k{n}'" for n in range(10))
    assert said == [
        *[f"{where}put 'k'"] * 4,
        f"{where}delete 'k'",
        f"{where}delete 'k'",
        f"{where}delete every key",
        f"{where}put {ten} and 2 more",
    ]
    assert all(r.levelno == logging.WARNING for r in caplog.records if "kvlens" in r.name)
    assert TOKEN not in caplog.text
    assert "secret" not in caplog.text


# -- what can go wrong ---------------------------------------------------------------------


async def test_unknown_namespace(store: Store) -> None:
    for call in (store.get("none", "k"), store.list("none"), store.delete("none", ["k"])):
        with pytest.raises(StoreError) as caught:
            await call
        assert str(caught.value) == (
            'Account acc has no KV namespace with the id "none" (code 10013). '
            "Compare the config's ids with `wrangler kv namespace list`."
        )


async def test_what_the_api_refuses(store: Store) -> None:
    with pytest.raises(StoreError, match=r"refused the request: Invalid expiration of .* 10033\)"):
        await store.put("A", Write("k", b"", None, NOW - 995))
    with pytest.raises(StoreError, match=r"exceeds key length limit of 512\. \(code 10030\)"):
        await store.get("A", "k" * 513)


async def answering(status: int, body: object) -> tuple[asyncio.Server, str]:
    """Serve the same response to everything: responses of Cloudflare that can't be caused here."""
    text = json.dumps(body).encode() if not isinstance(body, bytes) else body

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = asked.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(size or 0))
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/client/v4"


def failure(code: int, message: str) -> dict[str, Any]:
    return {"success": False, "errors": [{"code": code, "message": message}], "result": None}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            401,
            failure(1000, f"Invalid API Token {TOKEN}"),
            "refuses the token for account acc: Inv",
        ),
        (403, failure(10000, "Authentication error"), "Workers KV Storage: Read (Edit to write)"),
        (403, b"<html>", "refuses the token for account acc: status 403. CLOUDFLARE_API_TOKEN"),
        (
            404,
            failure(7003, "Could not route"),
            "refused the request: Could not route (code 7003).",
        ),
        (
            429,
            failure(971, "Rate limited"),
            "no more requests for now: Rate limited (code 971). Wait",
        ),
        (500, failure(10001, "internal"), "failed: internal (code 10001). Try again; see www.cl"),
        (503, b"", "failed: status 503. Try again"),
        (200, {"success": True, "errors": [], "result": 5}, ""),
    ],
)
async def test_errors(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, status: int, body: object, said: str
) -> None:
    server, address = await answering(status, body)
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", address)
    store = open_store("cloudflare:acc?writes=allow", Path())
    for call in (store.list("A"), store.stats("A"), store.put("A", Write("k", b"v"))):
        if status == 200:
            await asyncio.gather(call, return_exceptions=True)
            continue
        with pytest.raises(StoreError) as caught:
            await call
        text = str(caught.value)
        assert said in text
        assert TOKEN not in text
        assert "\n" not in text
        assert text.endswith(".")
    await store.close()
    server.close()


async def test_out_of_reach(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:1/client/v4")
    store = open_store("cloudflare:acc", Path())
    with pytest.raises(
        StoreError, match=r"^Cloudflare's API at 127\.0\.0\.1 can't be reached: .+\.$"
    ):
        await store.get("A", "k")
    await store.close()


async def test_wrong_token(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "another")
    store = open_store("cloudflare:acc", Path())
    with pytest.raises(StoreError, match="refuses the token for account acc: status 401"):
        await store.get("A", "k")
    await store.close()


@pytest.mark.parametrize(
    ("url", "variable", "value", "said"),
    [
        ("cloudflare:", "X", "", "use cloudflare:ACCOUNT_ID"),
        ("cloudflare:a/b", "X", "", "use cloudflare:ACCOUNT_ID"),
        ("cloudflare:acc?writes=yes", "X", "", "To allow writes, append ?writes=allow."),
        ("cloudflare:acc?write=allow", "X", "", "To allow writes, append ?writes=allow."),
        ("cloudflare:acc", "CLOUDFLARE_API_TOKEN", "", "needs CLOUDFLARE_API_TOKEN in the env"),
        ("cloudflare:acc", "CLOUDFLARE_API_BASE_URL", "http://example.com", "use https"),
        ("cloudflare:acc", "CLOUDFLARE_API_BASE_URL", "http://127.0.0.1.example.com", "use https"),
        ("cloudflare:acc", "CLOUDFLARE_API_BASE_URL", "ftp://x", "use https"),
    ],
)
def test_bad_settings(
    monkeypatch: pytest.MonkeyPatch, url: str, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", TOKEN)
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID", raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(StoreError) as caught:
        open_store(url, Path())
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "kvlens.stores.cloudflare.store", raising=False)
    monkeypatch.setitem(sys.modules, "cloudflare", None)
    with pytest.raises(StoreError, match="-m pip install -U cloudflare"):
        open_store("cloudflare:acc", Path())


@pytest.mark.parametrize("allowed", [False, True], ids=["read-only", "writes allowed"])
async def test_the_editor_opens_a_value_as_the_store_allows(
    emulator: Emulator, tmp_path: Path, allowed: bool
) -> None:
    await emulator.store.put("A", Write("k", b"v"))
    config = tmp_path / "wrangler.toml"
    config.write_text('kv_namespaces = [{ binding = "A", id = "A" }]\n', encoding="utf-8")
    url = "cloudflare:acc" + ("?writes=allow" if allowed else "")
    options = {"store": url, "autoStart": False}
    async with connected(tmp_path, options, env=dict(os.environ)) as editor:
        got = await run(editor, "kvlens.get", config=config.as_uri(), id="A", key="k")
    assert (got["text"], got.get("readOnly", False)) == ("v", not allowed)


@pytest.mark.parametrize("name", test_history.WAYS)
async def test_every_way_to_change_a_key_is_in_the_history(
    emulator: Emulator, tmp_path: Path, name: str
) -> None:
    store = open_store("cloudflare:acc?writes=allow", tmp_path)
    await test_history.is_recorded(store, tmp_path, name)
