"""Seed files: what is accepted, and the message for every mistake."""

from __future__ import annotations

import base64
import itertools
import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from kvlens.seeds import array
from kvlens.seeds.array import LARGEST, FileError, Problem
from kvlens.seeds.file import EXAMPLE, SeedError, check, parse, read
from kvlens.seeds.keys import parse_keys
from kvlens.text import LineIndex, Span

NOW = 1_700_000_000.5


def errors(text: str) -> list[str]:
    return [problem.message for problem in check(text, "s.json", NOW).errors]


def warnings(*items: dict[str, Any]) -> list[str]:
    return [problem.message for problem in check(json.dumps(items), "s.json", NOW).warnings]


TAKEN: dict[str, tuple[dict[str, Any], tuple[object, ...]]] = {
    # id: (the item, (key, value, metadata, expiration, expiration_ttl))
    "text": ({"key": "k", "value": "v"}, ("k", b"v", None, None, None)),
    "empty value": ({"key": "k", "value": ""}, ("k", b"", None, None, None)),
    "not ASCII": ({"key": "ключ😀", "value": "é"}, ("ключ😀", "é".encode(), None, None, None)),
    "base64": ({"key": "k", "value": "/wA=", "base64": True}, ("k", b"\xff\0", None, None, None)),
    "base64 in lines": (
        {"key": "k", "value": "/w\nA=", "base64": True},
        ("k", b"\xff\0", None, None, None),
    ),
    "base64 false": (
        {"key": "k", "value": "/wA=", "base64": False},
        ("k", b"/wA=", None, None, None),
    ),
    "metadata": (
        {"key": "k", "value": "v", "metadata": {"a": [1, None], "é": 2.5}},
        ("k", b"v", '{"a":[1,null],"é":2.5}', None, None),
    ),
    "metadata null is none": (
        {"key": "k", "value": "v", "metadata": None},
        ("k", b"v", None, None, None),
    ),
    "metadata false stays": (
        {"key": "k", "value": "v", "metadata": False},
        ("k", b"v", "false", None, None),
    ),
    "ttl": ({"key": "k", "value": "v", "expiration_ttl": 60}, ("k", b"v", None, None, 60)),
    "expiration": (
        {"key": "k", "value": "v", "expiration": 1_700_000_060},
        ("k", b"v", None, 1_700_000_060, None),
    ),
    "key of 512 bytes": ({"key": "😀" * 128, "value": ""}, ("😀" * 128, b"", None, None, None)),
    "key of spaces": ({"key": "  ", "value": ""}, ("  ", b"", None, None, None)),
}


@pytest.mark.parametrize(("item", "expected"), TAKEN.values(), ids=TAKEN.keys())
def test_item_is_taken(item: dict[str, Any], expected: tuple[object, ...]) -> None:
    seed = parse(json.dumps([item]).encode(), "s.json", NOW)
    assert [tuple(found) for found in seed.items] == [expected]


def test_value_of_25_mib_is_taken_and_a_byte_more_is_not() -> None:
    most = base64.b64encode(bytes(25 * 1024 * 1024)).decode()
    assert errors(json.dumps([{"key": "k", "value": most, "base64": True}])) == []
    more = base64.b64encode(bytes(25 * 1024 * 1024 + 1)).decode()
    assert errors(json.dumps([{"key": "k", "value": more, "base64": True}])) == [
        'item at index 0 (key "k"): Value length of 26214401 exceeds limit of 26214400 bytes (25 MiB)'
    ]


BAD_ITEMS: dict[str, tuple[Any, str]] = {
    # id: (the element at index 1, the message)
    "no object": ("k", "item at index 1: must be an object, but is of type string"),
    "null": (None, "item at index 1: must be an object, but is of type null"),
    "no key": ({"value": "v"}, 'item at index 1: has no "key"'),
    "name for key": (
        {"name": "k", "value": "v"},
        'item at index 1: has no "key"; write "key" in place of "name"',
    ),
    "key a number": (
        {"key": 5, "value": "v"},
        'item at index 1: "key" must be a string, but is of type number',
    ),
    "key empty": ({"key": "", "value": "v"}, 'item at index 1 (key ""): Key name cannot be empty'),
    "key a dot": (
        {"key": ".", "value": "v"},
        'item at index 1 (key "."): "." is not allowed as a key name',
    ),
    "key too long": (
        {"key": "k" * 513, "value": "v"},
        f'item at index 1 (key "{"k" * 57}…"): '
        "UTF-8 encoded length of 513 exceeds key length limit of 512 bytes",
    ),
    "key half a pair": (
        {"key": "\ud800", "value": "v"},
        'item at index 1 (key "\\ud800"): "key" has half of a surrogate pair, which is not a character',
    ),
    "no value": ({"key": "k"}, 'item at index 1 (key "k"): has no "value"; an empty value is ""'),
    "value null": (
        {"key": "k", "value": None},
        'item at index 1 (key "k"): "value" must be a string, but is of type null; '
        'write "" for an empty value, or leave the item out',
    ),
    "value an object": (
        {"key": "k", "value": {"a": 1}},
        'item at index 1 (key "k"): "value" must be a string, but is of type object; '
        'write it as text: "{\\"a\\":1}"',
    ),
    "value a long array": (
        {"key": "k", "value": ["x"] * 50},
        'item at index 1 (key "k"): "value" must be a string, but is of type array; '
        'write its JSON as text, with \\" for each "',
    ),
    "value a number": (
        {"key": "k", "value": 5},
        'item at index 1 (key "k"): "value" must be a string, but is of type number; write it as text: "5"',
    ),
    "value half a pair": (
        {"key": "k", "value": "\udc00"},
        'item at index 1 (key "k"): "value" has half of a surrogate pair, which is not a character; use base64',
    ),
    "value no base64": (
        {"key": "k", "value": "é!", "base64": True},
        'item at index 1 (key "k"): "value" is not base64: '
        "string argument should contain only ASCII characters",
    ),
    "base64 a string": (
        {"key": "k", "value": "", "base64": "yes"},
        'item at index 1 (key "k"): "base64" must be true or false, but is of type string',
    ),
    "ttl a string": (
        {"key": "k", "value": "", "expiration_ttl": "60"},
        'item at index 1 (key "k"): "expiration_ttl" must be a number (seconds), but is of type string',
    ),
    "ttl true": (
        {"key": "k", "value": "", "expiration_ttl": True},
        'item at index 1 (key "k"): "expiration_ttl" must be a number (seconds), but is of type boolean',
    ),
    "ttl too short": (
        {"key": "k", "value": "", "expiration_ttl": 59},
        'item at index 1 (key "k"): Invalid expiration_ttl of 59. Expiration TTL must be at least 60',
    ),
    "ttl in milliseconds": (
        {"key": "k", "value": "", "expiration_ttl": 31_536_000_000_000},
        'item at index 1 (key "k"): "expiration_ttl" is 31536000000000, likely milliseconds; '
        "it is in seconds: divide by 1000",
    ),
    "expiration passed": (
        {"key": "k", "value": "", "expiration": 1_600_000_000},
        'item at index 1 (key "k"): "expiration" 1600000000 has passed; take a later time '
        '(now is 1700000000), or "expiration_ttl" for seconds from now',
    ),
    "expiration too soon": (
        {"key": "k", "value": "", "expiration": 1_700_000_059},
        'item at index 1 (key "k"): Invalid expiration of 1700000059. '
        "Expiration times must be at least 60 seconds in the future",
    ),
    "expiration in milliseconds": (
        {"key": "k", "value": "", "expiration": 1_800_000_000_000},
        'item at index 1 (key "k"): "expiration" is 1800000000000, likely milliseconds; '
        "it is in seconds: divide by 1000",
    ),
    "metadata too long": (
        {"key": "k", "value": "", "metadata": "x" * 1023},
        'item at index 1 (key "k"): Metadata length of 1025 exceeds limit of 1024 bytes of JSON',
    ),
}


@pytest.mark.parametrize(("item", "message"), BAD_ITEMS.values(), ids=BAD_ITEMS.keys())
def test_bad_item_is_named(item: Any, message: str) -> None:
    assert errors(json.dumps([{"key": "a", "value": "b"}, item])) == [message]


def test_every_mistake_of_an_item_is_named() -> None:
    bad = {"key": 1, "value": 2, "expiration": "3", "base64": 4}
    assert len(errors(json.dumps([bad]))) == 4


def test_all_bad_items_are_kept_and_the_text_shows_a_dozen() -> None:
    with pytest.raises(SeedError) as caught:
        parse(json.dumps([{"key": "", "value": ""}] * 20).encode(), "s.json", NOW)
    assert [problem.nth for problem in caught.value.problems] == list(range(20))
    assert str(caught.value).startswith(
        's.json: item at index 0 (key ""): Key name cannot be empty; item at index 1'
    )
    assert str(caught.value).endswith(
        'item at index 11 (key ""): Key name cannot be empty; … and 8 more'
    )


DOUBTFUL: dict[str, tuple[dict[str, Any], str]] = {
    "near miss": (
        {"key": "k", "value": "", "expirationTtl": 60},
        'item at index 0 (key "k"): unknown property "expirationTtl" is left out; '
        'did you mean "expiration_ttl"?',
    ),
    "unknown": (
        {"key": "k", "value": "", "note": 1},
        'item at index 0 (key "k"): unknown property "note" is left out',
    ),
    "both times": (
        {"key": "k", "value": "", "expiration": 1_800_000_000, "expiration_ttl": 60},
        'item at index 0 (key "k"): "expiration_ttl" counts, and "expiration" is ignored',
    ),
    "metadata text": (
        {"key": "k", "value": "", "metadata": "x"},
        'item at index 0 (key "k"): "metadata" of type string is kept here; '
        "wrangler kv bulk put takes an object only",
    ),
}


@pytest.mark.parametrize(("item", "message"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_doubt_is_a_warning(item: dict[str, Any], message: str) -> None:
    assert warnings(item) == [message]


def test_key_twice_is_a_warning() -> None:
    assert warnings({"key": "k", "value": "1"}, {"key": "k", "value": "2"}) == [
        'item at index 1 (key "k"): this key is at index 0, too; the last one counts'
    ]


NOT_ARRAYS: dict[str, tuple[str, str]] = {
    # id: (the text, the message)
    "empty": ("", "is empty; a file without keys is []"),
    "spaces": (" \n", "is empty; a file without keys is []"),
    "object": ('{"a": 1}', f"must be an array like {EXAMPLE}, but is of type object"),
    "string": ('"a"', f"must be an array like {EXAMPLE}, but is of type string"),
    "words": ("hello", "not JSON at line 1, column 1: Expecting value"),
    "open": ('[{"key": "a", "value": "b"}', "line 1, column 28: a comma or ] is missing here"),
    "open string": ('[\n "a', "not JSON at line 2, column 2: Unterminated string starting at"),
    "trailing comma": ("[{},\n]", "line 2, column 1: a comma before ], which JSON does not allow"),
    "no comma": ("[{} {}]", "not JSON at line 1, column 5: a comma or ] is missing here"),
    "text behind": ("[]\n[]", "not JSON at line 2, column 1: text after the end of the array"),
    "comment": ("// x\n[]", "not JSON at line 1, column 1: Expecting value"),
    "NaN": ('[{"key": NaN}]', "not JSON at line 1, column 2: NaN is not a JSON number"),
    "deep": ("[" * 100_000, "not JSON at line 1, column 2: nested too deeply"),
}


@pytest.mark.parametrize(("text", "message"), NOT_ARRAYS.values(), ids=NOT_ARRAYS.keys())
def test_what_is_no_array_is_refused(text: str, message: str) -> None:
    found = errors(text)
    assert found
    assert message in found[-1]


FILES: dict[str, tuple[bytes | None, str]] = {
    # id: (the file's bytes or None if it doesn't exist, the message)
    "absent": (None, "can't be read: No such file or directory"),
    "binary": (b"\x89PNG\0\xff\0", "is a binary file"),
    "binary that is UTF-8": (b"[]\0", "is a binary file"),
    "latin-1": (b'["\xe9"]', "is not UTF-8 at byte 2; save it as UTF-8"),
    "UTF-16": ("[]".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
}


@pytest.mark.parametrize(("data", "message"), FILES.values(), ids=FILES.keys())
def test_file_that_is_no_text_is_refused(data: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        read(path, NOW)
    assert str(caught.value) == f"{path}: {message}"


def test_folder_and_giant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder, not a file"):
        read(tmp_path, NOW)
    path = tmp_path / "giant.json"
    with path.open("wb") as out:
        out.truncate(LARGEST + 1)
    with pytest.raises(FileError, match=r"268,435,457 bytes, over the limit .* split the file"):
        read(path, NOW)


def test_byte_order_mark_is_left_out() -> None:
    assert parse(b"\xef\xbb\xbf[]", "s.json", NOW).items == []


def test_problems_have_places() -> None:
    text = '[\n  {"key": "a", "value": "😀"},\n  {"key": "", "value": ""}, 5]'
    seed = check(text, "s.json", NOW)
    assert [(item.key, item.value.decode()) for item in seed.items] == [("a", "😀")]
    with pytest.raises(SeedError) as caught:
        parse(text.encode(), "s.json", NOW)
    assert caught.value.lines() == [
        's.json:3:3: item at index 1 (key ""): Key name cannot be empty',
        "s.json:3:29: item at index 2: must be an object, but is of type number",
    ]


def test_good_items_before_a_fault_are_read() -> None:
    seed = check('[{"key": "a", "value": "1"}, {"key', "s.json", NOW)
    assert [item.key for item in seed.items] == ["a"]
    assert len(seed.errors) == 1


def test_half_typed_files_never_fail() -> None:
    text = json.dumps([{"key": "é", "value": "\n", "metadata": {"a": [1, 2.5]}, "base64": False}])
    for end in range(len(text)):
        assert check(text[:end], "s.json", NOW).errors


KEY_FILES: dict[str, tuple[str, list[str]]] = {
    "strings": ('["a", "b"]', ["a", "b"]),
    "objects": ('[{"name": "a", "expiration": 1}, "b"]', ["a", "b"]),
    "seed file": ('[{"key": "a", "value": "1"}]', ["a"]),
    "twice": ('["a", "b", "a"]', ["a", "b"]),
    "none": ("[]", []),
}


@pytest.mark.parametrize(("text", "keys"), KEY_FILES.values(), ids=KEY_FILES.keys())
def test_keys_are_read(text: str, keys: list[str]) -> None:
    assert parse_keys(text, "k.json") == keys


def test_bad_keys_are_named() -> None:
    with pytest.raises(FileError) as caught:
        parse_keys('["a", 5, {}, "", "\\ud800"]', "k.json")
    assert [problem.message for problem in caught.value.problems] == [
        'item at index 1: must be a string or an object with a "name", but is of type number',
        'item at index 2: must be a string or an object with a "name", but is an object without "name"',
        "item at index 3: Key name cannot be empty",
        "item at index 4: has half of a surrogate pair",
    ]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_places_are_those_of_the_index(end: str) -> None:
    text = f"a{end}{end}bc{end}d{end}"
    offsets = [*range(len(text) + 1), 3, 0, 9]
    problems = [Problem("x", Span(offset, offset), None, "error") for offset in offsets]
    index = LineIndex(text)
    places = [index.position(offset, "utf-32") for offset in offsets]
    inside = [text[max(0, offset - 1) : offset + 1] == "\r\n" for offset in offsets]
    expected = [f"f:{line + 1}:{column + 1}: x" for line, column in places]
    found = array.located("f", text, problems)
    for line, wanted, is_inside in zip(found, expected, inside, strict=True):
        assert is_inside or line == wanted


def test_a_place_in_millions_of_lines_takes_no_index() -> None:
    text = "\n" * 4_000_000
    tracemalloc.start()
    try:
        lines = array.located("f", text, [Problem("x", Span(3_999_999, 4_000_000), None, "error")])
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert lines == ["f:4000000:1: x"]


NUMBERS = ",".join(["1"] * 10_001)
LARGE: dict[str, tuple[str, str]] = {
    # the middle one of three elements: (its text, what is wrong with it, if anything)
    "array": (f"[{NUMBERS}]", "has over 10,000 values"),
    "value": (f'{{"key": "k", "value": [{NUMBERS}]}}', "has over 10,000 values"),
    "metadata": (
        f'{{"key": "k", "value": "", "metadata": [{NUMBERS}]}}', "has over 10,000 values"),
    "properties": (
        '{"key": "k", "value": "", ' + ",".join(f'"p{n}": 1' for n in range(10_001)) + "}", "has over 10,000 values"),
    "arrays": ("[" + ",".join(["[]"] * 5_001) + "]", "has over 10,000 values"),
    "never closed": ("[" * 900 + "1," * 10_000, "has over 10,000 values"),
    "as text": (f'{{"key": "k", "value": "[{NUMBERS}]"}}', ""),
    "as text with quotes": (
        json.dumps({"key": "k", "value": '\\"' + NUMBERS + '"\\\\', "metadata": {"a": [1]}}), ""),
    "as escaped text": ('{"key": "k", "metadata": [], "value": "' + r"\u002c\"," * 9_000 + '"}', ""),
    "fewer": (f'{{"key": "k", "value": "", "metadata": [{NUMBERS[:199]}]}}', ""),
    "more behind it": ('{"key": "k", "value": "", "metadata": [1]}', ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wrong"), LARGE.values(), ids=LARGE)
def test_an_element_of_very_many_values_ends_the_reading(text: str, wrong: str) -> None:
    before = '[{"key": "first", "value": "1"},'
    rest = f',{{"key": "last", "value": "1"}}{", {}" * (0 if wrong else 1)}]'
    seed = check(before + text + rest, "s.json", NOW)
    if wrong:
        (problem,) = seed.errors
        assert problem.message.startswith(f"item at index 1: {wrong}. Write JSON")
        assert problem.span.start == len(before)
        assert [item.key for item in seed.items] == ["first"]
    else:
        assert [item.key for item in seed.items] == ["first", "k", "last"]
        assert {problem.nth for problem in seed.errors} == {3}


def test_what_stands_behind_an_element_is_not_counted_in_it() -> None:
    seed = check(f"[[1],{NUMBERS}]", "s.json", NOW)
    assert seed.counts["error"] == 10_002  # one each, since none is an object


def test_of_equal_keys_the_last_counts_in_the_place_of_the_first() -> None:
    keys = ["a", "b", "a", "c", "b", "a"]
    items = [{"key": key, "value": str(n)} for n, key in enumerate(keys)]
    seed = check(json.dumps([5, *items]), "s.json", NOW)
    assert [(item.key, item.value) for item in seed.items] == [
        ("a", b"5"),
        ("b", b"4"),
        ("c", b"3"),
    ]
    places = [re.findall(r"index (\d+)", problem.message) for problem in seed.warnings]
    assert places == [["3", "1"], ["5", "2"], ["6", "3"]]


def test_of_very_many_unknown_properties_only_the_first_have_a_hint() -> None:
    items = [{"key": f"k{n}", "value": "", "expirations": 1, "x": 2} for n in range(2_000)]
    seed = check(json.dumps(items), "s.json", NOW)
    assert seed.counts["warning"] == 4_000
    assert "did you mean" in seed.warnings[0].message
    assert len(seed.items) == 2_000


SHAPES = {
    # a file of 25 MiB: (its beginning, its pieces by number, its end, keys that are put)
    "numbers in one object": ('[{"key":"k","value":{', '"{0}":{0}.5,', '"":0}}]', False),
    "unknown properties": ('[{"key":"k","value":"",', '"{0}":{0},', '"":0}]', False),
    "arrays": ('[{"key":"k","value":[', "[],", "0]}]", False),
    "equal keys": ("[", '{{"key":"kkkkkkk","value":"v"}},', '{"key":"k","value":"v"}]', True),
    "keys": ("[", '{{"key":"k{0}","value":""}},', '{"key":"k","value":"v"}]', True),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("head", "piece", "tail", "good"), SHAPES.values(), ids=SHAPES)
def test_no_file_of_25_mib_takes_300_mb(
    tmp_path: Path, head: str, piece: str, tail: str, good: bool
) -> None:
    path = tmp_path / "s.json"
    left = 25 * 1024 * 1024 - len(head) - len(tail)
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        for number in itertools.count(100_000):
            text = piece.format(number)
            left -= len(text)
            if left < 0:
                break
            file.write(text)
        file.write(tail)
    code = (  # the peak of this process only: `ru_maxrss` starts at its parent's
        "import re, sys\nfrom kvlens.cli import main\ncode = main(sys.argv[1:])\n"
        "status = open('/proc/self/status').read()\n"
        "print(code, int(re.search(r'VmHWM:\\s*(\\d+) kB', status)[1]) // 1024)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "check", str(path)], capture_output=True, text=True, check=True
    )
    exit_code, megabytes = map(int, ran.stdout.splitlines()[-1].split())
    assert exit_code == (0 if good else 1)
    assert megabytes < 270  # of 300, on every machine
