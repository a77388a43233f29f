"""Set the clock to the real time."""

from __future__ import annotations

from kvlens.cli.clock import on_clock
from kvlens.cli.common import place_options
from kvlens.cli.frame import Command
from kvlens.operations.clock import reset

COMMAND = Command(
    "Set the clock to the real time.\nKeys that only the moved clock had hidden are there again.",
    lambda options: on_clock(options, reset),
    place_options,
    (),
    ("kvlens clock reset",),
    {1: "the clock of this store can't be moved"},
)
