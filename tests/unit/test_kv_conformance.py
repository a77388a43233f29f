"""The results of the namespace object, row by row: an operation, the modes, and the result.

WD is the current workerd; STRICT adds the rules of Miniflare 2; rows for BOTH run with each.
"""

from __future__ import annotations

import array
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kvlens.cli import main
from kvlens.cli.commands.dev import COMMAND as DEV
from kvlens.cli.frame import read
from kvlens.kv.clock import ManualClock
from kvlens.kv.coerce import UNSET
from kvlens.kv.errors import KVError, KVSyntaxError, KVTypeError
from kvlens.kv.limits import COMPATS, Compat, read_compat
from kvlens.kv.namespace import KVNamespace
from kvlens.kv.validation import STRICT_NOTE
from kvlens.kv.values import unescape_json
from kvlens.lsp.settings import Settings as ServerSettings
from kvlens.lsp.settings import read_settings as server_settings
from kvlens.stores.registry import open_store

NOW = 1_700_000_000
STRICT: tuple[Compat, ...] = ("strict",)
WD: tuple[Compat, ...] = ("workerd",)
BOTH = COMPATS


class Raises(NamedTuple):
    text: str
    kind: type[KVError] = KVError


def type_error(text: str) -> Raises:
    return Raises(text, KVTypeError)


def not_a_key(function: str, kind: str = "string") -> Raises:
    return type_error(
        f"Failed to execute '{function}' on 'KvNamespace': parameter 1 is not of type '{kind}'."
    )


Run = Callable[[KVNamespace], Awaitable[Any]]
NOT_A_VALUE = type_error(
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)
OUT_OF_RANGE = type_error(
    "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
)
NOT_A_TYPE = type_error(
    'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
)
UNDECODABLE = "400 Could not URL-decode key name"


def put(value: Any = "v", key: Any = "k", kind: str = "text", **options: Any) -> Run:
    """Put, then get."""

    async def run(kv: KVNamespace) -> Any:
        await kv.put(key, value, **options)
        return await kv.get(key, kind)

    return run


def put_whole(**options: Any) -> Run:
    """Put, then get the metadata and expiration too."""

    async def run(kv: KVNamespace) -> Any:
        await kv.put("k", "v", **options)
        (info,) = (await kv.list())["keys"]
        return (await kv.get_with_metadata("k"))["metadata"], info

    return run


def expires(**options: Any) -> Run:
    """Put, then return in how many seconds the key expires; None for never."""

    async def run(kv: KVNamespace) -> Any:
        await kv.put("k", "v", **options)
        (info,) = (await kv.list())["keys"]
        return info["expiration"] - NOW if "expiration" in info else None

    return run


def stored(*steps: Run) -> Run:
    """Run all and return the result of the last one."""

    async def run(kv: KVNamespace) -> Any:
        result = None
        for step in steps:
            result = await step(kv)
        return result

    return run


def holding(names: list[str], last: Run) -> Run:
    async def run(kv: KVNamespace) -> Any:
        for name in names:
            await kv.put(name, f"value of {name}")
        return await last(kv)

    return run


def listed(**options: Any) -> Run:
    """List only names, and the cursor if there is one."""

    async def run(kv: KVNamespace) -> Any:
        page = await kv.list(**options)
        names = [info["name"] for info in page["keys"]]
        return (names, page["cursor"]) if page.get("cursor") else names

    return run


def refused(method: str, text: str) -> Raises:
    return Raises(f"KV {method} failed: {text}")


def bad_ttl(shown: object, rest: str = "Please specify integer greater than 0.") -> Raises:
    return refused("PUT", f"400 Invalid expiration_ttl of {shown}. {rest}")


def past(shown: object) -> Raises:
    return refused(
        "PUT",
        f"400 Invalid expiration of {shown}. Please specify integer greater than the current "
        "number of seconds since the UNIX epoch.",
    )


def too_soon(shown: object) -> Raises:
    text = "Expiration times must be at least 60 seconds in the future."
    return refused("PUT", f"400 Invalid expiration of {shown}. {text}")


def bad_cache(shown: object, least: int) -> Raises:
    return refused("GET", f"400 Invalid cache_ttl of {shown}. Cache TTL must be at least {least}.")


def bad_limit(shown: object, rest: str = "greater than 0") -> Raises:
    return refused(
        "GET", f"400 Invalid key_count_limit of {shown}. Please specify an integer {rest}."
    )


def noted(error: Raises) -> Raises:
    """If only a rule of Miniflare 2 rejects a call, the text says so and what to do."""
    return error._replace(text=error.text + STRICT_NOTE)


def bulk(text: str) -> Raises:
    return refused("GET_BULK", text)


async def slowly(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def many(size: int) -> Iterator[bytes]:
    while size > 0:
        yield b"x" * min(size, 1_000_000)
        size -= 1_000_000


def too_long(method: str) -> Raises:
    return refused(method, "414 UTF-8 encoded length of 513 exceeds key length limit of 512.")


MIB25 = 26_214_400
LONG = "a" * 513
FACES = "\U0001f600" * 128
AT_LEAST_60 = "Expiration TTL must be at least 60."
TOO_LARGE = refused("PUT", f"413 Value length of {MIB25 + 1} exceeds limit of {MIB25}.")
ABC = ["a", "b", "c"]
KEY = "Key name cannot be empty."

ROWS: list[tuple[str, tuple[Compat, ...], Run, Any]] = [
    # keys
    ("K1 get", BOTH, lambda kv: kv.get(""), type_error(KEY)),
    ("K1 getWithMetadata", BOTH, lambda kv: kv.get_with_metadata(""), type_error(KEY)),
    ("K1 put", BOTH, lambda kv: kv.put("", "v"), type_error(KEY)),
    ("K1 delete", BOTH, lambda kv: kv.delete(""), type_error(KEY)),
    ("K2", BOTH, lambda kv: kv.get("."), type_error('"." is not allowed as a key name.')),
    ("K3", BOTH, lambda kv: kv.put("..", ""), type_error('".." is not allowed as a key name.')),
    ("K4 get", BOTH, lambda kv: kv.get(LONG), too_long("GET")),
    ("K4 getWithMetadata", BOTH, lambda kv: kv.get_with_metadata(LONG), too_long("GET")),
    ("K4 put", BOTH, lambda kv: kv.put(LONG, ""), too_long("PUT")),
    ("K4 delete", BOTH, lambda kv: kv.delete(LONG), too_long("DELETE")),
    ("K5", BOTH, put("v", FACES), "v"),
    ("K6", BOTH, put("v", FACES + "a"), too_long("PUT")),
    ("K7 get", BOTH, lambda kv: kv.get(), not_a_key("get", "string or Array")),
    ("K7 getWithMetadata", BOTH, lambda kv: kv.get_with_metadata(),
     not_a_key("getWithMetadata", "Array or string")),
    ("K7 put", BOTH, lambda kv: kv.put(), not_a_key("put")),
    ("K7 delete", BOTH, lambda kv: kv.delete(), not_a_key("delete")),
    ("K8 undefined", STRICT, lambda kv: kv.put(UNSET, "v"), noted(not_a_key("put"))),
    ("K8 undefined get", STRICT, lambda kv: kv.get(UNSET), noted(not_a_key("get"))),
    ("K8 undefined in many", STRICT, lambda kv: kv.get(["a", UNSET]), noted(not_a_key("get"))),
    ("K8 undefined whole", STRICT, lambda kv: kv.get_with_metadata([UNSET]),
     noted(not_a_key("getWithMetadata"))),
    ("K8 undefined delete", STRICT, lambda kv: kv.delete(UNSET), noted(not_a_key("delete"))),
    ("K8 undefined", WD, holding(["undefined"], lambda kv: kv.get(UNSET)), "value of undefined"),
    ("K8 undefined in many", WD, lambda kv: kv.get([UNSET]), {"undefined": None}),
    ("K8 list", BOTH, put("v", ["a", "b"]), {"a": None, "b": None}),
    ("K8 object", BOTH, stored(put("v", {"a": 1}), listed()), ["[object Object]"]),
    ("K8 bytes", BOTH, stored(put("v", b"\x01\x02"), listed()), ["1,2"]),
    ("K8 small number", BOTH, stored(put("v", 0.00001), put("v", 1e-7), listed()),
     ["0.00001", "1e-7"]),
    ("K8 huge number", BOTH, stored(put("v", 10**5000), listed()), ["Infinity"]),
    ("K8 null", BOTH, holding(["null"], lambda kv: kv.get(None)), "value of null"),
    ("K8 5", BOTH, holding(["5"], lambda kv: kv.get(5)), "value of 5"),
    ("K9", BOTH, put("v", "  "), "v"),
    ("K10", BOTH, holding(["a/b%2Fc?d#e"], listed()), ["a/b%2Fc?d#e"]),
    ("K11", BOTH, put("v", "a\nb"), "v"),
    ("K12", BOTH, lambda kv: kv.put("x\ud800", ""), refused("PUT", UNDECODABLE)),
    ("K14", BOTH, holding(["key", "KEY"], listed()), ["KEY", "key"]),
    # values
    ("P1", BOTH, put("h\u00e9llo", kind="arrayBuffer"), b"h\xc3\xa9llo"),
    ("P2", BOTH, put(b"\x00\xff", kind="arrayBuffer"), b"\x00\xff"),
    ("P2 bytearray", BOTH, put(bytearray(b"ab")), "ab"),
    ("P3", BOTH, put(array.array("H", [258]), kind="arrayBuffer"), b"\x02\x01"),
    ("P3 view", BOTH, put(memoryview(b"abcd")[1:3]), "bc"),
    ("P4 async", BOTH, lambda kv: put(slowly(b"ab", b"cd"))(kv), "abcd"),
    ("P4 iterator", BOTH, lambda kv: put(iter([b"a", b"b"]))(kv), "ab"),
    ("P4 file", BOTH, lambda kv: put(io.BytesIO(b"file"))(kv), "file"),
    ("P5", BOTH, put(""), ""),
    ("P6 object", BOTH, put({}), NOT_A_VALUE),
    ("P6 array", BOTH, put([1, 2]), NOT_A_VALUE),
    ("P8 5", BOTH, put(5), "5"),
    ("P8 5.0", BOTH, put(5.0), "5"),
    ("P8 null", BOTH, put(None), "null"),
    ("P8 true", BOTH, put(True), "true"),
    ("P8 undefined", BOTH, put(UNSET), "undefined"),
    ("P8 nothing", BOTH, lambda kv: kv.put("k"), type_error(
        "Failed to execute 'put' on 'KvNamespace': parameter 2 is not of type 'string or Object'."
    )),
    ("P9", BOTH, stored(lambda kv: kv.put("k", bytes(MIB25))), None),
    ("P10 bytes", BOTH, lambda kv: kv.put("k", bytes(MIB25 + 1)), TOO_LARGE),
    ("P10 text", BOTH, lambda kv: kv.put("k", "x" * (MIB25 + 1)), TOO_LARGE),
    ("P10 stream", BOTH, lambda kv: kv.put("k", many(MIB25 + 1)), TOO_LARGE),
    ("P15 ttl first", BOTH, put(bytes(MIB25 + 1), expiration_ttl=0), bad_ttl(0)),
    ("P15 type before a lone surrogate", BOTH, put({}, "x\ud800"), NOT_A_VALUE),
    ("P15 type first", BOTH, put({}, expiration_ttl=0), NOT_A_VALUE),
    (
        "P15 metadata first",
        BOTH,
        put(bytes(MIB25 + 1), metadata="x" * 2000),
        refused("PUT", "413 Metadata length of 2002 exceeds limit of 1024."),
    ),
    # expirationTtl
    ("X1", BOTH, put(expiration_ttl="nan"), bad_ttl(0)),
    ("X2", BOTH, put(expiration_ttl=0), bad_ttl(0)),
    ("X3", BOTH, put(expiration_ttl=-5), bad_ttl(-5)),
    ("X4 30", BOTH, put(expiration_ttl=30), bad_ttl(30, AT_LEAST_60)),
    ("X4 59", BOTH, put(expiration_ttl=59), bad_ttl(59, AT_LEAST_60)),
    ("X5", BOTH, expires(expiration_ttl=60), 60),
    ("X6", BOTH, expires(expiration_ttl="1000"), 1000),
    ("X7", BOTH, expires(expiration_ttl="60abc"), bad_ttl(0)),
    ("X8", BOTH, expires(expiration_ttl=60.9), 60),
    ("X9", BOTH, expires(expiration_ttl=None), bad_ttl(0)),
    ("X10", BOTH, put(expiration_ttl=float("nan")), bad_ttl(0)),
    ("X11 high", BOTH, put(expiration_ttl=2147483648), OUT_OF_RANGE),
    ("X11 low", BOTH, put(expiration_ttl=-2147483649), OUT_OF_RANGE),
    ("X11 beside a ttl", BOTH, put(expiration_ttl=60, expiration=3e9), OUT_OF_RANGE),
    ("a ttl of 400 digits", BOTH, put(expiration_ttl=10**400), bad_ttl(0)),
    ("a ttl of 400 digits as text", BOTH, put(expiration_ttl="1" * 400), bad_ttl(0)),
    ("infinite ttl", BOTH, put(expiration_ttl=float("inf")), bad_ttl(0)),
    ("a time of 400 digits", BOTH, put(expiration=-(10**400)), past(0)),
    ("NaN as a time", BOTH, put(expiration=float("nan")), past(0)),
    ("a datetime", BOTH, put(expiration=datetime.fromtimestamp(NOW + 100, timezone.utc)), OUT_OF_RANGE),
    ("a list of one", BOTH, expires(expiration_ttl=[100]), 100),
    ("range before key", BOTH, put(key="", expiration_ttl=2**31), OUT_OF_RANGE),
    ("ttl wins", BOTH, expires(expiration_ttl=60, expiration=NOW + 1000), 60),
    # expiration
    ("E1", BOTH, put(expiration="nan"), past(0)),
    ("E2 now", BOTH, put(expiration=NOW), past(NOW)),
    ("E2 0", BOTH, put(expiration=0), past(0)),
    ("E3 1", BOTH, put(expiration=NOW + 1), too_soon(NOW + 1)),
    ("E3 59", BOTH, put(expiration=NOW + 59), too_soon(NOW + 59)),
    ("E4", BOTH, expires(expiration=NOW + 60), 60),
    ("E5", BOTH, expires(expiration=str(NOW + 99)), 99),
    ("E6 4e9", BOTH, put(expiration=4e9), OUT_OF_RANGE),
    ("E6 2^31", BOTH, put(expiration=2**31), OUT_OF_RANGE),
    ("E7", BOTH, put(expiration="2030-01-01"), past(0)),
    ("E9", BOTH, put(expiration="12.9"), past(12)),
    ("a lone surrogate", BOTH, put("\ud800", kind="arrayBuffer"), b"\xed\xa0\x80"),
    # metadata
    ("D1 object", BOTH, put_whole(metadata={"a": [1, None]}),
     ({"a": [1, None]}, {"name": "k", "metadata": {"a": [1, None]}})),
    ("D1 text", BOTH, put_whole(metadata="example"),
     ("example", {"name": "k", "metadata": "example"})),
    ("D2 null", BOTH, put_whole(metadata=None), (None, {"name": "k"})),
    ("D2 undefined", BOTH, put_whole(), (None, {"name": "k"})),
    ("D3 0", BOTH, put_whole(metadata=0), (0, {"name": "k", "metadata": 0})),
    ("D3 false", BOTH, put_whole(metadata=False), (False, {"name": "k", "metadata": False})),
    ("D3 empty", BOTH, put_whole(metadata=""), ("", {"name": "k", "metadata": ""})),
    ("D4", BOTH, put(metadata="x" * 1022), "v"),
    ("D5", BOTH, put(metadata="x" * 1023),
     refused("PUT", "413 Metadata length of 1025 exceeds limit of 1024.")),
    ("D5 bytes", BOTH, put(metadata="\u00e9" * 512),
     refused("PUT", "413 Metadata length of 1026 exceeds limit of 1024.")),
    # get
    ("G1 get", BOTH, lambda kv: kv.get("none"), None),
    ("G1 whole", BOTH, lambda kv: kv.get_with_metadata("none"),
     {"value": None, "metadata": None, "cacheStatus": None}),
    ("G3 option", BOTH, holding(ABC, lambda kv: kv.get("a", {"type": "text"})), "value of a"),
    ("G4", BOTH, put('{"a": [1, 2.5, null, "\\u00e9"]}', kind="json"), {"a": [1, 2.5, None, "é"]}),
    ("G5", BOTH, put("nope", kind="json"),
     Raises("Expecting value in JSON at position 0", KVSyntaxError)),
    ("G5 NaN", BOTH, put("[NaN]", kind="json"),
     Raises("Unexpected token NaN in JSON at position 0", KVSyntaxError)),
    ("G6", BOTH, put("", kind="json"), Raises("Unexpected end of JSON input", KVSyntaxError)),
    ("G9", BOTH, lambda kv: kv.get("none", "map"), None),
    ("G10", BOTH, put(kind="map"), NOT_A_TYPE),
    ("G12", BOTH, put(b"\xff\x00A"), "\ufffd\x00A"),
    ("a byte order mark", BOTH, put(b"\xef\xbb\xbf[1]"), "\ufeff[1]"),
    ("a byte order mark as json", BOTH, put(b"\xef\xbb\xbf[1]", kind="json"),
     Raises("Unexpected byte order mark in JSON at position 0", KVSyntaxError)),
    ("type null", BOTH, holding(ABC, lambda kv: kv.get("a", {"type": None})), NOT_A_TYPE),
    ("C1 30", STRICT, lambda kv: kv.get("k", cache_ttl=30), noted(bad_cache(30, 60))),
    ("C1 59", STRICT, lambda kv: kv.get("k", {"cacheTtl": 59}), noted(bad_cache(59, 60))),
    ("C1 30", WD, lambda kv: kv.get("k", cache_ttl=30), None),
    ("C2", BOTH, lambda kv: kv.get("k", cache_ttl=10), bad_cache(10, 30)),
    ("C3", BOTH, lambda kv: kv.get("k", cache_ttl="not a number"), bad_cache(0, 30)),
    ("C4 0", BOTH, lambda kv: kv.get("k", cache_ttl=0), bad_cache(0, 30)),
    ("C4 null", BOTH, lambda kv: kv.get("k", cache_ttl=None), bad_cache(0, 30)),
    ("C range", BOTH, lambda kv: kv.get("", cache_ttl=2**31), OUT_OF_RANGE),
    ("C many", STRICT, lambda kv: kv.get(["k"], cache_ttl=59),
     noted(bulk("400 Invalid cache_ttl of 59. Cache TTL must be at least 60."))),
    ("C many", WD, lambda kv: kv.get(["k"], cache_ttl=59), {"k": None}),
    ("C5", BOTH, lambda kv: kv.get("k", cache_ttl=60), None),
    # bulk get
    ("B1", BOTH, holding(ABC, lambda kv: kv.get(["a", "z"])), {"a": "value of a", "z": None}),
    ("B2", BOTH, lambda kv: kv.get(["k"] * 101),
     bulk("400 You can request a maximum of 100 keys")),
    ("B3", BOTH, lambda kv: kv.get([]), bulk("400 You must request a minimum of 1 key")),
    ("B4", BOTH, lambda kv: kv.get(["k"], "stream"),
     bulk('400 "stream" is not a valid type. Use "json" or "text"')),
    ("B5", BOTH, stored(put("[1]"), lambda kv: kv.get(["k"])), {"k": "[1]"}),
    ("B6", BOTH, stored(put("[1]"), lambda kv: kv.get(["k"], "json")), {"k": [1]}),
    ("B7", BOTH, stored(put("x"), lambda kv: kv.get(["k"], "json")),
     bulk("400 At least one of the requested keys corresponds to a non-json value")),
    ("B8", BOTH, stored(put("v"), lambda kv: kv.get_with_metadata(["k", "z"])),
     {"k": {"value": "v", "metadata": None}, "z": None}),
    ("B10", BOTH, stored(put("", metadata=123), lambda kv: kv.get_with_metadata(["k"])),
     {"k": {"value": "", "metadata": 123}}),
    ("B11", BOTH, stored(put("0", metadata="m"), lambda kv: kv.get_with_metadata(["k"], "json")),
     {"k": {"value": 0, "metadata": "m"}}),
    ("B12", BOTH, stored(put("x" * MIB25), lambda kv: kv.put("l", "x"),
                       lambda kv: kv.get(["k", "l"])),
     bulk("413 Total size of request exceeds the limit of 25MB")),
    ("B13", BOTH, lambda kv: kv.get(["a", ""]), bulk("400 Key names must not be empty")),
    ("B14", BOTH, lambda kv: kv.get([LONG]), too_long("GET_BULK")),
    ("B15", BOTH, lambda kv: kv.get(["a"], {"cacheTtl": 10}),
     bulk("400 Invalid cache_ttl of 10. Cache TTL must be at least 30.")),
    ("B17", BOTH, holding(["1", "z1"], lambda kv: kv.get(["1", "2", "z1"])),
     {"1": "value of 1", "2": None, "z1": "value of z1"}),
    ("B18", BOTH, holding(["__proto__"], lambda kv: kv.get(["__proto__"])),
     {"__proto__": "value of __proto__"}),
    # delete
    ("DL1", BOTH, holding(["a"], stored(lambda kv: kv.delete("a"), lambda kv: kv.get("a"))), None),
    ("DL2", BOTH, lambda kv: kv.delete("none"), None),
    ("DL4", BOTH, holding(ABC, stored(lambda kv: kv.delete(["a", "b"]), listed())), ABC),
    # list
    ("L1", BOTH, lambda kv: kv.list(), {"keys": [], "list_complete": True, "cacheStatus": None}),
    ("L2", BOTH, holding(ABC, lambda kv: kv.list(limit=1)),
     {"keys": [{"name": "a"}], "list_complete": False, "cursor": "YQ==", "cacheStatus": None}),
    ("L4", BOTH, holding(["o\U0001f600", "o\uff5e", "oé", "oa", "oZ", "!", ","], listed()),
     ["!", ",", "oZ", "oa", "oé", "o\uff5e", "o\U0001f600"]),
    ("L5", BOTH, holding(["A%", "a%b", "a_b", "aab"], listed(prefix="a%")), ["a%b"]),
    ("L7", BOTH, holding([f"{n:04}" for n in range(1001)],
                         stored(listed(), lambda kv: kv.list(prefix="1"))),
     lambda page: [info["name"] for info in page["keys"]] == ["1000"]),
    ("L8", BOTH, lambda kv: kv.list(limit=1001), bad_limit(1001, "less than 1000")),
    ("L9", BOTH, listed(limit=1000), []),
    ("L10", STRICT, listed(limit=0), noted(bad_limit(0))),
    ("L10", WD, holding(ABC, listed(limit=0)), ABC),
    ("L11", STRICT, listed(limit=-1), noted(bad_limit(-1))),
    ("L11", WD, holding(ABC, listed(limit=-1)), ABC),
    ("L12", STRICT, listed(limit="nan"), noted(bad_limit("nan"))),
    ("L12", WD, holding(ABC, listed(limit="nan")), ABC),
    ("L13", STRICT, listed(limit=None), noted(bad_limit("null"))),
    ("L13", WD, holding(ABC, listed(limit=None)), ABC),
    ("limit 0.5", STRICT, listed(limit=0.5), noted(bad_limit(0.5))),
    ("limit infinite", STRICT, listed(limit=float("inf")), noted(bad_limit("Infinity"))),
    ("limit true", BOTH, holding(ABC, listed(limit=True)), (["a"], "YQ==")),
    ("limit range", BOTH, listed(limit=-(2**31) - 1), OUT_OF_RANGE),
    ("L14", BOTH, holding(ABC, listed(limit="2")), (["a", "b"], "Yg==")),
    ("L15", BOTH, holding(ABC, listed(limit=1.9)), (["a"], "YQ==")),
    ("L16", BOTH, holding(ABC, listed(limit=2, cursor="Yg==")), ["c"]),
    ("L17", BOTH, holding(ABC, listed(limit=3)), ABC),
    ("L20", BOTH, holding(["z1", "z2"], listed(limit=1)), (["z1"], "ejE=")),
    ("L21", BOTH, holding(ABC, stored(lambda kv: kv.delete("b"), listed(cursor="Yg=="))), ["c"]),
    ("L22", BOTH, holding(["z1", "z3"], listed(cursor="ejI=")), ["z3"]),
    ("L23", BOTH, holding(ABC, listed(cursor="!!!")), ABC),
    ("L27", BOTH, put_whole(expiration_ttl=60), (None, {"name": "k", "expiration": NOW + 60})),
    ("L28", BOTH, listed(prefix=LONG), too_long("GET")),
    ("L29", BOTH, holding(["a" * 512], listed(prefix="a" * 512)), ["a" * 512]),
    ("L30", BOTH, holding(ABC, listed(prefix=None)), ABC),
]  # fmt: skip

CASES = [
    pytest.param(run, expected, compat, id=f"{compat}: {name}")
    for name, compats, run, expected in ROWS
    for compat in compats
]


@pytest.mark.parametrize(("run", "expected", "compat"), CASES)
async def test_row(run: Run, expected: Any, compat: Compat, tmp_path: Path) -> None:
    store = open_store("memory:", tmp_path, ManualClock(NOW + 0.9))
    kv = KVNamespace(store, "KV", compat=compat)
    if isinstance(expected, Raises):
        with pytest.raises(expected.kind) as caught:
            await run(kv)
        assert str(caught.value) == expected.text
        assert type(caught.value) is expected.kind
    elif callable(expected):
        assert expected(await run(kv))
    else:
        result = await run(kv)
        assert result == expected
        assert json.dumps(result, default=repr) == json.dumps(expected, default=repr)


def namespace(clock: ManualClock, path: Path) -> KVNamespace:
    return KVNamespace(open_store("memory:", path, clock), "KV")


async def test_expired_keys_are_gone(tmp_path: Path) -> None:
    """G2, L25."""
    clock = ManualClock(NOW)
    kv = namespace(clock, tmp_path)
    await kv.put("k", "v", expiration_ttl=60, metadata=1)
    clock.advance(60)
    assert await kv.get("k") is None
    assert (await kv.list())["keys"] == []


async def test_streams(tmp_path: Path) -> None:
    """G8."""
    kv = namespace(ManualClock(NOW), tmp_path)
    await kv.put("k", b"abc")
    stream = await kv.get("k", "stream")
    assert [chunk async for chunk in stream] == [b"abc"]
    assert [chunk async for chunk in stream] == []
    assert (await kv.get("k", "stream")).read() == b"abc"


async def test_what_was_put_cannot_be_changed(tmp_path: Path) -> None:
    """P14, D8."""
    kv = namespace(ManualClock(NOW), tmp_path)
    value, metadata = bytearray(b"abc"), {"a": [1]}
    await kv.put("k", value, metadata=metadata)
    value[0] = 0
    metadata["a"].append(2)
    (await kv.get_with_metadata("k"))["metadata"]["a"].append(3)
    whole = {"value": "abc", "metadata": {"a": [1]}, "cacheStatus": None}
    assert await kv.get_with_metadata("k") == whole


async def test_metadata_without_a_json_form(tmp_path: Path) -> None:
    """D7."""
    kv = namespace(ManualClock(NOW), tmp_path)
    circular: list[Any] = []
    circular.append(circular)
    with pytest.raises(KVTypeError, match="Converting circular structure to JSON"):
        await kv.put("k", "v", metadata=circular)
    with pytest.raises(KVTypeError, match="set is not JSON serializable"):
        await kv.put("k", "v", metadata={1})


async def test_paging_through_everything(tmp_path: Path) -> None:
    """L16, L18: the limit may change from page to page."""
    kv = namespace(ManualClock(NOW), tmp_path)
    names = [f"k{n:03}" for n in range(100)]
    for name in names:
        await kv.put(name, "")
    seen: list[str] = []
    cursor: str | None = None
    for limit in (1, 7, 30, 1000):
        page = await kv.list(prefix="k", limit=limit, cursor=cursor)
        seen += [info["name"] for info in page["keys"]]
        cursor = page.get("cursor")
    assert seen == names
    assert page["list_complete"]
    assert cursor is None


def test_the_old_name_of_strict_is_taken_everywhere(tmp_path: Path) -> None:
    modes: list[tuple[str, Compat]] = [
        ("strict", "strict"), ("miniflare2", "strict"), ("workerd", "workerd")]  # fmt: skip
    for name, mode in modes:
        assert server_settings({"compat": name}) == (ServerSettings(compat=mode), [])
        assert read("kvlens dev", DEV, ["--compat", name]).compat == mode
    assert read("kvlens dev", DEV, []).compat == "strict"
    for wrong in ("loose", 5, ["strict"]):
        settings, (complaint,) = server_settings({"compat": wrong})
        assert settings == ServerSettings()
        assert complaint == (
            f"kvlens.compat is {wrong!r}; it takes strict or workerd. Using 'strict'."
        )


def test_a_wrong_mode_in_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--compat", "loose"]) == 2
    assert "invalid choice: 'loose'" in capsys.readouterr().err


def test_the_names_of_the_modes(tmp_path: Path) -> None:
    assert [read_compat(name) for name in ("strict", "workerd", "miniflare2")] == [
        *COMPATS,
        "strict",
    ]
    for wrong in ("miniflare3", "", None, 5, ["strict"]):
        with pytest.raises(ValueError, match=r"it takes strict or workerd"):
            read_compat(wrong)
    with pytest.raises(ValueError, match=r"compat is 'loose'"):
        KVNamespace(open_store("memory:", tmp_path), "KV", compat="loose")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r'{"\u00e9":"\u2028"}', '{"é":"\u2028"}'),
        (r'["\ud83d\ude00", "\ud83d", "\ude00\ud83d"]', r'["😀", "\ud83d", "\ude00\ud83d"]'),
        (r'["\\u00e9", "\\\u00e9", "\n\/\""]', r'["\\u00e9", "\\é", "\n\/\""]'),
        (r'["\u0022\u005c\u0000\u001F\u007f"]', '["\\u0022\\u005c\\u0000\\u001F\x7f"]'),
        ("[1e400, 5]", "[1e400, 5]"),
    ],
)
def test_json_without_needless_escapes(text: str, plain: str) -> None:
    assert unescape_json(text) == plain
    assert json.loads(plain) == json.loads(text)
