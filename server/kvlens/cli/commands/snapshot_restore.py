"""Restore all namespaces to a snapshot."""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import counted, find_scope, print_json, run
from kvlens.cli.frame import Command, Options, UsageError
from kvlens.cli.questions import confirm_unchanged, force_option, lost_keys
from kvlens.cli.snapshots import NAME, left_out, snapshot_options, titled, warn_unpaired
from kvlens.operations.snapshot_diff import Comparison, diff_snapshot
from kvlens.operations.snapshot_restore import as_json, changes_digest, restore_snapshot


def _options(parser: argparse.ArgumentParser) -> None:
    force_option(parser)
    snapshot_options(parser)


def _restore(options: Options) -> int:
    scope = find_scope(options, every=True)
    only = options.binding or ()
    found = run(scope, diff_snapshot(scope, options.words[0], only=only))
    warn_unpaired(found)
    run(scope, warn_of_clock(scope, "Keys that it hides are restored too, and stay hidden"))
    name = found.snapshot.name
    if found.lost and not options.force:
        _ask(found)
    run(scope, restore_snapshot(found, forced=options.force))
    if options.json:
        print_json({"name": name, "namespaces": [as_json(one) for one in found.differences]})
        return 0
    for one in found.differences:
        if one.changes:
            done = f"wrote {counted(len(one.to_put), 'key')}, deleted {len(one.to_delete):,}"
        else:
            done = "was as in the snapshot"
        print(f"{titled(one.namespace)}: {done}{left_out(one)}.")
    return 0


def _ask(found: Comparison) -> None:
    """Ask before keys are lost. Raises CommandError for a no, UsageError in a script."""
    name = found.snapshot.name
    places = [titled(one.namespace) for one in found.differences]
    questions = []
    if found.to_delete:
        deleted = zip(places, (one.to_delete for one in found.differences), strict=True)
        what = lost_keys(deleted, f'that "{name}" does not have')
        if not sys.stdin.isatty():
            raise UsageError(f"would delete {what}; to confirm in a script, add --force")
        questions.append(f"Delete {what}?")
    if found.overwritten:
        changed = zip(places, (one.overwritten for one in found.differences), strict=True)
        what = lost_keys(changed, f'with other content than in "{name}"')
        questions.append(f"Overwrite {what}?")
    if not sys.stdin.isatty():
        return
    held = run(found.scope, changes_digest(found))
    question = " ".join(questions)
    confirm_unchanged(
        found.scope, question, lambda: changes_digest(found), held, "nothing was restored"
    )


COMMAND = Command(
    "Restore all namespaces to the snapshot.\n"
    "On a terminal, it asks before it deletes or overwrites keys. In a script, --force is required "
    "to delete keys.",
    _restore,
    _options,
    (NAME,),
    ("kvlens snapshot restore before-import",),
    {1: "nothing was restored"},
)
