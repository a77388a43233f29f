"""Undo an action."""

from __future__ import annotations

import argparse

from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.history import carry_out, number
from kvlens.cli.questions import force_option
from kvlens.history.database import Filter
from kvlens.operations.history import list_history
from kvlens.operations.history_restore import plan_undo


def _options(parser: argparse.ArgumentParser) -> None:
    force_option(parser)
    place_options(parser)


def _undo(options: Options) -> int:
    scope = find_scope(options, every=True)
    if options.words:
        wanted = number(options.words[0], "ACTION")
    else:
        newest = run(scope, list_history(scope, Filter(), limit=1, changes=1))
        if not newest:
            raise CommandError("there is nothing to undo: no changes are recorded yet")
        wanted = newest[0].action.id
    return carry_out(options, scope, run(scope, plan_undo(scope, str(wanted))))


COMMAND = Command(
    "Undo an action, or the newest one.\n"
    "Keys that have changed since the action stay as they are and are named. The undo is an action "
    "too, and can be undone.",
    _undo,
    _options,
    (Argument("[ACTION]", "the number of an action (default: the newest)"),),
    ("kvlens history undo", "kvlens history undo 12 --force"),
    {1: "nothing was changed"},
)
