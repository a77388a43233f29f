"""`kvlens export`: a namespace as a seed file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kvlens.cli.common import (
    counted,
    find_target,
    namespace_options,
    print_json,
    with_store,
)
from kvlens.cli.frame import Command, Options
from kvlens.seeds.export import export_file, write_items
from kvlens.stores import Store


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="the file to write (default: standard output)"
    )
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that start with P")
    namespace_options(parser)


def _export(options: Options) -> int:
    place, target = find_target(options)
    file = options.output if options.output not in (None, "-") else None

    async def work(store: Store) -> int:
        if file is None:
            return await write_items(store, target.id, sys.stdout, prefix=options.prefix)
        return await export_file(store, target.id, Path(file), prefix=options.prefix)

    count = with_store(place, work)
    if file is None:
        return 0
    if options.json:
        print_json({"file": file, "id": target.id, "keys": count})
    else:
        print(f"Wrote {counted(count, 'key')} of {target} to {file}.")
    return 0


COMMAND = Command(
    "Write a namespace to a seed file, with values, metadata and expirations.",
    _export,
    _options,
    (),
    ("kvlens export --binding SESSIONS -o seeds/SESSIONS.json",),
    {1: "the namespace cannot be read, or the file cannot be written"},
)
