"""A computed TTL without a lower bound: put() throws as soon as less than a minute is left.

## What
`expirationTtl` is the time until something expires, such as `(expiresAt - Date.now()) / 1000`, or
comes from a request, a response or a variable that no config sets, also less a constant
(`expires_in - 60`), and nothing keeps it at 60 or more: neither `Math.max(60, …)` nor a comparison.
`Math.max(1, …)` keeps it at 1 only, and a time left that is compared with 0, or a time that is
compared with the clock, may still be a second off. A variable is reported at its first use only. A
parameter is reported if a call in the project passes such a number, or a constant below 60 in
another file, or if only others can call the function: it's in the Worker's entry, or in a file of
no Worker.

## Why
`put()` throws if the TTL is below 60 seconds. That happens rarely, only in the last minute of a
session or a token, so that tests don't find it.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const session = await request.json();
    const ttl = Math.floor((session.expiresAt - Date.now()) / 1000);
    await env.KV.put("session", session.id, { expirationTtl: ttl });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const session = await request.json();
    const ttl = Math.max(60, Math.floor((session.expiresAt - Date.now()) / 1000));
    await env.KV.put("session", session.id, { expirationTtl: ttl });
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from kvlens.js.analysis import Analysis
from kvlens.js.callers import plain_parameter
from kvlens.js.calls import KvCall
from kvlens.js.config_bindings import entries
from kvlens.js.outside_values import SAME, outside_names
from kvlens.js.passed_values import passed_values
from kvlens.js.scopes import Declaration, is_assigned
from kvlens.js.source_context import read
from kvlens.js.syntax import Source, arguments_of, callee, plain
from kvlens.kv.limits import MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.bounds import is_bounded
from kvlens.lint.source_fix_helpers import write
from kvlens.lint.wording import digits, place, quoted

if TYPE_CHECKING:
    from tree_sitter import Node

_DEEPEST = 12
_MOST_HOPS = 3  # from a parameter to that of a caller


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expirationTtl")
    if option is None or option.value.foreign:
        return
    some = option.value.sometimes
    if some is not None and (some.number is None or some.number < MIN_EXPIRATION_TTL):
        return  # see ttl-out-of-range
    node = plain(option.value.node)
    if option.value.kind not in ("unknown", "numeric") or call.node.end_byte < node.end_byte:
        return
    what = _named(call, node, context)
    if what and not _is_used_before(call, node, context):
        yield Finding(
            place(call, option.value),
            f"{what}, and {call.title} throws if the TTL is below {MIN_EXPIRATION_TTL} seconds. "
            f"Use Math.max({MIN_EXPIRATION_TTL}, …).",
        )


def _is_used_before(call: KvCall, node: Node, context: Context) -> bool:
    """Return whether an earlier call has the same variable as its TTL."""
    declared = call.source.names.resolve(node) if node.type == "identifier" else None
    if declared is None or declared.kind != "const":
        return False
    for other in context.analysis.certain_calls:
        option = other.option("expirationTtl") if other.method == "put" else None
        if option is None or option.value.foreign or other.node.start_byte >= call.node.start_byte:
            continue
        if call.source.names.resolve(plain(option.value.node)) is declared:
            return True
    return False


def _named(call: KvCall, node: Node, context: Context) -> str | None:
    """Say what a TTL is, if nothing bounds it."""
    found = _unbounded(context.analysis, node, call.node)
    if found is not None:
        return f"expirationTtl {found}"
    name = call.source.text_of(node)
    declared = call.source.names.resolve(node) if node.type.endswith("identifier") else None
    if declared is None or declared.kind != "parameter":
        return None
    if is_bounded(call.source, call.node, [name]):
        return None
    found = _passed(call.source, declared, context)
    if found is not None:
        return f"expirationTtl is whatever a caller passes: {found}"
    is_open = _is_for_others(call.source, declared, context)
    return "expirationTtl is whatever a caller passes" if is_open else None


def _unbounded(analysis: Analysis, node: Node, around: Node) -> str | None:
    """Say why a number may be below 60, unless the function around a node bounds it."""
    words: list[str] = []
    least = _least(analysis, node, words, 0)
    if (
        least is not None
        and least < MIN_EXPIRATION_TTL
        and not is_bounded(analysis.source, around, words, least=MIN_EXPIRATION_TTL)
    ):
        return f"can be as low as {int(least)}"
    words = []
    clock = _clock(analysis, node, words, 0)
    if clock is not None:
        is_safe = is_bounded(analysis.source, around, words, least=MIN_EXPIRATION_TTL, clock=clock)
        return None if is_safe else "is the time that is left"
    names = outside_names(analysis, node)
    if names is None or is_bounded(analysis.source, around, names):
        return None
    return "comes from outside the code"


def _passed(source: Source, declared: Declaration, context: Context, hops: int = 0) -> str | None:
    """Say what a known call passes for a parameter that may be below 60; None if none does."""
    if hops > _MOST_HOPS or is_assigned(source.names, declared):
        return None
    for caller, node in passed_values(source, declared, context.project.modules):
        analysis, inner = read(caller, context.project), plain(node)
        shown = f"{quoted(caller.text_of(inner))} in {PurePath(caller.path).name}"
        found = _unbounded(analysis, inner, node)
        if found is not None:
            return f"{shown} {found}"
        number = analysis.folder.value(inner).number
        if number is not None and number < MIN_EXPIRATION_TTL and caller is not source:
            return f"{shown} is {digits(number)}"
        own = caller.names.resolve(inner) if inner.type == "identifier" else None
        if own is None or own.kind != "parameter":
            continue
        if is_bounded(caller, node, [caller.text_of(inner)]):
            continue
        found = _passed(caller, own, context, hops + 1)
        if found is not None:
            return found
    return None


def _is_for_others(source: Source, declared: Declaration, context: Context) -> bool:
    """Return whether only code outside the project can call a function.

    Nothing imports its file, which isn't just unused: it's the Worker's entry, if that is known.
    """
    project, parameter = context.project, plain_parameter(source.names, declared)
    origin = declared.origin
    kind, default = origin.child_by_field_name("type"), origin.child_by_field_name("value")
    if parameter is None or default is not None or is_assigned(source.names, declared):
        return False
    is_method = parameter.function.type == "property_identifier"
    if not (is_method or parameter.is_exported) or (kind and "|" in source.text_of(kind)):
        return False
    started = {path for config in project.configs for path in entries(config)}
    if started and source.path not in started:
        return False
    if project.modules is not None and any(True for _ in project.modules.importers(source.path)):
        return False
    return not any(True for _ in passed_values(source, declared, project.modules))


def _clock(analysis: Analysis, node: Node, words: list[str], depth: int) -> str | None:
    """Return the clock in a time less the clock; `words` gets the names that make the time left."""
    node = plain(node)
    source = analysis.source
    if depth > _DEEPEST:
        return None
    if node.type.endswith("identifier"):
        declared = source.names.resolve(node)
        words.append(source.text_of(node))
        if declared is None or declared.kind != "const" or declared.path:
            return None
        start = declared.origin.child_by_field_name("value")
        return _clock(analysis, start, words, depth + 1) if start is not None else None
    if node.type == "call_expression":
        function, given = callee(node), arguments_of(node)
        if function is None or not given or source.text_of(function) not in SAME:
            return None
        return _clock(analysis, given[0], words, depth + 1)
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if node.type != "binary_expression" or left is None or right is None or operator is None:
        return None
    if operator.type in ("/", "|", ">>"):
        return _clock(analysis, left, words, depth + 1)
    if operator.type != "-":
        return None
    now, then = analysis.folder.value(right), analysis.folder.value(left)
    is_now = now.kind == "time" or (now.kind == "instance" and now.value == "Date" and now.complete)
    date = _date_of(source, plain(left))
    words += [source.text_of(plain(left)), *([source.text_of(date)] if date is not None else [])]
    if then.kind == "time":  # of a Date: unknown if other code made it
        is_left = is_now and date is not None and _is_given(analysis, date, 0)
    else:
        is_left = is_now and then.kind in ("unknown", "numeric")
    return source.text_of(plain(right)) if is_left else None


def _least(analysis: Analysis, node: Node, words: list[str], depth: int) -> float | None:
    """Return the least that `Math.max()` makes of something unknown; `words` gets its names."""
    node, source = plain(node), analysis.source
    if depth > _DEEPEST:
        return None
    if node.type == "identifier":
        declared = source.names.resolve(node)
        words.append(source.text_of(node))
        if declared is None or declared.kind != "const" or declared.path:
            return None
        start = declared.origin.child_by_field_name("value")
        return _least(analysis, start, words, depth + 1) if start is not None else None
    function = callee(node) if node.type == "call_expression" else None
    given = arguments_of(node) if function is not None else []
    if function is None or not given:
        return None
    if source.text_of(function) in SAME:
        return _least(analysis, given[0], words, depth + 1)
    if source.text_of(function) != "Math.max":
        return None
    values = [analysis.folder.value(each) for each in given]
    numbers = [value.number for value in values if value.number is not None]
    unknown = [value for value in values if value.number is None]
    is_plain = all(value.kind in ("unknown", "numeric") and not value.foreign for value in unknown)
    return max(numbers) if numbers and unknown and is_plain else None


def _date_of(source: Source, node: Node) -> Node | None:
    """Return the Date that `getTime()` is called on."""
    function = callee(node) if node.type == "call_expression" else None
    name = function.child_by_field_name("property") if function is not None else None
    if function is None or name is None or source.text_of(name) not in ("getTime", "valueOf"):
        return None
    date = function.child_by_field_name("object")
    return plain(date) if date is not None else None


def _is_given(analysis: Analysis, node: Node, depth: int) -> bool:
    """Return whether a Date comes from other code, or is made of what does, and stays as it is."""
    source = analysis.source
    if node.type == "member_expression":
        return True
    if node.type == "new_expression":
        given = arguments_of(node)
        return len(given) == 1 and analysis.folder.value(given[0]).kind in ("unknown", "numeric")
    declared = source.names.resolve(node) if node.type == "identifier" else None
    if declared is None or depth > _DEEPEST:
        return False
    if any(_is_moved(source, use) for use in source.names.references(declared)):
        return False
    if declared.kind == "parameter":
        return True
    start = declared.origin.child_by_field_name("value") if declared.kind == "const" else None
    return start is not None and not declared.path and _is_given(analysis, plain(start), depth + 1)


def _is_moved(source: Source, node: Node) -> bool:
    """Return whether a method of a Date is called that changes it."""
    parent = node.parent
    name = parent.child_by_field_name("property") if parent is not None else None
    return name is not None and source.text_of(name).startswith("set")


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    text = context.analysis.source.text[slice(*problem.span)]
    new = f"Math.max({MIN_EXPIRATION_TTL}, {text})"
    yield write(context, problem, f"Wrap in Math.max({MIN_EXPIRATION_TTL}, …)", new)


RULE = CallRule(
    "ttl-unbounded",
    "information",
    "A computed TTL may be below 60 seconds",
    frozenset({"put"}),
    _check,
    _fixes,
)
