"""Set the clock to the real time."""

from __future__ import annotations

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Command, Options
from kvlens.operations.clock import reset


def _reset(options: Options) -> int:
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, reset(scope)))
    return 0


COMMAND = Command(
    "Set the clock to the real time.\nKeys that only the moved clock had hidden are there again.",
    _reset,
    place_options,
    (),
    ("kvlens clock reset",),
    {1: "the clock of this store can't be moved"},
)
