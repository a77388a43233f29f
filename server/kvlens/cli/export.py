"""`kvlens export`: a namespace as a seed file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from kvlens.cli.common import (
    Options,
    Verb,
    counted,
    find_target,
    namespace_options,
    print_json,
    run_verb,
    with_store,
)
from kvlens.cli.terminal import JsonScreen
from kvlens.seeds.export import export_file, write_items
from kvlens.stores import Store


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

    async def work(store: Store) -> int:
        if file is None:
            return await write_items(store, target.id, JsonScreen(), prefix=options.prefix)
        return await export_file(
            store, target.id, Path(file), project=place.folder, prefix=options.prefix
        )

    count = with_store(place, work)
    if file is None:
        return 0
    if options.json:
        print_json({"file": file, "id": target.id, "keys": count})
    else:
        print(f"Wrote {counted(count, 'key')} of {target} to {file}.")
    return 0


VERB = Verb("print a namespace as a seed file, with nothing lost", "", _options, _export)
