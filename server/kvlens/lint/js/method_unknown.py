"""A method that KV doesn't have: the call throws "… is not a function".

## What
A method that KV doesn't have is called on a namespace: one of another store, such as `set()`,
`has()` or `getItem()`, or a misspelled one, also as `env.KV["has"]()` or out of
`const { set } = env.KV`. It isn't reported if the
code checks that the method exists, as in `env.KV.has?.("k")`, adds it, declares its own type
`KVNamespace`, or one that adds the method to it, nor if no config or type says that it's a
namespace and a bucket or a database has the method, such as `head()`.

## Why
A namespace has `get`, `getWithMetadata`, `put`, `list` and `delete`, and nothing else. Any other
call throws `TypeError: env.KV.set is not a function`.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.set("last-visit", request.url);
    return new Response("ok");
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("last-visit", request.url);
    return new Response("ok");
  },
};
```

*Quick fix: calls the method that was meant. `kvlens check --fix` applies it to another name for the
same, such as `set`.*
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.analysis import Analysis
from kvlens.js.calls import METHODS, called, shown_receiver, taken_from
from kvlens.js.scopes import Declaration
from kvlens.js.syntax import call_of, outer
from kvlens.js.tree import is_field
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.source_fix_helpers import given
from kvlens.spelling import nearest

if TYPE_CHECKING:
    from tree_sitter import Node

# Methods of other stores that take the same arguments and do the same.
_SAME = {
    "set": "put",
    "setItem": "put",
    "write": "put",
    "getItem": "get",
    "del": "delete",
    "remove": "delete",
    "removeItem": "delete",
    "unset": "delete",
}
_ONE_KEY = "Call get(): it returns null if the key doesn't exist."
_EACH_PUT = "Call put() once for each key."
_EACH_DELETE = "Call delete() once for each key."
_LIST = "Call list(): it returns the keys page by page."
_SEVERAL = "Call get() with an array of up to 100 keys: it returns a Map."
_ADVICE = {
    "has": _ONE_KEY,
    "exists": _ONE_KEY,
    "contains": _ONE_KEY,
    "hasItem": _ONE_KEY,
    "keys": _LIST,
    "getKeys": _LIST,
    "listKeys": _LIST,
    "values": _LIST,
    "entries": _LIST,
    "forEach": _LIST,
    "scan": _LIST,
    "getAll": _SEVERAL,
    "getMany": _SEVERAL,
    "getMulti": _SEVERAL,
    "getBulk": _SEVERAL,
    "bulkGet": _SEVERAL,
    "mget": _SEVERAL,
    "putMany": _EACH_PUT,
    "putAll": _EACH_PUT,
    "putBulk": _EACH_PUT,
    "bulkPut": _EACH_PUT,
    "setMany": _EACH_PUT,
    "mset": _EACH_PUT,
    "deleteMany": _EACH_DELETE,
    "deleteAll": _EACH_DELETE,
    "bulkDelete": _EACH_DELETE,
    "clear": "List the keys, and delete each of them.",
    "flush": "List the keys, and delete each of them.",
    "expire": "Pass expirationTtl to put().",
    "ttl": "list() returns the expiration of each key.",
    "touch": "Put the value again, with expirationTtl.",
    "setex": "Call put() with expirationTtl.",
    "putWithMetadata": "Call put() with metadata.",
    "setWithMetadata": "Call put() with metadata.",
    "getMetadata": "Call getWithMetadata().",
    "head": "Call getWithMetadata(), or list() with the key as prefix.",
    "incr": "Get the value, and put the new one; KV has no counters.",
    "increment": "Get the value, and put the new one; KV has no counters.",
}
_WORDS = (*_SAME, *_ADVICE)
_OF_OBJECTS = frozenset(
    (
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString",
        "toString", "valueOf",
        "deleteBulk",  # with a compatibility flag
    )
)  # fmt: skip
_OF_LISTS = frozenset(("keys",))  # fields of what list() returns, read as such
_ALL = "A namespace has get, getWithMetadata, put, list and delete."


def _check(context: Context) -> Iterator[Finding]:
    analysis = context.analysis
    tested: dict[str, bool] = {}
    if _own_type(analysis) or _is_extended(analysis):
        return
    for name in sorted(_names(analysis), key=lambda node: node.start_byte):
        word = analysis.source.text_of(name)
        if word in METHODS or word in _OF_OBJECTS:
            continue
        parts = called(name)
        is_taken = parts is None
        parts = _destructured(analysis, name) if parts is None else parts
        if parts is None:
            continue
        receiver, call = parts
        access = analysis.resolver.namespace(receiver)
        if access is None or not analysis.is_certain(access) or call.has_error:
            continue
        if any(word in each.added for each in access.each()):
            continue
        if word not in tested:
            tested[word] = _is_tested(analysis, word) or _is_declared(analysis, word)
        if tested[word]:
            continue
        meant = _nearest(word)
        title = f"{shown_receiver(analysis.source, receiver)}.{word}()"
        way_out = f"Did you mean {meant}()?" if meant else _ADVICE.get(word, _ALL)
        if meant and is_taken:
            way_out = f"Call {shown_receiver(analysis.source, receiver)}.{meant}()."
        yield Finding(
            analysis.source.span(name),
            f"KV has no method {word}(), so {title} throws. {way_out}",
            data={"nearest": meant, "same": _is_same(word)} if meant and not is_taken else None,
        )


def _names(analysis: Analysis) -> list[Node]:
    """Return the names that may be unknown methods of a namespace."""
    names = analysis.source.names
    found = {node.id: node for word in _WORDS for node in analysis.places(word)}
    holders = [use.node.parent for use in analysis.uses if analysis.is_kv(use.name)]
    variables: dict[int, Declaration] = {}
    for call in analysis.certain_calls:  # other methods of the same variable
        if call.receiver.type == "identifier":
            declared = names.resolve(call.receiver)
            if declared is not None:
                variables[declared.node.id] = declared
    for declared in variables.values():
        holders += names.references(declared)
    for holder in holders:
        if holder is None:
            continue
        here = outer(holder)
        member = here.parent
        if member is not None and is_field(member, "object", here):
            name = member.child_by_field_name("property") or member.child_by_field_name("index")
            if name is not None and name.type == "string" and name.named_child_count == 1:
                name = name.named_children[0]  # kv["put"]
            if name is not None:
                found[name.id] = name
        pattern = member.child_by_field_name("name") if member is not None else None
        if pattern is not None and pattern.type == "object_pattern":
            for each in pattern.named_children:
                key = each.child_by_field_name("key") or each
                found[key.id] = key
    return list(found.values())


def _destructured(analysis: Analysis, name: Node) -> tuple[Node, Node] | None:
    """Return the receiver and the first call of a method that a pattern takes: `{ set } = kv`.

    None if anything else is done with it: the code may test whether it exists.
    """
    receiver, names = taken_from(name), analysis.source.names
    if receiver is None:
        return None
    pair = name.parent
    variable = pair.child_by_field_name("value") if pair and pair.type == "pair_pattern" else name
    declared = names.resolve(variable) if variable is not None else None
    if declared is None or declared.kind != "const" or variable is None:
        return None
    uses = [use for use in names.references(declared) if use.id != variable.id]
    calls = [call for use in uses if (call := call_of(use)) is not None]
    if not calls or len(calls) < len(uses):
        return None
    is_optional = any(c.type in ("optional_chain", "?.") for call in calls for c in call.children)
    return (receiver, calls[0]) if not is_optional else None


def _own_type(analysis: Analysis) -> bool:
    """Return whether the file declares or extends KVNamespace itself."""
    return any(
        node.parent is not None and is_field(node.parent, "name", node)
        for node in analysis.source.names.nodes("KVNamespace")
        if node.type == "type_identifier" and "declaration" in getattr(node.parent, "type", "")
    )


def _is_declared(analysis: Analysis, word: str) -> bool:
    """Return whether another file adds a member to the global type KVNamespace."""
    return any(
        word in flow.members.names_of(declared)
        for flow, declared in analysis.resolver.program.global_types("KVNamespace")
        if declared.type == "interface_declaration"
    )


def _is_extended(analysis: Analysis) -> bool:
    """Return whether the code adds members to a namespace: `Object.assign(env.KV, { … })`."""
    merges = analysis.resolver.flow.members.merges
    return any(analysis.resolver.namespace(base) is not None for base, _ in merges)


def _is_tested(analysis: Analysis, word: str) -> bool:
    """Return whether the code reads a member of this name without calling it, or sets it."""
    for node in analysis.source.names.nodes(word):
        member = node.parent
        if member is None or member.type not in ("member_expression", "string"):
            continue
        parts = called(node)
        if parts is None:
            if word in _OF_LISTS and analysis.resolver.namespace(_object_of(member)) is None:
                continue
            return True
        if any(child.type in ("optional_chain", "?.") for child in parts[1].children):
            return True
    return False


def _object_of(member: Node) -> Node:
    """Return what a member is read of."""
    whole = member if member.type == "member_expression" else member.parent
    return (whole and whole.child_by_field_name("object")) or member


def _is_same(word: str) -> bool:
    return word in _SAME or word.lower() in (method.lower() for method in METHODS)


def _nearest(word: str) -> str | None:
    if word in _SAME or word in _ADVICE:
        return _SAME.get(word)
    return nearest(word, METHODS)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    meant = given(problem, "nearest")
    if meant:
        edit = Edit(problem.span, meant)
        yield Fix(f"Change to {meant}()", (edit,), safe=bool(given(problem, "same")))


RULE = SourceRule(
    "method-unknown",
    "error",
    "A method is called that KV doesn't have",
    _check,
    _fixes,
    by_part=True,
)
