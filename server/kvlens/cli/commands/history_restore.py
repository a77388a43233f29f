"""Go back to before a change."""

from __future__ import annotations

import argparse

from kvlens.cli.common import place_options, run
from kvlens.cli.frame import Argument, Command, Options
from kvlens.cli.history import carry_out, history_scope, number
from kvlens.cli.questions import force_option
from kvlens.operations.history_restore import EXTENTS, plan_restore


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--extent",
        choices=EXTENTS,
        default=EXTENTS[0],
        help="what goes back: the key of the change, its namespace, or everything (default: key)",
    )
    parser.add_argument(
        "--after", action="store_true", help="restore the key as it was right after the change"
    )
    force_option(parser)
    place_options(parser)


def _restore(options: Options) -> int:
    scope = history_scope(options)
    wanted = number(options.words[0], "CHANGE")
    plan = run(scope, plan_restore(scope, wanted, options.extent, after=options.after))
    side = "after" if options.after else "before"
    what = {"key": "its key", "namespace": "its namespace"}.get(options.extent, "everything")
    return carry_out(options, scope, plan, f"go back to {side} change {wanted} with {what}")


COMMAND = Command(
    "Go back to before a change.\n"
    "Restores the key, its namespace or every namespace to what it was, all or nothing. The "
    "restore is recorded too, and can be undone.",
    _restore,
    _options,
    (Argument("CHANGE", "the number of a change"),),
    (
        "kvlens history restore 34",
        "kvlens history restore 34 --extent namespace",
        "kvlens history restore 34 --after --force",
    ),
    {1: "nothing was changed"},
)
