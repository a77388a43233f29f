"""Show what has changed since a snapshot."""

from __future__ import annotations

from kvlens.cli.clock import warn_of_clock
from kvlens.cli.common import find_scope, print_json, run
from kvlens.cli.frame import Command, Options
from kvlens.cli.snapshots import NAME, left_out, saved_at, snapshot_options, titled, warn_unpaired
from kvlens.operations.snapshot_diff import diff_snapshot
from kvlens.seeds.array import short

_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def _diff(options: Options) -> int:
    scope = find_scope(options, every=True)
    only = options.binding or ()
    found = run(scope, diff_snapshot(scope, options.words[0], only=only))
    warn_unpaired(found)
    run(scope, warn_of_clock(scope, "Keys that it hides are compared too"))
    name = found.snapshot.name
    if options.json:
        rows = [
            {
                **one.namespace._asdict(),
                "expired": one.expired,
                "changes": [change._asdict() for change in one.changes],
            }
            for one in found.differences
        ]
        print_json({"name": name, "different": found.different, "namespaces": rows})
        return int(found.different)
    print(f'Since "{name}" was saved ({saved_at(found.snapshot)}):')
    for one in found.differences:
        if not one.changes:
            print(f"{titled(one.namespace)}: nothing{left_out(one)}")
            continue
        print(f"{titled(one.namespace)}:")
        for change in one.changes:
            parts = f" ({', '.join(change.parts)})" if change.parts else ""
            print(f"  {_MARKS[change.kind]} {short(change.key)}{parts}")
        kinds: list[str] = [change.kind for change in one.changes]
        sums = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in _MARKS)
        print(f"  {sums}{left_out(one)}")
    return int(found.different)


COMMAND = Command(
    "Show what has changed since a snapshot.",
    _diff,
    snapshot_options,
    (NAME,),
    ("kvlens snapshot diff before-import",),
    {0: "nothing has changed", 1: "something has, or there is no such snapshot"},
)
