"""Shared by the commands on snapshots: options and texts."""

from __future__ import annotations

import argparse
import time

from kvlens.cli.common import place_options, print_warnings
from kvlens.cli.frame import Argument
from kvlens.operations.snapshot_diff import Comparison
from kvlens.seeds.snapshots import Difference, NamespaceRef, Snapshot

NAME = Argument("NAME", "the snapshot's name, such as before-import")


def snapshot_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that select namespaces."""
    parser.add_argument(
        "--binding",
        metavar="NAME",
        action="append",
        help="only this namespace; repeatable (default: all)",
    )
    place_options(parser)


def warn_unpaired(found: Comparison) -> None:
    """Name the namespaces that are not in both, on standard error."""
    gone = [f"warning: {one} is no longer in the config" for one in found.removed]
    new = [f"warning: {one} is not in the snapshot" for one in found.added]
    print_warnings([*gone, *new])


def titled(namespace: NamespaceRef) -> str:
    """Return a namespace with its id."""
    return f'{namespace} (id "{namespace.id}")'


def left_out(one: Difference) -> str:
    """Return how many entries have expired since, for the end of a line."""
    said = f"; {one.expired:,} of the snapshot have expired since and are left out"
    return said if one.expired else ""


def saved_at(snapshot: Snapshot) -> str:
    """Format the time of a snapshot."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(snapshot.created))
