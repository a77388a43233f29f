"""A computed TTL without a lower bound: put() throws as soon as less than a minute is left.

## What
`expirationTtl` is the time until something expires, such as `(expiresAt - Date.now()) / 1000`, or a
parameter that others pass, and nothing keeps it at 60 or more: neither `Math.max(60, …)` nor a
comparison. `Math.max(1, …)` keeps it at 1 only. A parameter of an exported function is fine if all
of its calls in the project pass a constant of 60 or more.

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
from typing import TYPE_CHECKING

from kvlens.js.callers import plain_parameter
from kvlens.js.calls import KvCall
from kvlens.js.importing_calls import importing_calls
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.source_context import read
from kvlens.js.syntax import Source, arguments_of, call_of, callee, plain
from kvlens.js.tree import ancestor
from kvlens.kv.limits import MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.bounds import is_bounded
from kvlens.lint.source_fix_helpers import write
from kvlens.lint.wording import place
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_SAME = {"Math.floor", "Math.round", "Math.ceil", "Math.trunc", "Number", "parseInt"}
_DEEPEST = 12
_MOST_CALLS = 100  # of a function that are looked at


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    option = call.option("expirationTtl")
    if option is None or option.value.foreign or option.value.sometimes is not None:
        return
    node = plain(option.value.node)
    if option.value.kind not in ("unknown", "numeric") or call.node.end_byte < node.end_byte:
        return
    what = _named(call, node, context)
    if what:
        yield Finding(
            place(call, option.value),
            f"{what}, and {call.title} throws if the TTL is below {MIN_EXPIRATION_TTL} seconds. "
            f"Use Math.max({MIN_EXPIRATION_TTL}, …).",
        )


def _named(call: KvCall, node: Node, context: Context) -> str | None:
    """Say what a TTL is, if nothing bounds it."""
    words: list[str] = []
    least = _least(call, node, words, 0)
    if (
        least is not None
        and least < MIN_EXPIRATION_TTL
        and not is_bounded(call.source, call.node, words)
    ):
        return f"expirationTtl can be as low as {int(least)}"
    words = []
    if _is_time_left(call, node, words, 0):
        is_safe = is_bounded(call.source, call.node, words)
        return None if is_safe else "expirationTtl is the time that is left"
    declared = call.source.names.resolve(node) if node.type.endswith("identifier") else None
    if declared is None or declared.kind != "parameter" or not _is_passed_in(call, declared):
        return None
    words = [call.source.text_of(node)]
    if is_bounded(call.source, call.node, words) or _is_kept_by_callers(call, declared, context):
        return None
    return "expirationTtl is whatever a caller passes"


def _is_time_left(call: KvCall, node: Node, words: list[str], depth: int) -> bool:
    """Return whether this is a time less the clock; `words` gets the names that make it."""
    node = plain(node)
    source = call.source
    if depth > _DEEPEST:
        return False
    if node.type.endswith("identifier"):
        declared = source.names.resolve(node)
        words.append(source.text_of(node))
        if declared is None or declared.kind != "const" or declared.path:
            return False
        start = declared.origin.child_by_field_name("value")
        return start is not None and _is_time_left(call, start, words, depth + 1)
    if node.type == "call_expression":
        function, given = callee(node), arguments_of(node)
        if function is None or not given or source.text_of(function) not in _SAME:
            return False
        return _is_time_left(call, given[0], words, depth + 1)
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if node.type != "binary_expression" or left is None or right is None or operator is None:
        return False
    if operator.type in ("/", "|", ">>"):
        return _is_time_left(call, left, words, depth + 1)
    if operator.type != "-":
        return False
    now, then = call.folder.value(right), call.folder.value(left)
    is_now = now.kind == "time" or (now.kind == "instance" and now.value == "Date" and now.complete)
    date = _date_of(source, plain(left))
    words += [source.text_of(plain(left)), *([source.text_of(date)] if date is not None else [])]
    if then.kind == "time":  # of a Date: unknown if other code made it
        return is_now and date is not None and _is_given(call, date, 0)
    return is_now and then.kind in ("unknown", "numeric")


def _least(call: KvCall, node: Node, words: list[str], depth: int) -> float | None:
    """Return the least that `Math.max()` makes of something unknown; `words` gets its names."""
    node, source = plain(node), call.source
    if depth > _DEEPEST:
        return None
    if node.type == "identifier":
        declared = source.names.resolve(node)
        words.append(source.text_of(node))
        if declared is None or declared.kind != "const" or declared.path:
            return None
        start = declared.origin.child_by_field_name("value")
        return _least(call, start, words, depth + 1) if start is not None else None
    function = callee(node) if node.type == "call_expression" else None
    given = arguments_of(node) if function is not None else []
    if function is None or not given:
        return None
    if source.text_of(function) in _SAME:
        return _least(call, given[0], words, depth + 1)
    if source.text_of(function) != "Math.max":
        return None
    values = [call.folder.value(each) for each in given]
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


def _is_given(call: KvCall, node: Node, depth: int) -> bool:
    """Return whether a Date comes from other code, or is made of what does, and stays as it is."""
    source = call.source
    if node.type == "member_expression":
        return True
    if node.type == "new_expression":
        given = arguments_of(node)
        return len(given) == 1 and call.folder.value(given[0]).kind in ("unknown", "numeric")
    declared = source.names.resolve(node) if node.type == "identifier" else None
    if declared is None or depth > _DEEPEST:
        return False
    if any(_is_moved(source, use) for use in source.names.references(declared)):
        return False
    if declared.kind == "parameter":
        return True
    start = declared.origin.child_by_field_name("value") if declared.kind == "const" else None
    return start is not None and not declared.path and _is_given(call, plain(start), depth + 1)


def _is_moved(source: Source, node: Node) -> bool:
    """Return whether a method of a Date is called that changes it."""
    parent = node.parent
    name = parent.child_by_field_name("property") if parent is not None else None
    return name is not None and source.text_of(name).startswith("set")


def _is_passed_in(call: KvCall, declared: Declaration) -> bool:
    """Return whether a parameter may be anything: code that isn't known calls its function."""
    known, key = _known(call.source), declared.node.id
    if key not in known:
        known[key] = _may_be_anything(call, declared)
    return known[key]


@memo
def _known(source: Source) -> dict[int, bool]:
    """Return what was found out about the parameters of a source, to add to."""
    return {}


def _may_be_anything(call: KvCall, declared: Declaration) -> bool:
    names = call.source.names
    if any(_is_set(node) for node in names.references(declared)):
        return False
    function = ancestor(declared.node, FUNCTIONS)
    kind = declared.origin.child_by_field_name("type")
    if function is None or (kind is not None and "|" in call.source.text_of(kind)):
        return False
    if function.type == "method_definition":
        return True
    parent = function.parent
    name = function.child_by_field_name("name")
    if name is None and parent is not None and parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
        parent = parent.parent.parent if parent.parent is not None else None
    if parent is not None and parent.type == "export_statement":
        return True
    own = names.resolve(name) if name is not None and name.type == "identifier" else None
    for use in names.references(own)[:_MOST_CALLS] if own is not None else ():
        caller = call_of(use)
        given = arguments_of(caller) if caller is not None else []
        if any(call.folder.value(each).kind == "numeric" for each in given):
            return True
    return False


def _is_kept_by_callers(call: KvCall, declared: Declaration, context: Context) -> bool:
    """Return whether all calls of an exported function pass constants that put() takes."""
    modules, parameter = context.project.modules, plain_parameter(call.source.names, declared)
    if modules is None or parameter is None or parameter.function.type != "identifier":
        return False
    name, at = parameter.function, parameter.at
    own = call.source.names.resolve(name)
    inside = call.source.names.references(own) if own is not None else []
    calls: list[tuple[Source, Node | None]]
    calls = [(call.source, caller) for use in inside if (caller := call_of(use)) is not None]
    calls += importing_calls(call.source, call.source.text_of(name), modules)
    if not calls or len(calls) > _MOST_CALLS:
        return False
    for source, caller in calls:
        given = arguments_of(caller) if caller is not None else []
        if len(given) <= at or any(node.type == "spread_element" for node in given[: at + 1]):
            return False
        number = read(source, context.project).folder.value(given[at]).number
        if number is None or number < MIN_EXPIRATION_TTL:
            return False
    return True


def _is_set(node: Node) -> bool:
    parent = node.parent
    if parent is None or not parent.type.endswith(("assignment_expression", "update_expression")):
        return False
    left = parent.child_by_field_name("left")
    return left is None or left.id == node.id


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
