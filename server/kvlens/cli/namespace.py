"""`kvlens namespace list`: the config's namespaces and what is in them."""

from __future__ import annotations

from typing import Any

from kvlens.cli.common import (
    find_place,
    human_size,
    place_options,
    print_json,
    shown,
    with_store,
)
from kvlens.cli.frame import Command, Options
from kvlens.kv import Stats
from kvlens.stores import Store


def _list(options: Options) -> int:
    """List the chosen environment's namespaces; without --env those of all environments."""
    place = find_place(options)
    assert place.path
    assert place.config
    chosen = [place.environment] if place.environment or options.env == "" else []
    namespaces = place.config.namespaces(*chosen)

    async def work(store: Store) -> dict[str, Stats]:
        return {ns: await store.stats(ns) for ns in {namespace.id for namespace in namespaces}}

    stats = with_store(place, work) if namespaces else {}
    rows: list[dict[str, Any]] = [
        {
            "binding": namespace.binding,
            "id": namespace.id,
            "environment": namespace.environment,
            "keys": stats[namespace.id].keys,
            "size": stats[namespace.id].size,
        }
        for namespace in namespaces
    ]
    if options.json:
        print_json(rows)
    elif rows:
        _table(rows)
    else:
        print(f"No KV namespaces in {shown(place.path)}; add one to kv_namespaces there.")
    return 0


def _table(rows: list[dict[str, Any]]) -> None:
    shown = [("BINDING", "ID", "KEYS", "SIZE", "ENVIRONMENT")]
    for row in rows:
        keys = "?" if row["keys"] is None else f"{row['keys']:,}"
        size = "?" if row["size"] is None else human_size(row["size"])
        shown.append((row["binding"], row["id"], keys, size, row["environment"] or ""))
    if not any(row["environment"] for row in rows):
        shown = [(*line[:4], "") for line in shown]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    for binding, id_, keys, size, environment in shown:
        line = f"{binding:<{widths[0]}}  {id_:<{widths[1]}}  {keys:>{widths[2]}}"
        print(f"{line}  {size:>{widths[3]}}  {environment}".rstrip())


COMMAND = {
    "list": Command(
        "List the binding, id in use, number of keys and size of each namespace.\n"
        'Without --env it lists all environments; --env "" means the top level.',
        _list,
        place_options,
        (),
        ("kvlens namespace list", "kvlens namespace list --env staging --json"),
        {1: "the config or the store cannot be read"},
    ),
}
