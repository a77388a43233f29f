"""delete() of several keys: it takes one, and with an array it deletes nothing and says nothing."""

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
