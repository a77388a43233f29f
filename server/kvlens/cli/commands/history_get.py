"""Print the value of a key before or after a change."""

from __future__ import annotations

import argparse

from kvlens.cli.common import place_options, print_json, run
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.history import history_scope, number
from kvlens.cli.keys import print_value
from kvlens.kv.records import Unknown
from kvlens.operations.history import find_change
from kvlens.seeds.export import to_item


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--before", action="store_true", help="print the value before the change (default: after)"
    )
    place_options(parser)


def _get(options: Options) -> int:
    scope = history_scope(options)
    wanted = number(options.words[0], "CHANGE")
    change, before, after = run(scope, find_change(scope, wanted))
    state = before if options.before else after
    side = "before" if options.before else "after"
    if state is None:
        raise CommandError(f"the key didn't exist {side} change {wanted}")
    if isinstance(state, Unknown):
        raise CommandError(f"the value {side} change {wanted} is not in the history")
    if options.json:
        print_json(to_item(change.key, state))
    else:
        print_value(state.value)
    return 0


COMMAND = Command(
    "Print the value of a key after a change, or before it.",
    _get,
    _options,
    (Argument("CHANGE", "the number of a change"),),
    ("kvlens history get 12", "kvlens history get 12 --before"),
    {1: "there was no such key, or the value isn't known"},
)
