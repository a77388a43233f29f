"""put() of a value that it can't store. Runtime: TypeError "KV put() accepts only strings, …".

## What
`put()` gets an object, an array, a Map, a Date, a Response, the headers of a request, an instance
of a class, a function, a promise that nothing awaits, the result of `list()`, or a similar value.

## Why
The call throws `KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams
as values.`

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const cart = { items: [] };
    await env.KV.put("cart:1", cart);
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    const cart = { items: [] };
    await env.KV.put("cart:1", JSON.stringify(cart));
  },
};
```

*Quick fix: wraps an object or an array in `JSON.stringify()`, or awaits a promise.
`kvlens check --fix` applies it, but not to an instance of a class.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.constants.values import Value
from kvlens.js.platform import BODIES, CLASSES
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.kv_results import result_of
from kvlens.lint.source_fix_helpers import given, wrapped
from kvlens.lint.wording import place
from kvlens.text import Span

_AS_TEXT: dict[object, str] = {
    "Date": "toISOString()",
    "URL": "toString()",
    "URLSearchParams": "toString()",
    "RegExp": "toString()",
    "Error": "toString()",
}
_WITHOUT_JSON = ("Map", "Set", "Headers", "FormData")  # JSON.stringify() returns {}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    value = call.stored
    what = _named(value) if value is not None else None
    if value is None:
        return
    if what is None:
        yield from _of_kv(call, value, context)
        return
    data: dict[str, object] | None = None
    if value.kind == "function":
        way_out = "Store what it returns."
    elif value.kind == "promise":
        result = value.items[0]
        if result.kind == "instance" and result.value in BODIES:
            way_out = "Await it, and store the arrayBuffer() or text() of the result."
        else:
            way_out = "Add await before it."
            data = {"await": True} if call.is_in_async else None
    elif value.kind == "instance" and value.value in BODIES:
        way_out = "Store its arrayBuffer() or text()."
    elif value.kind == "instance" and value.value in _AS_TEXT:
        way_out = f"Store the text that {_AS_TEXT[value.value]} returns."
    elif value.kind == "instance" and value.value in _WITHOUT_JSON:
        what_it_has = call.source.text_of(value.node)
        way_out = f"Store JSON.stringify([...{what_it_has if len(what_it_has) <= 40 else 'it'}])."
    else:
        way_out = "Store the text that JSON.stringify() returns, and read it with the type json."
        if value.kind in ("object", "array", "custom"):
            data = {"wrap": "JSON.stringify"}
        if value.kind == "custom" and data is not None:
            data["custom"] = True
    yield Finding(
        place(call, value),
        f"The value is {what}, and put() accepts only strings, ArrayBuffers, their views and "
        f"streams: {call.title} throws. {way_out}",
        data=data,
    )


def _of_kv(call: KvCall, value: Value, context: Context) -> Iterator[Finding]:
    """Report the result of list(), of getWithMetadata() and of a get() of several keys."""
    found = result_of(context.analysis, value.node)
    if found is None:
        return
    made, is_keys = found
    way_out = "Store the text that JSON.stringify() returns."
    if is_keys:
        what = "an array" if made.method == "list" else None
    elif made.method != "list" and made.key is not None and made.key.kind == "array":
        what, way_out = (
            "a Map",
            "Store the text of an object: JSON.stringify(Object.fromEntries(…)).",
        )
    else:
        what = "an object" if made.method in ("list", "getWithMetadata") else None
    if what:
        yield Finding(
            place(call, value),
            f"The value is {what} of {made.title}, and put() accepts only strings, ArrayBuffers, "
            f"their views and streams: {call.title} throws. {way_out}",
        )


def _named(value: Value) -> str | None:
    if value.kind == "instance":
        article = "an" if str(value.value)[:1] in "AEIO" else "a"
        return f"{article} {value.value}" if value.value in CLASSES else None
    if value.kind == "custom":
        return f"an instance of {value.value}"
    return {
        "object": "an object",
        "array": "an array",
        "function": "a function",
        "promise": "a promise",
    }.get(value.kind)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    if given(problem, "await"):
        start = problem.span.start
        yield Fix("Add await", (Edit(Span(start, start), "await "),), safe=True)
    yield from wrapped(context, problem, safe=not given(problem, "custom"))


RULE = CallRule(
    "put-value-type",
    "error",
    "put() is called with an object, an array or another value that it can't store",
    frozenset({"put"}),
    _check,
    _fixes,
)
