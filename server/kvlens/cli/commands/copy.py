"""Copy keys to another namespace, or from a snapshot or a file.

Section: Data
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

from kvlens.cli.common import counted, print_json, run
from kvlens.cli.frame import Command, CommandError, InterruptedCommandError, Options, UsageError
from kvlens.cli.history import undo_command
from kvlens.cli.keys import some_keys
from kvlens.cli.questions import confirmed, force_option
from kvlens.cli.sides import find_compared, side_options, sides, warn_of_clocks
from kvlens.cli.terminal import one_line
from kvlens.errors import KVLensError
from kvlens.history.queries import Action
from kvlens.history.size import limit_bytes
from kvlens.operations.compare import Comparison, Which
from kvlens.operations.compare_copy import Copied, Plan, copy, plan
from kvlens.operations.compared import DIFFERENT
from kvlens.operations.history import find_action
from kvlens.operations.sides import Side, environment_of
from kvlens.operations.target import Scope, Target
from kvlens.search.language import Filter, FilterError, read
from kvlens.stores.origin import SHELL, Origin
from kvlens.stores.registry import shown_url

COUNTS = ("new", "overwritten", "deleted", "unreadable")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keys", metavar="FILTER", help="only these keys, such as user:*")
    parser.add_argument(
        "--delete", action="store_true", help="also delete keys that only the target has"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be copied")
    force_option(
        parser, "needed in scripts to overwrite or delete keys, or to write to a shared store"
    )
    side_options(parser)


class _Done(NamedTuple):
    """What was copied, and where the history has it."""

    plan: Plan
    side: Side
    action: str


async def _copy(target: Target, options: Options, chosen: Filter) -> _Done:
    left, right = await sides(target, options)
    to: Which = "left" if right.is_file else "right"
    comparison = Comparison(left, right, lambda _: None)
    try:
        await comparison.start()
        await comparison.complete()
        await comparison.show(chosen, DIFFERENT)
        warn_of_clocks(await comparison.notices())
        planned = plan(comparison, to, comparison.shown_numbers(), deletes=options.delete)
        side = comparison.side(to)
        origin = Origin.action_of(SHELL, "copy")
        if not options.dry_run:
            _ask(planned, side, options)
            done = await _copied(comparison, planned, origin)
            if done.changed:
                raise CommandError(
                    f"{counted(len(done.changed), 'key')} changed meanwhile: "
                    f"{some_keys(done.changed)}; nothing was copied. Try again"
                )
        return _Done(planned, side, origin.action)
    finally:
        await comparison.close()


async def _copied(comparison: Comparison, planned: Plan, origin: Origin) -> Copied:
    import asyncio  # late: --help and wrong usage don't need it

    try:
        return await copy(comparison, planned, origin=origin, compares_again=False)
    except asyncio.CancelledError:
        store = await comparison.side(planned.to).target.store()
        if store.atomic:
            raise
        raise InterruptedCommandError(
            "interrupted; some keys may have been copied: kvlens compare shows what differs"
        ) from None


def _ask(planned: Plan, side: Side, options: Options) -> None:
    """Ask before keys are lost, or others see what is written.

    Raises CommandError for a no, UsageError in a script.
    """
    others = side.place in ("shared", "remote")
    if options.force or not (planned.overwritten or planned.deleted or (others and planned.new)):
        return
    what = _summary(planned, side)
    if others:
        what += f", a {side.place} store"
    what += _left(planned)
    if not sys.stdin.isatty():
        raise UsageError(f"would copy {what}; to confirm in a script, add --force")
    if not confirmed(f"Copy {what}?"):
        raise CommandError("nothing was copied")


def _summary(planned: Plan, side: Side) -> str:
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (planned.new, "new"),
            (planned.overwritten, "overwritten"),
            (planned.deleted, "deleted"),
        )
        if number
    ]
    keys = counted(planned.new + planned.overwritten, "key")
    how = f" ({', '.join(parts)})" if planned.overwritten or planned.deleted else ""
    return f"{keys}{how} to {_named(side)}"


def _left(planned: Plan) -> str:
    """Return what isn't copied because a clock was moved."""
    left = counted(planned.expired, "key")
    return f"; {left} left, expired by only one of the clocks" if planned.expired else ""


def _named(side: Side) -> str:
    """Return a namespace with its environment and its store."""
    environment = environment_of(side.target)
    where = f" of environment {environment}" if environment else ""
    return one_line(f"{side.target}{where} in {shown_url(side.target.scope.project.store)}")


def _run(options: Options) -> int:
    target = find_compared(options)
    try:
        chosen = read(options.keys or "")
    except FilterError as error:
        raise UsageError(f"--keys: {error}") from None
    try:
        done = run(target.scope, _copy(target, options, chosen))
    except KeyboardInterrupt:
        raise InterruptedCommandError("interrupted; nothing was copied") from None
    planned, side, _ = done
    action = None if options.dry_run else _recorded(target.scope, done)
    if options.json:
        counts = {name: getattr(planned, name) for name in COUNTS}
        if planned.expired:
            counts["expired"] = planned.expired
        number = {} if action is None else {"action": action.id}
        print_json({"to": side.title, **counts, "done": not options.dry_run, **number})
    else:
        would = "Would copy" if options.dry_run else "Copied"
        print(f"{would} {_summary(planned, side)}{_left(planned)}.")
        if action is not None:
            print(_way_back(options, action, side))
    if planned.unreadable:
        raise CommandError(f"{counted(planned.unreadable, 'damaged key')} can't be copied")
    return 0


def _recorded(scope: Scope, done: _Done) -> Action | None:
    """Return the copy in the history; None if it isn't recorded, or did nothing."""
    if not limit_bytes() or not done.plan.numbers:
        return None
    try:
        return run(scope, find_action(scope, done.action))
    except KVLensError:  # the copy is done, whatever is wrong with the history
        return None


def _way_back(options: Options, action: Action, side: Side) -> str:
    if action.left_out:
        return "It can't be undone: the history doesn't keep that many keys or bytes at once."
    url = shown_url(side.target.scope.project.store)
    return f"To undo it: {undo_command(options, action.id, url)}"


COMMAND = Command(
    "Copy keys to another namespace, or from a snapshot or a file.\n"
    "Values, metadata and expiration are copied; keys that are the same stay. All keys are copied, "
    "or none if one of them changes meanwhile.",
    _run,
    _options,
    (),
    (
        "kvlens copy --binding SESSIONS --to-env staging",
        "kvlens copy --binding SESSIONS --snapshot base --keys 'user:*' --force",
    ),
    {1: "nothing was copied, or damaged keys were left out"},
)
