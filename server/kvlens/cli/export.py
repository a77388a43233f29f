"""`kvlens export`: a namespace as a seed file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    Options,
    Verb,
    counted,
    damaged_error,
    find_target,
    namespace_options,
    print_json,
    run_verb,
    with_store,
)
from kvlens.cli.terminal import JsonScreen
from kvlens.seeds.export import export_file, write_items
from kvlens.stores import Store
from kvlens.stores.base import DamagedKeyError


def run(command: str, arguments: Sequence[str]) -> int:
    """Run `kvlens export …`."""
    return run_verb(f"kvlens {command}", VERB, arguments)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", "-o", metavar="FILE", help="write FILE, not standard output")
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that begin with P")
    namespace_options(parser)


def _export(options: Options) -> int:
    place, target = find_target(options)
    file = options.output if options.output not in (None, "-") else None

    damaged: list[DamagedKeyError] = []

    async def work(store: Store) -> int:
        how: Any = {"prefix": options.prefix, "damaged": damaged.append}
        if file is None:
            return await write_items(store, target.id, JsonScreen(), **how)
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


VERB = Verb("print a namespace as a seed file, with nothing lost", "", _options, _export)
