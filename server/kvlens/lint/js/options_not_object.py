"""A number or a text in place of the options. The runtime throws a TypeError.

## What
`put()` has a number, a text or a boolean as its third argument, or `list()` as its first, or
`get()` has a number or a boolean as its second.

## Why
KV takes options by name. Redis, memcached and many caches take a TTL as the last argument, so
`put(key, value, 3600)` looks right, but throws *parameter 3 is not of type 'PutOptions'*, and
`list("user:")` throws, too.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("cart:1", "tea", 3600);
    return Response.json(await env.KV.list("cart:"));
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("cart:1", "tea", { expirationTtl: 3600 });
    return Response.json(await env.KV.list({ prefix: "cart:" }));
  },
};
```

*Quick fix: writes the option. `kvlens check --fix` applies it to `put()` and `list()` with a valid
number.*
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Kind, Time, Value
from kvlens.kv.limits import MIN_EXPIRATION_TTL
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import given, write
from kvlens.lint.wording import place

_EPOCH = 1_000_000_000  # seconds: smaller numbers are durations, of over 31 years
_KINDS: Mapping[Kind, str] = {
    "number": "a number",
    "numeric": "a number",
    "time": "a number",
    "string": "a string",
    "text": "a string",
    "boolean": "a boolean",
}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    options = call.options
    if options is None or options.kind not in _KINDS:
        return
    if call.method.startswith("get") and options.kind in ("string", "text"):
        return  # a type
    name = _meant(call, options)
    way_out = f"Write {{ {name}: … }}." if name else "Pass an object."
    yield Finding(
        place(call, options),
        f"{call.title} takes its options as an object, not {_KINDS[options.kind]}, and throws. "
        f"{way_out}",
        data={"name": name} if name else None,
    )


def _meant(call: KvCall, options: Value) -> str | None:
    """Return the option that a value was probably meant for."""
    if call.method == "list":
        return {"a string": "prefix", "a number": "limit"}.get(_KINDS[options.kind])
    if _KINDS[options.kind] != "a number":
        return None
    if call.method != "put":
        return "cacheTtl"
    if isinstance(options.value, Time):
        return "expiration"
    number = options.number
    if number is None or number < MIN_EXPIRATION_TTL:
        return "expirationTtl"
    return "expirationTtl" if number < _EPOCH else "expiration"


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    if name := given(problem, "name"):
        text = context.analysis.source.text[slice(*problem.span)]
        new = f"{{ {name}: {text} }}"
        safe = name != "cacheTtl"  # as an argument of get(), it may be a default value
        yield write(context, problem, f"Change to {{ {name}: … }}", new, safe=safe)


RULE = CallRule(
    "options-not-object",
    "error",
    "The options of a call are a number, a string or a boolean",
    frozenset({"put", "list", "get", "getWithMetadata"}),
    _check,
    _fixes,
)
