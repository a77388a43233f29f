"""`kvlens seed`: the keys of seed files into their namespaces."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from kvlens.cli.bulk import warn
from kvlens.cli.common import (
    FilesError,
    Target,
    counted,
    entries,
    find_project,
    find_target,
    namespace_options,
    print_json,
    resolve,
    shown,
    with_store,
)
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.config.find import SEEDS
from kvlens.kv.records import Write
from kvlens.seeds.apply import apply
from kvlens.seeds.array import FileError, short
from kvlens.seeds.file import read
from kvlens.seeds.plan import Change, plan, to_writes, used_up
from kvlens.stores.base import Store
from kvlens.workspace.project import Project

_MARKS = {"new": "+", "changed": "~"}

Job = tuple[Path, Target, list[Write]]


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would change; write nothing"
    )
    namespace_options(parser)


def _files(options: Options) -> tuple[Project, list[tuple[Path, Target]]]:
    """Return the files to read, each with its namespace."""
    files = [Path(word) for word in options.words]
    if options.namespace_id is not None or (files and options.binding is not None):
        place, target = find_target(options)
        if not files:
            raise UsageError("--namespace-id needs a FILE; only a binding has one by its name")
        return place, [(path, target) for path in files]
    place = find_project(options)
    if files:
        return place, [(path, _by_name(place, path, options.preview)) for path in files]
    if options.binding is not None:
        path = place.folder / SEEDS / f"{options.binding}.json"
        return place, [(path, resolve(place, options.binding, options.preview))]
    found: dict[Path, Target] = {}
    for binding, _ in entries(place):
        path = place.folder / SEEDS / f"{binding}.json"
        if path.exists():
            found[path] = resolve(place, binding, options.preview)
    if not found:
        raise CommandError(
            f"no seed files: name a FILE, or keep them as "
            f"{shown(place.folder / SEEDS / 'BINDING.json')}"
        )
    return place, list(found.items())


def _by_name(place: Project, path: Path, preview: bool | None) -> Target:
    try:
        return resolve(place, path.stem, preview)
    except CommandError as error:
        raise CommandError(
            f"{shown(path)}: {error}; say with --binding which namespace it is for"
        ) from error


def _seed(options: Options) -> int:
    place, files = _files(options)
    now = time.time()
    jobs: list[Job] = []
    errors: list[FileError] = []
    for path, target in files:
        try:
            seed = read(path, now, name=shown(path), given=bool(options.words))
        except FileError as error:
            errors.append(error)
            continue
        warn(seed)
        jobs.append((path, target, to_writes(used_up(seed.items), now)))
        del seed
    if errors:
        raise FilesError(errors)
    return _dry_run(options, place, jobs) if options.dry_run else _write(options, place, jobs)


def _write(options: Options, place: Project, jobs: list[Job]) -> int:
    async def work(store: Store) -> None:
        for path, target, writes in jobs:
            changes = await plan(store, target.id, writes)
            over = sum(change.overwrites for change in changes)
            written = await apply(store, target.id, writes)
            done.append({**_named(path, target), "written": written, "overwritten": over})
            if not options.json:
                others = f", {over:,} of them over another value" if over else ""
                print(f"Wrote {counted(written, 'key')} from {shown(path)} to {target}{others}.")

    done: list[dict[str, Any]] = []
    with_store(place, work)
    if options.json:
        print_json(done)
    return 0


def _dry_run(options: Options, place: Project, jobs: list[Job]) -> int:
    async def work(store: Store) -> list[list[Change]]:
        return [await plan(store, target.id, writes) for _, target, writes in jobs]

    plans = with_store(place, work)
    if options.json:
        print_json(
            [
                {**_named(path, target), "changes": [change._asdict() for change in changes]}
                for (path, target, _), changes in zip(jobs, plans, strict=True)
            ]
        )
        return 0
    for (path, target, _), changes in zip(jobs, plans, strict=True):
        print(f"{shown(path)} to {target}:")
        for change in changes:
            if change.kind in _MARKS:
                parts = f" ({', '.join(change.parts)})" if change.parts else ""
                print(f"  {_MARKS[change.kind]} {short(change.key)}{parts}")
        kinds = [change.kind for change in changes]
        sums = (f"{kinds.count(kind):,} {kind}" for kind in ("new", "changed", "same"))
        print(f"  {', '.join(sums)}; nothing was written")
    return 0


def _named(path: Path, target: Target) -> dict[str, Any]:
    return {"file": str(path), "binding": target.binding, "id": target.id}


COMMAND = Command(
    "Write the keys of seed files to their namespaces.\n"
    "All files are checked before the first key is written. Keys that they do not name stay.",
    _seed,
    _options,
    (Argument("[FILE…]", f"seed files (default: {SEEDS}/BINDING.json of every binding)"),),
    ("kvlens seed", "kvlens seed seeds/SESSIONS.json --dry-run"),
    {1: "a file has mistakes, or the keys cannot be written"},
)
