"""Convert values and metadata between bytes and Python objects."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from kvlens.kv.errors import KVSyntaxError, KVTypeError

_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"{_HIGH}{_LOW}|\\(?:u[0-9a-fA-F]{{4}}|.)")
_TOKEN = re.compile(
    r"""[ \t\r\n]*([][{},:]|"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"
    |-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)""".replace("\n    ", "")
)

_DIGITS = 300  # of an integer; a double holds 309


class ValueStream:
    """A value as a stream: one chunk, read by `async for`, `for` or `read()`, once."""

    def __init__(self, value: bytes) -> None:
        self._value: bytes | None = value

    def read(self) -> bytes:
        """Return the part that wasn't read yet."""
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
    """Return the value as text, without a byte order mark and with U+FFFD for invalid UTF-8."""
    text = value.decode("utf-8", "replace")
    return text[1:] if text.startswith("\ufeff") else text


def parse_json(text: str) -> Any:
    """Return the result of JSON.parse; KVSyntaxError if the text isn't JSON."""
    try:
        return _load_json(text)
    except json.JSONDecodeError as error:
        if not text.strip(" \t\r\n"):
            raise KVSyntaxError("Unexpected end of JSON input") from None
        raise KVSyntaxError(f"{error.msg} in JSON at position {error.pos}") from None
    except RecursionError:
        raise KVSyntaxError("JSON nested too deeply to be read") from None


def json_integer(digits: str) -> int | float:
    """Return a JSON integer; one too large for a double is infinite, as in JavaScript."""
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def is_json(text: str) -> bool:
    """Return whether the text is JSON, of any nesting depth."""
    try:
        _load_json(text)
    except json.JSONDecodeError:
        return False
    except RecursionError:
        return _is_deep_json(text)
    return True


def _load_json(text: str) -> Any:
    if text.startswith("\ufeff"):
        raise json.JSONDecodeError("Unexpected byte order mark", text, 0)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer with more digits than Python converts, which is valid
        return json.loads(text, parse_constant=_refuse_constant, parse_int=json_integer)


def _is_deep_json(text: str) -> bool:
    """The same for JSON nested too deeply for Python's parser; slower."""
    closers: list[str] = []
    place, wanted = 0, "value"  # or "key", ":", "," or, after an opening bracket, "value]" "key}"
    while found := _TOKEN.match(text, place):
        token, place = found[1], found.end()
        kind = token[:1]
        if kind and kind in "]}":
            if (
                not closers
                or kind != closers[-1]
                or wanted not in (",", f"value{kind}", f"key{kind}")
            ):
                return False
            closers.pop()
            wanted = ","
        elif kind in (",", ":"):
            if wanted != kind or not closers:
                return False
            wanted = "key" if kind == "," and closers[-1] == "}" else "value"
        elif wanted.startswith("key"):
            if kind != '"':
                return False
            wanted = ":"
        elif not wanted.startswith("value"):
            return False
        elif kind and kind in "[{":
            closers.append("]" if kind == "[" else "}")
            wanted = "value]" if kind == "[" else "key}"
        else:
            wanted = ","
    return wanted == "," and not closers and not text[place:].strip(" \t\r\n")


def unescape_json(text: str) -> str:
    """Return the same JSON with real characters in place of \\u escapes that it doesn't need."""
    return _ESCAPE.sub(_unescaped, text) if "\\u" in text else text


def _unescaped(found: re.Match[str]) -> str:
    units = found[0].replace("\\u", "")
    if len(found[0]) < 6:  # another escape
        return found[0]
    text = bytes.fromhex(units).decode("utf-16-be", "surrogatepass")
    needed = text < " " or text in '"\\' or "\ud800" <= text <= "\udfff"
    return found[0] if needed else text


def _refuse_constant(name: str) -> object:
    raise json.JSONDecodeError(f"Unexpected token {name}", name, 0)


def convert(value: bytes, kind: str) -> Any:
    """Return the value as text, json, arrayBuffer (bytes) or stream.

    Unlike in a bulk get, a byte order mark is kept here, which is invalid JSON.
    """
    if kind in ("text", "json"):
        text = value.decode("utf-8", "replace")
        return text if kind == "text" else parse_json(text)
    if kind == "arrayBuffer":
        return value
    return ValueStream(value)


def valid_json(value: object, **how: Any) -> str:
    """Return JSON text as `json.dumps` makes it; a number that no double holds is null.

    So does JSON.stringify with what JSON.parse made of 1e400. Python would write Infinity.
    """
    try:
        return json.dumps(value, allow_nan=False, **how)
    except ValueError:
        return json.dumps(with_nulls(value, how.get("default")), **how)


def with_nulls(value: object, default: Callable[[Any], Any] | None = None) -> Any:
    """Return a JSON value with null for each number that no double holds."""
    return json.loads(json.dumps(value, default=default), parse_constant=lambda _: None)


def dump_json(value: object) -> str:
    """Return the same JSON text as JSON.stringify; KVTypeError for values without one."""
    try:
        text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError) as error:
        if "ircular" in str(error) or isinstance(error, RecursionError):
            raise KVTypeError("Converting circular structure to JSON") from None
        raise KVTypeError(f"This can't be written as JSON: {error}") from None
    except TypeError as error:
        raise KVTypeError(f"This can't be written as JSON: {error}") from None
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates are escaped, as JSON.stringify does
        text = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def _plain(value: object) -> object:
    """Convert a whole float at the top level to an integer: 5.0 is 5 in JavaScript."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def text_units(text: str) -> int:
    """Return the length in UTF-16 code units, as in JavaScript."""
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)
