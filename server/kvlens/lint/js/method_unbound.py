"""A method taken off its namespace: the call throws "Illegal invocation".

## What
A method of a namespace is kept in a variable or an object, destructured, or passed to an array
method, and then called without its namespace. A method that `bind()` binds isn't reported.

## Why
The runtime's methods work only on their namespace. Without it the call throws `TypeError: Illegal
invocation`, although the same code works with many mocks in tests.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const { get } = env.KV;
    return new Response(await get("greeting"));
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await env.KV.get("greeting"));
  },
};
```

*Quick fix: calls the method on its namespace. `kvlens check --fix` applies it where that is in
scope.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit
from kvlens.js.analysis import Analysis
from kvlens.js.calls import METHODS, called, shown_receiver, taken_from
from kvlens.js.syntax import arguments_of, call_of, callee, outer, plain
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.source_fix_helpers import node_at

if TYPE_CHECKING:
    from tree_sitter import Node

# Functions that call what they get with one argument or more, and no `this`.
_CALLING = {
    "map", "forEach", "filter", "flatMap", "some", "every", "find", "findIndex", "then",
}  # fmt: skip


_ONE_KEY = ("get", "getWithMetadata", "delete")
_PATH = re.compile(r"[\w$]+(?:\.[\w$]+)*")


class _Unbound(NamedTuple):
    place: Node  # the function that is called
    method: str
    receiver: Node


def _check(context: Context) -> Iterator[Finding]:
    for found in _unbound(context.analysis):
        title = f"{shown_receiver(context.analysis.source, found.receiver)}.{found.method}"
        yield Finding(
            context.analysis.source.span(found.place),
            f"{title} is called without its namespace here, so it throws Illegal invocation. "
            f"Call it as {title}().",
        )


def _unbound(analysis: Analysis) -> Iterator[_Unbound]:
    """Yield the calls of methods without their namespace."""
    for method in METHODS:
        for name in analysis.places(method):
            receiver = taken_from(name)
            if receiver is None or called(name) is not None:
                continue
            access = analysis.resolver.namespace(receiver)
            if access is None or not analysis.is_certain(access):
                continue
            variable = _variable(name)
            if variable is not None:
                for place in _called_places(analysis, variable):
                    yield _Unbound(place, method, receiver)
            elif name.parent is not None and _is_called_with(analysis, name.parent):
                yield _Unbound(name.parent, method, receiver)
            elif name.parent is not None:
                for place in _called_members(analysis, name.parent):
                    yield _Unbound(place, method, receiver)


def _variable(name: Node) -> Node | None:
    """Return the variable that keeps the method."""
    if name.type == "shorthand_property_identifier_pattern":
        return name
    holder = name.parent
    if holder is not None and holder.type == "pair_pattern":
        value = holder.child_by_field_name("value")
        return value if value is not None and value.type == "identifier" else None
    declarator = outer(holder).parent if holder is not None else None
    if declarator is None or declarator.type != "variable_declarator":
        return None
    variable = declarator.child_by_field_name("name")
    return variable if variable is not None and variable.type == "identifier" else None


def _called_places(analysis: Analysis, variable: Node) -> Iterator[Node]:
    names = analysis.source.names
    declared = names.resolve(variable)
    if declared is None or declared.kind != "const":
        return
    for node in names.references(declared):
        if call_of(node) is not None or _is_called_with(analysis, node):
            yield node


def _called_members(analysis: Analysis, taken: Node) -> Iterator[Node]:
    """Yield the called members that an object keeps a method in: `h.get` of `{ get: kv.get }`."""
    pair, names = outer(taken).parent, analysis.source.names
    key = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
    declarator = outer(pair.parent).parent if pair is not None and pair.parent else None
    if key is None or declarator is None or declarator.type != "variable_declarator":
        return
    variable = declarator.child_by_field_name("name")
    declared = names.resolve(variable) if variable is not None else None
    if declared is None or declared.kind != "const":
        return
    members = [
        member
        for node in names.references(declared)
        if (member := node.parent) is not None
        and (word := member.child_by_field_name("property")) is not None
        and names.text(word) == names.text(key)
    ]
    if all(call_of(member) is not None for member in members):  # and none sets it
        yield from members


def _is_called_with(analysis: Analysis, function: Node) -> bool:
    """Return whether a function is passed to one that calls it without `this`."""
    here = outer(function)
    given = here.parent
    call = given.parent if given is not None and given.type == "arguments" else None
    if call is None or call.type != "call_expression" or len(arguments_of(call)) != 1:
        return False
    target = callee(call)
    word = target.child_by_field_name("property") if target is not None else None
    base = target.child_by_field_name("object") if target is not None else None
    if word is None or base is None or analysis.source.text_of(word) not in _CALLING:
        return False
    access = analysis.resolver.namespace(base)
    return access is None or not analysis.is_certain(access)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    source = context.analysis.source
    place = node_at(source, problem.span)
    for found in _unbound(context.analysis):
        if place is None or found.place.id != place.id:
            continue
        receiver = source.text_of(plain(found.receiver))
        new = f"{receiver}.{found.method}"
        if call_of(place) is None:
            if found.method not in _ONE_KEY:
                return
            new = f"(key) => {new}(key)"
        edits = (Edit(problem.span, new),)
        yield Fix(f"Change to {new}", edits, safe=_is_visible(context.analysis, receiver))


def _is_visible(analysis: Analysis, receiver: str) -> bool:
    """Return whether an expression means the same wherever its variable is known."""
    if not _PATH.fullmatch(receiver):
        return False
    return len(analysis.source.names.declarations(receiver.split(".")[0])) < 2


RULE = SourceRule(
    "method-unbound",
    "error",
    "A method is called without its namespace",
    _check,
    _fixes,
    by_part=True,
)
