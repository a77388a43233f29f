"""Freeze the clock."""

from __future__ import annotations

from kvlens.cli.clock import on_clock
from kvlens.cli.common import place_options
from kvlens.cli.frame import Command
from kvlens.operations.clock import freeze

COMMAND = Command(
    "Freeze the clock by which keys expire.\n"
    "Until kvlens clock resume or reset, no key expires, however long that takes.",
    lambda options: on_clock(options, freeze),
    place_options,
    (),
    ("kvlens clock freeze",),
    {1: "the clock of this store can't be moved"},
)
