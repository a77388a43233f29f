"""Cloudflare's REST API and the store API, request by request, including malformed ones."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kvlens.emulator import multipart
from kvlens.emulator.server import Emulator
from kvlens.kv.clock import ManualClock
from kvlens.kv.records import Entry, Write
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store

NOW = 1_800_000_000
MIB25 = 26_214_400
NAMESPACES = "/client/v4/accounts/anyone/storage/kv/namespaces"


@pytest.fixture(params=["memory:", "wrangler:"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(request.param, tmp_path, ManualClock(NOW))
    yield opened
    await opened.close()


class Rest:
    """Sends requests to an emulator, each on a separate connection."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._address = emulator.url.removeprefix("http://")

    async def raw(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        def send() -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(self._address, timeout=60)
            token = {"Authorization": f"Bearer {self.emulator.token}"}
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            data = body.encode() if isinstance(body, str) else body
            connection.request(method, path, data, {**token, **named})
            response = connection.getresponse()
            answer = response.status, dict(response.headers), response.read()
            connection.close()
            return answer

        return await asyncio.to_thread(send)

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the result, or (status, code, message) of the error."""
        data = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
        status, _, answer = await self.raw(method, NAMESPACES + path, data, **headers)
        envelope = json.loads(answer)
        assert set(envelope) >= {"success", "errors", "messages", "result"}
        assert envelope["success"] == (status == 200)
        if status != 200:
            (error,) = envelope["errors"]
            return status, error["code"], error["message"]
        if "result_info" in envelope:
            return envelope["result"], envelope["result_info"]
        return envelope["result"]


@pytest.fixture
async def rest(store: Store) -> AsyncIterator[Rest]:
    async with Emulator(store, {"id1": "KV", "id2": "B"}) as emulator:
        yield Rest(emulator)


KEYS = ["a", "a/b c?d#e%f+g", "ü\U0001f600", "..a", "new\nline", "a" * 512, "values/x", "bulk"]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ascii(key)[:20])
async def test_a_key(rest: Rest, store: Store, key: str) -> None:
    path = f"/id1/values/{quote(key, safe='')}"
    query = f"?expiration={NOW + 100}"
    assert await rest("PUT", path + query, b"\x00\xff") == {}
    assert await store.get("id1", key) == Entry(b"\x00\xff", None, NOW + 100)
    status, headers, body = await rest.raw("GET", NAMESPACES + path)
    assert (status, body, headers["expiration"]) == (200, b"\x00\xff", str(NOW + 100))
    assert await rest("GET", path.replace("values", "metadata", 1)) is None
    assert await rest("DELETE", path) == {}
    assert await rest("GET", path) == (404, 10009, "key not found")
    assert await rest("DELETE", path) == {}


async def test_a_slash_that_is_not_encoded(rest: Rest, store: Store) -> None:
    assert await rest("PUT", "/id1/values/a/b/c", b"v") == {}
    assert await store.get("id1", "a/b/c") == Entry(b"v")


def form(**fields: bytes) -> tuple[bytes, dict[str, str]]:
    body = b"".join(
        b'--B0\r\nContent-Disposition: form-data; name="%s"; filename="upload"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" % (name.encode(), value)
        for name, value in fields.items()
    )
    return body + b"--B0--\r\n", {"Content_Type": 'multipart/form-data; boundary="B0"'}


async def test_forms(rest: Rest, store: Store) -> None:
    tricky = b"\r\n--B\r\n--B1\r\n\r\n\x00"
    body, headers = form(value=tricky, metadata=b' { "a" : [1, "\xc3\xbc"] } ')
    assert await rest("PUT", "/id1/values/k?expiration_ttl=60", body, **headers) == {}
    assert await store.get("id1", "k") == Entry(tricky, '{"a":[1,"ü"]}', NOW + 60)
    assert await rest("GET", "/id1/metadata/k") == {"a": [1, "ü"]}
    body, headers = form(value=b"")
    assert await rest("PUT", "/id1/values/k", body, **headers) == {}
    assert await store.get("id1", "k") == Entry(b"")
    body, headers = form(value=bytes(MIB25))
    assert await rest("PUT", "/id1/values/large", body, **headers) == {}
    body, headers = form(value=bytes(MIB25 + 1))
    text = f"Value length of {MIB25 + 1} exceeds limit of {MIB25}."
    assert await rest("PUT", "/id1/values/k", body, **headers) == (413, 10047, text)
    assert await store.get("id1", "k") == Entry(b"")


BAD_FORMS = [
    (form(metadata=b"{}")[0], "the form has no field 'value'"),
    (form(value=b"v", metadata=b"{nope")[0], "metadata is not valid JSON"),
    (form(value=b"v")[0][:-8], "malformed multipart body: the body ends inside a part"),
    (
        form(value=b"v")[0][3:],  # a preamble, and no part
        "the form has no field 'value'",
    ),
    (b"", "malformed multipart body: the body does not begin with its boundary"),
    (b"--B0\r\n\r\nv\r\n--B0--", "malformed multipart body: a part has no name"),
    (b"--B0", "malformed multipart body: the body ends inside a part"),
]


@pytest.mark.parametrize(("body", "text"), BAD_FORMS, ids=[row[1] for row in BAD_FORMS])
async def test_bad_forms(rest: Rest, store: Store, body: bytes, text: str) -> None:
    headers = form()[1]
    assert await rest("PUT", "/id1/values/k", body, **headers) == (400, 10001, text)
    assert await store.get("id1", "k") is None


def test_a_form_without_a_boundary() -> None:
    with pytest.raises(multipart.MultipartError, match="names no boundary"):
        multipart.parse(b"multipart/form-data", b"")


REFUSED: list[tuple[str, str, Any, tuple[int, int, str]]] = [
    ("GET", "/none", None, (404, 10013, "namespace 'none' not found")),
    ("GET", "/none/keys", None, (404, 10013, "namespace 'none' not found")),
    ("PUT", "/none/values/k", b"v", (404, 10013, "namespace 'none' not found")),
    ("PUT", "/none/bulk", [], (404, 10013, "namespace 'none' not found")),
    ("DELETE", "/none", None, (404, 10013, "namespace 'none' not found")),
    ("GET", "/id1/metadata/none", None, (404, 10009, "key not found")),
    ("GET", "/id1/values/", None, (400, 10030, "Key names must not be empty")),
    ("GET", "/id1/values/%FF", None, (400, 10030, "the path is not UTF-8")),
    ("PUT", "/id1/values/.", b"v",
     (400, 10030, 'Illegal key name ".". Please use a different name.')),
    ("PUT", "/id1/values/" + "k" * 513, b"v",
     (414, 10030, "UTF-8 encoded length of 513 exceeds key length limit of 512.")),
    ("PUT", "/id1/values/k?expiration_ttl=30", b"v",
     (400, 10033, "Invalid expiration_ttl of 30. Expiration TTL must be at least 60.")),
    ("PUT", f"/id1/values/k?expiration={NOW}", b"v",
     (400, 10033, f"Invalid expiration of {NOW}. Please specify integer greater than the "
      "current number of seconds since the UNIX epoch.")),
    ("PUT", "/id1/values/k", bytes(MIB25 + 1),
     (413, 10047, f"Value length of {MIB25 + 1} exceeds limit of {MIB25}.")),
    ("GET", "/id1/keys?limit=9", None,
     (400, 10001, "limit must be a number from 10 to 1000, not '9'")),
    ("GET", "/id1/keys?limit=1001", None,
     (400, 10001, "limit must be a number from 10 to 1000, not '1001'")),
    ("GET", "/id1/keys?limit=x", None,
     (400, 10001, "limit must be a number from 10 to 1000, not 'x'")),
    ("POST", "", b"{", (400, 10001, "the body is not valid JSON")),
    ("POST", "", {}, (400, 10019, 'the body must be {"title": "…"}')),
    ("POST", "", {"title": "KV"}, (400, 10014, "a namespace with the title 'KV' already exists")),
    ("PUT", "/id1", {"title": "B"}, (400, 10014, "a namespace with the title 'B' already exists")),
    ("PUT", "/id1/bulk", b"[", (400, 10001, "the body is not valid JSON")),
    ("PUT", "/id1/bulk", b"[" * 200_000, (400, 10001, "the body is not valid JSON")),
    ("PUT", "/id1/bulk", {}, (400, 10001, "the body must be an array of key-value objects")),
    ("PUT", "/id1/bulk", [{"key": "ok", "value": "v"}, 5],
     (400, 10001, "item at index 1: not an object with key and value")),
    ("PUT", "/id1/bulk", [{"key": "ok", "value": "v"}, {"key": "k"}],
     (400, 10001, "item at index 1: key and value must be strings")),
    ("PUT", "/id1/bulk", [{"key": "ok", "value": "v"}, {"key": "\ud800", "value": "v"}],
     (400, 10030, "item at index 1: Could not URL-decode key name")),
    ("PUT", "/id1/bulk", [{"key": "ok", "value": "v"}, {"key": "k", "value": "%", "base64": True}],
     (400, 10012, 'item at index 1: could not base64 decode value for key: "k"')),
    ("PUT", "/id1/bulk",
     [{"key": "ok", "value": "v"}, {"key": "k", "value": "v", "expiration_ttl": 10}],
     (400, 10033,
      "item at index 1: Invalid expiration_ttl of 10. Expiration TTL must be at least 60.")),
    ("PUT", "/id1/bulk", [{"key": "ok", "value": "v"}, {"key": "k", "value": "v",
                                                        "metadata": "x" * 1023}],
     (413, 10033, "item at index 1: Metadata length of 1025 exceeds limit of 1024.")),
    ("POST", "/id1/bulk/get", [], (400, 10001, 'the body must be {"keys": […]}')),
    ("POST", "/id1/bulk/get", {"keys": []}, (400, 10033, "You must request a minimum of 1 key")),
    ("POST", "/id1/bulk/get", {"keys": ["k"] * 101},
     (400, 10033, "You can request a maximum of 100 keys")),
    ("POST", "/id1/bulk/get", {"keys": ["k"], "type": "x"},
     (400, 10033, '"x" is not a valid type. Use "json" or "text"')),
    ("POST", "/id1/bulk/delete", {"keys": ["k"]},
     (400, 10001, "the body must be an array of key names")),
    ("DELETE", "/id1/bulk", ["ok", ""], (400, 10030, "Key names must not be empty")),
    ("PATCH", "/id1/keys", None, (405, 10405, "Method PATCH not allowed here")),
    ("GET", "/id1/nothing", None,
     (404, 7003, "Could not route to /client/v4/accounts/anyone/storage/kv/namespaces/id1/nothing: "
      "KV is all there is here")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    REFUSED,
    ids=[f"{method} {path[:30]} {answer[2][:30]}" for method, path, _, answer in REFUSED],
)
async def test_refused(
    rest: Rest, store: Store, method: str, path: str, body: Any, answer: tuple[int, int, str]
) -> None:
    """Nothing is changed, not even by the good items of a bulk request."""
    await store.put("id1", Write("ok", b"before"))
    assert await rest(method, path, body) == answer
    assert [info.name for info in (await store.list("id1")).keys] == ["ok"]
    assert await store.get("id1", "ok") == Entry(b"before")
    assert rest.emulator.namespaces == {"id1": "KV", "id2": "B"}


async def test_paging_through_keys(rest: Rest, store: Store) -> None:
    await store.put_many("id1", [Write(f"k{n:03}", b"") for n in range(95)] + [Write("z", b"")])
    await store.put("id1", Write("k000", b"", '{"a":1}', NOW + 60))
    seen: list[str] = []
    cursor = ""
    while True:
        query = f"?prefix=k&limit=10&cursor={quote(cursor)}"
        keys, info = await rest("GET", f"/id1/keys{query}")
        assert info["count"] == len(keys)
        seen += [key["name"] for key in keys]
        if len(seen) == 10:
            assert keys[0] == {"name": "k000", "expiration": NOW + 60, "metadata": {"a": 1}}
            await store.delete("id1", ["k009"])  # the cursor's key: the next page continues
        cursor = info["cursor"]
        if not cursor:
            break
    assert seen == [f"k{n:03}" for n in range(95)]


async def test_bulk(rest: Rest, store: Store) -> None:
    items: list[dict[str, Any]] = [
        {"key": "text", "value": "ü"},
        {"key": "bytes", "value": "AP8=", "base64": True, "expiration_ttl": 60},
        {"key": "all", "value": "1", "metadata": {"a": None}, "expiration": NOW + 70},
        {"key": "nulls", "value": "", "metadata": None, "expiration": None, "base64": None},
    ]
    done = {"successful_key_count": 4, "unsuccessful_keys": []}
    assert await rest("PUT", "/id1/bulk", items) == done
    assert await store.get("id1", "text") == Entry("ü".encode())
    assert await store.get("id1", "bytes") == Entry(b"\x00\xff", None, NOW + 60)
    assert await store.get("id1", "all") == Entry(b"1", '{"a":null}', NOW + 70)
    assert await store.get("id1", "nulls") == Entry(b"")
    asked = {"keys": ["text", "all", "none"], "withMetadata": True}
    assert await rest("POST", "/id1/bulk/get", asked) == {
        "values": {
            "text": {"value": "ü", "metadata": None},
            "all": {"value": "1", "metadata": {"a": None}, "expiration": NOW + 70},
            "none": None,
        }
    }
    asked = {"keys": ["all"], "type": "json"}
    assert await rest("POST", "/id1/bulk/get", asked) == {"values": {"all": 1}}
    for method, path in (("POST", "/id1/bulk/delete"), ("DELETE", "/id1/bulk")):
        await rest("PUT", "/id1/bulk", items)
        assert await rest(method, path, [item["key"] for item in items]) == done
        assert (await store.stats("id1")).keys == 0
    assert await rest("PUT", "/id1/bulk", []) == {**done, "successful_key_count": 0}


async def test_many_thousand_at_once(rest: Rest, store: Store) -> None:
    count = 10_000
    items = [{"key": f"k{n:06}", "value": str(n)} for n in range(count)]
    done = {"successful_key_count": count, "unsuccessful_keys": []}
    assert await rest("PUT", "/id2/bulk", items) == done
    keys, info = await rest("GET", "/id2/keys?prefix=k0099")
    assert (len(keys), info["cursor"]) == (100, "")
    assert await rest("DELETE", "/id2/bulk", [item["key"] for item in items]) == done
    assert (await store.stats("id2")).keys == 0


async def test_namespaces(rest: Rest) -> None:
    listed, info = await rest("GET", "?per_page=1&order=title&direction=desc")
    assert listed == [{"id": "id1", "title": "KV", "supports_url_encoding": True}]
    assert (info["page"], info["count"], info["total_count"], info["total_pages"]) == (1, 1, 2, 2)
    assert (await rest("GET", "?per_page=1&page=3"))[0] == []
    made = await rest("POST", "", {"title": "NEW"})
    assert len(bytes.fromhex(made["id"])) == 16
    assert await rest("GET", f"/{made['id']}") == made
    assert await rest("PUT", f"/{made['id']}", {"title": "NEWER"}) == {**made, "title": "NEWER"}
    rest.emulator.set_namespaces({"id3": "OTHER"})
    listed, _ = await rest("GET", "")
    assert [item["title"] for item in listed] == ["OTHER", "NEWER"]
    assert await rest("DELETE", f"/{made['id']}") == {}
    assert await rest("GET", f"/{made['id']}") == (
        404, 10013, f"namespace '{made['id']}' not found",
    )  # fmt: skip


async def test_what_clients_ask_besides(rest: Rest) -> None:
    for path in ("accounts", "memberships", "user/tokens/verify"):
        status, _, body = await rest.raw("GET", f"/client/v4/{path}")
        assert (status, json.loads(body)["success"]) == (200, True)


async def test_a_store_that_fails(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreError("The KV database x is locked.")

    monkeypatch.setattr(rest.emulator.store, "get", fail)
    status, _, body = await rest.raw("GET", f"{NAMESPACES}/id1/values/k")
    (error,) = json.loads(body)["errors"]
    assert (status, error["message"]) == (500, "The KV database x is locked.")
    call = json.dumps({"ns": "id1", "key": "k"})
    status, _, body = await rest.raw("POST", "/kvlens/store/get", call)
    assert (status, json.loads(body)) == (500, {"error": "The KV database x is locked."})


BIG, HUGE = "9" * 400, "9" * 5000
BULK = '[{"key":"k","value":"v",%s}]'
SIZES: list[tuple[str, str, str, str, int, str]] = [
    # id, method, path, body, status, the beginning of the message
    *(
        (f"{name} {field}"[:40], "PUT", "/id1/bulk", BULK % f'"{field}":{number}', 400, text)
        for name, number, text in (
            ("400 digits", BIG, "the body can't be used: the number 9999"),
            ("5000 digits", HUGE, "the body can't be used: the number 9999"),
            ("1e400", "1e400", "the body can't be used: the number 1e400 is too large"),
            ("NaN", "NaN", "the body is not valid JSON"),
            ("-Infinity", "-Infinity", "the body is not valid JSON"),
        )
        for field in ("expiration", "expiration_ttl", "metadata")
    ),
    ("list as time", "PUT", "/id1/bulk", BULK % '"expiration":[]', 400,
     "item at index 0: expiration and expiration_ttl must be numbers"),
    ("base64 of a number", "PUT", "/id1/bulk", BULK % '"base64":1', 400,
     "item at index 0: base64 must be true or false"),
    ("deep", "PUT", "/id1/bulk", "[" * 200_000, 400, "the body is not valid JSON"),
    ("deep metadata", "PUT", "/id1/bulk", BULK % ('"metadata":' + "[" * 90_000), 400,
     "the body is not valid JSON"),
    ("many arrays", "PUT", "/id1/bulk", "[" + "[]," * 1_500_000 + "[]]", 400,
     "the body can't be used: over 4,000,000 values"),
    ("many numbers", "DELETE", "/id1/bulk", "[" + "1," * 4_500_000 + "1]", 400,
     "the body can't be used: over 4,000,000 values"),
    ("not UTF-8", "PUT", "/id1/bulk", "\udcff", 400, "the body is not valid JSON"),
    ("a key that is a number", "POST", "/id1/bulk/get", '{"keys":[5]}', 400,
     "keys must be an array of key names"),
    ("withMetadata as text", "POST", "/id1/bulk/get", '{"keys":["k"],"withMetadata":"no"}', 400,
     "withMetadata must be true or false"),
    ("a long title", "POST", "", json.dumps({"title": "x" * 513}), 400, "a title is Unicode text"),
    ("half a character", "POST", "", '{"title":"\\ud800"}', 400, "a title is Unicode text"),
    ("ttl of 5000 digits", "PUT", f"/id1/values/k?expiration_ttl={HUGE}", "v", 400,
     "expiration_ttl must be a number of seconds, not 5,000 characters"),
    ("expiration of 400 digits", "PUT", f"/id1/values/k?expiration={BIG}", "v", 400,
     "expiration must be a number of seconds, not 400 characters"),
    ("too many pairs", "PUT", "/id1/bulk",
     json.dumps([{"key": f"{n}", "value": ""} for n in range(10_001)]), 400,
     "10,001 keys exceed the limit of 10,000 in one request; send them in several"),
    *(
        (f"too many keys, {method}", method, path, json.dumps(["k"] * 10_001), 400,
         "10,001 keys exceed the limit of 10,000 in one request; send them in several")
        for method, path in (("DELETE", "/id1/bulk"), ("POST", "/id1/bulk/delete"))
    ),
    ("a limit in other digits", "GET", "/id1/keys?limit=%D9%A3", "", 400,
     "limit must be a number from 10 to 1000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [row[1:] for row in SIZES],
    ids=[row[0] for row in SIZES],
)
async def test_what_is_too_large_or_of_another_type(
    rest: Rest, store: Store, method: str, path: str, body: str, status: int, text: str
) -> None:
    """A client's mistake is never an internal error."""
    answer = await rest.raw(method, NAMESPACES + path, body.encode("utf-8", "surrogateescape"))
    (error,) = json.loads(answer[2])["errors"]
    assert answer[0] == status
    assert error["message"].startswith(text)
    assert (await store.stats("id1")).keys == 0


async def test_brackets_and_commas_within_values_do_not_count(rest: Rest, store: Store) -> None:
    value = r"[],{\"x\\\"" * 500_000
    done = {"successful_key_count": 1, "unsuccessful_keys": []}
    assert await rest("PUT", "/id1/bulk", [{"key": "k", "value": value}]) == done
    assert await store.get("id1", "k") == Entry(value.encode())


METADATA = ["", " ", "{", "1e400", "NaN", "[" * 100_000, HUGE, "x"]


@pytest.mark.parametrize("metadata", METADATA, ids=[text[:9] or "empty" for text in METADATA])
async def test_metadata_of_a_form_is_json(rest: Rest, store: Store, metadata: str) -> None:
    body, headers = form(value=b"v", metadata=metadata.encode())
    answer = await rest("PUT", "/id1/values/k", body, **headers)
    assert answer == (400, 10001, "metadata is not valid JSON")
    assert await store.get("id1", "k") is None


async def test_an_unexpected_error_is_one_line(
    rest: Rest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In any API; the traceback is in the log, and the connection stays open."""

    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr(rest.emulator.store, "get", fail)
    said = "Internal error: ZeroDivisionError: one. Please report this at https://github.com/kvlens"
    status, _, body = await rest.raw("GET", f"{NAMESPACES}/id1/values/k")
    (error,) = json.loads(body)["errors"]
    assert (status, error["code"]) == (500, 10501)
    assert error["message"].startswith(said)
    status, _, body = await rest.raw("POST", "/kvlens/store/get", '{"ns": "id1", "key": "k"}')
    assert status == 500
    assert json.loads(body)["error"].startswith(said)
    assert len(caplog.records) == 2
    assert all("in fail" in (record.exc_text or "") for record in caplog.records)
    monkeypatch.undo()
    assert (await rest.raw("GET", f"{NAMESPACES}/id1/values/k"))[0] == 404


# -- the store API -------------------------------------------------------------------------------

PUT = '{"ns": "id1", "key": "k", "value": "dg==", %s}'
CORE: list[tuple[str, bytes | str, int, str]] = [
    ("nothing", "{}", 404, "There is no POST operation 'nothing' here."),
    ("get", "{", 400, "get: malformed call"),
    ("get", "[]", 400, "get: malformed call"),
    ("get", '{"ns": 5, "key": "k"}', 400, "get: malformed call"),
    ("get", '{"ns": "id1"}', 400, "get: malformed call"),
    ("put", '{"ns": "id1", "key": "k", "value": "%%%x"}', 400, "put: malformed call"),
    ("put_many", '{"ns": "id1", "writes": [{"key": "k"}]}', 400, "put_many: malformed call"),
    ("put", b"\xff", 400, "put: malformed call"),
    ("put", PUT % '"expiration": "soon"', 400,
     "put: malformed call: expiration must be a whole number, not text"),
    ("put", PUT % '"expiration": true', 400,
     "put: malformed call: expiration must be a whole number, not a boolean"),
    ("put", PUT % '"expiration": 1.5', 400,
     "put: malformed call: expiration must be a whole number, not a number"),
    ("put", PUT % '"expiration": -1', 400, "put: malformed call: expiration must be from 0 to"),
    ("put", PUT % f'"expiration": {BIG}', 400, "put: malformed call: the number 9999"),
    ("put", PUT % f'"expiration": {HUGE}', 400, "put: malformed call: the number 9999"),
    ("put", PUT % '"expiration": 1e400', 400, "put: malformed call: the number 1e400 is too large"),
    ("put", PUT % '"expiration": NaN', 400, "put: malformed call: NaN is not JSON"),
    ("put", PUT % '"metadata": {"a": 1}', 400,
     "put: malformed call: metadata must be text, not an object"),
    ("put", PUT % '"metadata": "{"', 400,
     "put: malformed call: metadata is not the text of a JSON value"),
    ("put", PUT % ('"metadata": "\\"%s\\""' % ("x" * 1023)), 400,
     "put: malformed call: metadata is refused: Metadata length of 1025 exceeds limit of 1024."),
    ("put", PUT % '"ttl": 60', 400,
     'put: malformed call: unknown field "ttl"; there are ns, key, value, metadata, expiration'),
    ("put", '{"ns": "id1", "key": "", "value": ""}', 400,
     "put: malformed call: key is refused: Key names must not be empty"),
    ("put", '{"ns": "id1", "key": "..", "value": ""}', 400, "put: malformed call: key is refused"),
    ("put", '{"ns": "id1", "key": "%s", "value": ""}' % ("é" * 257), 400,
     "put: malformed call: key is refused: UTF-8 encoded length of 514 exceeds"),
    ("put", '{"ns": "id1", "key": "\\ud800", "value": ""}', 400,
     "put: malformed call: key has a lone surrogate"),
    ("put", '{"ns": "id1", "key": 5, "value": ""}', 400,
     "put: malformed call: key must be text, not a number"),
    ("put", '{"ns": "id1", "key": "k", "value": null}', 400,
     "put: malformed call: value must be base64 text, not null"),
    ("put", '{"ns": "", "key": "k", "value": ""}', 400, "put: malformed call: ns is 0 bytes"),
    ("put", '{"ns": "%s", "key": "k", "value": ""}' % ("n" * 513), 400,
     "put: malformed call: ns is 513 bytes; it must have 1 to 512"),
    ("put_many", '{"ns": "id1", "writes": [{"key": "a", "value": ""}, {"key": "b", "value": 5}]}',
     400, "put_many: malformed call: writes at index 1: value must be base64 text"),
    ("put_many", '{"ns": "id1", "writes": {"key": "a"}}', 400,
     "put_many: malformed call: writes must be an array, not an object"),
    ("put_unchanged", '{"ns": "id1", "key": "k", "value": ""}', 400,
     "put_unchanged: malformed call: expected must be a SHA-256 in hexadecimal"),
    ("replace", '{"ns": "id1", "key": "k", "value": "", "expected": "x"}', 400,
     "replace: malformed call: expected must be a SHA-256 in hexadecimal"),
    ("delete", '{"ns": "id1", "keys": [1, null]}', 400,
     "delete: malformed call: keys at index 0: must be text, not a number"),
    ("delete", '{"ns": "id1", "keys": "k"}', 400,
     "delete: malformed call: keys must be an array, not text"),
    ("delete_unchanged", '{"ns": "id1", "seen": [{"key": "k"}]}', 400,
     "delete_unchanged: malformed call: seen at index 0: digest must be a SHA-256 in hexadecimal"),
    ("delete_unchanged", '{"ns": "id1", "seen": ["k"]}', 400,
     "delete_unchanged: malformed call: seen at index 0: text in place of an object"),
    ("get_many", '{"ns": "id1", "keys": ["k"], "size": "x"}', 400,
     "get_many: malformed call: size must be a whole number"),
    ("list", '{"ns": "id1", "limit": 0}', 400, "list: malformed call: limit must be from 1 to"),
    ("list", '{"ns": "id1", "prefix": 5}', 400, "list: malformed call: prefix must be text"),
    ("find", '{"ns": "id1"}', 400, "find: malformed call: filter must be text, not null"),
    ("find", '{"ns": "id1", "filter": "size>x", "every": 1, "skip": 0, "limit": 1, "seconds": 1}',
     400, "find: malformed call: filter is refused: size>x: it needs a number of bytes"),
    ("find", '{"ns": "id1", "filter": "", "every": 0}', 400, "find: malformed call: every must be"),
    ("find", '{"ns": "id1", "filter": "", "every": 1, "skip": 0, "limit": 1, "seconds": 1e9}',
     400, "find: malformed call: seconds must be from 0 to 10"),
    ("rows", '{"ns": "id1", "names": [5]}', 400, "rows: malformed call: names at index 0: must be"),
    ("part", '{"ns": "id1", "key": "k", "start": -1}', 400, "part: malformed call: start must be"),
    ("stats", "[" * 100_000, 400, "stats: malformed call: nested too deeply"),
    ("clear", '{"ns": "id1", "all": true}', 400, 'clear: malformed call: unknown field "all"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "body", "status", "text"),
    CORE,
    ids=[f"{index}-{row[0]}-{row[3][-30:]}" for index, row in enumerate(CORE)],
)
async def test_store_api_refuses(
    rest: Rest, store: Store, operation: str, body: bytes | str, status: int, text: str
) -> None:
    got, _, answer = await rest.raw("POST", f"/kvlens/store/{operation}", body)
    assert got == status
    assert json.loads(answer)["error"].startswith(text)
    assert "\n" not in json.loads(answer)["error"]
    assert (await store.stats("id1")).keys == 0
    assert await rest("GET", "/id1/keys") == ([], {"count": 0, "cursor": ""})


async def test_store_api_brings_back_what_no_put_takes_today(rest: Rest, store: Store) -> None:
    """A snapshot has what another runtime stored: an empty name, a long one, long metadata."""
    metadata = json.dumps("x" * 2000)
    writes = [
        {"key": key, "value": "dg==", "metadata": metadata, "expiration": 4_102_444_800}
        for key in ("", "..", "é" * 300)
    ]
    call = json.dumps({"ns": "id1", "writes": writes})
    assert (await rest.raw("POST", "/kvlens/store/put_many", call))[0] == 200
    assert await store.get("id1", "..") == Entry(b"v", metadata, 4_102_444_800)
    assert len((await rest("GET", "/id1/keys"))[0]) == 3


async def test_metadata_that_is_none_hides_no_other_key(rest: Rest, store: Store) -> None:
    await store.put_many("id1", [Write("bad", b"1", "{broken"), Write("good", b"2", "[1]")])
    keys, _ = await rest("GET", "/id1/keys")
    assert keys == [{"name": "bad"}, {"name": "good", "metadata": [1]}]


async def test_store_api_takes_any_namespace(rest: Rest, store: Store) -> None:
    value = base64.b64encode(b"v").decode()
    call = json.dumps({"ns": "elsewhere", "key": "k", "value": value})
    assert (await rest.raw("POST", "/kvlens/store/put", call))[2] == b'{"result": null}'
    assert await store.get("elsewhere", "k") == Entry(b"v")
