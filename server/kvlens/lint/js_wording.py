"""How messages name values."""

from __future__ import annotations

import math

from kvlens.js.calls import KvCall
from kvlens.js.constant_evaluator import Property, Value
from kvlens.js.syntax import plain
from kvlens.text import Span

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_LONGEST = 60


def quoted(text: str) -> str:
    """Return a text in quotes, on one line and cut where it is long."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return '"' + short.replace("\n", "\\n").replace("\r", "\\r") + '"'


def digits(number: float) -> str:
    """Return a number as code writes it."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e21:
        return str(int(number))
    return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(
        number, "NaN" if number != number else repr(number)
    )


def shown(value: Value) -> str:
    """Return a number, or the string that stands in its place, as a message shows it."""
    if value.kind == "string":
        return quoted(str(value.value))
    return digits(value.value) if isinstance(value.value, float) else str(value.kind)


def duration(seconds: float) -> str:
    """Return a number of seconds in the largest unit that gives a short number: "41.7 days"."""
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds / size
            text = f"{count:.0f}" if count == int(count) or count >= 100 else f"{count:.1f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return f"{seconds:g} seconds"


def place(call: KvCall, value: Value) -> Span:
    """Return where a value stands in a call."""
    return call.source.span(value.node)


def named(call: KvCall, option: Property) -> str:
    """Return an option with the expression it gets, where that is not the number itself."""
    inner = plain(option.value.node)
    if inner.type in ("number", "string", "unary_expression"):
        return option.name
    text = " ".join(call.source.text_of(inner).split())
    return f"{option.name} ({text})" if text != option.name and len(text) <= 40 else option.name


def whole(number: float) -> float:
    """Return a number as the runtime takes it for an integer: cut, and 0 where it is none."""
    return float(math.trunc(number)) if math.isfinite(number) else 0.0
