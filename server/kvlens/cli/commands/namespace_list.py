"""List the namespaces of the config, with number of keys and size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    counted,
    find_scope,
    place_options,
    print_json,
    print_warnings,
    run,
)
from kvlens.cli.frame import Command, CommandError, Options
from kvlens.cli.terminal import one_line
from kvlens.formatting import human_size
from kvlens.operations.namespaces import Listing, Row, list_namespaces
from kvlens.operations.other_state import Elsewhere, advice, find_elsewhere
from kvlens.operations.target import Scope, way_out_of_none


def _list(options: Options) -> int:
    scope = find_scope(options, every=True)
    found, elsewhere = run(scope, _found(scope))
    rows = [_row(row) for row in found.rows]
    rows += [
        {"binding": None, "id": one.id, "environment": None, "keys": one.keys, "size": one.size}
        for one in found.unclaimed
    ]
    if options.json:
        print_json(rows)
    else:
        if rows:
            _table(rows)
        if not found.rows:
            print(f"No KV namespaces in {scope.label}; {way_out_of_none(scope)}.")
        for one in found.unclaimed:
            print(
                f'"{one.id}" is in no kv_namespaces. kvlens namespace move {one.id} BINDING '
                f"takes its {counted(one.keys, 'key')} along."
            )
    print_warnings([f"note: {advice(scope, one, Path.cwd())}" for one in elsewhere])
    if found.errors:
        print_warnings([str(error) for error in found.errors])
        unread = {row.namespace.id for row in found.rows if row.error}
        raise CommandError(f"{counted(len(unread) or 1, 'namespace')} could not be read")
    return 0


async def _found(scope: Scope) -> tuple[Listing, list[Elsewhere]]:
    return await list_namespaces(scope), await find_elsewhere(scope)


def _row(row: Row) -> dict[str, Any]:
    namespace = row.namespace
    return {
        "binding": namespace.binding,
        "id": namespace.id,
        "environment": namespace.environment,
        "keys": row.stats and row.stats.keys,
        "size": row.stats and row.stats.size,
        **({"error": str(row.error)} if row.error else {}),
    }


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


COMMAND = Command(
    "List the binding, id in use, number of keys and size of each namespace.\n"
    'Without --env it lists all environments; --env "" means the top level.',
    _list,
    place_options,
    (),
    ("kvlens namespace list", "kvlens namespace list --env staging --json"),
    {1: "the config or the store can't be read"},
)
