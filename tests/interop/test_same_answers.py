"""The same calls on Miniflare, with our emulator in both modes, and on the namespace object.

With compat "workerd", every result is Miniflare's. With "strict" too, except for calls that one of
the seven rules of Miniflare 2's page rejects and workerd doesn't: `strictly` decides which. Bugs in
Miniflare are in DIFFERENCES, and with both results in docs/fidelity.md.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.validation import STRICT_NOTE

from tests.interop.runtimes import Caller, Miniflare, Miniflare4, Ours, Thrown

MIB25 = 26_214_400
FACE = "\U0001f600"
SURROGATE = {"$text": [0xD800]}
UNDEFINED = {"$undefined": True}
NOW = int(time.time())
LATER = 2_000_000_000

BAD_KEYS: list[Any] = [
    "",
    ".",
    "..",
    "a" * 513,
    FACE * 128 + "a",
    SURROGATE,
    None,
    5,
    UNDEFINED,
    True,
    1e21,
    {},
    [],
    ["", "a"],
    {"$symbol": "s"},
    {"$bigint": "5"},
]
VALUES: list[Any] = [
    "text",
    "",
    "ü" + FACE,
    b"",
    b"\x00\xff",
    {"$buffer": "AAH/"},
    {"$stream": "AAH/"},
    {"$stream": ""},
    5,
    1.5,
    True,
    None,
    UNDEFINED,
    {},
    [1],
    {"$map": []},
    SURROGATE,
    b"\xef\xbb\xbf[1]",
    "nope",
    "[1",
    "5",
]
TIMES: list[Any] = [
    0,
    -5,
    30,
    59,
    "nan",
    "1000",
    "60abc",
    60.9,
    None,
    {"$number": "NaN"},
    True,
    2147483648,
    -2147483649,
    4e9,
    "2030-01-01",
    12.9,
    NOW - 10,
    {"$now": 30},
    LATER,
    UNDEFINED,
    "",
    "0x100",
    [],
    {},
    [100],
    {"$date": 1_700_000_000_000},
    {"$date": 100},
    {"$number": "Infinity"},
    "1" * 400,
    {"$bigint": "100"},
    {"$symbol": "s"},
]
METADATA: list[Any] = [
    None,
    UNDEFINED,
    0,
    False,
    "",
    "ü" + FACE,
    [],
    {},
    {"a": [1, None]},
    1.5,
    {"$date": 5},
    "x" * 1022,
    "x" * 1023,
    "ü" * 511,
    "ü" * 512,
    SURROGATE,
    "a\nb",
    1e21,
]

# [method, *arguments]; each case starts with an empty namespace
CASES: dict[str, Any] = {
    "keys": [
        *([method, key, "v"] for method in ("get", "getWithMetadata", "put", "delete")
          for key in BAD_KEYS),
        *([method] for method in ("get", "getWithMetadata", "put", "delete")),
        *([f"{way} {method}", *arguments] for way in ("unbound", "how")
          for method in ("get", "getWithMetadata", "put", "delete", "list")
          for arguments in ([], ["key"], ["key", "v"], [""], [UNDEFINED], ["k", "v", 5])),
        ["shape get"],
        ["put", "key"],
        ["put", UNDEFINED],
        *(["put", key, f"value {key}"] for key in
          ("  ", "a/b%2Fc?d#e", "a\nb", "KEY", "key", "+ +", "%zz", "ü", FACE * 128, "a" * 512)),
        *(["get", key] for key in ("  ", "a/b%2Fc?d#e", "a\nb", "key", "+ +", "%zz", "ü")),
        ["list"],
        *(["delete", key] for key in ("  ", "a/b%2Fc?d#e", "a\nb", "+ +", "%zz", "ü")),
        ["list"],
    ],
    "values": [
        step
        for value in VALUES
        for step in (
            ["put", "value", value],
            *(["get", "value", kind] for kind in
              ("text", "json", "arrayBuffer", "stream", "map", {"type": "text"}, {"type": None},
               UNDEFINED, None)),
            ["getWithMetadata", "value", "arrayBuffer"],
            ["get", ["value"]],
            ["get", ["value"], "json"],
        )
        if not (step[-1] == "json" and value in ("nope", "[1"))
    ],
    "large values": [
        ["put", "large", {"$zeros": MIB25 + 1}],
        ["put", "large", {"$zeroStream": MIB25 + 1}],
        ["put", "large", {"$zeroStream": MIB25 + 100_000}],
        ["get", "large"],
        ["put", "large", {"$zeroStream": 3_000_000}],
        ["get", "large", "arrayBuffer"],
    ],
    "expiration": [
        *(["put", "expires", "v", {name: value}] for name in ("expirationTtl", "expiration")
          for value in TIMES),
        *(["put", key, "v", {"expirationTtl": 3e9}] for key in ("", ".", "a" * 513)),
        *(["put", "expires", "v", options] for options in (None, 5, "x", True, [], [5])),
        ["put", "expires", "v", {"expirationTtl": 100, "expiration": 3e9}],
        ["put", "expires", "v", {"expirationTtl": 100, "expiration": 5}],
        ["put", "expires", "v", {"expiration": LATER, "metadata": "m"}],
        ["list", {"prefix": "expires"}],
        ["getWithMetadata", "expires"],
    ],
    "metadata": [
        step
        for metadata in METADATA
        for step in (
            ["put", "metadata", "v", {"metadata": metadata}],
            ["getWithMetadata", "metadata"],
            ["list", {"prefix": "metadata"}],
            ["getWithMetadata", ["metadata", "none"]],
        )
    ],
    "reading": [
        ["put", "reading", "[1]"],
        ["get", "none"],
        ["get", "none", "map"],
        ["getWithMetadata", "none"],
        *([method, key, {"cacheTtl": ttl}] for method in ("get", "getWithMetadata")
          for key in ("reading", "none", "", ["reading"]) for ttl in
          (10, 29, 30, 59, 59.9, 60, "45", 0, None, -1, "not a number", "100", 1e12, UNDEFINED)),
        *(["get", "reading", option] for option in (5, True, None, {"type": None}, {"type": 5})),
        ["get", "reading", {"type": "map", "cacheTtl": 45}],
        ["get", "none", {"type": "map", "cacheTtl": 45}],
        ["get", "reading", {"type": "json", "cacheTtl": 60}],
    ],
    "reading many": [
        ["put", "reading", "[1]", {"metadata": 123}],
        ["put", "empty", "", {"metadata": "example"}],
        ["put", "zero", "0"],
        ["put", "bad", "nope"],
        *([method, keys, option] for method in ("get", "getWithMetadata")
          for keys in (["reading", "none"], ["empty"], ["zero", "zero"], ["bad"], [], ["k"] * 101,
                       ["k"] * 100, [""], ["a", "."], ["a" * 513], ["reading", None],
                       [UNDEFINED], ["reading", UNDEFINED], [True, ["a", "b"]], [SURROGATE])
          for option in (UNDEFINED, None, "json", "text", "stream", "invalid", 5, {"type": None},
                         {"type": "json"}, {"cacheTtl": 10}, {"cacheTtl": 45}, {"cacheTtl": 60})),
        *(["get", [key]] for key in ("\\", "é", "ü", FACE, "\u2028")),
        ["put", "deep", "[" * 3000 + "]" * 3000],
        ["how get", ["deep"], "json"],
        ["put", "deep", "[" * 3000 + "]" * 2999],
        ["how get", ["deep"], "json"],
        ["put", "half", {"$zeros": MIB25 // 2}],
        ["get", ["half", "half", "reading"]],
    ],
    "deleting": [
        ["put", "gone", "v"],
        ["delete", "gone"],
        ["get", "gone"],
        ["delete", "gone"],
        ["put", "d1", "v"],
        ["delete", ["d1", "d2"]],
        ["get", "d1"],
    ],
    "listing": [
        *(["put", key, "v"] for key in
          ("!", ",", "oZ", "oa", "oé", "o\uff5e", "o" + FACE, "a%b", "a_b", "aab", "A%", "a\\b")),
        ["put", "oz", "v", {"metadata": {"a": 1}, "expiration": LATER + 5000}],
        ["list"],
        *(["list", {"prefix": prefix}] for prefix in
          ("", "o", "a%", "a_", "a\\", "A", "none", "o" + FACE, "a" * 512, "a" * 513, None, 5)),
        *(["list", {"limit": limit}] for limit in
          (1, 3, 1000, 1001, 0, -1, "nan", None, "2", 1.9, UNDEFINED, 1e12, 0.5, -0.5, "", " 2 ",
           True, False, [], [2], {}, "0x2", -(2**31), -(2**31) - 1, {"$number": "NaN"},
           {"$number": "Infinity"}, {"$number": "-Infinity"}, {"$date": 5}, {"$symbol": "s"},
           {"$bigint": "5"})),
        *(["list", *options] for options in ([None], [5], ["x"], [True], [["x"]])),
        *(["list", {"limit": 2, "cursor": cursor}] for cursor in
          ("", "YQ==", "b1o=", "b3o", "!!!", "ejI=", "a-_b", "Y W Fi", None)),
        ["list", {"prefix": "o", "limit": 2, "cursor": "b1o="}],
        ["list", {"prefix": "o", "cursor": "YQ=="}],
        ["list", {"prefix": "a", "cursor": "b1o="}],
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_case(as_workerd: Ours, strict: Ours, theirs: Miniflare, name: str) -> None:
    compare([["KV0", *call] for call in CASES[name]], theirs, as_workerd, strict)


@pytest.mark.parametrize("name", CASES)
def test_case_in_python(as_workerd: Ours, strict: Ours, theirs: Miniflare, name: str) -> None:
    calls = [["KV0", *call] for call in CASES[name] if not only_in_javascript(call)]
    compare(calls, theirs, as_workerd.python, strict.python)


@pytest.mark.parametrize("seed", range(6))
def test_random_program(as_workerd: Ours, strict: Ours, theirs: Miniflare, seed: int) -> None:
    assert compare(list(program(random.Random(seed), 400)), theirs, as_workerd, strict) > 5


@pytest.mark.parametrize("seed", range(6, 10))
def test_random_program_in_python(
    as_workerd: Ours, strict: Ours, theirs: Miniflare, seed: int
) -> None:
    calls = list(program(random.Random(seed), 400))
    assert compare(calls, theirs, as_workerd.python, strict.python) > 5


def program(rng: random.Random, steps: int) -> Iterator[list[Any]]:
    """Yield valid and invalid calls, mostly with absolute expirations."""
    alphabet = ["a", "b", "/", "%", "_", "é", FACE, " ", "\u2028", "+"]

    def key() -> Any:
        if rng.random() < 0.06:
            return rng.choice([UNDEFINED, None, True, "", ".", "..", "x" * 513, SURROGATE, [], {}])
        return "".join(rng.choices(alphabet, k=rng.randint(1, 3)))

    def some(**options: list[Any]) -> Any:
        """Return some of the options, or something else in their place."""
        if rng.random() < 0.1:
            return rng.choice([UNDEFINED, None, {}])
        return {name: rng.choice(values) for name, values in options.items() if rng.random() < 0.3}

    values = [
        "v",
        "",
        "{}",
        b"\xff\xfe",
        "5",
        7,
        None,
        True,
        UNDEFINED,
        {},
        [1],
        "[1",
        1.5,
        "x" * 600,
    ]
    times = [30, 60, 100, 500, 0, -5, 59.9, "nan", None, "100", 3e9, UNDEFINED]
    ttls = [10, 29, 30, 45, 59, 59.9, 60, 3600, "40", "nan", None, 3e9, UNDEFINED]
    metadata = [0, "m", {"a": ["é"]}, None, "x" * 1022, "x" * 1023, [1.5], UNDEFINED, False, ""]
    types = ["text", "json", "arrayBuffer", "stream", "map", None, UNDEFINED]
    for _ in range(steps):
        written = some(
            metadata=metadata,
            expirationTtl=times,
            expiration=[LATER, LATER + 5000, NOW - 5, {"$now": 30}, *times],
        )
        several = [key() for _ in range(rng.choice([0, 1, 2, 3, 3, 3, 101]))]
        method = rng.choice(["get", "getWithMetadata"])
        choices: list[list[Any]] = [
            ["put", key(), rng.choice(values), written],
            ["put", key(), rng.choice(["v", b"", "[]"])],
            ["put", key(), {"$zeroStream": rng.randint(0, 200_000)}, written],
            [method, key(), rng.choice(types)],
            [method, key(), some(type=types, cacheTtl=ttls)],
            [method, key()],
            [method, several, some(type=types, cacheTtl=ttls)],
            [method, several],
            ["delete", key()],
            ["list", some(prefix=["", "a", "é", None, UNDEFINED, "x" * 513],
                          limit=[1, 2, 5, 1000, 1001, 0, -1, "nan", None, "2", 1.9, UNDEFINED, 3e9],
                          cursor=["YQ==", "w6k=", "JQ==", "Lw==", "!!!", "", None, UNDEFINED])],
            ["list"],
        ]  # fmt: skip
        yield ["KV1", *rng.choice(choices)]


# -- comparing -------------------------------------------------------------------------------


def compare(
    calls: Sequence[Sequence[Any]], theirs: Miniflare, as_workerd: Caller, strict: Caller
) -> int:
    """Compare the results; return how many calls only strict has rejected."""
    real = run(theirs, calls)
    same(calls, run(as_workerd, calls), real)
    # a write that strict rejects affects later calls, so it is skipped for the others
    done = [call for call in calls if not (call[1] in ("put", "delete") and is_undefined(call))]
    again = iter(real if len(done) == len(calls) else run(theirs, done))
    expected = [strictly(call, next(again)) if call in done else KEYS[call[1]] for call in calls]
    same(calls, run(strict, calls), expected)
    return str(expected).count("KV Lens strict mode")


def same(calls: Sequence[Sequence[Any]], mine: list[Any], real: list[Any]) -> None:
    for call, ours, wanted in zip(calls, mine, real, strict=True):
        assert ours == wanted, f"{call!r:.300}"


def run(worker: Caller, calls: Sequence[Sequence[Any]]) -> list[Any]:
    """Run calls on an empty namespace, and return results that don't depend on the time."""
    empty(worker, calls[0][0])
    return [_near(answer) for answer in worker.calls(*calls)]


KEYS = {
    name: Thrown(
        (
            "TypeError",
            f"Failed to execute '{name}' on 'KvNamespace': "
            f"parameter 1 is not of type 'string'.{STRICT_NOTE}",
        )
    )
    for name in ("get", "getWithMetadata", "put", "delete")
}
AFTER_CACHE_TTL = "Unknown response type"  # which the runtime reports once it has the value


def strictly(call: Sequence[Any], real: Any) -> Any:
    """Return the result in strict mode for a call with Miniflare's result `real`."""
    _, method, *arguments = call
    if method in KEYS and is_undefined(call):
        return KEYS[method]
    options = arguments[-1] if arguments and isinstance(arguments[-1], dict) else {}
    refused = isinstance(real, Thrown) and "exceeds key length limit" not in real[1]
    if method == "list" and "limit" in options and not refused:  # the prefix is checked later
        shown, number = in_javascript(options["limit"])
        if not number >= 1 and shown != "undefined":
            return refusal(
                "GET", f"key_count_limit of {shown}. Please specify an integer greater than 0."
            )
    if method in ("get", "getWithMetadata") and "cacheTtl" in options:
        _, number = in_javascript(options["cacheTtl"])
        allowed = not isinstance(real, Thrown) or real[1].startswith(AFTER_CACHE_TTL)
        allowed = allowed or (isinstance(real, Thrown) and real[0] == "SyntaxError")
        if 30 <= number < 60 and allowed:
            many = "GET_BULK" if isinstance(arguments[0], list) else "GET"
            return refusal(many, f"cache_ttl of {int(number)}. Cache TTL must be at least 60.")
    if method == "how list" and arguments and arguments[0] == {"limit": 0}:
        return "rejected"
    undefined = arguments[:1] == [UNDEFINED] and method != "how list"
    if method.startswith("how ") and real == "resolved" and undefined:
        return "rejected"
    return real


def refusal(method: str, text: str) -> Thrown:
    return Thrown(("Error", f"KV {method} failed: 400 Invalid {text}{STRICT_NOTE}"))


def is_undefined(call: Sequence[Any]) -> bool:
    """Return whether the key is undefined, or one of several keys to get."""
    key = call[2] if len(call) > 2 else None
    if isinstance(key, list):
        return UNDEFINED in key and call[1] in ("get", "getWithMetadata")
    return bool(key == UNDEFINED)


def in_javascript(value: Any) -> tuple[str, float]:
    """Return `String(value)` and `Number(value)` of what a test passes; NaN for undefined."""
    if value is None:
        return "null", 0
    if isinstance(value, bool):
        return json.dumps(value), value
    if isinstance(value, list):
        return in_javascript(value[0] if value else "")
    if isinstance(value, dict):
        if "$number" in value:
            number = float(value["$number"])
            return value["$number"], number if math.isfinite(number) else 0
        if "$date" in value:
            return "a date", value["$date"]
        return ("undefined" if value == UNDEFINED else "[object Object]"), math.nan
    try:
        return str(value), float(value or 0) if value != "0x2" else 2
    except ValueError:
        return value, math.nan


def only_in_javascript(call: Sequence[Any]) -> bool:
    """Return whether a call has no equivalent in Python, or its result has another form."""
    text = json.dumps(call, default=repr)
    if call[0] == "put" and "metadata" in text and "$date" in text:
        return True  # Date has a JSON form, datetime has none
    options = call[-1] if len(call) > {"put": 3, "list": 1}.get(call[0], 2) else {}
    wrong = call[0] in ("put", "list") and not isinstance(options, dict) and options is not None
    return " " in call[0] or "$symbol" in text or "$bigint" in text or wrong


def test_many_at_once(strict: Ours) -> None:
    """Concurrent calls on many connections don't mix."""
    ours = strict
    empty(ours, "KV2")
    names = [f"k{number}" for number in range(100)]
    ours.calls(*(["KV2", "put", name, name * 100] for name in names), together=True)
    values = ours.calls(*(["KV2", "get", name] for name in names), together=True)
    assert values == [name * 100 for name in names]
    assert len(ours.call("KV2", "list")["keys"]) == 100


def empty(worker: Caller, binding: str) -> None:
    keys = worker.call(binding, "list")["keys"]
    worker.calls(*([binding, "delete", item["name"]] for item in keys))


def _near(value: Any) -> Any:
    """Treat times relative to now as equal, and also V8's messages of JSON.parse."""
    if isinstance(value, Thrown):
        text = re.sub(r"\b\d{10}\b", lambda found: str(_near(int(found[0]))), value[1])
        return Thrown((value[0], "" if value[0] == "SyntaxError" else text))
    if isinstance(value, list):
        return [_near(item) for item in value]
    if isinstance(value, dict):
        return {key: _near(item) for key, item in value.items()}
    if isinstance(value, int) and NOW < value < time.time() + 3600:
        return "soon"
    return value


# -- what docs/fidelity.md says ---------------------------------------------------------------

FIDELITY = Path(__file__).parents[2] / "docs" / "fidelity.md"
LONG = {"$repeat": ["k", 513]}

# rule, rejected by the current runtime, rejected only by strict
RULES: list[tuple[str, list[list[Any]], list[list[Any]]]] = [
    ("A key is not empty, `.`, `..` or undefined, and has at most 512 bytes in UTF-8",
     [["get", ""], ["put", ".", "v"], ["delete", ".."], ["getWithMetadata", LONG], ["get"],
      ["get", [""]], ["get", ["."]], ["get", [LONG]]],
     [["get", UNDEFINED], ["put", UNDEFINED, "v"], ["delete", UNDEFINED],
      ["getWithMetadata", ["k", UNDEFINED]]]),
    ("A value has at most 25 MiB", [["put", "k", {"$zeros": MIB25 + 1}]], []),
    ("Metadata has at most 1 KiB as JSON",
     [["put", "k", "v", {"metadata": {"$repeat": ["m", 1023]}}]], []),
    ("`cacheTtl` is at least 60",
     [["get", "k", {"cacheTtl": 0}], ["get", "k", {"cacheTtl": 29}], ["get", "k", {"cacheTtl": "x"}],
      ["get", ["k"], {"cacheTtl": 29}]],
     [["get", "k", {"cacheTtl": 30}], ["getWithMetadata", "k", {"cacheTtl": 59}],
      ["get", ["k"], {"cacheTtl": 59}]]),
    ("`expirationTtl` is a number and at least 60",
     [["put", "k", "v", {"expirationTtl": ttl}] for ttl in ("x", None, 0, -1, 59)], []),
    ("`expiration` is a number and at least 60 seconds ahead",
     [["put", "k", "v", {"expiration": time}] for time in ("x", None, 1000, {"$now": 30})], []),
    ("`limit` is a number from 1 to 1000",
     [["list", {"limit": 1001}]],
     [["list", {"limit": limit}] for limit in (0, -1, "x", None)]),
]  # fmt: skip

EMPTY = ["put", "empty", "", {"metadata": "m"}]
NULL = ["put", "null", "null", {"metadata": "m"}]
# bugs in Miniflare: version, calls before, the call, its result and ours
DIFFERENCES: list[tuple[int, list[Any], list[Any], Any, Any]] = [
    (4, EMPTY, ["getWithMetadata", ["empty"]],
     {"empty": ""}, {"empty": {"value": "", "metadata": "m"}}),
    (5, NULL, ["getWithMetadata", ["null"], "json"],
     {"null": None}, {"null": {"value": None, "metadata": "m"}}),
    (5, ["put", "large", "1e400"], ["get", ["large"], "json"],
     {"large": None}, {"large": {"$number": "Infinity"}}),
    (5, ["put", "__proto__", "v"], ["get", ["__proto__", "a"]],
     {"a": None}, {"__proto__": "v", "a": None}),
    (5, ["put", "nul\0key", "v"], ["list", {"prefix": "nul\0"}],
     {"keys": [], "list_complete": True, "cacheStatus": None},
     {"keys": [{"name": "nul\0key"}], "list_complete": True, "cacheStatus": None}),
    (5, ["put", "short", {"$short": "abc"}], ["get", "short"], "abc", None),
]  # fmt: skip


def bad_type(shown: str) -> Thrown:
    text = f'KV GET_BULK failed: 400 "{shown}" is not a valid type. Use "json" or "text"'
    return Thrown(("Error", text))


# Error texts that reach a Worker in a status line, which holds only ASCII.
TEXTS: list[tuple[list[Any], Thrown, Thrown]] = [
    (["get", ["k"], kind], bad_type(kind), bad_type(ours))
    for kind, ours in (("\xe9", r"\xe9"), ("\u2028", r"\u2028"), ("a\x7fb", "a b"))
]
CONTROLS = ("a\0b", "a\nb", "a\tb", "a\x01b")
CORNERS: list[list[Any]] = [
    *(["put", "k", "v", {"metadata": text}] for text in ("\x7f", "\0\n\x7f\u2028", "a\x7fb")),
    *(["getWithMetadata", keys] for keys in ("k", ["k"])),
    ["list"],
    *(["put", "k", "v", {"metadata": {name: ""}}]
      for name in ("$symbol", "$function", "$unwritten")),
    *(["get", keys, kind] for keys in (["k"], "k") for kind in (*CONTROLS,
      " ", "x" * 600)),
    *(["list", {"prefix": kind}] for kind in CONTROLS[1:]),
    *(["list", {"cursor": cursor}] for cursor in
      ("=aw", "aw==", "a=w", "aw=x", "aw==aw==", "a2s=", "a2tr", "=", "a", {"$query": "a=b"})),
    *(["reads list", {"limit": limit, "prefix": "k"}] for limit in (1, 1000, UNDEFINED)),
]  # fmt: skip
# behavior of workerd that the namespace object in Python doesn't have
PYTHON: list[tuple[list[Any], list[Any], Any, Any]] = [
    (["put", "1", "v"], ["get", ["1", "a"]], {"a": None}, {"1": "v", "a": None}),
]  # fmt: skip


def written(value: Any) -> str:
    """Return a test's value as JavaScript source."""
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    special: dict[str, Callable[[Any], str]] = {
        "$undefined": lambda _: "undefined",
        "$zeros": "new Uint8Array({})".format,
        "$repeat": lambda given: f'"{given[0]}".repeat({given[1]})',
        "$now": "now + {}".format,
        "$short": 'a FixedLengthStream of 5 bytes that ends after "{}"'.format,
        "$number": str,
    }
    for name, content in value.items():
        if name in special:
            return special[name](content)
    items = ", ".join(f"{name}: {written(item)}" for name, item in value.items())
    return f"{{ {items} }}" if items else "{}"


def call_written(call: Sequence[Any]) -> str:
    return f"`{call[0]}({', '.join(map(written, call[1:]))})`"


@pytest.mark.parametrize(
    ("rule", "always", "only_strict"), [pytest.param(*row, id=row[0]) for row in RULES]
)
def test_the_seven_rules(
    theirs: Miniflare,
    as_workerd: Ours,
    strict: Ours,
    rule: str,
    always: list[list[Any]],
    only_strict: list[list[Any]],
) -> None:
    workers: list[Caller] = [theirs, as_workerd, as_workerd.python, strict, strict.python]
    for number, worker in enumerate(workers):
        answers = worker.calls(*(["KV2", *call] for call in always))
        assert all(isinstance(answer, Thrown) for answer in answers)
        assert "KV Lens" not in str(answers)
        noted = [str(answer).endswith(f"{STRICT_NOTE}')") for answer in
                 worker.calls(*(["KV2", *call] for call in only_strict))]  # fmt: skip
        assert noted == [number > 2] * len(only_strict)
    cells = [", ".join(map(call_written, calls)) for calls in (always, only_strict)]
    assert f"| {rule} | {cells[0]} | {cells[1]} |\n" in FIDELITY.read_text("utf-8")
    assert len(RULES) == 7


@pytest.fixture(scope="module")
def miniflare4(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miniflare4]:
    worker = Miniflare4(tmp_path_factory.mktemp("miniflare4"), "id")
    yield worker
    worker.stop()


@pytest.mark.parametrize(
    ("version", "before", "call", "wrong", "right"),
    [pytest.param(*row, id=call_written(row[2])) for row in DIFFERENCES],
)
def test_a_bug_in_miniflare(
    theirs: Miniflare,
    miniflare4: Miniflare4,
    as_workerd: Ours,
    strict: Ours,
    version: int,
    before: list[Any],
    call: list[Any],
    wrong: Any,
    right: Any,
) -> None:
    peer = miniflare4 if version == 4 else theirs
    for worker, answer in ((peer, wrong), (as_workerd, right), (strict, right)):
        assert worker.calls(["KV0", *before], ["KV0", *call])[1] == answer
    row = [call_written(before), call_written(call), f"`{written(wrong)}`", f"`{written(right)}`"]
    assert f"| {version} | {' | '.join(row)} |\n" in FIDELITY.read_text("utf-8")


@pytest.mark.parametrize(
    ("call", "theirs_says", "ours_says"),
    [pytest.param(*row, id=call_written(row[0])) for row in TEXTS],
)
def test_a_text_that_is_not_ascii(
    theirs: Miniflare,
    as_workerd: Ours,
    strict: Ours,
    call: list[Any],
    theirs_says: Thrown,
    ours_says: Thrown,
) -> None:
    assert theirs.call("KV0", *call) == theirs_says
    for worker in (as_workerd, strict):
        assert worker.call("KV0", *call) == ours_says


@pytest.mark.parametrize("field", ["cursor", "prefix"])
def test_a_url_that_workerd_does_not_send(theirs: Miniflare, as_workerd: Ours, field: str) -> None:
    """See docs/fidelity.md, "Very long cursors and prefixes"."""
    for worker in (theirs, as_workerd):
        empty(worker, "KV2")
    short, long = ("KV2", "list", {field: "!" * 512}), ("KV2", "list", {field: "!" * 70_000})
    assert as_workerd.call(*short) == theirs.call(*short)
    assert isinstance(theirs.call(*long), Thrown) == (field == "prefix")
    thrown = as_workerd.call(*long)
    assert isinstance(thrown, Thrown)
    assert "internal error" in thrown[1]
    assert as_workerd.call(*short) == theirs.call(*short)


def test_the_corners(theirs: Miniflare, as_workerd: Ours, strict: Ours) -> None:
    for worker in (theirs, as_workerd, strict):
        empty(worker, "KV2")
        worker.calls(*(["KV2", "put", key, "v"] for key in ("k", "kk", "kkk", "l")))
    for call in CORNERS:
        expected = _near(theirs.call("KV2", *call))
        assert _near(as_workerd.call("KV2", *call)) == expected, call
        assert _near(strict.call("KV2", *call)) == expected, call


@pytest.mark.parametrize(
    ("before", "call", "worker", "python"),
    [pytest.param(*row, id=call_written(row[1])) for row in PYTHON],
)
def test_what_python_answers_otherwise(
    theirs: Miniflare, strict: Ours, before: list[Any], call: list[Any], worker: Any, python: Any
) -> None:
    for caller, answer in ((theirs, worker), (strict, worker), (strict.python, python)):
        assert caller.calls(["KV0", *before], ["KV0", *call])[1] == answer
    row = [call_written(before), call_written(call), f"`{written(worker)}`", f"`{written(python)}`"]
    assert f"| {' | '.join(row)} |\n" in FIDELITY.read_text("utf-8")
