"""What a value is, by its bytes, its metadata and the ending of its key."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kvlens.kv.records import KeyInfo
from kvlens.search.kinds import HEAD, KINDS, kind_of, preview, text_of
from kvlens.search.msgpack import is_msgpack
from kvlens.search.rows import Row, row_of

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

CASES: dict[str, tuple[bytes, str]] = {
    # id: (value, kind)
    "nothing": (b"", "empty"),
    "words": (b"two words", "text"),
    "a word that could be base64": (b"deadbeefdeadbeefdeadbeef", "text"),
    "an id": (b"0f2ac74b498b48028cb68387c421e279", "text"),
    "an object": (b' {"a": [1]}\n', "json"),
    "an array": (b"[]", "json"),
    "a JSON string": (b'"x"', "json"),
    "a boolean": (b"true", "json"),
    "braces that aren't JSON": (b'{"a": }', "text"),
    "a template": (b"{{ name }}", "text"),
    "a long object": (b'{"a": "' + b"x" * HEAD + b'"}', "json"),
    "a deep array": (b"[" * 4000 + b"]" * 4000, "json"),
    "JSON after a byte order mark": (b"\xef\xbb\xbf{}", "json"),
    "a whole number": (b"42", "number"),
    "a fraction": (b"-1.5e3", "number"),
    "leading zeros": (b"007", "text"),
    "a Unix time": (b"1800000000", "date"),
    "milliseconds": (b"1800000000000", "date"),
    "an ISO date": (b"2026-11-26T10:00:00.5Z", "date"),
    "a document": (b"<!-- x --><!DOCTYPE html><p>", "html"),
    "a fragment": (b'<div class="x">y</div>', "html"),
    "an XML document": (b'<?xml version="1.0"?><a/>', "xml"),
    "a picture of vectors": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image"),
    "a token": (JWT.encode(), "jwt"),
    "three dotted words": (b"eyJx.y.z", "text"),
    "base64": (b"aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IQ==", "base64"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0", "image"),
    "JPEG": (b"\xff\xd8\xff\xe0", "image"),
    "GIF": (b"GIF89a", "image"),
    "WebP": (b"RIFF\0\0\0\0WEBP", "image"),
    "AVIF": (b"\0\0\0\x1cftypavif", "image"),
    "BMP": (b"BM\x08\0\0\0\xff\xff", "image"),
    "text that begins with BM": (b"BMW drives", "text"),
    "gzip": (gzip.compress(b"x"), "gzip"),
    "Zstandard": (b"\x28\xb5\x2f\xfd\0", "zstd"),
    "ZIP": (b"PK\x03\x04", "zip"),
    "PDF": (b"%PDF-1.7", "pdf"),
    "WebAssembly": (b"\0asm\1\0\0\0", "wasm"),
    "UTF-16": (b"\xff\xfeh\0\xe9\0", "binary"),
    "MP3": (b"\xff\xfb\x90\0", "audio"),
    "MP4": (b"\0\0\0\x20ftypisom", "video"),
    "MessagePack": (b"\x82\xa1a\x01\xa1b\xc0", "msgpack"),
    "MessagePack with a rest": (b"\x82\xa1a\x01\xa1b\xc0\xc0", "binary"),
    "bytes": (bytes(range(256)), "binary"),
    "text with NUL": (b"a\0b", "binary"),
    "text that ends within a character": ("é".encode() * HEAD, "text"),
    "broken text": (b"abc\xff", "binary"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), CASES.values(), ids=CASES)
def test_kind(value: bytes, kind: str) -> None:
    assert kind_of("k", value[:HEAD], len(value)) == kind


def test_each_kind_is_proven() -> None:
    hinted = {kind for *_, kind in HINTS.values()}
    assert {kind for _, kind in CASES.values()} | hinted == set(KINDS)


HINTS: dict[str, tuple[str, object, bytes, str]] = {
    # id: (key, metadata, value, kind)
    "the key says Markdown": ("a.md", None, b"# x", "markdown"),
    "the metadata says HTML": ("a", {"contentType": "text/html; charset=utf-8"}, b"x", "html"),
    "the metadata is first": ("a.md", {"Content-Type": "text/html"}, b"x", "html"),
    "the bytes are first": ("a.md", {"contentType": "text/html"}, b"GIF89a", "image"),
    "JSON in a page": ("a.html", None, b"{}", "json"),
    "a field of another kind": ("a", {"contentType": ["text/html"]}, b"x", "text"),
    "metadata that is a list": ("a", ["text/html"], b"x", "text"),
    "the key says XML": ("feed.rss", None, b"<rss/>", "xml"),
    "the key says XML, the value doesn't": ("feed.xml", None, b"x", "text"),
}  # fmt: skip


@pytest.mark.parametrize(("key", "metadata", "value", "kind"), HINTS.values(), ids=HINTS)
def test_a_hint_decides_between_texts(key: str, metadata: object, value: bytes, kind: str) -> None:
    assert kind_of(key, value, len(value), json.dumps(metadata)) == kind


@pytest.mark.parametrize("metadata", ["no JSON/", "[" * 100_000 + "/", "\ud800/", "{}", None])
def test_metadata_that_another_program_wrote(metadata: str | None) -> None:
    assert kind_of("k", b"x", 1, metadata) == "text"


@pytest.mark.parametrize("part", ["<!---->", "<!-- ", "<?", "<a", "[", '{"', "<?xml", "eyJ.", "9"])
def test_no_text_takes_long(part: str) -> None:
    text = (part * HEAD)[:HEAD]
    assert kind_of("a.xml", text.encode(), HEAD) in KINDS


@given(st.binary(max_size=200), st.text(max_size=10), st.integers(0, 5000))
@example(b"\x81" * 50, "", 0)
@example(b"\xdf\xff\xff\xff\xff", "", 0)
def test_any_bytes_have_a_kind(head: bytes, name: str, more: int) -> None:
    assert kind_of(name, head, len(head) + more * bool(head)) in KINDS
    assert not head or is_msgpack(head) in (True, False)


PREVIEWS: dict[str, tuple[bytes, str | None]] = {
    # id: (value, preview)
    "lines": (b"a\n\t b \r\n", "a b"),
    "long": (b"x" * 5000, "x" * 120),
    "empty": (b"", ""),
    "binary": (b"\xff", None),
    "much space": (b" " * 1000 + b"x", ""),
}


@pytest.mark.parametrize(("value", "shown"), PREVIEWS.values(), ids=PREVIEWS)
def test_preview(value: bytes, shown: str | None) -> None:
    text = text_of(value[:HEAD], len(value))
    assert (None if text is None else preview(text)) == shown


def test_a_row_has_all_of_a_key() -> None:
    info = KeyInfo("k", 5, '{"a":1}')
    assert row_of(info, b"{}", 2) == Row("k", 5, '{"a":1}', None, False, 2, "json", "{}")
