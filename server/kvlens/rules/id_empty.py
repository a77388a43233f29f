"""An id that is an empty string. Wrangler: V4 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.mending import without_field
from kvlens.rules.values import usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    if field and usable(field) == "":
        yield Finding(
            field.value_span,
            "The id is empty, which wrangler refuses. Give the namespace's id, or leave the "
            "field out: then one is made at deploy.",
        )


RULE = EntryRule(
    "id-empty",
    "error",
    "An id is an empty string",
    _check,
    without_field("id", safe=True),
)
