"""One namespace in two environments. wrangler takes it, and it may well be meant: a hint."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Config, Entry
from kvlens.rules.base import ConfigRule, Finding, Related
from kvlens.rules.columns import Columns, columns
from kvlens.rules.ids import is_real
from kvlens.rules.values import quoted


def _check(config: Config) -> Iterator[Finding]:
    seen: set[str | None] = set()
    for number, (environment, entries, _, ids) in enumerate(columns(config)):
        here = set(ids)
        for value in seen & here:
            if value is None or not is_real(value):
                continue
            name, other = _first(columns(config)[:number], value)
            field, earlier = entries[ids.index(value)].get("id"), other.get("id")
            assert field and earlier
            where = "the top level" if name is None else f"environment {quoted(name)}"
            yield Finding(
                field.value_span,
                f"The environment {quoted(environment.name or '')} works on the same namespace "
                f"as {where}: what one writes, the other reads. Give it a namespace of its own "
                "to keep them apart.",
                related=(Related(earlier.value_span, f"the same id at {where}"),),
            )
        seen |= here


def _first(above: list[Columns], value: str) -> tuple[str | None, Entry]:
    return next(
        (environment.name, entries[ids.index(value)])
        for environment, entries, _, ids in above
        if value in ids
    )


RULE = ConfigRule(
    "id-shared",
    "information",
    "Two environments have the same namespace",
    _check,
)
