"""`kvlens namespace`: the config's namespaces, what is in them, and keys left under old names."""

from __future__ import annotations

import argparse
from typing import Any

from kvlens.cli.common import (
    counted,
    find_project,
    place_options,
    print_json,
    print_warnings,
    resolve,
    shown,
    with_store,
)
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.terminal import one_line
from kvlens.formatting import human_size
from kvlens.kv.records import Stats
from kvlens.seeds.array import short
from kvlens.seeds.move import EXISTING, Moved, move
from kvlens.stores.base import Store, StoreError
from kvlens.stores.unclaimed import Unclaimed, unclaimed


def _list(options: Options) -> int:
    """List the chosen environment's namespaces; without --env those of all environments."""
    place = find_project(options)
    chosen = [place.environment] if place.environment or options.env == "" else []
    namespaces = place.config.namespaces(*chosen)
    claimed = place.config.store_ids()

    damaged: dict[str, StoreError] = {}

    async def work(store: Store) -> tuple[dict[str, Stats], list[Unclaimed]]:
        found: dict[str, Stats] = {}
        for ns in dict.fromkeys(namespace.id for namespace in namespaces):
            try:
                found[ns] = await store.stats(ns)
            except StoreError as error:
                found[ns], damaged[ns] = Stats(None, None), error
        return found, await unclaimed(store, claimed)

    stats, others = with_store(place, work)
    rows: list[dict[str, Any]] = [
        {
            "binding": namespace.binding,
            "id": namespace.id,
            "environment": namespace.environment,
            "keys": stats[namespace.id].keys,
            "size": stats[namespace.id].size,
            **({"error": str(damaged[namespace.id])} if namespace.id in damaged else {}),
        }
        for namespace in namespaces
    ]
    rows += [
        {"binding": None, "id": one.id, "environment": None, "keys": one.keys, "size": one.size}
        for one in others
    ]
    if options.json:
        print_json(rows)
    else:
        if rows:
            _table(rows)
        if not namespaces:
            print(f"No KV namespaces in {shown(place.path)}; add one to kv_namespaces there.")
        for one in others:
            print(
                f'"{one.id}" is in no kv_namespaces. kvlens namespace move {one.id} BINDING '
                f"takes its {counted(one.keys, 'key')} along."
            )
    if damaged:
        print_warnings([str(error) for error in damaged.values()])
        raise CommandError(f"{counted(len(damaged), 'namespace')} could not be read")
    return 0


def _table(rows: list[dict[str, Any]]) -> None:
    shown = [("BINDING", "ID", "KEYS", "SIZE", "ENVIRONMENT")]
    for row in rows:
        keys = "?" if row["keys"] is None else f"{row['keys']:,}"
        size = "?" if row["size"] is None else human_size(row["size"])
        names = (one_line(row[name] or "") for name in ("binding", "id", "environment"))
        binding, id_, environment = names
        shown.append((binding or "-", id_, keys, size, environment))
    if not any(row["environment"] for row in rows):
        shown = [(*line[:4], "") for line in shown]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    for binding, id_, keys, size, environment in shown:
        line = f"{binding:<{widths[0]}}  {id_:<{widths[1]}}  {keys:>{widths[2]}}"
        print(f"{line}  {size:>{widths[3]}}  {environment}".rstrip())


def _move_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--existing",
        choices=EXISTING,
        default=EXISTING[0],
        help="what becomes of keys that both have with different content: refuse moves nothing, "
        "keep leaves them in both, overwrite takes the moved ones (default: refuse)",
    )
    place_options(parser)


def _move(options: Options) -> int:
    """Move the keys that are under an old name into the namespace of a binding."""
    source, binding = options.words
    place = find_project(options)
    target = resolve(place, binding, None)

    async def work(store: Store) -> Moved:
        return await move(store, source, target.id, options.existing)

    done = with_store(place, work)
    if done.conflicts and options.existing == "refuse":
        raise CommandError(
            f"{target} has {counted(len(done.conflicts), 'key')} with other content, such as "
            f"{short(done.conflicts[0])}; nothing was moved. Say --existing keep or overwrite"
        )
    if options.json:
        print_json({"id": target.id, "moved": done.moved, "conflicts": done.conflicts})
    else:
        print(f'Moved {counted(done.moved, "key")} from namespace id "{source}" to {target}.')
    return 0


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
    "move": Command(
        "Move keys left under an old name into a binding's namespace.\n"
        "Renaming a binding that has no id leaves its keys behind.",
        _move,
        _move_options,
        (
            Argument("ID", "the name the keys are under, as kvlens namespace list shows it"),
            Argument("BINDING", "the binding of the namespace they go to"),
        ),
        ("kvlens namespace move SESSIONS LOGINS",),
        {1: "nothing was moved"},
    ),
}
