"""A `remote` that is neither true nor false. Wrangler: V7 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import described, usable, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("remote")
    if field and wrong_kind(field, "boolean"):
        word = (usable(field) or "").strip().lower()
        way_out = (
            f"write {word} without quotes."
            if word in ("true", "false")
            else ("write true to use the real namespace in dev, or leave the field out.")
        )
        yield Finding(
            field.value_span,
            f"remote should be true or false, but is {described(field)}: {way_out}",
            data={"value": word == "true"} if word in ("true", "false") else None,
        )


RULE = EntryRule(
    "remote-not-boolean",
    "error",
    "remote is neither true nor false",
    _check,
)
