"""`kv_namespaces` is something else than an array. Wrangler: V1 of its validation."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Config, KvList
from kvlens.rules.base import ConfigRule, Finding
from kvlens.rules.values import described_value, path_of


def _check(config: Config) -> Iterator[Finding]:
    for environment in config.environments:
        path = path_of(environment)
        for kv in environment.kv:
            if kv.kind == "array" or kv.kind in ("missing", "invalid") or kv.broken:
                continue
            node = kv.definition.node
            value = described_value(kv.kind, node.value if node else None)
            way_out = _way_out(config, kv, path)
            yield Finding(
                kv.span,
                f"{path} should be an array of tables, but is {value}: {way_out}",
            )


def _way_out(config: Config, kv: KvList, path: str) -> str:
    if config.is_json:
        return 'write [{ "binding": "NAME", "id": "…" }].'
    if kv.kind == "table" and kv.definition.node is None:
        return f"write [[{path}]], with two brackets, above each namespace."
    if kv.kind == "table":
        return "put [ and ] around it."
    return 'write [{ binding = "NAME", id = "…" }].'


RULE = ConfigRule(
    "kv-not-array",
    "error",
    "kv_namespaces is not an array",
    _check,
)
