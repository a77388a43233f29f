"""Jump to just before or after a key expires."""

from __future__ import annotations

import argparse

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_target, namespace_options, run
from kvlens.cli.frame import Argument, Command, Options
from kvlens.operations.clock import jump


def _options(parser: argparse.ArgumentParser) -> None:
    side = parser.add_mutually_exclusive_group()
    side.add_argument("--before", action="store_true", help="to one second before")
    side.add_argument(
        "--after", action="store_false", dest="before", help="to one second after (the default)"
    )
    namespace_options(parser)


def _jump(options: Options) -> int:
    target = find_target(options)
    key = options.words[0] if options.words else None
    print_clock(options, run(target.scope, jump(target, key, before=options.before)))
    return 0


COMMAND = Command(
    "Jump to just before or after a key expires, and freeze the clock there.\n"
    "Then kvlens clock resume lets it run on.",
    _jump,
    _options,
    (Argument("[KEY]", "the key (default: the one that expires next)"),),
    (
        "kvlens clock jump cart:7 --binding SESSIONS --before",
        "kvlens clock jump --binding SESSIONS",
    ),
    {1: "there is no such key, it never expires, or the clock can't be moved"},
)
