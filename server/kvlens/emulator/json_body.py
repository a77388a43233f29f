"""Read a JSON body of any size and shape without harm: one gate for every API here.

JSON as JSON.parse takes it. Refused besides are numbers that JavaScript has none for, and what
would take many times the body's size in memory: `[],[],…` of a megabyte becomes 24.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from kvlens.errors import RequestError

if TYPE_CHECKING:
    from kvlens.emulator.http import Request

MAX_PARTS = 4_000_000
"""Values in one body, an object or array counting three times: each takes some 60 bytes."""

_STRING = re.compile(r'"[^"]*"?')
_LONGEST_INTEGER = 309  # digits; with more it is Infinity in JavaScript


class BodyError(RequestError, ValueError):
    """The body cannot be read. The text says why, without the name of what was read."""


class NotJsonError(BodyError):
    """The body is not JSON at all. The text says where it ceases to be."""


def text_of(request: Request) -> str:
    """Take a body as text; the request has none afterwards, since both would be twice the memory.

    Raises NotJsonError where it is not UTF-8.
    """
    body, request.body = request.body, b""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None


def parse(text: str, most: int = MAX_PARTS) -> Any:
    """Return what a text says; BodyError where it is not JSON that can be used."""
    if _parts(text) > most and _parts(_without_strings(text)) > most:
        raise BodyError(f"over {most:,} values, arrays and objects three each; send it in parts")
    try:
        return json.loads(
            text, parse_constant=_constant, parse_float=_fraction, parse_int=_whole_number
        )
    except RecursionError:
        raise NotJsonError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} at character {error.pos}") from None


def _parts(text: str) -> int:
    return 3 * (text.count("[") + text.count("{")) + text.count(",")


def _without_strings(text: str) -> str:
    """Leave out the strings, without a pattern that would keep a place for each escape."""
    return _STRING.sub("", text.replace("\\\\", "").replace('\\"', ""))


def _constant(name: str) -> Any:
    raise NotJsonError(f"{name} is not JSON")


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise BodyError(f"the number {text[:20]} is too large")
    return number


def _whole_number(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise BodyError(f"the number {text[:20]}… of {len(text):,} characters is too large")
    return int(text)
