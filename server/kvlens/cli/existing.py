"""What `kvlens namespace copy` and `move` do with keys that both namespaces have."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from kvlens.cli.common import counted
from kvlens.cli.frame import CommandError, Options
from kvlens.seeds.array import short
from kvlens.seeds.move import EXISTING


def existing_option(parser: argparse.ArgumentParser, done: str) -> None:
    """Add `--existing`; `done` is what happens to keys: "moved"."""
    parser.add_argument(
        "--existing",
        choices=EXISTING,
        default=EXISTING[0],
        help=f"what to do if the target has a key with other content: refuse (nothing is {done}), "
        f"keep (that key isn't {done}), overwrite (default: refuse)",
    )


def check_conflicts(options: Options, conflicts: Sequence[str], named: str, done: str) -> None:
    """Raise CommandError if keys with other content were in the way."""
    if conflicts and options.existing == "refuse":
        raise CommandError(
            f"{named} has {counted(len(conflicts), 'key')} with different content, such as "
            f"{short(conflicts[0])}; nothing was {done}. Add --existing keep or --existing "
            "overwrite"
        )
