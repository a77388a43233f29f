"""A number that is read, changed and put back: two requests at once lose one of the changes.

## What
`put()` stores a number that is one more or less, or some other known number more or less, than what
`get()` of the same key returned before in the same function; also as a member of a JSON object, and
with any amount where the code makes a number of the text (`Number(text) + amount`). Both may be in
functions of one file that the code calls: `await set(key, (await get(key)) + 1)`. A count that
several branches store is reported once. It isn't reported in a Durable Object and in a
`scheduled()` handler or what only it calls, which don't run twice at once, nor for a number that
only tells old from new by its name or its key (`cacheVersion`), nor for a place in something
(`session.currentIndex++`, the key `sync:cursor`), days in a row (`user.streak`) or what is only
counted at random (`if (Math.random() < 0.1)`), nor in a file with a comment on races in KV
(`// KV isn't atomic: a burst may pass`), or below one that calls the count good enough or
best-effort.

## Why
KV is last-write-wins and has no atomic operations. Two requests that read 7 both write 8, and a
location that still has the old value in its cache, for a minute or longer, writes that plus one.
KV also allows only one write per second to a key, and rejects more with 429.

## Example
```js
export default {
  async fetch(request, env, ctx) {
    const visits = Number(await env.KV.get("visits"));
    await env.KV.put("visits", String(visits + 1));
    return new Response("ok");
  },
};
```

## Fix
Count in a Durable Object, whose requests run one after another, or in Analytics Engine:

```js
export default {
  async fetch(request, env, ctx) {
    const counter = env.COUNTER.get(env.COUNTER.idFromName("visits"));
    await counter.increment();
    return new Response("ok");
  },
};
```

If an approximate number is enough, say so in a comment about KV and atomic operations, or in
`// kvlens-disable-line counter-not-atomic -- approximate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.calls import KvCall
from kvlens.js.comments import comments_about, comments_above
from kvlens.js.stored_counts import is_no_count, is_version, stored_counts
from kvlens.js.syntax import Source
from kvlens.js.tree import ancestor
from kvlens.lint.base import CallRule, Context, Finding, Related
from kvlens.lint.counted_by_callers import counted_by_callers
from kvlens.lint.cron_jobs import is_in_cron_job
from kvlens.lint.durable_objects import is_in_durable_object
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_RACE = re.compile(
    r"(?:\bno|\bnot|\bnon|n't)[ -]+atomic|\brac(?:e|es|y)\b|\blast[ -]write|\bovershoot"
    r"|\bconcurren(?!t (?:user|viewer|visitor|player)s?\b)"
    r"|\bclobber|\bdurable[ -]object|\bsoft (?:cap|limit)|\bapproximate"
    r"|\beventual.{0,150}?(?:\bfine\b|\bacceptabl|\btolera|\bgood enough\b)"
    r"|非アトミック|アトミックで(?:は)?な|競合|非原子|原子性|竞态|并发",
    re.IGNORECASE,
)
_LOOSE = re.compile(
    r"\bgood enough\b|\bbest[ -]effort\b[^.]{0,40}\b(?:count|limit|throttl)"
    r"|\b(?:count|limit|throttl)\w*\b[^.]{0,40}\bbest[ -]effort\b",
    re.IGNORECASE,
)


def _check(call: KvCall, context: Context) -> Iterator[Finding]:
    def is_fine(source: Source, node: Node) -> bool:
        return _is_alone(source, node, context) or _is_known(source) or _is_sampled(source, node)

    read = stored_counts(context.analysis).get(call.node.id)
    passed = counted_by_callers(call, context, is_fine) if read is None else None
    read = passed.read if passed is not None else read
    if read is None or is_fine(call.source, call.node) or _is_no_count(call):
        return
    if any(map(_LOOSE.search, comments_above(call.source, call.node))):
        return
    before = f"a caller has read before ({passed.place})" if passed else "was read before"
    yield Finding(
        call.method_span,
        f"{call.title} stores a count that {before}, and KV has no atomic operations: of "
        "two requests at the same time, one isn't counted. Count in a Durable Object instead.",
        related=(Related(read.span, "the count is read here"),),
    )


def _is_no_count(call: KvCall) -> bool:
    """Return whether the names say that a number is a place, or only tells old from new."""
    key, *values = [call.source.text_of(node) for node in call.argument_nodes[:2]]
    numbers = [value for value in values if "{" not in value.replace("${", "")]  # not in an object
    return is_no_count(key) or any(map(is_version, numbers))


@memo
def _is_known(source: Source) -> bool:
    """Return whether a comment in the file speaks of races in KV."""
    return any(map(_RACE.search, comments_about(source, "KV")))


def _is_sampled(source: Source, node: Node) -> bool:
    """Return whether only some events are counted, at random: `if (Math.random() < 0.1)`."""
    here = ancestor(node, {"if_statement"})
    while here is not None:
        condition = here.child_by_field_name("condition")
        if condition is not None and "Math.random()" in source.text_of(condition):
            return True
        here = ancestor(here, {"if_statement"})
    return False


def _is_alone(source: Source, node: Node, context: Context) -> bool:
    """Return whether the code never runs twice at once: in a Durable Object or a cron job."""
    if is_in_durable_object(context, source, node):
        return True
    return is_in_cron_job(source, node, context.project.modules)


RULE = CallRule(
    "counter-not-atomic",
    "information",
    "A count is read, changed and put back, which loses changes",
    frozenset({"put"}),
    _check,
)
