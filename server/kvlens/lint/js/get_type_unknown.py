"""A type that get() doesn't support. Runtime: TypeError "Unknown response type. …".

## What
A `get()` or `getWithMetadata()` asks for a type that doesn't exist. The types are `text`, `json`,
`arrayBuffer` and `stream`; with an array of keys, only `text` and `json`.

## Why
The call throws `Unknown response type`, in today's runtime only if the key exists.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const cart = await env.KV.get("cart:1", "JSON");
    return Response.json(cart);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const cart = await env.KV.get("cart:1", "json");
    return Response.json(cart);
  },
};
```

*Quick fix: writes the nearest type. `kvlens check --fix` applies it to a type with one letter
wrong, or in another case.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.calls import TYPES, KvCall
from kvlens.js.constants.values import Value
from kvlens.js.similar_names import is_slip
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import given, write
from kvlens.lint.wording import place, quoted
from kvlens.spelling import nearest

_BULK = ("text", "json")
_LEAST = 3  # letters of a name that may be a type, misspelled: no two types are close


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = _type_of(call)
    if value is None or value.kind != "string" or not isinstance(value.value, str):
        return
    bulk = call.key is not None and call.key.kind == "array"
    known = _BULK if bulk else TYPES
    if value.value in known:
        return
    meant = nearest(value.value, known)
    names = f"{', '.join(map(quoted, known[:-1]))} or {quoted(known[-1])}"
    what = "a type for several keys" if bulk else "a type of get()"
    yield Finding(
        place(call, value),
        f"{quoted(value.value)} isn't {what}, so {call.title} throws. "
        + (f"Did you mean {quoted(meant)}?" if meant else f"Use {names}."),
        data={"nearest": meant} if meant else None,
    )


def _type_of(call: KvCall) -> Value | None:
    options = call.options
    if options is not None and options.kind == "string":
        return options
    option = call.option("type")
    return option.value if option else None


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    meant = given(problem, "nearest")
    written = context.analysis.source.text[slice(*problem.span)]
    if meant and written[:1] in ("'", '"', "`"):
        quote, slip = written[0], is_slip(written[1:-1], meant, least=_LEAST)
        new = f"{quote}{meant}{quote}"
        yield write(context, problem, f"Change to {quoted(meant)}", new, safe=slip)


RULE = CallRule(
    "get-type-unknown",
    "error",
    "get() has a type that it doesn't support",
    frozenset({"get", "getWithMetadata"}),
    _check,
    _fixes,
)
