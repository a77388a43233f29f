"""Copy the keys of another namespace to a binding's."""

from __future__ import annotations

import argparse

from kvlens.cli.common import counted, find_scope, place_options, print_json, run
from kvlens.cli.existing import check_conflicts, existing_option
from kvlens.cli.frame import Argument, Command, Options
from kvlens.cli.terminal import one_line
from kvlens.operations.copy import copy
from kvlens.operations.target import find_target


def _options(parser: argparse.ArgumentParser) -> None:
    existing_option(parser, "copied")
    place_options(parser)


def _copy(options: Options) -> int:
    source, binding = options.words
    target = find_target(find_scope(options), binding=binding)
    named = one_line(target)
    done = run(target.scope, copy(target, source, options.existing))
    check_conflicts(options, done.conflicts, named, "copied")
    if options.json:
        print_json({"id": target.id, "copied": done.copied, "conflicts": done.conflicts})
    else:
        print(f'Copied {counted(done.copied, "key")} from namespace id "{source}" to {named}.')
    return 0


COMMAND = Command(
    "Copy the keys of another namespace to a binding's.\n"
    "Values, metadata and expiration are copied, such as from one environment to another.",
    _copy,
    _options,
    (
        Argument("ID", "the id of the other namespace, as kvlens namespace list shows it"),
        Argument("BINDING", "the binding of the namespace that the keys are copied to"),
    ),
    ("kvlens namespace copy 0f2ac74b498b48028cb68387c421e279 CART --env staging",),
    {1: "nothing was copied"},
)
