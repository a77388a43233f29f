"""Copy the keys of another namespace to a binding's."""

from __future__ import annotations

from kvlens.cli.frame import Argument, Command
from kvlens.cli.transfer import transfer, transfer_options
from kvlens.operations.copy import copy

COMMAND = Command(
    "Copy the keys of another namespace to a binding's.\n"
    "Values, metadata and expiration are copied, such as from one environment to another.",
    lambda options: transfer(options, copy, "copied"),
    lambda parser: transfer_options(parser, "copied"),
    (
        Argument("ID", "the id of the other namespace, as kvlens namespace list shows it"),
        Argument("BINDING", "the binding of the namespace that the keys are copied to"),
    ),
    ("kvlens namespace copy 0f2ac74b498b48028cb68387c421e279 CART --env staging",),
    {1: "nothing was copied"},
)
