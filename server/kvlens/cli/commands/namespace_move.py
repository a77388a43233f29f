"""Move keys left under an old name into a binding's namespace."""

from __future__ import annotations

import argparse

from kvlens.cli.common import counted, find_scope, place_options, print_json, run
from kvlens.cli.existing import check_conflicts, existing_option
from kvlens.cli.frame import Argument, Command, Options
from kvlens.cli.terminal import one_line
from kvlens.operations.move import move
from kvlens.operations.target import find_target


def _options(parser: argparse.ArgumentParser) -> None:
    existing_option(parser, "moved")
    place_options(parser)


def _move(options: Options) -> int:
    source, binding = options.words
    target = find_target(find_scope(options), binding=binding)
    named = one_line(target)
    done = run(target.scope, move(target, source, options.existing))
    check_conflicts(options, done.conflicts, named, "moved")
    if options.json:
        print_json({"id": target.id, "moved": done.moved, "conflicts": done.conflicts})
    else:
        print(f'Moved {counted(done.moved, "key")} from namespace id "{source}" to {named}.')
    return 0


COMMAND = Command(
    "Move keys left under an old name into a binding's namespace.\n"
    "Renaming a binding that has no id leaves its keys behind.",
    _move,
    _options,
    (
        Argument("ID", "the name the keys are under, as kvlens namespace list shows it"),
        Argument("BINDING", "the binding of the namespace they go to"),
    ),
    ("kvlens namespace move SESSIONS LOGINS",),
    {1: "nothing was moved"},
)
