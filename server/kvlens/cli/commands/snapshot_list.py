"""List the snapshots."""

from __future__ import annotations

from kvlens.cli.common import find_scope, place_options, print_json, print_warnings
from kvlens.cli.frame import Command, Options
from kvlens.cli.snapshots import saved_at
from kvlens.formatting import human_size
from kvlens.operations.snapshot_list import as_json, list_snapshots


def _list(options: Options) -> int:
    found, unreadable = list_snapshots(find_scope(options))
    print_warnings([f"warning: {line}" for line in unreadable])
    if options.json:
        print_json([as_json(snapshot, str(snapshot.folder)) for snapshot in found])
    elif found:
        rows = [("NAME", "SAVED", "KEYS", "SIZE", "NAMESPACES")]
        for one in found:
            names = ", ".join(str(kept.namespace) for kept in one.namespaces)
            rows.append((one.name, saved_at(one), f"{one.keys:,}", human_size(one.size), names))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, when, keys, size, names in rows:
            line = f"{name:<{widths[0]}}  {when:<{widths[1]}}  {keys:>{widths[2]}}"
            print(f"{line}  {size:>{widths[3]}}  {names}")
    else:
        print("No snapshots; kvlens snapshot save NAME makes one.")
    return 0


COMMAND = Command(
    "List the snapshots.",
    _list,
    place_options,
    (),
    ("kvlens snapshot list",),
    {1: "the config can't be read"},
)
