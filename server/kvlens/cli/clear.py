"""`kvlens clear`: every key of a namespace deleted."""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.common import (
    confirmed,
    counted,
    find_target,
    namespace_options,
    print_json,
    with_store,
)
from kvlens.cli.frame import Command, CommandError, Options, UsageError
from kvlens.stores.base import Store


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", "-f", "--yes", "-y", action="store_true", help="do not ask (needed in scripts)"
    )
    namespace_options(parser)


def _clear(options: Options) -> int:
    place, target = find_target(options)
    if not options.force:
        if not sys.stdin.isatty():
            raise UsageError(
                f"would delete every key of {target}; say --force where nobody can ask"
            )

        async def count(store: Store) -> int | None:
            return (await store.stats(target.id)).keys

        keys = with_store(place, count)
        every = "every key" if keys is None else f"all {counted(keys, 'key')}"
        if keys != 0 and not confirmed(f"Delete {every} of {target}?"):
            raise CommandError("nothing was deleted")

    async def work(store: Store) -> int:
        return await store.clear(target.id)

    deleted = with_store(place, work)
    if options.json:
        print_json({"id": target.id, "deleted": deleted})
    else:
        print(f"Deleted {counted(deleted, 'key')} from {target}.")
    return 0


COMMAND = Command(
    "Delete every key in a namespace.\nIt asks first; without a terminal it needs --force.",
    _clear,
    _options,
    (),
    ("kvlens clear --binding SESSIONS", "kvlens clear --binding SESSIONS --force"),
    {1: "nothing was deleted"},
)
