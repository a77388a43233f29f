"""JavaScript's conversions, where the answers of the runtimes depend on them.

An option that is left out is `UNSET` (JavaScript's undefined); `None` is JavaScript's null.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of `UNSET`: an argument that was not given."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET

_INT_PREFIX = re.compile(r"\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(\d+))")
_NUMBER = re.compile(
    r"\s*(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+"
    r"|[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Infinity))?\s*",
    re.ASCII,
)


def js_text(value: object) -> str:
    """Return `String(value)`.

    >>> [js_text(v) for v in (5, 5.0, 60.5, True, None, float("nan"), "x")]
    ['5', '5', '60.5', 'true', 'null', 'NaN', 'x']
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if value is UNSET:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join("" if item is None else js_text(item) for item in value)
    return str(value)


def parse_int(text: str) -> float:
    """Return `parseInt(text)`: the leading integer, or NaN.

    >>> parse_int("60abc"), parse_int("nan")
    (60, nan)
    """
    found = _INT_PREFIX.match(text)
    if found is None:
        return math.nan
    sign, hexadecimal, decimal = found.groups()
    number = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return -number if sign == "-" else number


def to_number(value: object) -> float:
    """Return `Number(value)`: NaN for text that is not a number, 0 for null."""
    if value is None:
        return 0
    if isinstance(value, (bool, int, float)):
        return value
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        return math.nan
    text = value.strip()
    if not text:
        return 0
    if text[:2].lower() in ("0x", "0o", "0b"):
        return int(text, 0)
    return float(text.replace("Infinity", "inf"))


def to_integer(value: object) -> float:
    """Return the whole number that workerd makes of an option: truncated, 0 for NaN."""
    number = to_number(value)
    if math.isnan(number):
        return 0
    return number if math.isinf(number) else math.trunc(number)


def round_half_up(number: float) -> float:
    """Return `Math.round(number)`; NaN and the infinities stay what they are."""
    if isinstance(number, int):  # one of hundreds of digits fits into no float
        return number
    return math.floor(number + 0.5) if math.isfinite(number) else number


def whole_text(text: str) -> str:
    """Return `text` with lone surrogates replaced by U+FFFD, so that it has a UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # the round trip joins the two halves of a pair and replaces what is left alone
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def has_lone_surrogate(text: str) -> bool:
    """Tell whether `text` has no UTF-8 form."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)
