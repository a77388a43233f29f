"""delete() of several keys: it takes one, and silently ignores an array.

## What
`delete()` gets an array: a literal, a constant, or the result of `map()` and similar methods.

## Why
`delete()` takes one key. The runtime joins the array into one key with commas, finds no such key,
and reports success: nothing is deleted. Miniflare 2 throws.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.delete(["cart:1", "cart:2"]);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await Promise.all(["cart:1", "cart:2"].map((key) => env.KV.delete(key)));
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.wording import place


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    if call.key is not None and call.key.kind == "array":
        yield Finding(
            place(call, call.key),
            "delete() takes one key. An array becomes one key with commas in it, which doesn't "
            "exist, so nothing is deleted and there is no error. Call delete() once for each key.",
            data={"each": True},
        )


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    call = context.analysis.call_at(problem.span)
    if call is None:
        return
    source = context.analysis.source
    keys, receiver = source.text[slice(*problem.span)], source.text_of(call.receiver)
    new = f"Promise.all({keys}.map((key) => {receiver}.delete(key)))"
    yield Fix("Call delete() once for each key", (Edit(call.span, new),))


RULE = CallRule(
    "delete-array",
    "error",
    "delete() is called with an array and deletes nothing",
    frozenset({"delete"}),
    _check,
    _fixes,
)
