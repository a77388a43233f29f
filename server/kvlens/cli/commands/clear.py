"""Delete every key in a namespace.

Section: Data
"""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.common import confirmed, counted, find_target, namespace_options, print_json, run
from kvlens.cli.frame import Command, CommandError, Options, UsageError
from kvlens.cli.terminal import one_line
from kvlens.operations.clear import clear, count


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", "-f", "--yes", "-y", action="store_true", help="do not ask (needed in scripts)"
    )
    namespace_options(parser)


def _clear(options: Options) -> int:
    target = find_target(options)
    named = one_line(target)
    if not options.force:
        if not sys.stdin.isatty():
            raise UsageError(f"would delete every key of {named}; say --force where nobody can ask")
        keys = run(target.scope, count(target))
        every = "every key" if keys is None else f"all {counted(keys, 'key')}"
        if keys != 0 and not confirmed(f"Delete {every} of {named}?"):
            raise CommandError("nothing was deleted")
    deleted = run(target.scope, clear(target))
    if options.json:
        print_json({"id": target.id, "deleted": deleted})
    else:
        print(f"Deleted {counted(deleted, 'key')} from {named}.")
    return 0


COMMAND = Command(
    "Delete every key in a namespace.\nIt asks first; without a terminal it needs --force.",
    _clear,
    _options,
    (),
    ("kvlens clear --binding SESSIONS", "kvlens clear --binding SESSIONS --force"),
    {1: "nothing was deleted"},
)
