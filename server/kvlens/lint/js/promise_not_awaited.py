"""A call without `await`: the runtime may end the request before the call is done.

## What
A call is a statement on its own, without `await`, `return`, `void` or `ctx.waitUntil()`; `.then()`
and `.catch()` don't wait either. The promise also gets lost in the callback of `forEach()` or
`setTimeout()`, in `Promise.all()` or `map()` without `await`, in `await` of an array, which
needs `Promise.all()`, in an async function that is called
without it, also in one of another file that writes, or in `ctx.waitUntil(async () => …)`, which
gets a function instead of a promise. A Durable Object keeps running until its promises are settled,
so a call that nothing waits for isn't reported there, nor is a timer that sends on a WebSocket,
which keeps the Worker running while it is open.

Or the promise is used as if it were the value: in a condition, as what the callback of `filter()`,
`some()` and the like returns, in a comparison, with a property of the result, in `JSON.parse()`, in
a `Response`.

## Why
The Worker may end when the response is sent, so a write that nothing waits for may not happen, and
its failure goes unnoticed. A promise in a condition is always true. `void` before a call says that
you don't need to wait.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    env.KV.put("last-visit", request.url);
    return new Response("ok");
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    ctx.waitUntil(env.KV.put("last-visit", request.url));
    return new Response("ok");
  },
};
```

*Quick fix: adds `await` or `Promise.all()`. `kvlens check --fix` applies it in async functions; not
in loops, where the calls may be meant to run at once, nor before a chain such as `.catch()`, where
`ctx.waitUntil()` may be meant.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit
from kvlens.js.analysis import Analysis
from kvlens.js.awaiting import may_await
from kvlens.js.calls import KvCall, fate_of
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.source_context import read
from kvlens.js.syntax import Source, arguments_of, call_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.durable_objects import is_in_durable_object
from kvlens.lint.source_fix_helpers import PROMISE_METHODS, awaited, given, node_at
from kvlens.memo import memo
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_WANT_VALUES = {
    "JSON.parse", "JSON.stringify", "parseInt", "parseFloat", "Number", "String", "atob",
    "Response", "Response.json",
}  # fmt: skip
_HONO = re.compile(r"(?:c|ctx|context)\.(?:json|text|body)\Z")
_LOGICAL = ("&&", "||", "??")
_OF_OBJECTS = ("in", "instanceof")
_OF_VALUES = ("!", "typeof", "-", "+", "~")
_CONDITIONAL = {"if_statement", "while_statement", "do_statement", "ternary_expression"}
_OF_SEVERAL = {"Promise.all", "Promise.allSettled", "Promise.race", "Promise.any"}
_TIMERS = {"setTimeout", "setInterval", "queueMicrotask"}
_SOCKET = re.compile(r":\s*WebSocket\b|\bnew WebSocketPair\b|\.accept\(\)")
_SENDS = re.compile(r"\.send\(")
_MAPPING = {"map", "flatMap"}
_TESTING = {"filter", "some", "every", "find", "findIndex", "findLast", "findLastIndex"}
_FURTHEST = 12  # steps that a promise is followed
_MOST_CALLS = 50  # of a function that are looked at
_LONGEST_NAME = 40  # characters, in a message
_LOOPS = {"for_statement", "for_in_statement", "while_statement", "do_statement"}
_NESTING = ("object", "pair", "array")


class _Lost(NamedTuple):
    call: Node  # the call whose promise or callback nothing waits for
    how: str  # "dropped", "array", "each", "timer", "function", "tested"


def _check(context: Context) -> Iterator[Finding]:
    analysis = context.analysis
    seen: set[int] = set()
    known: dict[int, list[_Lost]] = {}
    for call in analysis.complete_calls:
        for lost in _lost(call.source, call.node, known):
            if lost.how == "array" and call.folder.value(lost.call).kind != "array":
                continue  # map() of another class may give a promise
            if lost.how == "tested" and not _is_of_array(call, lost.call):
                continue  # filter() of another class may wait
            if lost.call.id not in seen and not _is_kept(context, call.source, lost):
                seen.add(lost.call.id)
                yield _finding(call, lost, call.source)
        if call.fate in ("awaited", "returned", "void", "dropped"):
            continue
        if _is_taken_for_value(call, analysis):
            yield Finding(
                call.span,
                f"{call.title} returns a promise, which is used here like the value. Add await "
                f"before it.",
                data={"await": call.is_in_async},
            )
    for call, lost in _of_imports(context, known):
        if lost.call.id not in seen and not _is_kept(context, analysis.source, lost):
            seen.add(lost.call.id)
            yield _finding(call, lost, analysis.source)


def _is_of_array(call: KvCall, of: Node) -> bool:
    """Return whether a method is called on what certainly is an array."""
    function = callee(of)
    owner = function.child_by_field_name("object") if function is not None else None
    return owner is not None and call.folder.value(owner).kind == "array"


def _is_kept(context: Context, source: Source, lost: _Lost) -> bool:
    """Return whether the code runs until a promise is settled that nothing waits for.

    A Durable Object does, and a timer in a function with an open WebSocket.
    """
    if lost.how == "timer" and _has_socket(source, lost.call):
        return True
    return lost.how in ("dropped", "each", "timer") and is_in_durable_object(
        context, source, lost.call
    )


def _has_socket(source: Source, timer: Node) -> bool:
    """Return whether a function makes or gets the WebSocket that its timer sends on."""
    function = ancestor(timer, FUNCTIONS)
    while function is not None:
        if _SOCKET.search(source.text_of(function)):
            return bool(_SENDS.search(source.text_of(timer)))
        function = ancestor(function, FUNCTIONS)
    return False


def _of_imports(context: Context, known: dict[int, list[_Lost]]) -> Iterator[tuple[KvCall, _Lost]]:
    """Yield the writes of functions of other sources that are called here, and are lost here.

    Without calls in a browser, which are requests there, and those of a script as it is started.
    """
    source, modules = context.analysis.source, context.project.modules
    if modules is None or _directive(source) == "use client":
        return
    for name, declared in _imported(source):
        nodes = [
            node
            for use in source.names.references(declared)
            if (node := call_of(use)) is not None and ancestor(node, FUNCTIONS) is not None
        ]
        lost = [each for node in nodes[:_MOST_CALLS] for each in _lost(source, node, known)]
        path = modules.resolve(source.path, name) if lost else None
        other = modules.source(path) if path is not None else None
        if other is None or path == source.path or _directive(other) == "use server":
            continue
        written = source.text_of(declared.origin.child_by_field_name("name") or declared.node)
        call = _writers(read(other, context.project)).get(written)
        if call is not None:
            yield from ((call, each) for each in lost if each.how == "dropped")


@memo
def _writers(analysis: Analysis) -> dict[str, KvCall]:
    """Return a write of each function that waits for one, by its name, also through another."""
    source = analysis.source
    found: dict[str, KvCall] = {}
    waiting = [
        (call, call.node)
        for call in analysis.complete_calls
        if call.method in ("put", "delete") and _is_awaited(source, call.node)
    ]
    for call, node in waiting:
        function = ancestor(node, FUNCTIONS)
        name = _name_of(source, function) if function is not None else None
        if function is None or name is None or name in found:
            continue
        found[name] = call
        for use in _uses_of(source, function):
            outer_call = call_of(use)
            if outer_call is not None and _is_awaited(source, outer_call):
                waiting.append((call, outer_call))
    return found


def _is_awaited(source: Source, call: Node) -> bool:
    """Return whether a function waits for a call, alone, with `catch()`, or in `Promise.all()`."""
    fate, here = fate_of(call)
    for _ in range(_FURTHEST):
        following = _step(source, here.parent) if fate == "chained" else None
        if following is None:
            break
        fate, here = fate_of(following)
    if fate not in ("awaited", "returned") and here.parent is not None:
        several = _of_several(source, here.parent)
        fate = fate_of(several)[0] if several is not None else fate
    return fate in ("awaited", "returned")


def _directive(source: Source) -> str:
    """Return the text that a source begins with, such as `use client`."""
    first = next((one for one in source.root.named_children if one.type != "comment"), None)
    is_text = first is not None and first.type == "expression_statement"
    return source.text_of(first).strip("\"'; ") if first is not None and is_text else ""


def _imported(source: Source) -> Iterator[tuple[str, Declaration]]:
    """Yield what is imported by name, with the name of its module."""
    for statement in source.root.named_children:
        module = statement.child_by_field_name("source")
        if statement.type != "import_statement" or module is None:
            continue
        for clause in statement.named_children:
            for group in clause.named_children if clause.type == "import_clause" else ():
                for one in group.named_children if group.type == "named_imports" else ():
                    local = one.child_by_field_name("alias") or one.child_by_field_name("name")
                    found = source.names.resolve(local) if local is not None else None
                    if found is not None and found.kind == "import":
                        yield source.text_of(module)[1:-1], found


def _name_of(source: Source, function: Node) -> str | None:
    """Return the name of a function that a source declares outside all others."""
    holder = function.parent if not function.type.endswith("declaration") else function
    name = holder.child_by_field_name("name") if holder is not None else None
    if name is None or name.type != "identifier" or ancestor(function, FUNCTIONS) is not None:
        return None
    return source.text_of(name)


def _finding(call: KvCall, lost: _Lost, source: Source) -> Finding:
    effect = "the write" if call.method in ("put", "delete") else "the read"
    why = f"the runtime may stop before {effect} is done, and errors are lost."
    if call.source is source and _starts(call, lost.call):
        return Finding(
            call.span,
            f"{call.title} isn't awaited: {why} Add await before it, or pass it to "
            "ctx.waitUntil().",
            data={"await": call.is_in_async},
        )
    function = _first(source, lost.call)
    name = " ".join(source.text_of(function).split())
    name = f"{name}()" if len(name) <= _LONGEST_NAME else "The call"
    span = source.span(function)
    if lost.how == "each":
        return Finding(
            span,
            f"{name} doesn't wait for {call.title}: {why} Use for … of with await, or await "
            "Promise.all() of map().",
        )
    if lost.how == "timer":
        return Finding(
            span,
            f"{name} doesn't keep the Worker running for {call.title}: {why} Pass a promise to "
            "ctx.waitUntil().",
        )
    if lost.how == "tested":
        return Finding(
            span,
            f"{name} tests the promise of {call.title}, which is always true, instead of the "
            "value. Await Promise.all() of map() first, and test what it returns.",
        )
    if lost.how == "function":
        return Finding(
            span,
            f"{name} gets a function instead of a promise and never calls it, so {call.title} "
            "doesn't run. Call the function.",
            data={"call": True},
        )
    if lost.how == "array":
        return Finding(
            span,
            f"{name} returns an array, so nothing waits for {call.title}: {why} Wrap it in "
            "Promise.all().",
            data={"all": "Promise.all("},
        )
    is_async = may_await(lost.call)
    if _word(source, lost.call) in _MAPPING:
        way = "Await Promise.all() of it, or pass that"
        data: dict[str, object] | None = {"all": "await Promise.all("} if is_async else None
    else:
        way, data = "Add await before it, or pass it", {"await": is_async}
    return Finding(
        span,
        f"{name} isn't awaited, so nothing waits for {call.title}: {why} {way} to ctx.waitUntil().",
        data=data,
    )


def _first(source: Source, call: Node) -> Node:
    """Return the function that a chain of `then()` and the like begins with a call of."""
    function = callee(call) or call
    while (word := function.child_by_field_name("property")) is not None:
        inner = function.child_by_field_name("object")
        target = callee(inner) if inner is not None and inner.type == "call_expression" else None
        if target is None or source.text_of(word) not in PROMISE_METHODS:
            break
        function = target
    return function


def _starts(call: KvCall, lost: Node) -> bool:
    """Return whether a lost promise is that of a call, or of `then()` and the like on it."""
    return lost.start_byte == call.node.start_byte and lost.end_byte >= call.node.end_byte


def _is_await_certain(source: Source, call: Node) -> bool:
    """Return whether `await` before the promise of a call is the one answer, if nothing has it.

    In a loop, the calls may be meant to run at once; a chained `catch()` may mean that nothing
    should wait, which is `ctx.waitUntil()`. Nothing waits for a callback of `forEach()`.
    """
    around = ancestor(call, FUNCTIONS | _LOOPS)
    if around is None or around.type in _LOOPS or fate_of(call)[0] != "dropped":
        return False
    return may_await(call) and not isinstance(_of_callback(source, around), _Lost)


def _lost(source: Source, call: Node, known: dict[int, list[_Lost]], depth: int = 0) -> list[_Lost]:
    """Return where the promise of a call gets lost: nothing waits for it.

    `known` are the results for the functions that were followed.
    """
    is_array = False
    for _ in range(_FURTHEST):
        fate, here = fate_of(call)
        parent = here.parent
        following: Node | None = None
        if fate == "dropped":
            return [] if _settles(source, call) else [_Lost(call, "dropped")]
        if is_array and (fate == "awaited" or _is_waited_for(source, parent)):
            return [_Lost(call, "array")] if call.type != "identifier" else []
        if fate == "chained" and not is_array:
            following = _step(source, parent)
        elif fate in ("awaited", "returned") and not is_array:
            function = ancestor(call, FUNCTIONS)
            is_async = function is not None and any(c.type == "async" for c in function.children)
            if function is None or (fate == "awaited" and not is_async):
                return []
            found = _of_callback(source, function)
            if isinstance(found, _Lost):
                return [found]
            if found is None:
                return _of_named(source, function, known, depth)
            following = found
            is_array = _word(source, found) in _MAPPING
        elif parent is not None and parent.type in ("arguments", "array"):
            following = _of_several(source, parent)
            if is_array and following is not None and parent.type == "array":
                return [_Lost(call, "array")]  # an array in an array
            is_array = False
            if following is None and (pushed := _pushed_to(source, parent)) is not None:
                following, is_array = _only_use(source, pushed), True
        elif parent is not None and parent.type == "variable_declarator":
            following = _only_use(source, parent)
        if following is None:
            return []
        call = following
    return []


def _pushed_to(source: Source, arguments: Node) -> Node | None:
    """Return the declarator of the array that a promise is pushed to."""
    function = callee(arguments.parent) if arguments.parent is not None else None
    word = function.child_by_field_name("property") if function is not None else None
    base = function.child_by_field_name("object") if function is not None else None
    if word is None or base is None or source.text_of(word) != "push":
        return None
    declared = source.names.resolve(base) if base.type == "identifier" else None
    start = declared.origin.child_by_field_name("value") if declared is not None else None
    is_new = start is not None and start.type == "array" and not start.named_children
    return declared.origin if declared is not None and is_new else None


@memo
def _only_uses(source: Source) -> dict[int, Node | None]:
    """Return what `_only_use` has found in a source: many promises may be pushed to one array."""
    return {}


def _only_use(source: Source, declarator: Node) -> Node | None:
    """Return the one use of a constant in its function, apart from what is pushed to it."""
    known = _only_uses(source)
    if declarator.id not in known:
        known[declarator.id] = _find_only_use(source, declarator)
    return known[declarator.id]


def _find_only_use(source: Source, declarator: Node) -> Node | None:
    name = declarator.child_by_field_name("name")
    declared = source.names.resolve(name) if name is not None else None
    if declared is None or declared.kind != "const" or declared.path:
        return None
    uses = []
    for use in source.names.references(declared):
        word = use.parent.child_by_field_name("property") if use.parent is not None else None
        if use != name and (word is None or source.text_of(word) != "push"):
            uses.append(use)
    is_here = len(uses) == 1 and ancestor(uses[0], FUNCTIONS) == ancestor(declarator, FUNCTIONS)
    return uses[0] if is_here else None


def _of_named(
    source: Source, function: Node, known: dict[int, list[_Lost]], depth: int
) -> list[_Lost]:
    """Return where the promises of a function's calls get lost."""
    if depth >= _FURTHEST:
        return []
    if function.id not in known:
        known[function.id] = []  # while it is followed: it may call itself
        found: dict[int, _Lost] = {}
        for use in _uses_of(source, function):
            call = call_of(use)
            if call is None:  # `ctx.waitUntil(save)`
                lost = _of_callback(source, use)
                found |= {lost.call.id: lost} if isinstance(lost, _Lost) else {}
            elif call.type == "call_expression":
                found |= {each.call.id: each for each in _lost(source, call, known, depth + 1)}
        known[function.id] = list(found.values())[:_MOST_CALLS]
    return known[function.id]


def _step(source: Source, member: Node | None) -> Node | None:
    """Return the call of `then()` and the like."""
    name = member.child_by_field_name("property") if member is not None else None
    if member is None or name is None or source.text_of(name) not in PROMISE_METHODS:
        return None
    return call_of(member)


def _of_several(source: Source, parent: Node) -> Node | None:
    """Return the `Promise.all()` that waits for a promise or an array."""
    given = outer(parent).parent if parent.type == "array" else parent
    call = given.parent if given is not None and given.type == "arguments" else None
    function = callee(call) if call is not None else None
    return call if function is not None and source.text_of(function) in _OF_SEVERAL else None


def _settles(source: Source, call: Node) -> bool:
    """Return whether a promise settles another one: `new Promise((done) => { get().then(done); })`.

    Something else has to wait for that one.
    """
    function = ancestor(call, FUNCTIONS)
    given = outer(function).parent if function is not None else None
    made = given.parent if given is not None else None
    name = made.child_by_field_name("constructor") if made is not None else None
    if function is None or name is None or source.text_of(name) != "Promise":
        return False
    parameters = function.child_by_field_name("parameters")
    names = [function.child_by_field_name("parameter")]
    for each in parameters.named_children if parameters is not None else ():
        names.append(each.child_by_field_name("pattern") or each)
    return any(
        call.start_byte <= use.start_byte < call.end_byte
        for each in names
        if each is not None and (declared := source.names.resolve(each)) is not None
        for use in source.names.references(declared)
    )


def _is_waited_for(source: Source, given: Node | None) -> bool:
    """Return whether something is what `ctx.waitUntil()` gets."""
    call = given.parent if given is not None and given.type == "arguments" else None
    return call is not None and _word(source, call) == "waitUntil"


def _of_callback(source: Source, function: Node) -> Node | _Lost | None:
    """Return the call whose result has a callback's promise, or that loses it.

    The callback is a function, or the name of one.
    """
    here = outer(function)
    parent = here.parent
    call = call_of(function)
    if call is not None:
        return call  # (async () => { … })()
    call = parent.parent if parent is not None and parent.type == "arguments" else None
    target = callee(call) if call is not None else None
    if call is None or target is None or call.type != "call_expression":
        return None
    word = _word(source, call)
    if target.type == "identifier":
        is_timer = word in _TIMERS and source.names.resolve(target) is None
        return _Lost(call, "timer") if is_timer else None
    if word == "forEach":
        return _Lost(call, "each")
    if word in _TESTING:
        return _Lost(call, "tested")
    if word == "waitUntil":
        return _Lost(call, "function")
    if word in ("catch", "finally") and not _is_promise(source, target):
        return None  # of a bot or an app, it registers a handler
    return call if word in _MAPPING or word in PROMISE_METHODS else None


def _is_promise(source: Source, member: Node) -> bool:
    """Return whether `catch()` is of what a call returns, or of a new promise."""
    owner = member.child_by_field_name("object")
    owner = plain(owner) if owner is not None else None
    if owner is None or owner.type != "new_expression":
        return owner is not None and owner.type == "call_expression"
    made = owner.child_by_field_name("constructor")
    return made is not None and source.text_of(made) == "Promise"


def _word(source: Source, call: Node) -> str:
    """Return the last name of what is called."""
    function = callee(call)
    name = function.child_by_field_name("property") if function is not None else None
    return source.text_of(name or function) if function is not None else ""


def _uses_of(source: Source, function: Node) -> Iterator[Node]:
    """Yield the uses of a function that has a name.

    Without those outside all functions: they run when a script is started, which ends when all of
    its promises have; in a Worker, they would fail.
    """
    parent = function.parent
    name = function.child_by_field_name("name") if function.type.endswith("declaration") else None
    if name is None and parent is not None and parent.type == "variable_declarator":
        name = parent.child_by_field_name("name")
    declared = (
        source.names.resolve(name) if name is not None and name.type == "identifier" else None
    )
    if declared is None or declared.kind not in ("function", "const"):
        return
    for use in source.names.references(declared)[:_MOST_CALLS]:
        if ancestor(use, FUNCTIONS) is not None:
            yield use


def _is_taken_for_value(call: KvCall, analysis: Analysis) -> bool:
    here = outer(call.node)
    parent = here.parent
    function = callee(call.node)
    if parent is None or function is None:
        return False
    optional = "?." in call.source.text_of(function)
    if parent.type != "variable_declarator":
        return _wants_value(analysis, here, optional=optional)
    name = parent.child_by_field_name("name")
    if name is None:
        return False
    if name.type in ("object_pattern", "array_pattern"):
        return True  # a promise has none of the properties of a result, and isn't iterable
    names = call.source.names
    declared = names.resolve(name) if name.type == "identifier" else None
    if declared is None or declared.kind != "const":
        return False
    uses = names.references(declared)
    if any(_is_negated(use) for use in uses):
        return True  # a promise is never missing
    return bool(uses) and all(_wants_value(analysis, use, optional=optional) for use in uses)


def _is_negated(node: Node) -> bool:
    parent = outer(node).parent
    operator = parent.child_by_field_name("operator") if parent is not None else None
    if parent is None or operator is None:
        return False
    if parent.type == "unary_expression":
        return operator.type == "!"
    right = parent.child_by_field_name("right")
    return operator.type in ("==", "===") and right is not None and right.type == "null"


def _wants_value(analysis: Analysis, node: Node, *, optional: bool) -> bool:
    """Return whether a promise makes no sense in an expression.

    `optional`: it may be undefined instead, so that `kv?.get("k") ?? null` makes sense.
    """
    source = analysis.source
    here = outer(node)
    parent = here.parent
    nested = False
    while parent is not None and parent.type in _NESTING:
        nested, here, parent = True, parent, parent.parent
    if nested and (parent is None or parent.type != "arguments"):
        return False
    if parent is None:
        return False
    kind = parent.type
    if kind == "member_expression":
        name = parent.child_by_field_name("property")
        return name is not None and source.text_of(name) not in PROMISE_METHODS
    if kind == "template_substitution":
        return True
    if kind == "spread_element":
        return not nested
    if kind == "unary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in _OF_VALUES
    if _is_condition(parent, here):
        return True
    if kind == "binary_expression":
        operator = parent.child_by_field_name("operator")
        if operator is None or operator.type in _OF_OBJECTS:
            return False
        if operator.type in _LOGICAL and is_field(parent, "right", here):
            whole = outer(parent)
            return whole.parent is not None and _is_condition(whole.parent, whole)
        return operator.type not in _LOGICAL or not optional
    if kind == "arguments" and parent.parent is not None:
        function = callee(parent.parent)
        if function is None or parent.parent.type not in ("call_expression", "new_expression"):
            return False
        text = source.text_of(function)
        if not nested and analysis.call_of(parent.parent) is not None:
            return True  # a key or a value
        return text in _WANT_VALUES or bool(_HONO.match(text))
    return False


def _is_condition(parent: Node, here: Node) -> bool:
    """Return whether an expression is what a statement or `? :` tests."""
    if parent.type == "switch_statement":
        return is_field(parent, "value", here)
    return parent.type in _CONDITIONAL and is_field(parent, "condition", here)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    analysis = context.analysis
    if given(problem, "call"):
        yield from _called(context, problem)
    elif before := given(problem, "all"):
        yield from _of_all(context, problem, before)
    elif (call := analysis.call_at(problem.span)) is not None and call.span == problem.span:
        safe = _is_await_certain(call.source, call.node)
        if not safe and call.is_in_async and ancestor(call.node, FUNCTIONS) is not None:
            safe = _is_taken_for_value(call, analysis)
        yield from awaited(context, problem, safe=safe)
    elif given(problem, "await"):
        start, called = problem.span.start, _call_at(context, problem)
        safe = called is not None and _is_await_certain(analysis.source, called)
        yield Fix("Add await", (Edit(Span(start, start), "await "),), safe)


def _call_at(context: Context, problem: Problem) -> Node | None:
    """Return the call of the function that a problem underlines."""
    function = node_at(context.analysis.source, problem.span)
    return call_of(function) if function is not None else None


def _of_all(context: Context, problem: Problem, before: str) -> Iterator[Fix]:
    """Wait for all promises of an array."""
    source, call = context.analysis.source, _call_at(context, problem)
    if call is not None:
        safe = not before.startswith("await") or _is_await_certain(source, call)
        start, end = problem.span.start, source.span(call).end
        edits = (Edit(Span(start, start), before), Edit(Span(end, end), ")"))
        yield Fix("Wrap in Promise.all()", edits, safe)


def _called(context: Context, problem: Problem) -> Iterator[Fix]:
    """Call the function that waitUntil() gets."""
    source, call = context.analysis.source, _call_at(context, problem)
    given_nodes = arguments_of(call) if call is not None else []
    if len(given_nodes) == 1 and given_nodes[0].type in FUNCTIONS:
        parameters = given_nodes[0].child_by_field_name("parameters")
        if parameters is not None and not parameters.named_children:
            start, end = source.span(given_nodes[0])
            edits = (Edit(Span(start, start), "("), Edit(Span(end, end), ")()"))
            yield Fix("Call the function", edits, safe=True)


RULE = SourceRule(
    "promise-not-awaited",
    "warning",
    "The promise of a call isn't awaited",
    _check,
    _fixes,
)
