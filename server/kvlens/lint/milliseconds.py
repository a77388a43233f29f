"""Whether a number is in milliseconds, from how it is written."""

from __future__ import annotations

from kvlens.js.constants.values import Value
from kvlens.js.syntax import plain
from kvlens.kv.limits import INT32_MAX

_MINUTE, DAY = 60_000, 86_400_000
_ROUND = {
    minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 180, 240, 360, 480, 720)
}


def to_divide(value: Value, number: float, **more: object) -> dict[str, object]:
    """Return the data of a finding about a number to divide, `certain` if no other one is meant.

    Above the limit of a TTL, that is also a round one.
    """
    certain = value.unit == "ms" or (number > INT32_MAX and is_round(value, number))
    return {**more, "divide": 1000, **({"certain": True} if certain else {})}


def is_round(value: Value, number: float) -> bool:
    """Return whether a literal is a round time only in milliseconds, or a product is whole days."""
    node = plain(value.source or value.node)
    if value.unit == "s" or node.type not in ("number", "string", "binary_expression"):
        return False
    is_literal = node.type != "binary_expression"
    return (is_literal and number in _ROUND) or (number >= DAY and number % DAY == 0)


def is_default(some: Value) -> bool:
    """Return whether what a value is in some cases is it exactly, not a bound: `Math.min(x, 9)`."""
    return some.node.parent is None or some.node.parent.type != "arguments"
