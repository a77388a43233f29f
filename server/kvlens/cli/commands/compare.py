"""Show what differs between two namespaces.

Section: Data
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kvlens.cli.common import find_target, namespace_options, print_json, run
from kvlens.cli.frame import Command, Options, UsageError
from kvlens.operations import target as resolver
from kvlens.operations.compare import Comparison
from kvlens.operations.sides import Side, of_file, of_snapshot, of_store, of_targets, titled
from kvlens.operations.target import Target
from kvlens.seeds.array import short
from kvlens.stores.origin import UNKNOWN

_MARKS = {"right": "+", "left": "-", "changed": "~", "damaged": "!"}


def _options(parser: argparse.ArgumentParser) -> None:
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--to-env", metavar="NAME", help='its binding there; "" is the top level')
    other.add_argument("--to-binding", metavar="NAME", help="another binding")
    other.add_argument("--to-store", metavar="URL", help="the same namespace of another store")
    other.add_argument("--snapshot", metavar="NAME", help="a snapshot of the project")
    other.add_argument("--file", metavar="FILE", help="a seed file or an export")
    namespace_options(parser)


async def _sides(target: Target, options: Options) -> tuple[Side, Side]:
    if options.to_env is not None:
        scope = target.scope._replace(environments=(options.to_env or None,))
        return of_targets(target, resolver.find_target(scope, binding=target.binding))
    if options.to_binding:
        other = resolver.find_target(target.scope, binding=options.to_binding)
        return of_targets(target, other)
    if options.to_store:
        right = of_store(target, options.to_store, None, UNKNOWN)
    elif options.snapshot:
        right = of_snapshot(target, options.snapshot)
    elif options.file:
        right = await of_file(target, Path(options.file))
    else:
        raise UsageError(
            "what to compare with is missing: add --to-env, --to-binding, --to-store, --snapshot "
            "or --file"
        )
    return titled(target, right), right


async def _print(target: Target, options: Options) -> int:
    left, right = await _sides(target, options)
    comparison = Comparison(left, right, lambda _: None)
    try:
        await comparison.start()
        await comparison.complete()
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
    target = find_target(options)
    return run(target.scope, _print(target, options))


COMMAND = Command(
    "Show what differs between two namespaces.\n"
    "Values are compared by digest, metadata as JSON. Nothing is written.",
    _compare,
    _options,
    (),
    (
        "kvlens compare --binding SESSIONS --to-env staging",
        "kvlens compare --binding SESSIONS --snapshot before-import --json",
    ),
    {0: "nothing differs", 1: "something does, or a side can't be read"},
)
