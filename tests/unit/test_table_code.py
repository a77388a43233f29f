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
import { parseExpiry } from './webview/table/expiry';
import { Staged } from './src/table/staged';
let given = '';
process.stdin.on('data', (part) => { given += part; });
process.stdin.on('end', () => {
    const { what, input } = JSON.parse(given);
    const run = {
        forms: () => formsOf(Buffer.from(input.base64, 'base64'), input),
        expiry: () => parseExpiry(input.text, 1_000_000_000) ?? null,
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
