"""Show the clock."""

from __future__ import annotations

from kvlens.cli.clock import on_clock
from kvlens.cli.common import place_options
from kvlens.cli.frame import Command
from kvlens.operations.clock import clock_of

COMMAND = Command(
    "Show the clock by which keys expire, and how far it is from the real time.",
    lambda options: on_clock(options, clock_of),
    place_options,
    (),
    ("kvlens clock show", "kvlens clock show --json"),
    {1: "the clock can't be read"},
)
