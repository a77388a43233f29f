"""Move keys left under an old name into a binding's namespace."""

from __future__ import annotations

import argparse

from kvlens.cli.common import counted, find_scope, place_options, print_json, run
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.terminal import one_line
from kvlens.operations.move import move
from kvlens.operations.target import find_target
from kvlens.seeds.array import short
from kvlens.seeds.move import EXISTING


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--existing",
        choices=EXISTING,
        default=EXISTING[0],
        help="what to do with keys that differ in both namespaces: refuse moves nothing, "
        "keep leaves them in both, overwrite takes the moved ones (default: refuse)",
    )
    place_options(parser)


def _move(options: Options) -> int:
    source, binding = options.words
    target = find_target(find_scope(options), binding=binding)
    named = one_line(target)
    done = run(target.scope, move(target, source, options.existing))
    if done.conflicts and options.existing == "refuse":
        raise CommandError(
            f"{named} has {counted(len(done.conflicts), 'key')} with different content, such as "
            f"{short(done.conflicts[0])}; nothing was moved. Add --existing keep or --existing "
            f"overwrite"
        )
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
