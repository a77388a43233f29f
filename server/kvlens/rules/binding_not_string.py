"""A binding of another type than string. Wrangler: V3 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import described, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("binding")
    if field and wrong_kind(field, "string"):
        yield Finding(
            field.value_span,
            f"binding should be a string, but is {described(field)}: "
            'write the name that the Worker uses, such as "MY_KV".',
        )


RULE = EntryRule(
    "binding-not-string",
    "error",
    "A binding is not a string",
    _check,
)
