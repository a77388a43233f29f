"""How messages name values, fields, environments, options and durations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kvlens.config.model import KV_FIELD, Environment, Field
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.js.calls import KvCall
    from kvlens.js.constant_evaluator import Property, Value

_LONGEST = 60
_MOST = 3  # names that a message lists
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_NOUNS = {"table": "a table", "array": "an array", "null": "null", "datetime": "a date"}


def quoted(value: str) -> str:
    """Return a value in quotes on one line, a long one cut short."""
    short = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    return '"' + short.replace("\n", "\\n").replace("\r", "\\r") + '"'


def not_listed(count: int, code: str) -> str:
    """Return the message about problems of a rule that are left out."""
    return f"{count:,} more problems of {code} in this file are not listed."


# configs ------------------------------------------------------------------------------------


def described(field: Field) -> str:
    """Return what a field holds, such as `the number 12`."""
    return described_value(field.kind, field.value)


def described_value(kind: str, value: object) -> str:
    """Return what a value is, such as `the number 12`; `kind` is one of nodes.KINDS."""
    if kind == "string":
        return f"the string {quoted(str(value))}"
    if kind in ("integer", "float"):
        number = str(value)
        return f"the number {number if len(number) <= _LONGEST else f'{number[: _LONGEST - 1]}…'}"
    if kind == "boolean":
        return "true" if value else "false"
    return _NOUNS.get(kind, kind)


def usable(field: Field | None) -> str | None:
    """Return the text of a field that holds a whole string; None for any other."""
    if field is None or field.kind != "string" or field.broken:
        return None
    return str(field.value)


def wrong_kind(field: Field | None, kind: str) -> bool:
    """Return whether a field is there, whole, and of another kind than it should be."""
    return field is not None and not field.broken and field.kind != kind


def path_of(environment: Environment, *, previews: bool = False) -> str:
    """Return how wrangler names an environment's list, such as `env.prod.kv_namespaces`."""
    name = f"previews.{KV_FIELD}" if previews else KV_FIELD
    return name if environment.name is None else f"env.{environment.name}.{name}"


def listed(names: list[str], count: int | None = None) -> str:
    """Return names as a sentence lists them, a long list cut short.

    `count` says how many there are where `names` are only the first.
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
    """Return a number, or the string that is in its place, as a message shows it."""
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
    """Return where a value is in a call."""
    return call.source.span(value.node)


def named(call: KvCall, option: Property) -> str:
    """Return an option with the expression it gets, where that is not the number itself."""
    from kvlens.js.syntax import plain  # late: checking a config does without

    inner = plain(option.value.node)
    if inner.type in ("number", "string", "unary_expression"):
        return option.name
    text = " ".join(call.source.text_of(inner).split())
    return f"{option.name} ({text})" if text != option.name and len(text) <= 40 else option.name


def whole(number: float) -> float:
    """Return a number as the runtime takes it for an integer: cut, and 0 where it is none."""
    return float(math.trunc(number)) if math.isfinite(number) else 0.0
