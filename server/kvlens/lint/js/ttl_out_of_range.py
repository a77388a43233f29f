"""An expirationTtl that put() rejects. Runtime: 400 "Invalid expiration_ttl of …".

## What
`expirationTtl` of a `put()` is below 60 seconds, above 2147483647, or not a number; `Infinity` and
`null` count as 0. Constants and arithmetic are followed, also a default such as `ttl ?? 30`, a
bound such as `Math.min(ttl, 30)`, each side of `short ? 10 : 3600`, and a variable that a config
sets (`env.TTL`). So is what a call in the same file passes to a function that hands it on as the
TTL. A value that comes from other code isn't guessed.

## Why
The call throws `KV PUT failed: 400 Invalid expiration_ttl of 30. Expiration TTL must be at least
60.` You often notice this late, because such keys are locks and caches that only some requests
write. A key can't live for less than a minute; for a shorter time, store the end time in the value.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("lock", "1", { expirationTtl: 30 });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("lock", "1", { expirationTtl: 60 });
  },
};
```

*Quick fix: writes the least TTL, or seconds, or removes `Infinity` or `null`. `kvlens check --fix`
applies it to milliseconds above the limit, such as `30 * 86400 * 1000`, but not to a TTL that is
too short: another one may be meant.*
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.analysis import is_tested
from kvlens.js.callers import arguments_for, plain_parameter
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.scopes import is_assigned
from kvlens.js.syntax import outer, plain
from kvlens.kv.limits import INT32_MAX, MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem, Related
from kvlens.lint.bounds import is_bounded, is_chosen_before
from kvlens.lint.milliseconds import is_default, to_divide
from kvlens.lint.source_fix_helpers import given, in_seconds, without_option
from kvlens.lint.wording import as_zero, digits, named, place, shown, whole

if TYPE_CHECKING:
    from tree_sitter import Node


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expirationTtl")
    if option is None:
        return
    value, number = option.value, option.value.number
    if number is None:
        yield from _from_callers(call, value)
    if number is None and (some := value.sometimes) is not None and some.number is not None:
        yield from _sometimes(call, value, some)
        return
    if number is None:
        if value.kind == "null":
            yield Finding(
                place(call, value),
                f"expirationTtl is null, which counts as 0: {call.title} throws. To keep the key "
                "forever, leave expirationTtl out.",
                data={"remove": "expirationTtl"},
            )
        elif value.kind == "string":
            yield Finding(
                place(call, value),
                f"expirationTtl is {shown(value)}, which isn't a number: {call.title} throws. "
                f"Pass the lifetime of the key in seconds, {MIN_EXPIRATION_TTL} or more.",
            )
        return
    yield from _wrong(call, named(call, option), value, number)


def _wrong(
    call: KvCall, name: str, value: Value, number: float, related: tuple[Related, ...] = ()
) -> Iterator[Finding]:
    seconds = whole(number)
    if zero := as_zero(number):
        is_forever = number == math.inf
        way_out = (
            "To keep the key forever, leave expirationTtl out."
            if is_forever
            else f"Pass the lifetime of the key in seconds, {MIN_EXPIRATION_TTL} or more."
        )
        yield Finding(
            place(call, value),
            f"{name} is {shown(value)}{zero}: {call.title} throws. {way_out}",
            related,
            {"remove": "expirationTtl"} if is_forever and not related else None,
        )
    elif seconds < MIN_EXPIRATION_TTL:
        yield Finding(
            place(call, value),
            f"{name} is {shown(value)}, and the minimum is {MIN_EXPIRATION_TTL} "
            f"seconds: {call.title} throws. Use {MIN_EXPIRATION_TTL} or more. For a shorter "
            f"lifetime, store a time in the value and compare it in the code.",
            related,
            {"replace": str(MIN_EXPIRATION_TTL)},
        )
    elif seconds > INT32_MAX:
        in_seconds = digits(number // 1000)
        data = to_divide(value, number, replace=in_seconds)
        yield Finding(
            place(call, value),
            f"{name} is {shown(value)}, and the maximum is {INT32_MAX}: "
            f"{call.title} throws. A TTL is in seconds; these milliseconds are {in_seconds}.",
            related,
            data if not related else {**data, "certain": False},  # the function may use it twice
        )


def _from_callers(call: KvCall, value: Value) -> Iterator[Finding]:
    """Report what calls of a function pass that hands it on as the TTL, if nothing bounds it."""
    node, names = plain(value.node), call.source.names
    declared = names.resolve(node) if node.type.endswith("identifier") else None
    own = plain_parameter(names, declared) if declared is not None else None
    if own is None or declared is None or value.foreign:
        return
    if is_assigned(names, declared) or is_bounded(call.source, call.node, [names.text(node)]):
        return
    related = (Related(call.source.span(node), "this becomes the TTL"),)
    constants: set[int] = set()  # each is one mistake, however often it is passed
    for argument in arguments_for(names, own):
        passed = call.folder.value(argument) if argument is not None else None
        if argument is None or passed is None or passed.kind != "number" or passed.number is None:
            continue
        constant = names.resolve(argument) if argument.type == "identifier" else None
        if constant is not None:
            if constant.node.id in constants:
                continue
            constants.add(constant.node.id)
        name = f"The expirationTtl that {names.text(own.function)}() passes on"
        yield from _wrong(call, name, passed, passed.number, related)


def _sometimes(call: KvCall, value: Value, some: Value) -> Iterator[Finding]:
    """Report a default, a bound or a side of a choice that put() rejects."""
    number, node = some.number or 0.0, plain(value.node)
    if node.type in ("identifier", "member_expression") and _is_tested(call, node, number):
        return
    if is_chosen_before(call.source, call.node, node):
        return
    if zero := as_zero(number):
        yield Finding(
            place(call, value),
            f"expirationTtl is {digits(number)} here in some cases{zero}: {call.title} throws "
            "then. To keep a key forever, leave expirationTtl out.",
        )
    elif whole(number) < MIN_EXPIRATION_TTL:
        yield Finding(
            place(call, value),
            f"expirationTtl is {digits(number)} or less here in some cases, and the minimum is "
            f"{MIN_EXPIRATION_TTL} seconds: {call.title} throws then. Use "
            f"{MIN_EXPIRATION_TTL} or more.",
        )
    elif whole(number) > INT32_MAX and is_default(some):
        yield Finding(
            place(call, value),
            f"expirationTtl is {digits(number)} here in some cases, and the maximum is "
            f"{INT32_MAX}: {call.title} throws then. A TTL is in seconds; these milliseconds are "
            f"{digits(number // 1000)}.",
        )


def _is_tested(call: KvCall, node: Node, number: float) -> bool:
    """Return whether the code compares a variable or field, or tests one that may be 0."""
    names = call.source.names
    if is_bounded(call.source, call.node, [names.text(node)]):
        return True
    field = node.child_by_field_name("property")
    declared = names.resolve(node) if field is None else None
    uses = [*names.references(declared)] if declared is not None else []
    for word in names.nodes(names.text(field)) if field is not None else ():
        if word.parent is not None and names.text(word.parent) == names.text(node):
            uses.append(word.parent)
    return any(is_tested(call.source, use) and (number == 0 or _is_compared(use)) for use in uses)


def _is_compared(node: Node) -> bool:
    """Return whether a variable is compared with what may stand for no TTL: `ttl !== -1`."""
    parent = outer(node).parent
    operator = parent.child_by_field_name("operator") if parent is not None else None
    return operator is not None and operator.type in ("==", "===", "!=", "!==")


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    if name := given(problem, "remove"):
        yield from without_option(context, problem, name)
    else:
        yield from in_seconds(context, problem)


RULE = CallRule(
    "ttl-out-of-range",
    "error",
    "A TTL is below 60 seconds or above the limit of put()",
    frozenset({"put"}),
    _check,
    _fixes,
)
