"""One namespace in two environments. wrangler takes it, and it may well be meant: a hint."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config, Entry
from kvlens.lint.base import ConfigRule, Finding, Related
from kvlens.lint.bindings_by_env import columns
from kvlens.lint.ids import is_real
from kvlens.lint.wording import quoted


def _check(config: Config) -> Iterator[Finding]:
    seen: dict[str, tuple[str | None, Entry]] = {}  # an id and where it is first
    for environment, entries, _, _, _, by_id in columns(config):
        fresh: dict[str, tuple[str | None, Entry]] = {}
        for value, place in by_id.items():
            if value is None:
                continue
            known = seen.get(value)
            if known is None:
                fresh[value] = environment.name, entries[place]
                continue
            if not is_real(value):
                continue
            name, other = known
            field, earlier = entries[place].get("id"), other.get("id")
            assert field and earlier
            where = "the top level" if name is None else f"environment {quoted(name)}"
            yield Finding(
                field.value_span,
                f"The environment {quoted(environment.name or '')} uses the same namespace as "
                f"{where}: each reads what the other writes. Use a separate namespace for each.",
                related=(Related(earlier.value_span, f"the same id at {where}"),),
            )
        seen |= fresh


RULE = ConfigRule(
    "id-shared",
    "information",
    "Two environments use the same namespace",
    _check,
)
