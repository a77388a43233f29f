"""Move keys left under an old name into a binding's namespace."""

from __future__ import annotations

from kvlens.cli.frame import Argument, Command
from kvlens.cli.transfer import transfer, transfer_options
from kvlens.operations.move import move

COMMAND = Command(
    "Move keys left under an old name into a binding's namespace.\n"
    "Renaming a binding that has no id leaves its keys behind.",
    lambda options: transfer(options, move, "moved"),
    lambda parser: transfer_options(parser, "moved"),
    (
        Argument("ID", "the name the keys are under, as kvlens namespace list shows it"),
        Argument("BINDING", "the binding of the namespace they go to"),
    ),
    ("kvlens namespace move SESSIONS LOGINS",),
    {1: "nothing was moved"},
)
