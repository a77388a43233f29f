"""Format values, fields, environments, options and durations for messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kvlens.config.model import KV_FIELD, Environment, Field
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.js.calls import KvCall
    from kvlens.js.constants.values import Property, Value

_LONGEST = 60
_MOST = 3  # names that a message lists
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_NOUNS = {"table": "a table", "array": "an array", "null": "null", "datetime": "a date"}


def quoted(value: str) -> str:
    """Return a value in quotes on one line, a long one cut short."""
    short = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return '"' + short.replace("\n", "\\n").replace("\r", "\\r") + '"'


def not_listed(count: int, code: str) -> str:
    """Return the message about a rule's problems that aren't listed."""
    return f"{count:,} more problems of {code} in this file are not listed."


# configs ------------------------------------------------------------------------------------


def described(field: Field) -> str:
    """Describe a field's value, such as `the number 12`."""
    return described_value(field.kind, field.value)


def described_value(kind: str, value: object) -> str:
    """Describe a value, such as `the number 12`; `kind` is one of nodes.KINDS."""
    if kind == "string":
        return f"the string {quoted(str(value))}"
    if kind in ("integer", "float"):
        number = str(value)
        return f"the number {number if len(number) <= _LONGEST else f'{number[: _LONGEST - 1]}…'}"
    if kind == "boolean":
        return "true" if value else "false"
    return _NOUNS.get(kind, kind)


def usable(field: Field | None) -> str | None:
    """Return the text of a field that is a complete string; None for any other."""
    if field is None or field.kind != "string" or field.broken:
        return None
    return str(field.value)


def wrong_kind(field: Field | None, kind: str) -> bool:
    """Return whether a field exists, is complete, and has the wrong type."""
    return field is not None and not field.broken and field.kind != kind


def path_of(environment: Environment, *, previews: bool = False) -> str:
    """Return wrangler's name for an environment's list, such as `env.prod.kv_namespaces`."""
    name = f"previews.{KV_FIELD}" if previews else KV_FIELD
    return name if environment.name is None else f"env.{environment.name}.{name}"


def listed(names: list[str], count: int | None = None) -> str:
    """Return names as a list in a sentence, shortened if it is long.

    `count` is the total if `names` are only the first ones.
    """
    shown = [quoted(name) for name in names[:_MOST]]
    if (all_of_them := len(names) if count is None else count) > _MOST:
        return f"{', '.join(shown)} and {all_of_them - _MOST:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


# sources ------------------------------------------------------------------------------------


def digits(number: float) -> str:
    """Return a number as code writes it."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e21:
        return str(int(number))
    return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(
        number, "NaN" if number != number else repr(number)
    )


def shown(value: Value) -> str:
    """Return a number, or a string in its place, for messages."""
    if value.kind == "string":
        return quoted(str(value.value))
    return digits(value.value) if isinstance(value.value, float) else str(value.kind)


def duration(seconds: float) -> str:
    """Return seconds in the largest unit that gives a short number: "41.7 days"."""
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds / size
            text = f"{count:.0f}" if count == int(count) or count >= 100 else f"{count:.1f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    return f"{seconds:g} seconds"


def place(call: KvCall, value: Value) -> Span:
    """Return the span of a value in a call."""
    return call.source.span(value.node)


def named(call: KvCall, option: Property) -> str:
    """Return an option with its expression, unless that is the number itself."""
    from kvlens.js.syntax import plain  # late: checking a config does without

    inner = plain(option.value.node)
    if inner.type in ("number", "string", "unary_expression"):
        return option.name
    text = " ".join(call.source.text_of(inner).split())
    says_more = len(text) <= 40 and text not in (option.name, shown(option.value))
    return f"{option.name} ({text})" if says_more else option.name


def whole(number: float) -> float:
    """Convert a number to an integer like the runtime: truncated, and 0 for NaN."""
    return float(math.trunc(number)) if math.isfinite(number) else 0.0


def as_zero(number: float) -> str:
    """Return what the runtime makes of Infinity and NaN, to follow them; "" for other numbers."""
    return "" if math.isfinite(number) else ", which counts as 0"
