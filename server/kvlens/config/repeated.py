"""Find bindings that a config declares twice with different ids; the first one is used."""

from __future__ import annotations

from kvlens.config.model import Config, Entry
from kvlens.text import LineIndex


def repeated(config: Config, *environments: str | None) -> list[str]:
    """Return a line for each unused declaration; of all environments by default."""
    index = LineIndex(config.text)

    def named(entry: Entry) -> str:
        field = entry.get("binding")
        assert field
        return f'the id "{entry.store_id}" in line {index.line_of(field.value_span.start) + 1}'

    found: list[str] = []
    for environment in config.environments:
        if environments and environment.name not in environments:
            continue
        first: dict[str, Entry] = {}
        for entry in (entry for kv in environment.kv for entry in kv.entries):
            binding = entry.text_of("binding")
            if not binding or not entry.store_id:
                continue
            used = first.setdefault(binding, entry)
            if used.store_id != entry.store_id:
                found.append(
                    f"{binding} is declared twice: {named(used)} is used, {named(entry)} is not. "
                    "wrangler refuses this config; rename or remove one"
                )
    return found
