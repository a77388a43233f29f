"""The pure parts of the table, in Node: what a value contains, and staged changes."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest

from scripts.toolchain import EXTENSION, node

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"none"}', b'{"sub":"ada"}', b"x")
)
PROGRAM = """\
import { formsOf } from './src/decode';
import { away, timeOf } from './src/clock';
import { countdown, keepClock, parseExpiry } from './webview/table/expiry';
import { parseRows } from './webview/table/paste';
import { SavePoint } from './src/table/savePoint';
import { Staged } from './src/table/staged';
let given = '';
process.stdin.on('data', (part) => { given += part; });
process.stdin.on('end', () => {
    const { what, input } = JSON.parse(given);
    const run = {
        forms: () => formsOf(Buffer.from(input.base64, 'base64'), input),
        expiry: () => {
            keepClock({ time: 1_000_000_000, seconds: 0, frozen: true });
            return parseExpiry(input.text) ?? null;
        },
        clock: () => {
            Date.now = () => 2_000_000_000_000;
            keepClock(input.clock);
            return [timeOf(input.clock), away(input.clock?.seconds ?? 0), countdown(2_000_003_600)];
        },
        paste: () => {
            try {
                return parseRows(input);
            } catch (error) {
                return error.message;
            }
        },
        savePoint: () => {
            const point = new SavePoint();
            return input.map((step) => point[step]() ?? null);
        },
        staged: () => {
            const staged = new Staged();
            const id = staged.know('a', { version: 'v1', content: { name: 'a', value: { text: '1' } } });
            const edits = [];
            for (const content of input) {
                staged.set([{ id, content }]);
                edits.push(staged.edits());
                if (content === null || content.save) {
                    staged.saved(new Map([[content?.name ?? '', 'v2']]));
                }
            }
            return edits;
        },
    };
    console.log(JSON.stringify(run[what]()));
});
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts as one program."""
    made = tmp_path_factory.mktemp("table") / "program.mjs"
    esbuild = EXTENSION / "node_modules" / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--platform=node", "--format=esm", "--loader=ts", f"--outfile={made}"]
    options += ["--alias:vscode=./webview/table/vscode.ts"]
    prelude = "--banner:js=globalThis.acquireVsCodeApi = () => ({});"
    words = [node(), str(esbuild), *options, prelude]
    subprocess.run(words, input=PROGRAM, text=True, check=True, cwd=EXTENSION, capture_output=True)
    return made


def run(program: Path, what: str, given: Any) -> Any:
    text = json.dumps({"what": what, "input": given})
    done = subprocess.run(
        [node(), str(program)], input=text, text=True, check=True, capture_output=True
    )
    return json.loads(done.stdout)


FORMS: dict[str, tuple[bytes, dict[str, Any], list[str]]] = {
    # id: (value, its kind and whether it is a part, the labels of its forms)
    "text": (b"plain", {}, ["Text", "Hex"]),
    "json": (b' {"a":1}', {}, ["JSON", "Text", "Hex"]),
    "a part of json": (b'{"a":1}', {"isPart": True}, ["Text", "Hex"]),
    "not json": (b'{"a":1', {}, ["Text", "Hex"]),
    "html": (b"<b>x</b>", {"kind": "html"}, ["HTML", "Hex"]),
    "image": (PNG, {}, ["Image", "Hex"]),
    "a part of an image": (PNG, {"isPart": True}, ["Hex"]),
    "bytes": (b"\x00\x01\xff", {}, ["Hex"]),
    "gzip": (gzip.compress(b'{"a":1}'), {}, ["gzip → JSON", "gzip → Text", "Hex"]),
    "deflate": (zlib.compress(b"hello"), {}, ["deflate → Text", "Hex"]),
    "brotli": (bytes.fromhex("0b028068656c6c6f03"), {}, ["brotli → Text", "Hex"]),
    "zstd": (bytes.fromhex("28b52ffd2005290000") + b"hello", {}, ["zstd → Text", "Hex"]),
    "broken gzip": (gzip.compress(b"x" * 99)[:20], {}, ["Hex"]),
    "base64": (base64.b64encode(b"hello, wide world"), {}, ["base64 → Text", "Text", "Hex"]),
    "a word": (b"abcdefgh", {}, ["Text", "Hex"]),
    "jwt": (JWT.encode(), {}, ["JWT", "Text", "Hex"]),
    "messagepack": (b"\x82\xa1a\x01\xa1b\xc0", {}, ["MessagePack", "Hex"]),
    "messagepack, not text": (b"\x82\xa1a\x01\xa1b\xc4\x01\xff", {}, ["MessagePack", "Hex"]),
    "empty": (b"", {}, ["Text", "Hex"]),
}


@pytest.mark.parametrize(("value", "options", "labels"), FORMS.values(), ids=FORMS)
def test_a_value_has_forms(
    program: Path, value: bytes, options: dict[str, Any], labels: list[str]
) -> None:
    given = {"base64": base64.b64encode(value).decode(), "kind": "", "isPart": False, **options}
    assert [form["label"] for form in run(program, "forms", given)] == labels


def test_a_value_that_unpacks_to_gigabytes_is_shown_as_bytes(program: Path) -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    given = {"base64": base64.b64encode(bomb).decode(), "kind": "", "isPart": False}
    assert [form["label"] for form in run(program, "forms", given)] == ["Hex"]


TIMES = {
    "90s": 1_000_000_090,
    "1 h": 1_000_003_600,
    "2d": 1_000_172_800,
    "none": None,
    "": None,
    "1800000000": 1_800_000_000,
    "2030-01-02T03:04:05Z": 1_893_553_445,
    "2030": None,  # no time: neither a year nor seconds is meant for sure
    "soon": None,
}


@pytest.mark.parametrize(("text", "seconds"), TIMES.items(), ids=list(TIMES))
def test_an_expiration_is_read(program: Path, text: str, seconds: int | None) -> None:
    assert run(program, "expiry", {"text": text}) == seconds


def test_undo_after_a_save_stages_the_inverse(program: Path) -> None:
    first, changed = {"name": "a", "value": {"text": "1"}}, {"name": "b", "value": {"text": "1"}}
    wanted = [{**changed, "save": True}, first, changed, None, first]
    assert run(program, "staged", wanted) == [
        [{"key": "a", "version": "v1", "to": "b"}],
        [{"key": "b", "version": "v2", "to": "a"}],
        [],
        [{"key": "b", "version": "v2", "delete": True}],
        [{"key": "a", "version": "", "text": "1"}],
    ]


PASTES: dict[str, tuple[str, Any]] = {
    # id: (a text; the rows, or what is wrong)
    "no metadata: what a key has stays": ("a\tb", [{"name": "a", "value": {"text": "b"}}]),
    "empty metadata: none": ("a\tb\t", [{"name": "a", "value": {"text": "b"}, "metadata": None}]),
    "blank lines": ("  \n\t\n", []),
    "no key": ("\tb", "Line 1 has no key. The columns are key, value, metadata and expiration."),
    "too soon": ("a\tb\t\t10s", "Line 1: A key expires 60 seconds from now at the earliest."),
    "an object": (
        '{"a":{"n":1.0},"b":"x"}',
        [{"name": "a", "value": {"text": '{"n":1.0}'}}, {"name": "b", "value": {"text": "x"}}],
    ),
    "one item": (
        '{"key":"a","value":"b"}',
        [{"name": "a", "value": {"text": "b"}, "metadata": None, "expiration": None}],
    ),
}


@pytest.mark.parametrize(("text", "rows"), PASTES.values(), ids=PASTES)
def test_rows_are_pasted(program: Path, text: str, rows: Any) -> None:
    assert run(program, "paste", text) == rows


SAVE_POINTS: dict[str, tuple[list[str], list[bool]]] = {
    # id: (what is done; for each edit, whether VS Code may take it for saved)
    "edits": (["made", "saved", "made"], [False, False]),
    "undone before the save": (["made", "undone", "saved", "made"], [False, False]),
    "undone and redone": (["made", "saved", "undone", "redone", "made"], [False, False]),
    "undone after the save": (["made", "saved", "undone", "made", "made"], [False, True, True]),
    "saved again": (["made", "saved", "undone", "made", "saved", "made"], [False, True, False]),
    "reverted": (["made", "saved", "undone", "reverted", "made"], [False, False]),
}


@pytest.mark.parametrize(("steps", "seem_saved"), SAVE_POINTS.values(), ids=SAVE_POINTS)
def test_an_edit_in_place_of_a_saved_one_is_not_saved(
    program: Path, steps: list[str], seem_saved: list[bool]
) -> None:
    given = run(program, "savePoint", steps)
    assert [one for one in given if one is not None] == seem_saved


CLOCKS: dict[str, tuple[dict[str, Any] | None, list[Any]]] = {
    # id: (a clock as received; its time, how far it is from the real one, and what is left of 1 h)
    "the real one": (None, [2_000_000_000, "+0 s", "1 h"]),
    "ahead": (
        {"time": 1, "seconds": 1800, "frozen": False},
        [2_000_001_800, "+30 min", "30 min"],
    ),
    "far ahead": (
        {"time": 1, "seconds": 93_784, "frozen": False},
        [2_000_093_784, "+1 d 2 h", "expired"],
    ),
    "behind": (
        {"time": 1, "seconds": -90, "frozen": False},
        [1_999_999_910, "-1 min 30 s", "1 h 1 min"],
    ),
    "frozen": (
        {"time": 2_000_003_590, "seconds": 99, "frozen": True},
        [2_000_003_590, "+1 min 39 s", "10 s"],
    ),
}


@pytest.mark.parametrize(("clock", "gives"), CLOCKS.values(), ids=CLOCKS)
def test_a_moved_clock_is_followed(program: Path, clock: Any, gives: list[Any]) -> None:
    assert run(program, "clock", {"clock": clock}) == gives
