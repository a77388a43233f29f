"""Delete the keys listed in a file."""

from __future__ import annotations

import argparse
import sys

from kvlens.cli.common import counted, find_target, namespace_options, print_json, run
from kvlens.cli.frame import Command, CommandError, Options
from kvlens.cli.keys import KEYS_FILE, file_text
from kvlens.cli.questions import confirmed
from kvlens.cli.terminal import one_line
from kvlens.history.size import limit_bytes, why_no_undo
from kvlens.operations.delete import before_delete, delete
from kvlens.seeds.keys import parse_keys


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", "-f", action="store_true", help="do not ask")
    namespace_options(parser)


def _delete(options: Options) -> int:
    file = options.words[0]
    keys = parse_keys(file_text(file), file)
    target = find_target(options)
    named = one_line(target)
    expected = None
    if not options.force and sys.stdin.isatty():  # in a script, the file counts as confirmation
        held = run(target.scope, before_delete(target, keys))
        expected = held.digest
        why = why_no_undo(len(keys), held.size, limit_bytes())
        asked = f"Delete the {counted(len(keys), 'key')} read from {file} from {named}?"
        asked += f" {why}" if why else ""
        if not confirmed(asked):
            raise CommandError(f"not deleting the keys read from {file}")
    deleted = run(target.scope, delete(target, keys, expected=expected))
    missing = len(keys) - deleted
    if options.json:
        print_json({"id": target.id, "deleted": deleted, "missing": missing})
    else:
        gone = f"; {missing:,} were not there" if missing else ""
        print(f"Deleted {counted(deleted, 'key')} from {named}{gone}.")
    return 0


COMMAND = Command(
    "Delete the keys listed in a file.\nIn a terminal, it asks first.",
    _delete,
    _options,
    (KEYS_FILE,),
    ("kvlens bulk delete keys.json --binding SESSIONS --force",),
    {1: "nothing was deleted"},
)
