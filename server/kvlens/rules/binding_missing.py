"""A namespace without a name for the Worker to reach it by. Wrangler: V3 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import usable


def _check(entry: Entry) -> Iterator[Finding]:
    if not entry.is_table:
        return
    field = entry.get("binding")
    if field is None and not entry.broken:
        yield Finding(
            entry.head,
            "This namespace has no binding. Add the name that the Worker uses for it, "
            'such as binding "MY_KV" for env.MY_KV.',
        )
    elif field and usable(field) == "":
        yield Finding(
            field.value_span,
            "The binding is empty. Give the name that the Worker uses for the namespace, "
            'such as "MY_KV" for env.MY_KV.',
        )


RULE = EntryRule(
    "binding-missing",
    "error",
    "A namespace has no binding, or an empty one",
    _check,
)
