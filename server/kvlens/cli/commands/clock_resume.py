"""Let a frozen clock run on."""

from __future__ import annotations

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Command, Options
from kvlens.operations.clock import resume


def _resume(options: Options) -> int:
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, resume(scope)))
    return 0


COMMAND = Command(
    "Let a frozen clock run on from where it is.\n"
    "It stays ahead of or behind the real time; kvlens clock reset sets it to that.",
    _resume,
    place_options,
    (),
    ("kvlens clock resume",),
    {1: "the clock of this store can't be moved"},
)
