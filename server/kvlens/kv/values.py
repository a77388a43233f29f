"""Values and metadata: between bytes and what a program works with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from .errors import KVSyntaxError, KVTypeError
from .limits import Compat

_DIGITS = 300  # of an integer; a double holds 309


class ValueStream:
    """A value as a stream: one chunk, read by `async for`, `for` or `read()`, once."""

    def __init__(self, value: bytes) -> None:
        self._value: bytes | None = value

    def read(self) -> bytes:
        """Return what was not read yet."""
        value, self._value = self._value, None
        return value or b""

    def __iter__(self) -> Iterator[bytes]:
        chunk = self.read()
        if chunk:
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunk = self.read()
        if chunk:
            yield chunk


def decode_text(value: bytes) -> str:
    """Return the value as text: U+FFFD for what is not UTF-8, without a byte order mark."""
    text = value.decode("utf-8", "replace")
    return text[1:] if text.startswith("\ufeff") else text


def parse_json(text: str) -> Any:
    """Return what JSON.parse gives; KVSyntaxError where the text is not JSON."""
    try:
        if text.startswith("\ufeff"):
            raise json.JSONDecodeError("Unexpected byte order mark", text, 0)
        return json.loads(text, parse_constant=_refuse_constant, parse_int=json_integer)
    except json.JSONDecodeError as error:
        if not text.strip(" \t\r\n"):
            raise KVSyntaxError("Unexpected end of JSON input") from None
        raise KVSyntaxError(f"{error.msg} in JSON at position {error.pos}") from None
    except RecursionError:
        raise KVSyntaxError("JSON nested too deeply to be read") from None


def json_integer(digits: str) -> int | float:
    """Return a JSON integer; one that no double holds is infinite, as it is in JavaScript."""
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def is_json(text: str) -> bool:
    """Tell whether the text is JSON."""
    try:
        parse_json(text)
    except KVSyntaxError:
        return False
    return True


def _refuse_constant(name: str) -> object:
    raise json.JSONDecodeError(f"Unexpected token {name}", name, 0)


def convert(value: bytes, kind: str, compat: Compat) -> Any:
    """Return the value as text, json, arrayBuffer (bytes) or stream.

    workerd keeps a byte order mark here, and so does not take it for JSON.
    """
    if kind in ("text", "json"):
        keeps = compat == "workerd"
        text = value.decode("utf-8", "replace") if keeps else decode_text(value)
        return text if kind == "text" else parse_json(text)
    if kind == "arrayBuffer":
        return value
    return ValueStream(value)


def dump_json(value: object) -> str:
    """Return the JSON text as JSON.stringify writes it; KVTypeError for what has none."""
    try:
        text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:
        if "ircular" in str(error) or isinstance(error, RecursionError):
            raise KVTypeError("Converting circular structure to JSON") from None
        raise KVTypeError(f"This cannot be written as JSON: {error}") from None
    except TypeError as error:
        raise KVTypeError(f"This cannot be written as JSON: {error}") from None
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates are escaped, as JSON.stringify does
        text = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def _plain(value: object) -> object:
    """Whole floats become integers at the top, where it is cheap: 5.0 is 5 in JavaScript."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def text_units(text: str) -> int:
    """Return the length in UTF-16 code units, as JavaScript counts it."""
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)
