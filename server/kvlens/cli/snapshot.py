"""`kvlens snapshot save | list | diff | restore`: what the namespaces hold, kept and put back."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kvlens.cli.common import (
    confirmed,
    counted,
    damaged_error,
    find_project,
    listed,
    place_options,
    print_json,
    print_warnings,
    shown,
    unknown,
    with_store,
)
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.formatting import human_size
from kvlens.seeds import snapshots
from kvlens.seeds.array import short
from kvlens.seeds.snapshots import (
    Difference,
    NamespaceRef,
    Snapshot,
    SnapshotError,
    SnapshotExistsError,
)
from kvlens.stores.base import DamagedKeyError, Store
from kvlens.workspace.project import Project

T = TypeVar("T")
_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--binding",
        metavar="NAME",
        action="append",
        help="only this namespace; repeatable (default: all)",
    )
    place_options(parser)


def _save_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", "-f", action="store_true", help="overwrite a snapshot of that name"
    )
    _options(parser)


def _restore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", "-f", "--yes", "-y", action="store_true", help="do not ask (needed in scripts)"
    )
    _options(parser)


def _namespaces(options: Options) -> tuple[Project, list[NamespaceRef]]:
    """Return the namespaces that the options choose: without --env those of all environments."""
    place = find_project(options)
    chosen = [place.environment] if place.environment or options.env == "" else []
    found = [NamespaceRef(n.binding, n.environment, n.id) for n in place.config.namespaces(*chosen)]
    if options.binding is not None:
        there = {namespace.binding for namespace in found}
        for binding in options.binding:
            if binding not in there:
                raise CommandError(unknown(place, binding, by_id=False))
        found = [namespace for namespace in found if namespace.binding in options.binding]
    if not found:
        raise CommandError(
            f"no KV namespaces in {shown(place.path)}; add one to kv_namespaces there"
        )
    return place, found


def _tell(action: Callable[[], T]) -> T:
    try:
        return action()
    except SnapshotExistsError as error:
        raise CommandError(f"{error}; take another name, or write over it with --force") from error
    except SnapshotError as error:
        raise CommandError(str(error)) from error


def _save(options: Options) -> int:
    place, namespaces = _namespaces(options)
    name = options.words[0]

    damaged: list[DamagedKeyError] = []

    async def work(store: Store) -> Snapshot:
        return await snapshots.save(
            store, place.folder, name, namespaces, force=options.force, damaged=damaged.append
        )

    snapshot = _tell(lambda: with_store(place, work))
    if options.json:
        print_json(_described(snapshot))
    else:
        print(
            f'Saved "{name}": {counted(snapshot.keys, "key")} of '
            f"{counted(len(namespaces), 'namespace')} ({human_size(snapshot.size)}) "
            f"in {shown(snapshot.folder)}."
        )
    if damaged:
        raise damaged_error(damaged, "all others were saved")
    return 0


def _list(options: Options) -> int:
    place = find_project(options)
    found, wrong = snapshots.saved(place.folder)
    print_warnings([f"warning: {line}" for line in wrong])
    if options.json:
        print_json([_described(snapshot) for snapshot in found])
    elif found:
        rows = [("NAME", "SAVED", "KEYS", "SIZE", "NAMESPACES")]
        for one in found:
            names = ", ".join(str(kept.namespace) for kept in one.namespaces)
            rows.append((one.name, _when(one), f"{one.keys:,}", human_size(one.size), names))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, when, keys, size, names in rows:
            line = f"{name:<{widths[0]}}  {when:<{widths[1]}}  {keys:>{widths[2]}}"
            print(f"{line}  {size:>{widths[3]}}  {names}")
    else:
        print("No snapshots; kvlens snapshot save NAME makes one.")
    return 0


def _compared(options: Options) -> tuple[Project, Snapshot, list[Difference]]:
    """Compare the snapshot with now, and say which namespaces are not in both."""
    place, namespaces = _namespaces(options)
    snapshot = _tell(lambda: snapshots.load(place.folder, options.words[0]))

    async def work(store: Store) -> list[Difference]:
        return await snapshots.compare(store, snapshot, namespaces, now=time.time())

    differences = _tell(lambda: with_store(place, work))
    if options.binding is None:
        gone, fresh = snapshots.unpaired(snapshot, namespaces)
        if place.environment is None:  # else the other environments were not meant
            print_warnings([f"warning: {one} is not in the config any more" for one in gone])
        print_warnings([f"warning: {one} is not in the snapshot" for one in fresh])
    return place, snapshot, differences


def _diff(options: Options) -> int:
    _, snapshot, differences = _compared(options)
    different = any(difference.changes for difference in differences)
    if options.json:
        rows = [
            {**_named(one), "changes": [change._asdict() for change in one.changes]}
            for one in differences
        ]
        print_json({"name": snapshot.name, "different": different, "namespaces": rows})
        return int(different)
    print(f'Since "{snapshot.name}" was saved ({_when(snapshot)}):')
    for one in differences:
        if not one.changes:
            print(f"{_titled(one.namespace)}: nothing{_left_out(one)}")
            continue
        print(f"{_titled(one.namespace)}:")
        for change in one.changes:
            parts = f" ({', '.join(change.parts)})" if change.parts else ""
            print(f"  {_MARKS[change.kind]} {short(change.key)}{parts}")
        kinds = [change.kind for change in one.changes]
        sums = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in ("new", "gone", "changed"))
        print(f"  {sums}{_left_out(one)}")
    return int(different)


def _restore(options: Options) -> int:
    place, snapshot, differences = _compared(options)
    deleted = [key for difference in differences for key in difference.to_delete]
    if deleted and not options.force:
        named = listed([short(key) for key in deleted[:5]])
        more = f" and {len(deleted) - 5:,} more" if len(deleted) > 5 else ""
        what = f'{counted(len(deleted), "key")} that "{snapshot.name}" does not have: {named}{more}'
        if not sys.stdin.isatty():
            raise UsageError(f"would delete {what}; say --force where nobody can ask")
        if not confirmed(f"Delete {what}?"):
            raise CommandError("nothing was restored")

    async def work(store: Store) -> None:
        await snapshots.restore(store, snapshot, differences)

    if any(difference.changes for difference in differences):
        _tell(lambda: with_store(place, work))
    if options.json:
        rows = [
            {**_named(one), "written": len(one.to_put), "deleted": len(one.to_delete)}
            for one in differences
        ]
        print_json({"name": snapshot.name, "namespaces": rows})
        return 0
    for one in differences:
        if one.changes:
            done = f"wrote {counted(len(one.to_put), 'key')}, deleted {len(one.to_delete):,}"
        else:
            done = "was as in the snapshot"
        print(f"{_titled(one.namespace)}: {done}{_left_out(one)}.")
    return 0


def _left_out(one: Difference) -> str:
    said = f"; {one.expired:,} of the snapshot have expired since and are left out"
    return said if one.expired else ""


def _titled(namespace: NamespaceRef) -> str:
    return f'{namespace} (id "{namespace.id}")'


def _named(one: Difference) -> dict[str, Any]:
    return {**one.namespace._asdict(), "expired": one.expired}


def _when(snapshot: Snapshot) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(snapshot.created))


def _described(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "folder": str(snapshot.folder),
        "created": snapshot.created,
        "keys": snapshot.keys,
        "size": snapshot.size,
        "namespaces": [
            {**kept.namespace._asdict(), "file": kept.file, "keys": kept.keys, "size": kept.size}
            for kept in snapshot.namespaces
        ],
    }


_NAME = Argument("NAME", "the snapshot's name, such as before-import")
COMMAND = {
    "save": Command(
        "Save every namespace of the config as it is now.",
        _save,
        _save_options,
        (_NAME,),
        ("kvlens snapshot save before-import",),
        {1: "there is one of that name, or a namespace cannot be read"},
    ),
    "list": Command(
        "List the snapshots.",
        _list,
        place_options,
        (),
        ("kvlens snapshot list",),
        {1: "the config cannot be read"},
    ),
    "diff": Command(
        "Show what has changed since a snapshot.",
        _diff,
        _options,
        (_NAME,),
        ("kvlens snapshot diff before-import",),
        {0: "nothing has changed", 1: "something has, or there is no such snapshot"},
    ),
    "restore": Command(
        "Make the namespaces as they were when the snapshot was saved.\n"
        "Before keys are deleted it asks; without a terminal it needs --force.",
        _restore,
        _restore_options,
        (_NAME,),
        ("kvlens snapshot restore before-import",),
        {1: "nothing was restored"},
    ),
}
