"""The two sides of `kvlens compare` and `kvlens copy`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from kvlens.cli.common import find_target, namespace_options, print_warnings
from kvlens.cli.frame import Options, UsageError
from kvlens.operations import target as resolver
from kvlens.operations.sides import (
    Side,
    missing_folder,
    of_file,
    of_snapshot,
    of_store,
    of_target,
    of_targets,
    titled,
)
from kvlens.operations.target import Target
from kvlens.stores.origin import UNKNOWN
from kvlens.stores.registry import shown_url


def side_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the other namespace, and those of the namespace itself."""
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--to-env", metavar="NAME", help='its binding there; "" is the top level')
    other.add_argument("--to-binding", metavar="NAME", help="another binding")
    other.add_argument("--to-store", metavar="URL", help="the same namespace of another store")
    other.add_argument("--snapshot", metavar="NAME", help="a snapshot of the project")
    other.add_argument("--file", metavar="FILE", help="a seed file or an export")
    namespace_options(parser)


def warn_of_clocks(notices: Sequence[str]) -> None:
    """Name the moved clocks of the sides, on standard error."""
    rest = "Keys that have expired by only one of the clocks are compared, but not copied"
    print_warnings([f"warning: {said}. {rest}" for said in notices])


def find_compared(options: Options) -> Target:
    """Return the namespace itself. Raises as `find_target`."""
    by_binding = options.to_env is not None or bool(options.to_binding)
    return find_target(options, config_needed=by_binding)


async def sides(target: Target, options: Options) -> tuple[Side, Side]:
    """Return the namespace and the other one. Raises UsageError if no option names that."""
    if options.to_env is not None:
        scope = target.scope._replace(environments=(options.to_env or None,))
        resolver.check_environment(scope)
        if target.binding is None:
            everywhere = target.scope._replace(environments=())
            target = resolver.find_target(everywhere, namespace_id=target.id)
        return of_targets(target, resolver.find_target(scope, binding=target.binding))
    if options.to_binding:
        other = resolver.find_target(target.scope, binding=options.to_binding)
        return of_targets(target, other)
    if options.to_store:
        right = of_store(target, options.to_store, None, UNKNOWN)
        if (folder := missing_folder(right)) is not None:
            print_warnings([f"warning: there is no folder {folder}; {right.title} has no keys yet"])
        return of_target(target, shown_url(target.scope.project.store)), right
    if options.snapshot:
        right = of_snapshot(target, options.snapshot)
    elif options.file:
        right = await of_file(target, Path(options.file))
    else:
        raise UsageError(
            "the other namespace is missing: add --to-env, --to-binding, --to-store, --snapshot "
            "or --file"
        )
    return titled(target, right), right
