"""Undo an action."""

from __future__ import annotations

import argparse

from kvlens.cli.common import place_options, print_warnings, run
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.history import carry_out, history_scope, number, titled, undo_command
from kvlens.cli.questions import force_option
from kvlens.history.queries import Filter
from kvlens.operations.history import find_action, list_history, newest_elsewhere
from kvlens.operations.history_restore import plan_undo
from kvlens.stores.registry import shown_url, url_of


def _options(parser: argparse.ArgumentParser) -> None:
    force_option(parser)
    place_options(parser)


def _undo(options: Options) -> int:
    scope = history_scope(options)
    if options.words:
        wanted = number(options.words[0], "ACTION")
        action = run(scope, find_action(scope, str(wanted)))
    else:
        newest = run(scope, list_history(scope, Filter(), limit=1, changes=1))
        elsewhere = run(scope, newest_elsewhere(scope))
        if elsewhere and (url := url_of(elsewhere.store)):
            print_warnings(
                [
                    f"note: a newer action changed another store: {titled(elsewhere)}. To undo "
                    f"it: {undo_command(options, elsewhere.id, url)}"
                ]
            )
        if not newest:
            store = shown_url(scope.project.store)
            raise CommandError(f"there is nothing to undo: no changes of {store} are recorded yet")
        action = newest[0].action
    plan = run(scope, plan_undo(scope, str(action.id)))
    return carry_out(options, scope, plan, f"undo {titled(action)}")


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
