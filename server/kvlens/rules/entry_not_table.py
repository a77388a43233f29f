"""An element of `kv_namespaces` is no table. Wrangler: V2 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import described_value


def _check(entry: Entry) -> Iterator[Finding]:
    if entry.is_table or entry.broken:
        return
    node = entry.node
    yield Finding(
        entry.head,
        f"A namespace should be a table with a binding and an id, but this is "
        f"{described_value(node.kind, node.value)}.",
    )


RULE = EntryRule(
    "entry-not-table",
    "error",
    "An element of kv_namespaces is not a table",
    _check,
)
