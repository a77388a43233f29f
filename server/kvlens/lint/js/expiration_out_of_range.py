"""An expiration that put() rejects: in milliseconds, past, or less than a minute ahead.

Runtime: 400 "Invalid expiration of …", and TypeError "Value out of range" above 32 bits.

## What
`expiration` of a `put()` has to be a time in seconds since the epoch, at least 60 seconds from now.
Here it's in milliseconds, in the past, less than a minute ahead, or a duration.

## Why
The call throws `Invalid expiration of …` if the time is in the past or too near, and `Value out of
range` for milliseconds.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("offer", "1", { expiration: Date.now() + 3600 * 1000 });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const now = Math.floor(Date.now() / 1000);
    await env.KV.put("offer", "1", { expiration: now + 3600 });
  },
};
```

*Quick fix: writes seconds. `kvlens check --fix` divides a time in milliseconds by 1,000, but not
`Date.now() + 86400`, where the number may be in seconds.*
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from kvlens import lookups
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Time, Value
from kvlens.js.syntax import callee, plain
from kvlens.kv.limits import INT32_MAX, MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.milliseconds import is_round
from kvlens.lint.source_fix_helpers import given, in_seconds, thousand_in, without_option
from kvlens.lint.wording import as_zero, duration, named, place, shown, whole

_LONGEST_TTL = 10 * 366 * 86_400  # a smaller number can only be meant as a duration
_LEAST_MILLISECONDS = 100_000_000_000  # in 1973; as seconds, in the year 5138
_DEEPEST = 8  # constants that are made of others
_WAY_OUT = "Math.floor(Date.now() / 1000) is the current time in seconds."
_LEAVE_OUT = "To keep the key forever, leave expiration out."


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expiration")
    if option is None:
        return
    value, number = option.value, option.value.number
    text = wrong = ""
    if isinstance(value.value, Time):
        wrong = _wrong_time(value.value)
        text = "expiration"
    elif _is_date(value):
        text, wrong = "expiration", f"is a Date, and counts as milliseconds. {_WAY_OUT}"
    elif value.kind == "string" and number is None:
        text, wrong = "expiration", f"is {shown(value)}, which isn't a number. {_WAY_OUT}"
    elif value.kind == "text" and _is_text_of_date(call, value):
        text, wrong = "expiration", f"is the text of a Date, which isn't a number. {_WAY_OUT}"
    elif value.kind == "null":
        text, wrong = (
            "expiration",
            "is null, which counts as 0. To keep the key forever, leave it out.",
        )
    elif number is not None:
        text, wrong = named(call, option), _wrong_number(value, number, context.now)
    if wrong:
        is_forever = number == math.inf or value.kind == "null"
        yield Finding(
            place(call, value),
            f"{text} {wrong} {call.title} throws.",
            data={"remove": "expiration"} if is_forever else _data(value),
        )


def _is_milliseconds(value: Value) -> bool:
    if isinstance(value.value, Time):
        return value.value.is_milliseconds
    return isinstance(value.value, float) and value.value >= _LEAST_MILLISECONDS


def _data(value: Value) -> dict[str, object] | None:
    if _is_date(value):
        return {"divide": 1000, "convert": ".getTime()"}
    return {"divide": 1000} if _is_milliseconds(value) else None


def _is_date(value: Value) -> bool:
    return value.kind == "instance" and value.value == "Date"


def _is_text_of_date(call: KvCall, value: Value) -> bool:
    """Return whether this is `date.toISOString()`, or a variable that holds it."""
    node = plain(value.source or value.node)
    function = callee(node) if node.type == "call_expression" else None
    name = function.child_by_field_name("property") if function is not None else None
    return name is not None and call.source.text_of(name) == "toISOString"


def _wrong_time(time: Time) -> str:
    if time.is_milliseconds:
        return f"is in milliseconds, and should be in seconds: divide by 1000. {_WAY_OUT}"
    if not time.is_seconds or time.offset is None:
        return ""
    least = MIN_EXPIRATION_TTL - 1 if time.up else MIN_EXPIRATION_TTL
    if time.offset >= least:
        return ""
    when = "in the past" if time.offset <= 0 else f"only {duration(time.offset)} from now"
    return f"is {when}, and should be at least {MIN_EXPIRATION_TTL} seconds from now."


def _wrong_number(value: Value, written: float, now: float) -> str:
    if zero := as_zero(written):
        forever = f" {_LEAVE_OUT}" if written == math.inf else ""
        return f"is {shown(value)}{zero}.{forever}"
    number = whole(written)
    if INT32_MAX < number < _LEAST_MILLISECONDS:
        return f"is {shown(value)}, and the maximum is {INT32_MAX}, in the year 2038. Use less."
    if number > INT32_MAX:
        return f"is {shown(value)}, and should be in seconds, not milliseconds: divide by 1000."
    if number < _LONGEST_TTL:
        return (
            f"is {shown(value)}, a time long in the past. To expire the key after that many "
            f"seconds, use expirationTtl: {shown(value)}."
        )
    if number < now + MIN_EXPIRATION_TTL:
        return (
            f"is {shown(value)}, a time in the past. "
            f"It should be at least {MIN_EXPIRATION_TTL} seconds from now."
        )
    lookups.note_until(number - MIN_EXPIRATION_TTL)
    return ""


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    if name := given(problem, "remove"):
        return without_option(context, problem, name)
    return in_seconds(context, problem, whole=True, safe=_is_certain(context, problem))


def _is_certain(context: Context, problem: Problem) -> bool:
    """Return whether the expiration is certainly a time in milliseconds."""
    call = context.analysis.call_at(problem.span)
    option = call.option("expiration") if call is not None else None
    if call is None or option is None:
        return False
    return _is_date(option.value) or _counts_milliseconds(call, option.value, 0)


def _counts_milliseconds(call: KvCall, value: Value, depth: int) -> bool:
    """Return whether a time is in milliseconds, and so is all that is added to it.

    In `Date.now() + 86400`, the sum may be meant as seconds.
    """
    node = plain(value.source or value.node)
    if value.kind != "time":
        return _is_milliseconds(value)
    if depth > _DEEPEST or value.foreign:
        return False
    if node.type == "identifier":
        return _counts_milliseconds(call, call.folder.value(node), depth + 1)
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if node.type != "binary_expression" or left is None or right is None:
        return True
    return all(
        _counts_milliseconds(call, part, depth + 1)
        if part.kind == "time"
        else _is_period(call, part)
        for part in map(call.folder.value, (left, right))
    )


def _is_period(call: KvCall, value: Value) -> bool:
    """Return whether a period is written in milliseconds."""
    if value.unit == "ms" or (value.number is not None and is_round(value, value.number)):
        return True
    return not value.foreign and thousand_in(call.source, plain(value.node)) is not None


RULE = CallRule(
    "expiration-out-of-range",
    "error",
    "An expiration is in milliseconds, in the past or less than a minute ahead",
    frozenset({"put"}),
    _check,
    _fixes,
)
