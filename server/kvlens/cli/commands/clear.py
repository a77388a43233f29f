"""Delete every key in a namespace.

Section: Data
"""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import (
    counted,
    damaged_error,
    find_target,
    namespace_options,
    print_json,
    run,
)
from kvlens.cli.frame import Command, CommandError, Options, UsageError
from kvlens.cli.questions import confirmed, force_option
from kvlens.cli.terminal import one_line
from kvlens.history.size import limit_bytes, why_no_undo
from kvlens.operations.clear import before_clear, clear


def _options(parser: argparse.ArgumentParser) -> None:
    force_option(parser)
    namespace_options(parser)


def _clear(options: Options) -> int:
    target = find_target(options)
    named = one_line(target)
    expected = None
    if not options.force:
        if not sys.stdin.isatty():
            raise UsageError(
                f"would delete every key of {named}; to confirm in a script, add --force"
            )
        present = run(target.scope, before_clear(target))
        keys, expected = len(present.keys), present.digest
        but = f", but not {counted(len(present.kept), 'damaged key')}" if present.kept else ""
        why = why_no_undo(keys, present.size, limit_bytes())
        asked = f"Delete all {counted(keys, 'key')} of {named}{but}?{f' {why}' if why else ''}"
        if keys and not confirmed(asked):
            raise CommandError("nothing was deleted")
    deleted, kept = run(target.scope, clear(target, expected=expected))
    if options.json:
        left = {"damaged": [info.name for info in kept]} if kept else {}
        print_json({"id": target.id, "deleted": deleted, **left})
    else:
        print(f"Deleted {counted(deleted, 'key')} from {named}.")
    run(target.scope, warn_of_clock(target.scope, "Keys that it hides were left"))
    if kept:
        raise damaged_error([info.damaged for info in kept], "all others were deleted")
    return 0


COMMAND = Command(
    "Delete every key in a namespace.\n"
    "It asks first, and deletes exactly the keys that it counted, if none has changed since. In a "
    "script, it needs --force. A damaged key whose value isn't one stays: delete it by name.",
    _clear,
    _options,
    (),
    ("kvlens clear --binding SESSIONS", "kvlens clear --binding SESSIONS --force"),
    {1: "nothing was deleted, or a damaged key stays"},
)
