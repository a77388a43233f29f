"""Let a frozen clock run on."""

from __future__ import annotations

from kvlens.cli.clock import on_clock
from kvlens.cli.common import place_options
from kvlens.cli.frame import Command
from kvlens.operations.clock import resume

COMMAND = Command(
    "Let a frozen clock run on from where it is.\n"
    "It stays ahead of or behind the real time; kvlens clock reset sets it to that.",
    lambda options: on_clock(options, resume),
    place_options,
    (),
    ("kvlens clock resume",),
    {1: "the clock of this store can't be moved"},
)
