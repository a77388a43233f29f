"""Show what differs between two namespaces.

Section: Data
"""

from __future__ import annotations

from kvlens.cli.common import print_json, run
from kvlens.cli.frame import Command, Options
from kvlens.cli.sides import find_compared, side_options, sides, warn_of_clocks
from kvlens.operations.compare import Comparison
from kvlens.operations.target import Target
from kvlens.seeds.array import short

_MARKS = {"right": "+", "left": "-", "changed": "~", "damaged": "!"}


async def _print(target: Target, options: Options) -> int:
    left, right = await sides(target, options)
    comparison = Comparison(left, right, lambda _: None)
    try:
        await comparison.start()
        await comparison.complete()
        warn_of_clocks(await comparison.notices())
        numbers, results = comparison.shown_numbers(), comparison.results
        counts = comparison.state.counts
        if options.json:
            rows = [{"key": results.name(at), **results.difference(at)._asdict()} for at in numbers]
            print_json({"left": left.title, "right": right.title, "counts": counts, "keys": rows})
            return int(bool(numbers))
        print(f"{target.name}: {left.title} (-), {right.title} (+)")
        for at in numbers:
            kind, parts = results.difference(at)
            what = f" ({', '.join(parts)})" if parts else ""
            print(f"  {_MARKS[kind]} {short(results.name(at))}{what}")
        print(
            f"{counts['right']:,} added, {counts['left']:,} removed, "
            f"{counts['changed']:,} changed, "
            f"{counts['damaged']:,} damaged, {counts['same']:,} the same"
        )
        return int(bool(numbers))
    finally:
        await comparison.close()


def _compare(options: Options) -> int:
    target = find_compared(options)
    return run(target.scope, _print(target, options))


COMMAND = Command(
    "Show what differs between two namespaces.\n"
    "Values are compared by digest, metadata as JSON. Nothing is written.",
    _compare,
    side_options,
    (),
    (
        "kvlens compare --binding SESSIONS --to-env staging",
        "kvlens compare --binding SESSIONS --snapshot before-import --json",
    ),
    {0: "nothing differs", 1: "something does, or a side can't be read"},
)
