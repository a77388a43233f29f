"""Print the value of one key."""

from __future__ import annotations

import argparse

from kvlens.cli.common import find_target, namespace_options, print_json, run
from kvlens.cli.frame import Command, Options
from kvlens.cli.keys import KEY, missing_key, print_value
from kvlens.operations.get import get


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text", action="store_true", help="decode as UTF-8 and end with a newline"
    )
    namespace_options(parser)


def _get(options: Options) -> int:
    key = options.words[0]
    target = find_target(options)
    entry = run(target.scope, get(target, key))
    if entry is None:
        raise run(target.scope, missing_key(key, target))
    if options.json:
        from kvlens.seeds.export import to_item  # late: rarely needed

        print_json(to_item(key, entry))
    else:
        print_value(entry.value, text=options.text)
    return 0


COMMAND = Command(
    "Print the value of one key, byte for byte.",
    _get,
    _options,
    (KEY,),
    (
        "kvlens key get greeting --binding SESSIONS",
        "kvlens key get logo --binding ASSETS > logo.png",
    ),
    {1: "there is no such key, or it can't be read"},
)
