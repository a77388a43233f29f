"""Show the clock."""

from __future__ import annotations

from kvlens.cli.clock import print_clock
from kvlens.cli.common import find_scope, place_options, run
from kvlens.cli.frame import Command, Options
from kvlens.operations.clock import clock_of


def _show(options: Options) -> int:
    scope = find_scope(options, config_needed=False)
    print_clock(options, run(scope, clock_of(scope)))
    return 0


COMMAND = Command(
    "Show the clock by which keys expire, and how far it is from the real time.",
    _show,
    place_options,
    (),
    ("kvlens clock show", "kvlens clock show --json"),
    {1: "the clock can't be read"},
)
