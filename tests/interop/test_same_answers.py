"""The same Worker on the same runtime: once with our emulator, once with Miniflare's."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tests.interop.runtimes import Miniflare, Thrown, Workerd

MIB25 = 26_214_400
FACE = "\U0001f600"
SURROGATE = {"$text": [0xD800]}
NOW = int(time.time())

BAD_KEYS: list[Any] = ["", ".", "..", "a" * 513, FACE * 128 + "a", SURROGATE, None, 5]
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
    {"$undefined": True},
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
    NOW + 30,
    NOW + 1000,
    {"$undefined": True},
    "",
    "0x100",
    [],
    {},
]
METADATA: list[Any] = [
    None,
    {"$undefined": True},
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

# [method, *arguments]; each case starts with an empty namespace of its own keys
CASES: dict[str, Any] = {
    "keys": [
        *([method, key, "v"] for method in ("get", "getWithMetadata", "put", "delete")
          for key in BAD_KEYS),
        *([method] for method in ("get", "getWithMetadata", "put", "delete")),
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
               {"$undefined": True}, None)),
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
        ["put", "expires", "v", {"expirationTtl": 100, "expiration": 3e9}],
        ["put", "expires", "v", {"expirationTtl": 100, "expiration": 5}],
        ["put", "expires", "v", {"expiration": NOW + 1000, "metadata": "m"}],
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
        *(["get", "reading", {"cacheTtl": ttl}] for ttl in
          (10, 29, 30, 60, 0, None, -1, "not a number", "100", 1e12, {"$undefined": True})),
        ["get", "reading", {"type": "json", "cacheTtl": 60}],
    ],
    "reading many": [
        ["put", "reading", "[1]", {"metadata": 123}],
        ["put", "empty", "", {"metadata": "example"}],
        ["put", "zero", "0"],
        ["put", "bad", "nope"],
        *([method, keys, option] for method in ("get", "getWithMetadata")
          for keys in (["reading", "none"], ["empty"], ["zero", "zero"], ["bad"], [], ["k"] * 101,
                       ["k"] * 100, [""], ["a", "."], ["a" * 513], ["reading", None])
          for option in ({"$undefined": True}, "json", "text", "stream", "invalid",
                         {"type": "json"}, {"cacheTtl": 10}, {"cacheTtl": 60})),
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
        ["put", "oz", "v", {"metadata": {"a": 1}, "expiration": NOW + 5000}],
        ["list"],
        *(["list", {"prefix": prefix}] for prefix in
          ("", "o", "a%", "a_", "a\\", "A", "none", "o" + FACE, "a" * 512, "a" * 513, None, 5)),
        *(["list", {"limit": limit}] for limit in
          (1, 3, 1000, 1001, 0, -1, "nan", None, "2", 1.9, {"$undefined": True}, 1e12)),
        *(["list", {"limit": 2, "cursor": cursor}] for cursor in
          ("", "YQ==", "b1o=", "b3o", "!!!", "ejI=", "a-_b", "Y W Fi", None)),
        ["list", {"prefix": "o", "limit": 2, "cursor": "b1o="}],
        ["list", {"prefix": "o", "cursor": "YQ=="}],
        ["list", {"prefix": "a", "cursor": "b1o="}],
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_case(ours: Workerd, theirs: Miniflare, name: str) -> None:
    for worker in (ours, theirs):
        empty(worker, "KV0")
    calls = [["KV0", *call] for call in CASES[name]]
    for call, mine, real in zip(
        calls, near(ours.calls(*calls)), near(theirs.calls(*calls)), strict=True
    ):
        assert mine == real, f"{call!r:.200}"


@pytest.mark.parametrize("seed", range(4))
def test_random_program(ours: Workerd, theirs: Miniflare, seed: int) -> None:
    for worker in (ours, theirs):
        empty(worker, "KV1")
    calls = list(program(random.Random(seed), 300))
    for call, mine, real in zip(calls, ours.calls(*calls), theirs.calls(*calls), strict=True):
        assert mine == real, f"{call!r:.200}"


def program(rng: random.Random, steps: int) -> Any:
    """Yield calls with absolute expirations, so that both see the same times."""
    alphabet = ["a", "b", "/", "%", "_", "é", FACE, " ", "\u2028", "+"]

    def key() -> str:
        return "".join(rng.choices(alphabet, k=rng.randint(1, 3)))

    for _ in range(steps):
        options: dict[str, Any] = {}
        if rng.random() < 0.3:
            options["metadata"] = rng.choice([0, "m", {"a": [key()]}, None, "x" * 1023, [1.5]])
        if rng.random() < 0.3:
            options["expiration"] = NOW + rng.choice([30, 1000, 5000, -5])
        choices: list[list[Any]] = [
            ["put", key(), rng.choice(["v", "", "{}", b"\xff\xfe", "5", 7]), options],
            ["put", key(), {"$zeroStream": rng.randint(0, 200_000)}, options],
            ["get", key(), "arrayBuffer"],
            ["get", key(), rng.choice(["text", "arrayBuffer", "stream"])],
            ["getWithMetadata", key(), "arrayBuffer"],
            ["getWithMetadata", [key(), key(), key()]],
            ["delete", key()],
            ["list", {"prefix": key()[:1], "limit": rng.randint(1, 5)}],
            ["list", {"limit": rng.choice([2, 1000, 1001])}],
            ["list", {"limit": 3, "cursor": rng.choice(["YQ==", "w6k=", "JQ==", "Lw=="])}],
        ]
        yield ["KV1", *rng.choice(choices)]


def test_many_at_once(ours: Workerd) -> None:
    """Calls on many connections at once do not mix."""
    empty(ours, "KV2")
    names = [f"k{number}" for number in range(100)]
    ours.calls(*(["KV2", "put", name, name * 100] for name in names), together=True)
    values = ours.calls(*(["KV2", "get", name] for name in names), together=True)
    assert values == [name * 100 for name in names]
    assert len(ours.call("KV2", "list")["keys"]) == 100


def empty(worker: Workerd | Miniflare, binding: str) -> None:
    keys = worker.call(binding, "list")["keys"]
    worker.calls(*([binding, "delete", item["name"]] for item in keys), together=True)


def near(answers: list[Any]) -> list[Any]:
    """Take times that come from "now" as equal: both put within the same few seconds."""
    return [_near(answer) for answer in answers]


def _near(value: Any) -> Any:
    if isinstance(value, Thrown):
        return value
    if isinstance(value, list):
        return [_near(item) for item in value]
    if isinstance(value, dict):
        return {key: _near(item) for key, item in value.items()}
    if isinstance(value, int) and NOW < value < NOW + 600:
        return "soon"
    return value
