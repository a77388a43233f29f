"""Save every namespace of the config as it is now."""

from __future__ import annotations

import argparse

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import counted, damaged_error, find_scope, print_json, run, shown
from kvlens.cli.frame import Command, Options
from kvlens.cli.snapshots import NAME, snapshot_options
from kvlens.formatting import human_size
from kvlens.operations.snapshot_list import as_json
from kvlens.operations.snapshot_save import save_snapshot


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", "-f", action="store_true", help="overwrite a snapshot of that name"
    )
    snapshot_options(parser)


def _save(options: Options) -> int:
    scope = find_scope(options, every=True)
    name = options.words[0]
    only = options.binding or ()
    snapshot, damaged = run(scope, save_snapshot(scope, name, only=only, force=options.force))
    run(scope, warn_of_clock(scope, "Keys that it hides are in the snapshot too"))
    if options.json:
        print_json(as_json(snapshot, str(snapshot.folder)))
    else:
        print(
            f'Saved "{name}": {counted(snapshot.keys, "key")} of '
            f"{counted(len(snapshot.namespaces), 'namespace')} ({human_size(snapshot.size)}) "
            f"in {shown(snapshot.folder)}."
        )
    if damaged:
        raise damaged_error(damaged, "all others were saved")
    return 0


COMMAND = Command(
    "Save every namespace of the config as it is now.",
    _save,
    _options,
    (NAME,),
    ("kvlens snapshot save before-import",),
    {1: "the snapshot already exists, or a namespace can't be read"},
)
