"""An option that the method doesn't have: the runtime silently ignores it.

## What
A call has an option that its method doesn't have. `get()` and `getWithMetadata()` have `type` and
`cacheTtl`, `put()` has `expirationTtl`, `expiration` and `metadata`, `list()` has `prefix`, `limit`
and `cursor`.

## Why
The runtime silently ignores it: with `expirationTTL`, the key never expires.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("session", "1", { expirationTTL: 3600 });
  },
};
```

## Fix
```js
export default {
  async fetch(request, env, ctx) {
    await env.KV.put("session", "1", { expirationTtl: 3600 });
  },
};
```

*Quick fix: writes the option that was meant. `kvlens check --fix` applies it to a name with one
letter wrong, or in another case, but not to another name such as `ttl`.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.js.calls import KvCall
from kvlens.js.similar_names import is_slip
from kvlens.lint.base import CallRule, Context, Finding, Fix, Problem
from kvlens.lint.source_fix_helpers import given, node_at
from kvlens.lint.wording import quoted
from kvlens.spelling import nearest
from kvlens.text import Span

OPTIONS: dict[str, tuple[str, ...]] = {
    "get": ("type", "cacheTtl"),
    "getWithMetadata": ("type", "cacheTtl"),
    "put": ("expirationTtl", "expiration", "metadata"),
    "list": ("prefix", "limit", "cursor"),
}
# Names for the same thing in other stores and wrangler, without case, `_` and `-`.
_OTHER_NAMES = {
    "ttl": "expirationTtl",
    "expirationttl": "expirationTtl",
    "expirettl": "expirationTtl",
    "expiresin": "expirationTtl",
    "expirein": "expirationTtl",
    "ex": "expirationTtl",
    "maxage": "expirationTtl",
    "expire": "expiration",
    "expires": "expiration",
    "expireat": "expiration",
    "expiresat": "expiration",
    "expirationtime": "expiration",
    "meta": "metadata",
    "cachettl": "cacheTtl",
    "count": "limit",
    "max": "limit",
    "startswith": "prefix",
    "after": "cursor",
}


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    options = call.options
    if options is None or options.kind != "object":
        return
    known = OPTIONS[call.method]
    for option in options.properties.values():
        if option.name in known or option.name == "__proto__":
            continue
        meant = _nearest(option.name, known)
        if meant and meant not in options.properties:
            way_out = f"Did you mean {meant}?"
        else:
            meant = None
            way_out = f"It has {', '.join(known[:-1])} and {known[-1]}: remove it."
        span = call.source.span(option.key)
        if option.key.type == "string":
            span = Span(span.start + 1, span.end - 1)
        yield Finding(
            span,
            f"{call.title} has no option {quoted(option.name)}, so the runtime ignores it. "
            f"{way_out}",
            data={"nearest": meant} if meant and not option.value.foreign else None,
        )


def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    other = _OTHER_NAMES.get(name.lower().replace("_", "").replace("-", ""))
    return other if other in known else nearest(name, known)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    meant = given(problem, "nearest")
    if not meant:
        return
    node = node_at(context.analysis.source, problem.span)
    shorthand = node is not None and node.type == "shorthand_property_identifier"
    written = context.analysis.source.text[slice(*problem.span)]
    new = f"{meant}: {written}" if shorthand else meant
    safe = is_slip(written.replace("-", ""), meant)  # another name may have another unit
    yield Fix(f"Change to {meant}", (Edit(problem.span, new),), safe)


RULE = CallRule(
    "option-unknown",
    "warning",
    "A call has an option that the method doesn't have",
    frozenset(OPTIONS),
    _check,
    _fixes,
)
