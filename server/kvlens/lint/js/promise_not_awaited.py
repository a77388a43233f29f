"""A call without `await`: the runtime may end the request before the call is done.

## What
A call is a statement on its own, without `await`, `return`, `void` or `ctx.waitUntil()`; `.then()`
and `.catch()` don't wait either. The promise also gets lost in the callback of `forEach()` or
`setTimeout()`, in `Promise.all()` or `map()` without `await`, in `await` of an array, which needs
`Promise.all()`, in an async function or a method of the file that is called without it, also in a
function of another file that writes, or in `ctx.waitUntil(async () => …)`, which gets a function
instead of a promise. A Durable Object keeps running until its promises are settled, so a call that
nothing waits for isn't reported there, nor is one after which the same chain, function or timer
writes to a WebSocket or a stream, which keeps the Worker running while it is open.

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
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.awaiting import may_await
from kvlens.js.calls import KvCall, fate_of
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, arguments_of, call_of, callee
from kvlens.js.tree import ancestor
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.durable_objects import is_in_durable_object
from kvlens.lint.imported_writes import imported_writes
from kvlens.lint.lost_promises import Lost, is_mapping, lost_promises, of_callback
from kvlens.lint.source_fix_helpers import PROMISE_METHODS, awaited, given, node_at
from kvlens.lint.taken_for_value import is_taken_for_value
from kvlens.memo import memo
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_STREAM = re.compile(
    r":\s*WebSocket\b|\bnew WebSocketPair\b|\.accept\(\)|\.getWriter\(\)|\bnew ReadableStream\b"
)
_WRITES = re.compile(r"\.(?:send|write|enqueue|close)\(")
_LONGEST_NAME = 40  # characters, in a message
_LOOPS = {"for_statement", "for_in_statement", "while_statement", "do_statement"}


def _check(context: Context) -> Iterator[Finding]:
    analysis = context.analysis
    seen: set[int] = set()
    known: dict[int, list[Lost]] = {}
    for call in analysis.complete_calls:
        for lost in lost_promises(call.source, call.node, known):
            if lost.how == "array" and call.folder.value(lost.call).kind != "array":
                continue  # map() of another class may give a promise
            if lost.how == "tested" and not _is_of_array(call, lost.call):
                continue  # filter() of another class may wait
            if lost.call.id not in seen and not _is_kept(context, call, call.source, lost):
                seen.add(lost.call.id)
                yield _finding(call, lost, call.source)
        if call.fate in ("awaited", "returned", "void", "dropped"):
            continue
        if is_taken_for_value(call, analysis):
            yield Finding(
                call.span,
                f"{call.title} returns a promise, which is used here like the value. Add await "
                f"before it.",
                data={"await": call.is_in_async},
            )
    for call, lost in imported_writes(context, known):
        if lost.call.id not in seen and not _is_kept(context, call, analysis.source, lost):
            seen.add(lost.call.id)
            yield _finding(call, lost, analysis.source)


def _is_of_array(call: KvCall, of: Node) -> bool:
    """Return whether a method is called on what certainly is an array."""
    function = callee(of)
    owner = function.child_by_field_name("object") if function is not None else None
    return owner is not None and call.folder.value(owner).kind == "array"


def _is_kept(context: Context, call: KvCall, source: Source, lost: Lost) -> bool:
    """Return whether the code runs until a promise is settled that nothing waits for.

    A Durable Object does, and an open WebSocket or stream that is written to after the call.
    """
    if lost.how in ("dropped", "timer") and _is_streamed(call, source, lost):
        return True
    return lost.how in ("dropped", "each", "timer") and is_in_durable_object(
        context, source, lost.call
    )


def _is_streamed(call: KvCall, source: Source, lost: Lost) -> bool:
    """Return whether a function makes or gets a WebSocket or stream, to which is written later."""
    if lost.how == "timer":
        written = source.text_of(lost.call)
    elif (
        call.source is source and lost.call.start_byte <= call.node.start_byte < lost.call.end_byte
    ):
        written = source.text[call.span.end : source.span(lost.call).end]
    else:
        return False
    if not _WRITES.search(written):
        return False
    around, streams = ancestor(lost.call, FUNCTIONS), _streams(source)
    while around is not None and (further := ancestor(around, FUNCTIONS)) is not None:
        around = further
    start, end = source.span(around or source.root)
    return bisect_left(streams, start) < bisect_left(streams, end)


@memo
def _streams(source: Source) -> list[int]:
    """Return where a source makes or gets WebSockets and streams."""
    return [found.start() for found in _STREAM.finditer(source.text)]


def _finding(call: KvCall, lost: Lost, source: Source) -> Finding:
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
    if is_mapping(source, lost.call):
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
    return may_await(call) and not isinstance(of_callback(source, around), Lost)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    analysis = context.analysis
    if given(problem, "call"):
        yield from _called(context, problem)
    elif before := given(problem, "all"):
        yield from _of_all(context, problem, before)
    elif (call := analysis.call_at(problem.span)) is not None and call.span == problem.span:
        safe = _is_await_certain(call.source, call.node)
        if not safe and call.is_in_async and ancestor(call.node, FUNCTIONS) is not None:
            safe = is_taken_for_value(call, analysis)
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
