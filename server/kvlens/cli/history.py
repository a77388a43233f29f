"""Shared by the commands on the history: texts and questions."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import counted, find_scope, print_json, print_warnings, run
from kvlens.cli.frame import CommandError, Options, UsageError
from kvlens.cli.keys import some_keys
from kvlens.cli.questions import confirmed
from kvlens.cli.terminal import one_line
from kvlens.config.find import default_configs
from kvlens.history.queries import Action
from kvlens.operations.history import name_of
from kvlens.operations.history_restore import Restore, restore
from kvlens.operations.target import Scope
from kvlens.stores.registry import DEFAULT_STORE, shown_url


def local_time(seconds: float) -> str:
    """Format a time in the local time zone."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def history_scope(options: Options) -> Scope:
    """Return the project whose history the options name; a config is only needed for bindings."""
    found = options.config or len(default_configs(Path.cwd())) == 1
    return find_scope(options, every=True, config_needed=bool(found))


def titled(action: Action) -> str:
    """Return what an action was, for messages: "action 3 (shell · key put, TIME)"."""
    parts = " · ".join(part for part in (action.writer, action.title) if part)
    return one_line(f"action {action.id} ({parts}, {local_time(action.time)})")


def undo_command(options: Options, action: int, store: str) -> str:
    """Return the command that undoes an action of a store, from the current folder."""
    words = ["kvlens", "history", "undo", str(action)]
    if options.config:
        words += ["--config", options.config]
    if store != DEFAULT_STORE:
        words += ["--store", store]
    return shlex.join(words)


def number(word: str, what: str) -> int:
    """Return an id that was given as a word. Raises UsageError."""
    if not (word.isascii() and word.isdigit() and len(word) < 19):
        raise UsageError(f"{what} is {word!r:.80}; it takes a number of `kvlens history list`")
    return int(word)


def carry_out(options: Options, scope: Scope, plan: Restore, what: str) -> int:
    """Ask, restore, and say what was done. `what` is it for: "undo action 3"."""
    _warn(scope, plan)
    store = one_line(f'of the store "{shown_url(scope.project.store)}"')
    work = f"{what} {store}: restore {counted(len(plan.put), 'key')}, delete {len(plan.deleted):,}"
    if plan.batches and not options.force:
        if not sys.stdin.isatty():
            raise UsageError(f"would {work}; to confirm in a script, add --force")
        for said, places in (("written", plan.put), ("deleted", plan.deleted)):
            if places:
                keys = some_keys([f"{name_of(scope, ns)} {key}" for ns, key in places])
                print(f"Would be {said}: {keys}", file=sys.stderr)
        if not confirmed(f"{work[0].upper()}{work[1:]}?"):
            raise CommandError("nothing was changed")
    run(scope, restore(scope, plan))
    run(scope, warn_of_clock(scope, "Keys that it hides stay hidden until then"))
    if options.json:
        print_json(
            {
                "written": len(plan.put),
                "deleted": len(plan.deleted),
                "changed": [key for _, key in plan.changed],
                **({"damaged": [key for _, key in plan.damaged]} if plan.damaged else {}),
                "expired": plan.expired,
                "unknown": plan.unknown,
            }
        )
    elif plan.batches:
        done = f"Restored {counted(len(plan.put), 'key')}, deleted {len(plan.deleted):,}"
        print(f"{done} {store}: {what}.")
    if not plan.batches:
        is_left = plan.changed or plan.damaged or plan.expired or plan.unknown
        why = "" if is_left else ": the keys are already as they were"
        raise CommandError(f"{what} {store}: nothing was changed{why}")
    return 0


def _warn(scope: Scope, plan: Restore) -> None:
    for left, why in (
        (plan.changed, "because they have changed since"),
        (plan.damaged, "because they can't be read now; kvlens history restore replaces them"),
    ):
        if names := [f"{name_of(scope, ns)} {key}" for ns, key in left]:
            print_warnings([f"warning: left as they are, {why}: {some_keys(names)}"])
    if plan.expired:
        print_warnings([f"warning: {counted(plan.expired, 'key')} expired since; left out"])
    if plan.unknown:
        print_warnings(
            [
                f"warning: {counted(plan.unknown, 'key')} left as is: the earlier value isn't "
                "in the history"
            ]
        )
