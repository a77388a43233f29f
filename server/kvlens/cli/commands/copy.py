"""Copy keys to another namespace, or from a snapshot or a file.

Section: Data
"""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.common import counted, find_target, print_json, run
from kvlens.cli.frame import Command, CommandError, Options, UsageError
from kvlens.cli.keys import some_keys
from kvlens.cli.questions import confirmed, force_option
from kvlens.cli.sides import side_options, sides, warn_of_clocks
from kvlens.operations.compare import Comparison, Which
from kvlens.operations.compare_copy import Plan, copy, plan
from kvlens.operations.compared import DIFFERENT
from kvlens.operations.sides import Side
from kvlens.operations.target import Target
from kvlens.search.language import read
from kvlens.stores.origin import SHELL, Origin

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


async def _copy(target: Target, options: Options) -> int:
    left, right = await sides(target, options)
    to: Which = "left" if right.is_file else "right"
    comparison = Comparison(left, right, lambda _: None)
    try:
        await comparison.start()
        await comparison.complete()
        await comparison.show(read(options.keys or ""), DIFFERENT)
        warn_of_clocks(await comparison.notices())
        planned = plan(comparison, to, comparison.shown_numbers(), deletes=options.delete)
        side = comparison.side(to)
        if not options.dry_run:
            _ask(planned, target, side, options)
            origin = Origin.action_of(SHELL, "copy")
            done = await copy(comparison, planned, origin=origin)
            if done.changed:
                raise CommandError(
                    f"{counted(len(done.changed), 'key')} changed meanwhile: "
                    f"{some_keys(done.changed)}; nothing was copied. Try again"
                )
    finally:
        await comparison.close()
    if options.json:
        counts = {name: getattr(planned, name) for name in COUNTS}
        if planned.expired:
            counts["expired"] = planned.expired
        print_json({"to": side.title, **counts, "done": not options.dry_run})
    else:
        would = "Would copy" if options.dry_run else "Copied"
        print(f"{would} {_summary(planned)} to {_named(target, side)}{_left(planned)}.")
    if planned.unreadable:
        raise CommandError(f"{counted(planned.unreadable, 'damaged key')} can't be copied")
    return 0


def _ask(planned: Plan, target: Target, side: Side, options: Options) -> None:
    """Ask before keys are lost, or others see what is written.

    Raises CommandError for a no, UsageError in a script.
    """
    others = side.place in ("shared", "remote")
    if options.force or not (planned.overwritten or planned.deleted or (others and planned.new)):
        return
    what = f"{_summary(planned)} to {_named(target, side)}"
    if others:
        what += f", a {side.place} store"
    what += _left(planned)
    if not sys.stdin.isatty():
        raise UsageError(f"would copy {what}; to confirm in a script, add --force")
    if not confirmed(f"Copy {what}?"):
        raise CommandError("nothing was copied")


def _summary(planned: Plan) -> str:
    parts = [f"{planned.overwritten:,} of them over others"] if planned.overwritten else []
    if planned.deleted:
        parts.append(f"deleting {planned.deleted:,}")
    return ", ".join([counted(planned.new + planned.overwritten, "key"), *parts])


def _left(planned: Plan) -> str:
    """Return what isn't copied because a clock was moved."""
    left = counted(planned.expired, "key")
    return f"; {left} left, expired by only one of the clocks" if planned.expired else ""


def _named(target: Target, side: Side) -> str:
    return f"{target.name}, {side.title}"


def _run(options: Options) -> int:
    target = find_target(options)
    return run(target.scope, _copy(target, options))


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
