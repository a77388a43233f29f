"""Read JSON bodies of any size and shape safely, for every API here.

Accepts what JSON.parse accepts, except numbers that JavaScript can't represent and bodies that take
many times their size in memory: a megabyte of `[],[],…` becomes 24.
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
"""Values in one body. An object or array counts as three: each takes about 60 bytes."""

_STRING = re.compile(r'"[^"]*"?')
_LONGEST_INTEGER = 309  # digits; longer ones are Infinity in JavaScript


class BodyError(RequestError, ValueError):
    """The body can't be read. The text says why, without naming the body."""


class NotJsonError(BodyError):
    """The body isn't JSON. The text says where the syntax error is."""


def text_of(request: Request) -> str:
    """Take the body as text. The request no longer has it, which halves the memory needed.

    Raises NotJsonError if it isn't UTF-8.
    """
    body, request.body = request.body, b""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None


def parse(text: str, most: int = MAX_PARTS) -> Any:
    """Parse a text. Raises BodyError if it isn't usable JSON."""
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
    """Remove the strings, without a pattern that would use memory for each escape."""
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
