"""JavaScript's conversions, on which the behavior of the runtimes depends.

An omitted option is `UNSET` (JavaScript's undefined); `None` is JavaScript's null. An omitted
required argument is `MISSING`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of `UNSET`, an omitted option, and of `MISSING`."""

    UNSET = "unset"
    MISSING = "missing"

    def __repr__(self) -> str:
        return self.name


UNSET: Final = Unset.UNSET
MISSING: Final = Unset.MISSING

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
    if isinstance(value, Unset):
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
        text = repr(value)
        if "e-" in text:  # JavaScript writes small numbers in full down to 0.000001
            return _in_full(text) if abs(value) >= 1e-6 else text.replace("e-0", "e-")
        return text
    if isinstance(value, (list, tuple)):
        return ",".join("" if item is None or item is UNSET else js_text(item) for item in value)
    if isinstance(value, (bytes, bytearray)):
        return ",".join(map(str, value))  # a Uint8Array
    if isinstance(value, Mapping):
        return "[object Object]"
    try:
        return str(value)
    except ValueError:  # an integer with more digits than Python converts
        return "Infinity"


def _in_full(text: str) -> str:
    from decimal import Decimal  # late: few numbers are that small

    return format(Decimal(text), "f")


def to_number(value: object) -> float:
    """Return `Number(value)`: NaN for text that isn't a number, 0 for null."""
    if value is None:
        return 0
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, (list, tuple)):
        value = js_text(value)
    if not isinstance(value, str):
        return _milliseconds(value)
    if _NUMBER.fullmatch(value) is None:
        return math.nan
    text = value.strip()
    if not text:
        return 0
    if text[:2].lower() in ("0x", "0o", "0b"):
        return to_number(int(text, 0))
    return float(text.replace("Infinity", "inf"))


def _milliseconds(value: object) -> float:
    from datetime import datetime  # late: few values are times

    return value.timestamp() * 1000 if isinstance(value, datetime) else math.nan


def to_integer(value: object) -> int:
    """Convert an option to an integer like workerd: truncated, 0 for NaN."""
    number = to_number(value)
    return math.trunc(number) if math.isfinite(number) else 0


def whole_text(text: str) -> str:
    """Return `text` as the service receives it: three U+FFFD for each lone surrogate.

    The runtime sends a lone surrogate as three bytes that aren't UTF-8.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        # the first round trip joins surrogate pairs
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return joined.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def has_lone_surrogate(text: str) -> bool:
    """Return whether `text` has a lone surrogate, and so no UTF-8 form."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)
