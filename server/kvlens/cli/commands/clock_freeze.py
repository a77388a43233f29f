"""Freeze the clock."""

from __future__ import annotations

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Command, Options
from kvlens.operations.clock import freeze


def _freeze(options: Options) -> int:
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, freeze(scope)))
    return 0


COMMAND = Command(
    "Freeze the clock by which keys expire.\n"
    "Until kvlens clock resume or reset, no key expires, however long that takes.",
    _freeze,
    place_options,
    (),
    ("kvlens clock freeze",),
    {1: "the clock of this store can't be moved"},
)
