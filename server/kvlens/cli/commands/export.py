"""Write a namespace to a seed file.

Section: Data
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import (
    counted,
    damaged_error,
    find_target,
    namespace_options,
    print_json,
    run,
)
from kvlens.cli.frame import Command, Options
from kvlens.cli.terminal import JsonScreen, one_line
from kvlens.operations.export import export


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="the file to write (default: standard output)"
    )
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that start with P")
    namespace_options(parser)


def _export(options: Options) -> int:
    target = find_target(options)
    if options.output in (None, "-"):
        with JsonScreen() as out:
            done = run(target.scope, export(target, out, prefix=options.prefix))
    else:
        file = options.output
        done = run(target.scope, export(target, Path(file), prefix=options.prefix, given=True))
        if options.json:
            left_out = {"damaged": [error.key for error in done.damaged]} if done.damaged else {}
            print_json({"file": file, "id": target.id, "keys": done.keys, **left_out})
        else:
            print(f"Wrote {counted(done.keys, 'key')} of {one_line(target)} to {file}.")
    run(target.scope, warn_of_clock(target.scope, "Keys that it hides were not exported"))
    if done.damaged:
        raise damaged_error(done.damaged, "all others were written")
    return 0


COMMAND = Command(
    "Write a namespace to a seed file, with values, metadata and expirations.\n"
    "If it fails, nothing is written to standard output, and FILE isn't changed.",
    _export,
    _options,
    (),
    ("kvlens export --binding SESSIONS -o seeds/SESSIONS.json",),
    {1: "the namespace can't be read, or the file can't be written"},
)
