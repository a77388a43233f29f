"""The errors of a Worker's invalid KV calls, in both syntaxes, on the real workerd.

With compat "strict", a call that only a rule of Miniflare 2 rejects throws; with "workerd", it
succeeds. Everything else is the runtime's own: the object, its results and its errors.
"""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kvlens import ManualClock
from kvlens.kv.validation import STRICT_NOTE
from kvlens.sync import Emulator

HERE = Path(__file__).parent
MODULE = 'import { answer } from "./calls.mjs";\nexport default { fetch: answer };\n'
SERVICE_WORKER = """import { answer } from "./calls.mjs";
const env = { KV };
addEventListener("fetch", (event) => event.respondWith(answer(event.request, env)));
"""
SYNTAXES = {"module": MODULE, "service worker": SERVICE_WORKER}
UNDEFINED = {"$undefined": True}
NAN = {"$number": "NaN"}
FACES = "\U0001f600" * 128
LONG = "a" * 513


def bytes_(content: bytes, kind: str = "$bytes") -> dict[str, str]:
    return {kind: base64.b64encode(content).decode()}


def type_error(text: str) -> tuple[str, str]:
    return "TypeError", text


def refused(method: str, text: str) -> tuple[str, str]:
    return "Error", f"KV {method} failed: {text}"


def not_a_key(function: str, kind: str = "string", number: int = 1) -> tuple[str, str]:
    return type_error(
        f"Failed to execute '{function}' on 'KvNamespace': "
        f"parameter {number} is not of type '{kind}'."
    )


def noted(error: tuple[str, str]) -> tuple[str, str]:
    """If only strict rejects a call, the text says so and what to do."""
    return error[0], error[1] + STRICT_NOTE


def bad_ttl(shown: object, rest: str = "Please specify integer greater than 0.") -> Any:
    return refused("PUT", f"400 Invalid expiration_ttl of {shown}. {rest}")


def past(shown: object) -> Any:
    return refused(
        "PUT",
        f"400 Invalid expiration of {shown}. Please specify integer greater than the current "
        "number of seconds since the UNIX epoch.",
    )


def bad_limit(shown: object, rest: str = "greater than 0") -> Any:
    return refused(
        "GET", f"400 Invalid key_count_limit of {shown}. Please specify an integer {rest}."
    )


def bad_cache(shown: object, least: int = 30, method: str = "GET") -> Any:
    return refused(method, f"400 Invalid cache_ttl of {shown}. Cache TTL must be at least {least}.")


NOT_A_VALUE = type_error(
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)
NOT_A_TYPE = type_error(
    'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
)
OUT_OF_RANGE = type_error(
    "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."
)
TOO_LONG = "414 UTF-8 encoded length of 513 exceeds key length limit of 512."
ILLEGAL = type_error(
    "Illegal invocation: function called with incorrect `this` reference. See "
    "https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors "
    "for details."
)
CLOCK = ManualClock(int(time.time()))  # doesn't move during the tests
SOON = int(CLOCK()) + 30

THROWS: list[tuple[str, list[Any], tuple[str, str]]] = [
    # keys
    ("K1 get", ["get", ""], type_error("Key name cannot be empty.")),
    ("K1 put before its value", ["put", "", 5], type_error("Key name cannot be empty.")),
    ("K2", ["delete", "."], type_error('"." is not allowed as a key name.')),
    ("K3", ["getWithMetadata", ".."], type_error('".." is not allowed as a key name.')),
    ("K4 get", ["get", LONG], refused("GET", TOO_LONG)),
    ("K4 put before its value", ["put", LONG, None], refused("PUT", TOO_LONG)),
    ("K4 delete", ["delete", LONG], refused("DELETE", TOO_LONG)),
    ("K6", ["get", FACES + "a"], refused("GET", TOO_LONG)),
    ("K7 get", ["get"], not_a_key("get", "string or Array")),
    ("K7 getWithMetadata", ["getWithMetadata"], not_a_key("getWithMetadata", "Array or string")),
    ("K7 put", ["put"], not_a_key("put")),
    ("K7 delete", ["delete"], not_a_key("delete")),
    ("K8 undefined", ["get", UNDEFINED], noted(not_a_key("get"))),
    ("K8 undefined put", ["put", UNDEFINED, "v"], noted(not_a_key("put"))),
    ("K8 undefined delete", ["delete", UNDEFINED], noted(not_a_key("delete"))),
    ("K8 undefined of many", ["getWithMetadata", ["a", UNDEFINED]],
     noted(not_a_key("getWithMetadata"))),
    ("unbound", ["unbound get", "x"], ILLEGAL),
    ("unbound, undefined", ["unbound get", UNDEFINED], ILLEGAL),
    ("unbound list", ["unbound list", {"limit": 0}], ILLEGAL),
    # values
    ("P6 map", ["put", "k", {"$map": [["a", 1]]}], NOT_A_VALUE),
    ("P6 object", ["put", "k", {"a": 1}], NOT_A_VALUE),
    ("P6 array", ["put", "k", [1]], NOT_A_VALUE),
    ("P8 nothing", ["put", "k"], not_a_key("put", "string or Object", 2)),
    ("P15 value before ttl", ["put", "k", {}, {"expirationTtl": 1}], NOT_A_VALUE),
    # expirationTtl and expiration
    ("X1", ["put", "k", "v", {"expirationTtl": "nan"}], bad_ttl(0)),
    ("X7", ["put", "k", "v", {"expirationTtl": "60abc"}], bad_ttl(0)),
    ("X9", ["put", "k", "v", {"expirationTtl": None}], bad_ttl(0)),
    ("X2", ["put", "k", "v", {"expirationTtl": 0}], bad_ttl(0)),
    ("X3", ["put", "k", "v", {"expirationTtl": -5}], bad_ttl(-5)),
    ("X4", ["put", "k", "v", {"expirationTtl": 59}],
     bad_ttl(59, "Expiration TTL must be at least 60.")),
    ("X10", ["put", "k", "v", {"expirationTtl": NAN}], bad_ttl(0)),
    ("X11", ["put", "k", "v", {"expirationTtl": 2147483648}], OUT_OF_RANGE),
    ("X11 below", ["put", "k", "v", {"expirationTtl": -2147483649}], OUT_OF_RANGE),
    ("E1", ["put", "k", "v", {"expiration": "nan"}], past(0)),
    ("E2", ["put", "k", "v", {"expiration": 1000}], past(1000)),
    ("E3", ["put", "k", "v", {"expiration": SOON}],
     refused("PUT", f"400 Invalid expiration of {SOON}. Expiration times must be at least 60 seconds in the future.")),
    ("E6", ["put", "k", "v", {"expiration": 4_000_000_000}], OUT_OF_RANGE),
    ("E7", ["put", "k", "v", {"expiration": "2030-01-01"}], past(0)),
    ("a Date", ["put", "k", "v", {"expiration": {"$date": int(CLOCK()) * 1000}}], OUT_OF_RANGE),
    # metadata
    ("D5", ["put", "k", "v", {"metadata": "x" * 1023}],
     refused("PUT", "413 Metadata length of 1025 exceeds limit of 1024.")),
    # get
    ("C1", ["get", "k", {"cacheTtl": 59}], noted(bad_cache(59, 60))),
    ("C1 30", ["getWithMetadata", "k", {"cacheTtl": 30}], noted(bad_cache(30, 60))),
    ("C1 many", ["get", ["k"], {"cacheTtl": 45}], noted(bad_cache(45, 60, "GET_BULK"))),
    ("C2", ["getWithMetadata", "k", {"cacheTtl": 10}], bad_cache(10)),
    ("C3", ["get", "k", {"cacheTtl": "not a number"}], bad_cache(0)),
    ("C4 0", ["get", "k", {"cacheTtl": 0}], bad_cache(0)),
    ("C4 null", ["get", "k", {"cacheTtl": None}], bad_cache(0)),
    ("C2 before C1", ["get", "k", {"cacheTtl": 29}], bad_cache(29)),
    # list
    ("L8", ["list", {"limit": 1001}], bad_limit(1001, "less than 1000")),
    ("L10", ["list", {"limit": 0}], noted(bad_limit(0))),
    ("L11", ["list", {"limit": -1}], noted(bad_limit(-1))),
    ("L12", ["list", {"limit": "nan"}], noted(bad_limit("nan"))),
    ("L13", ["list", {"limit": None}], noted(bad_limit("null"))),
]  # fmt: skip

PUT_A = [["put", "a", "1", {"metadata": {"m": 1}}], ["put", "b", "2"], ["put", "c", "3"]]
CACHE = {"cacheStatus": None}
PASSES: list[tuple[str, list[Any], list[Any], Any]] = [
    ("get", PUT_A, ["get", "a"], "1"),
    ("get text", PUT_A, ["get", "a", "text"], "1"),
    ("get json", PUT_A, ["get", "a", {"type": "json"}], 1),
    ("get arrayBuffer", PUT_A, ["get", "a", "arrayBuffer"], bytes_(b"1")),
    ("get stream", PUT_A, ["get", "a", {"type": "stream"}], bytes_(b"1", "$stream")),
    ("get missing", [], ["get", "a"], None),
    ("get undefined options", PUT_A, ["get", "a", UNDEFINED], "1"),
    ("G9", [], ["get", "missing", "map"], None),
    ("B1", PUT_A, ["get", ["a", "z"]], {"$map": [["a", "1"], ["z", None]]}),
    ("B1 json", PUT_A, ["get", ["a"], "json"], {"$map": [["a", 1]]}),
    ("B8", PUT_A, ["getWithMetadata", ["a", "b", "z"]],
     {"$map": [["a", {"value": "1", "metadata": {"m": 1}}], ["b", {"value": "2", "metadata": None}],
               ["z", None]]}),
    ("K8 null", [["put", None, "v"]], ["get", "null"], "v"),
    ("K8 number", [["put", 5, "v"]], ["get", 5], "v"),
    ("P8 number", [["put", "k", 5]], ["get", "k"], "5"),
    ("P8 true", [["put", "k", True]], ["get", "k"], "true"),
    ("P8 null", [["put", "k", None]], ["get", "k"], "null"),
    ("P8 undefined", [["put", "k", UNDEFINED]], ["get", "k"], "undefined"),
    ("DL4", PUT_A, ["delete", ["a", "b"]], UNDEFINED),
    ("C5", PUT_A, ["get", "a", {"cacheTtl": 60, "type": "json"}], 1),
    ("getWithMetadata", PUT_A, ["getWithMetadata", "a"],
     {"value": "1", "metadata": {"m": 1}, **CACHE}),
    ("getWithMetadata json", PUT_A, ["getWithMetadata", "a", "json"],
     {"value": 1, "metadata": {"m": 1}, **CACHE}),
    ("getWithMetadata missing", [], ["getWithMetadata", "a"],
     {"value": None, "metadata": None, **CACHE}),
    ("K5", [["put", FACES, "v"]], ["get", FACES], "v"),
    ("P2", [["put", "k", bytes_(b"\x00\xff", "$buffer")]], ["get", "k", "arrayBuffer"],
     bytes_(b"\x00\xff")),
    ("P3", [["put", "k", bytes_(b"\x00\xff")]], ["get", "k", "arrayBuffer"], bytes_(b"\x00\xff")),
    ("P4", [["put", "k", bytes_(b"\x00\xff", "$stream")]], ["get", "k", "arrayBuffer"],
     bytes_(b"\x00\xff")),
    ("P5", [["put", "k", ""]], ["get", "k"], ""),
    ("X6", [["put", "k", "v", {"expirationTtl": "1000"}]], ["get", "k"], "v"),
    ("X8", [["put", "k", "v", {"expirationTtl": 60.9}]], ["list"],
     {"keys": [{"name": "k", "expiration": int(CLOCK()) + 60}], "list_complete": True, **CACHE}),
    ("put null options", [["put", "k", "v", None]], ["get", "k"], "v"),
    ("delete", [*PUT_A, ["delete", "a"]], ["get", "a"], None),
    ("delete answers", PUT_A, ["delete", "a"], UNDEFINED),
    ("list", [["put", "a", "1", {"metadata": {"m": 1}}]], ["list"],
     {"keys": [{"name": "a", "metadata": {"m": 1}}], "list_complete": True, **CACHE}),
    ("list page", PUT_A, ["list", {"limit": 1, "cursor": "YQ=="}],
     {"keys": [{"name": "b"}], "list_complete": False, "cursor": "Yg==", **CACHE}),
    ("L14", PUT_A, ["list", {"limit": "2", "prefix": "b"}],
     {"keys": [{"name": "b"}], "list_complete": True, **CACHE}),
    ("L15", PUT_A, ["list", {"limit": 1.9, "prefix": ""}],
     {"keys": [{"name": "a", "metadata": {"m": 1}}], "list_complete": False,
      "cursor": "YQ==", **CACHE}),
    ("thrown at once", [], ["how get"], "thrown"),
    ("rejected", [], ["how get", UNDEFINED], "rejected"),
]  # fmt: skip


def started(syntax: str, folder: Path, **options: Any) -> Emulator:
    shutil.copy(HERE / "workers" / "calls.mjs", folder)
    entry = folder / "entry.mjs"
    entry.write_text(SYNTAXES[syntax], encoding="utf-8")
    return Emulator(script_path=entry, folder=HERE, kv_namespaces=["KV"], clock=CLOCK, **options)


def call(emulator: Emulator, *calls: list[Any]) -> list[Any]:
    body = json.dumps({"calls": [["KV", *one] for one in calls]})
    response = emulator.dispatch_fetch("http://kv.test/", method="POST", body=body)
    assert response.status == 200, response.text
    answers: list[Any] = response.json()
    return answers


@pytest.fixture(scope="module", params=SYNTAXES)
def session(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Emulator]:
    with started(request.param, tmp_path_factory.mktemp("strict")) as emulator:
        yield emulator


@pytest.fixture
def emulator(session: Emulator) -> Emulator:
    session.clear()
    return session


@pytest.mark.parametrize(("wrong", "error"), [pytest.param(*row[1:], id=row[0]) for row in THROWS])
def test_wrong_calls_throw(emulator: Emulator, wrong: list[Any], error: tuple[str, str]) -> None:
    (answer,) = call(emulator, wrong)
    assert (answer.get("kind"), answer.get("error")) == error
    assert emulator.get_kv_namespace("KV").list()["keys"] == []


@pytest.mark.parametrize(
    ("before", "last", "value"), [pytest.param(*row[1:], id=row[0]) for row in PASSES]
)
def test_right_calls_pass(
    emulator: Emulator, before: list[Any], last: list[Any], value: Any
) -> None:
    answers = call(emulator, *before, last)
    assert [answer for answer in answers if "error" in answer] == []
    assert answers[-1] == {"value": value}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_workerd_lets_them_through(syntax: str, tmp_path: Path) -> None:
    with started(syntax, tmp_path, compat="workerd") as emulator:
        wrong: list[list[Any]] = [
            ["put", UNDEFINED, 5],
            ["get", UNDEFINED],
            ["list", {"limit": 0}],
            ["delete", ["a", "b"]],
            ["get", ["undefined", "x"]],
        ]
        assert call(emulator, *wrong) == [
            {"value": UNDEFINED},
            {"value": "5"},
            {"value": {"keys": [{"name": "undefined"}], "list_complete": True, **CACHE}},
            {"value": UNDEFINED},
            {"value": {"$map": [["undefined", "5"], ["x", None]]}},
        ]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_names_of_keys_are_not_confused(syntax: str, tmp_path: Path) -> None:
    """V8 confuses a name with an escape with the first one it has seen: no escapes are sent."""
    with started(syntax, tmp_path) as emulator:
        names = ["\\", "é", "ü", "\u2028", "\U0001f600"]
        answers = call(emulator, *(["get", [name]] for name in names))
    assert answers == [{"value": {"$map": [[name, None]]}} for name in names]


# -- rejections ------------------------------------------------------------------------------

BAD = '"x", "1", { expiration: Date.now() }'
CAUGHT: dict[str, str] = {
    "awaited": f"try {{ await KV.put({BAD}) }} catch {{}}",
    "catch": 'await KV.put("", "1").catch(() => {})',
    "refused by the service": 'try { await KV.put("x", "1", { expiration: 5 }) } catch {}',
    "refused by strict": "try { await KV.list({ limit: 0 }) } catch {}",
    "through a function": f"const f = async () => KV.put({BAD}); try {{ await f() }} catch {{}}",
    "through three": f"const f = async () => KV.put({BAD}); const g = async () => f(); "
    "const h = async () => g(); try { await h() } catch {}",
    "among several": f"const f = async () => KV.put({BAD}); "
    "try { await Promise.all([f(), 1]) } catch {}",
    "the Worker's own": 'const f = async () => Promise.reject(new Error("own")); '
    "try { await f() } catch {}",
    "a moment later": 'const p = KV.put("", "1"); await null; await null; try { await p } catch {}',
}
LOST: dict[str, tuple[str, str]] = {
    "not awaited": ('KV.put("", "1")', "TypeError: Key name cannot be empty."),
    "refused by the service": (
        # its response must arrive before the request ends, which also ends its promise
        'KV.put("x", "1", { expiration: 5 }); for (let n = 0; n < 20; n++) await KV.get("y")',
        "Error: KV PUT failed: 400 Invalid expiration of 5.",
    ),
    "refused by strict": ("KV.list({ limit: 0 })", "Error: KV GET failed: 400 Invalid key_count"),
    "the Worker's own": ('Promise.reject(new Error("own"))', "Error: own"),
}
WORKERS = {
    "module": "export default { async fetch(request, env) { return run(request, env.KV); } };",
    "service worker": 'addEventListener("fetch", (event) => '
    "event.respondWith(run(event.request, KV)));",
}


@pytest.mark.parametrize("syntax", WORKERS)
@pytest.mark.parametrize("date", ["2021-11-03", "2024-12-01", "2026-04-01"])
def test_only_what_nobody_catches_is_reported(syntax: str, date: str) -> None:
    """The runtime reports rejections at a different moment with each of these dates."""
    lost = {f"lost: {name}": code for name, (code, _) in LOST.items()}
    cases = ",".join(
        f"{json.dumps(name)}: async (KV) => {{ {code} }}"
        for name, code in {**CAUGHT, **lost}.items()
    )
    script = f"""const cases = {{ {cases} }};
    async function run(request, KV) {{
      await cases[await request.text()](KV);
      return new Response("done");
    }}
    {WORKERS[syntax]}"""
    told: list[str] = []
    with Emulator(
        script=script, kv_namespaces=["KV"], folder=HERE, compatibility_date=date
    ) as emulator:
        for name in [*CAUGHT, *lost]:
            answer = emulator.dispatch_fetch("http://kv.test/", method="POST", body=name)
            assert answer.text == "done", name
        wanted = [text for _, text in LOST.values()]
        until = time.monotonic() + 10
        while len(told) < len(wanted) and time.monotonic() < until:
            told = [event.message for event in emulator.events]
            time.sleep(0.01)
    assert [text for text, start in zip(told, wanted, strict=True)
            if not text.removeprefix("Uncaught (in promise) ").lstrip("[").startswith(start)] == []  # fmt: skip
