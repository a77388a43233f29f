"""Detect what a value is: by its first bytes, with metadata and the key's ending as hints."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from kvlens.search.msgpack import is_msgpack

HEAD = 4096  # bytes that are looked at; a shorter value is known completely

KINDS: dict[str, str] = {
    # kind: what it is
    "text": "other text",
    "json": "JSON",
    "html": "an HTML document or fragment",
    "xml": "XML",
    "markdown": "Markdown, if the key or the metadata says so",
    "number": "one number",
    "date": "a Unix time in seconds or milliseconds, or an ISO date",
    "jwt": "a JSON Web Token",
    "base64": "bytes as base64 text",
    "image": "PNG, JPEG, GIF, WebP, AVIF, BMP, ICO, TIFF or SVG",
    "audio": "MP3, Ogg, FLAC or WAV",
    "video": "MP4 or WebM",
    "pdf": "PDF",
    "gzip": "compressed by gzip",
    "zstd": "compressed by Zstandard",
    "zip": "a ZIP archive",
    "wasm": "WebAssembly",
    "msgpack": "MessagePack",
    "empty": "no bytes",
    "binary": "other bytes",
}

_MAGIC = (
    # at, bytes, kind
    (0, b"\x89PNG\r\n\x1a\n", "image"),
    (0, b"\xff\xd8\xff", "image"),
    (0, b"GIF87a", "image"),
    (0, b"GIF89a", "image"),
    (8, b"WEBP", "image"),
    (4, b"ftypavif", "image"),
    (4, b"ftypheic", "image"),
    (0, b"II*\0", "image"),
    (0, b"MM\0*", "image"),
    (0, b"\0\0\1\0", "image"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"%PDF-", "pdf"),
    (0, b"\0asm", "wasm"),
    (0, b"ID3", "audio"),
    (0, b"OggS", "audio"),
    (0, b"fLaC", "audio"),
    (8, b"WAVE", "audio"),
    (4, b"ftyp", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
)
_TYPES = {  # the start of a content type: kind
    "text/html": "html",
    "application/xhtml": "html",
    "text/markdown": "markdown",
    "text/xml": "xml",
    "application/xml": "xml",
    "image/svg": "image",
}
_ENDINGS = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".xml": "xml",
    ".rss": "xml",
    ".svg": "image",
}
_TYPE_FIELDS = ("contentType", "content-type", "Content-Type", "content_type", "mimeType", "mime")
_JSON_START = re.compile(r'\s*(?:\{\s*["}]|\[\s*["{\[\]\-0-9tfn])')
_HTML_START = re.compile(r"(?i)<(?:!doctype html|html|head|body)\b")
_TAG = re.compile(r"(?i)<(?:a|b|div|h[1-6]|i|li|main|ol|p|section|span|table|ul)[\s>]")
_SVG = re.compile(r"(?i)<svg\b")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_JWT = re.compile(r"(eyJ[\w-]+)\.[\w-]+\.[\w-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_EPOCHS = (range(1_000_000_000, 4_102_444_800), range(1_000_000_000_000, 4_102_444_800_000))
_PREVIEWED = 120  # characters


def kind_of(name: str, head: bytes, size: int, metadata: Any = None) -> str:
    """Return a value's kind, one of `KINDS`.

    `head` are its first `HEAD` bytes, `size` is the number of all, `metadata` JSON text.
    """
    if not size:
        return "empty"
    for at, magic, kind in _MAGIC:
        if head.startswith(magic, at):
            return kind
    if head.startswith(b"BM") and size == int.from_bytes(head[2:6], "little"):
        return "image"
    text = text_of(head, size)
    if text is not None:
        return _text_kind(text, size <= len(head), _hint(name, metadata))
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0 and head[1] != 0xFE:  # UTF-16
        return "audio"
    return "msgpack" if size <= len(head) and is_msgpack(head) else "binary"


def text_of(head: bytes, size: int) -> str | None:
    """Return the start of a value as text; None if it is binary."""
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if size <= len(head) or error.start < len(head) - 3:
            return None
        text = head[: error.start].decode()  # the head ends within a character
    return None if "\0" in text else text


def preview(text: str) -> str:
    """Return the start of a text on one line.

    >>> preview("one\\n  two ")
    'one two'
    """
    return " ".join(text[: 4 * _PREVIEWED].split())[:_PREVIEWED]


def _hint(name: str, metadata: Any) -> str | None:
    if isinstance(metadata, str) and "/" in metadata:
        try:
            found = json.loads(metadata)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            for field in _TYPE_FIELDS:
                named = found.get(field)
                if isinstance(named, str):
                    for start, kind in _TYPES.items():
                        if named.lower().startswith(start):
                            return kind
    return _ENDINGS.get(name[name.rfind(".") :].lower()) if "." in name else None


def _text_kind(text: str, complete: bool, hint: str | None) -> str:
    if text.startswith("\ufeff"):
        text = text[1:]
    if _is_json(text, complete):
        return "json"
    markup = _first_tag(text)
    if _SVG.match(markup):
        return "image"
    if hint == "html" or _HTML_START.match(markup):
        return "html"
    if hint == "markdown":
        return "markdown"
    if text.startswith("<?xml") or (hint == "xml" and markup):
        return "xml"
    if markup and _TAG.search(markup):
        return "html"
    return _short_kind(text.strip()) if complete else _long_kind(text)


def _first_tag(text: str) -> str:
    """Return a text from its first tag on, without a declaration and comments; "" for no markup.

    >>> _first_tag("<?xml version='1.0'?> <!-- a --> <svg>")
    '<svg>'
    """
    text = text.lstrip()
    while text.startswith(("<!--", "<?")):
        text = text.partition("-->" if text.startswith("<!--") else "?>")[2].lstrip()
    return text if text.startswith("<") else ""


def _is_json(text: str, complete: bool) -> bool:
    if not _JSON_START.match(text):
        return complete and text.strip() in ("true", "false", "null")
    if not complete:
        return True
    try:
        json.loads(text)
    except ValueError:
        return False
    except RecursionError:
        pass
    return True


def _short_kind(text: str) -> str:
    if _NUMBER.fullmatch(text):
        whole = text.isdigit() and len(text) < 20
        return "date" if whole and any(int(text) in epochs for epochs in _EPOCHS) else "number"
    if _ISO.fullmatch(text):
        return "date"
    if found := _JWT.fullmatch(text):
        return "jwt" if _is_jwt(found[1]) else "text"
    if len(text) > 1 and text[0] == text[-1] == '"' and _is_json_string(text):
        return "json"
    return "base64" if _is_base64(text) else "text"


def _long_kind(text: str) -> str:
    # of a long value, the first characters must do
    return "base64" if _BASE64.fullmatch(text) and _is_mixed(text) else "text"


def _is_json_string(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_jwt(head: str) -> bool:
    try:
        found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "alg" in found


def _is_base64(text: str) -> bool:
    if len(text) % 4 or not _BASE64.fullmatch(text) or not _is_mixed(text):
        return False
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_mixed(text: str) -> bool:
    """Return whether a text has what words and hexadecimal names don't have."""
    return bool(
        re.search("[a-z]", text)
        and re.search("[A-Z]", text)
        and re.search("[0-9]", text)
        and re.search("[+/=]", text)
    )
