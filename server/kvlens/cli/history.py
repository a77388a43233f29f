"""Shared by the commands on the history: texts and questions."""

from __future__ import annotations

import sys
import time

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import counted, print_json, print_warnings, run
from kvlens.cli.frame import CommandError, Options, UsageError
from kvlens.cli.keys import some_keys
from kvlens.cli.questions import confirmed
from kvlens.operations.history import name_of
from kvlens.operations.history_restore import Restore, restore
from kvlens.operations.target import Scope


def local_time(seconds: float) -> str:
    """Format a time in the local time zone."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def number(word: str, what: str) -> int:
    """Return an id that was given as a word. Raises UsageError."""
    if not (word.isascii() and word.isdigit() and len(word) < 19):
        raise UsageError(f"{what} is {word!r:.80}; it takes a number of `kvlens history list`")
    return int(word)


def carry_out(options: Options, scope: Scope, plan: Restore) -> int:
    """Ask, restore, and say what was done."""
    _warn(scope, plan)
    work = f"restore {counted(len(plan.put), 'key')} and delete {len(plan.deleted):,}"
    if plan.batches and not options.force:
        if not sys.stdin.isatty():
            raise UsageError(f"would {work}; to confirm in a script, add --force")
        for said, places in (("written", plan.put), ("deleted", plan.deleted)):
            if places:
                keys = some_keys([f"{name_of(scope, ns)} {key}" for ns, key in places])
                print(f"Would be {said}: {keys}", file=sys.stderr)
        if not confirmed(f"{work.capitalize()}?"):
            raise CommandError("nothing was changed")
    run(scope, restore(scope, plan))
    run(scope, warn_of_clock(scope, "Keys that it hides stay hidden until then"))
    if options.json:
        print_json(
            {
                "written": len(plan.put),
                "deleted": len(plan.deleted),
                "changed": [key for _, key in plan.changed],
                "expired": plan.expired,
                "unknown": plan.unknown,
            }
        )
    else:
        print(f"Restored {counted(len(plan.put), 'key')}, deleted {len(plan.deleted):,}.")
    return 0


def _warn(scope: Scope, plan: Restore) -> None:
    names = [f"{name_of(scope, ns)} {key}" for ns, key in plan.changed]
    if names:
        print_warnings(
            [f"warning: left as they are, because they have changed since: {some_keys(names)}"]
        )
    if plan.expired:
        print_warnings([f"warning: {counted(plan.expired, 'key')} expired since; left out"])
    if plan.unknown:
        print_warnings(
            [
                f"warning: {counted(plan.unknown, 'key')} left as is: the earlier value isn't "
                "in the history"
            ]
        )
