"""Two namespaces of one environment under one binding. Wrangler: V11 of its validation.

wrangler looks only once every entry is well-formed; this rule looks always.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Config, Entry
from kvlens.rules.base import ConfigRule, Finding, Related
from kvlens.rules.values import path_of, quoted


def _check(config: Config) -> Iterator[Finding]:
    for environment in config.environments:
        first: dict[str, Entry] = {}
        for kv in environment.kv:
            for entry in kv.entries:
                name = entry.text_of("binding")
                if name is None:
                    continue
                other = first.setdefault(name, entry)
                if other is entry:
                    continue
                field, earlier = entry.get("binding"), other.get("binding")
                assert field and earlier
                yield Finding(
                    field.value_span,
                    f"The binding {quoted(name)} stands twice in {path_of(environment)}. "
                    "A Worker cannot tell the two apart: rename or remove one.",
                    related=(Related(earlier.value_span, f"{quoted(name)} stands here first"),),
                )


RULE = ConfigRule(
    "binding-duplicate",
    "error",
    "Two namespaces of one environment have the same binding",
    _check,
)
