"""put() of a number or a boolean: the runtime stores it as text, and Miniflare 2 throws.

## What
`put()` gets a number or a boolean as its value.

## Why
The runtime stores it as text, so `get()` returns `"0"` or `"false"`, and both are truthy. Miniflare
2 throws, and TypeScript rejects it.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("last-run", Date.now());
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("last-run", String(Date.now()));
  },
};
```

*Quick fix: wraps the value in `String()`. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import KvCall
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import wrapped
from kvlens.lint.wording import place

_WORDS = {"number": "a number", "numeric": "a number", "time": "a number", "boolean": "a boolean"}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = call.stored
    word = _WORDS.get(value.kind) if value is not None else None
    if value is not None and word:
        yield Finding(
            place(call, value),
            f"The value is {word}: the runtime stores it as text, get() returns a string, and "
            f"Miniflare 2 throws. Make the conversion explicit with String().",
            data={"wrap": "String"},
        )


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    return wrapped(context, problem, safe=True)  # the runtime stores the same text


RULE = CallRule(
    "put-value-not-text",
    "information",
    "put() is called with a number or a boolean, which becomes text",
    frozenset({"put"}),
    _check,
    _fixes,
)
