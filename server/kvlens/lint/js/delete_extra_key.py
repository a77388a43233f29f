"""delete() with several keys: only the first one is deleted, and there is no error.

## What
`delete()` is called with more than one argument.

## Why
The runtime ignores all arguments but the first. The other keys stay, nothing throws, and nobody
notices until old data shows up.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.delete("cart:1", "cart:2");
    return new Response();
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await Promise.all(["cart:1", "cart:2"].map((key) => env.KV.delete(key)));
    return new Response();
  },
};
```

*Quick fix: calls delete() once for each key. It's never applied to a whole file at once: it deletes
keys that were kept so far, and the argument may not be meant as a key.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.syntax import arguments_of
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.text import Span


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    extra = _extra(call)
    if extra is not None:
        yield Finding(
            extra,
            f"{call.title} takes one key and ignores the others, which aren't deleted. Call it "
            "once for each key.",
            data={"each": True},
        )


def _extra(call: KvCall) -> Span | None:
    """Return the place of the second key, or of what spreads it."""
    nodes, given = call.argument_nodes, arguments_of(call.node)
    if call.method != "delete" or len(nodes) < 2 or not call.whole:
        return None
    is_inside = given[0].start_byte < nodes[1].start_byte < given[-1].end_byte
    return call.source.span(nodes[1] if is_inside else given[-1])


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    source = context.analysis.source
    for call in context.analysis.certain_calls:
        if _extra(call) == problem.span:
            keys = ", ".join(map(source.text_of, arguments_of(call.node)[call.skipped :]))
            each = f"{source.text_of(call.receiver)}.delete(key)"
            new = f"Promise.all([{keys}].map((key) => {each}))"
            yield Fix("Call delete() once for each key", (Edit(call.span, new),))


RULE = CallRule(
    "delete-extra-key",
    "warning",
    "delete() is called with several keys and deletes the first",
    frozenset({"delete"}),
    _check,
    _fixes,
)
