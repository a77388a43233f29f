"""Shared by `kvlens namespace copy` and `move`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from kvlens.cli.common import (
    counted,
    damaged_error,
    find_scope,
    place_options,
    print_json,
    run,
)
from kvlens.cli.frame import CommandError, Options
from kvlens.cli.terminal import one_line
from kvlens.operations.target import Target, find_target
from kvlens.seeds.array import short
from kvlens.seeds.move import EXISTING, Transferred

Transfer = Callable[[Target, str, str], Coroutine[Any, Any, Transferred]]


def transfer_options(parser: argparse.ArgumentParser, done: str) -> None:
    """Add the options; `done` is the verb for messages, such as "moved"."""
    parser.add_argument(
        "--existing",
        choices=EXISTING,
        default=EXISTING[0],
        help=f"what to do if the target has a key with other content: refuse (nothing is {done}), "
        f"keep (that key isn't {done}), overwrite (default: refuse)",
    )
    place_options(parser)


def transfer(options: Options, action: Transfer, done: str) -> int:
    """Copy or move the keys; raise CommandError if keys with other content are in the way."""
    source, binding = options.words
    target = find_target(find_scope(options), binding=binding)
    named = one_line(target)
    result = run(target.scope, action(target, source, options.existing))
    if result.conflicts and options.existing == "refuse":
        raise CommandError(
            f"{named} has {counted(len(result.conflicts), 'key')} with different content, such as "
            f"{short(result.conflicts[0])}; nothing was {done}. Add --existing keep or --existing "
            "overwrite"
        )
    if options.json:
        left = {"damaged": [error.key for error in result.damaged]} if result.damaged else {}
        print_json({"id": target.id, done: result.keys, "conflicts": result.conflicts, **left})
    else:
        keys = counted(result.keys, "key")
        print(f'{done.capitalize()} {keys} from namespace id "{source}" to {named}.')
    if result.damaged:
        raise damaged_error(result.damaged, f"all others were {done}")
    return 0
