"""`kvlens export`: a namespace as a seed file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    counted,
    damaged_error,
    find_target,
    namespace_options,
    print_json,
    with_store,
)
from kvlens.cli.frame import Command, Options
from kvlens.cli.terminal import JsonScreen
from kvlens.seeds.export import export_file, write_items
from kvlens.stores.base import DamagedKeyError, Store


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="the file to write (default: standard output)"
    )
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that start with P")
    namespace_options(parser)


def _export(options: Options) -> int:
    place, target = find_target(options)
    file = options.output if options.output not in (None, "-") else None

    damaged: list[DamagedKeyError] = []

    async def work(store: Store) -> int:
        how: Any = {"prefix": options.prefix, "damaged": damaged.append}
        if file is None:
            with JsonScreen() as out:
                return await write_items(store, target.id, out, **how)
        return await export_file(store, target.id, Path(file), project=place.folder, **how)

    count = with_store(place, work)
    if file is None:
        pass
    elif options.json:
        left_out = {"damaged": [error.key for error in damaged]} if damaged else {}
        print_json({"file": file, "id": target.id, "keys": count, **left_out})
    else:
        print(f"Wrote {counted(count, 'key')} of {target} to {file}.")
    if damaged:
        raise damaged_error(damaged, "all others were written")
    return 0


COMMAND = Command(
    "Write a namespace to a seed file, with values, metadata and expirations.\n"
    "If it fails, nothing is written to standard output, and FILE stays as it was.",
    _export,
    _options,
    (),
    ("kvlens export --binding SESSIONS -o seeds/SESSIONS.json",),
    {1: "the namespace cannot be read, or the file cannot be written"},
)
