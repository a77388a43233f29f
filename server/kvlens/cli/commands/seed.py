"""Write seed files to their namespaces.

Section: Data
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    counted,
    find_scope,
    find_target,
    namespace_options,
    print_json,
    print_warnings,
    run,
    shown,
)
from kvlens.cli.frame import Argument, Command, Options, UsageError
from kvlens.cli.questions import confirm_unchanged, force_option, lost_keys
from kvlens.cli.terminal import one_line
from kvlens.config.find import SEEDS
from kvlens.operations.seed import (
    Conflicts,
    Job,
    find_conflicts,
    find_files,
    preview,
    read_jobs,
    seed_all,
)
from kvlens.operations.target import Scope, Target
from kvlens.seeds.array import short

_MARKS = {"new": "+", "changed": "~"}


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would change; write nothing"
    )
    force_option(parser, "as in scripts")
    namespace_options(parser)


def _files(options: Options) -> tuple[Scope, list[tuple[Path, Target]]]:
    """Return the files to read, each with its namespace."""
    files = [Path(word) for word in options.words]
    if options.namespace_id is None and options.binding is None:
        scope = find_scope(options)
        return scope, find_files(scope, files, preview=options.preview)
    if options.namespace_id is not None and not files:
        raise UsageError("--namespace-id needs a FILE; only a binding has seed files")
    target = find_target(options)
    if not files and target.binding:
        project = target.scope.project
        files = project.seeds_of(target.binding) or [project.seed_file(target.binding)]
    return target.scope, [(path, target) for path in files]


def _seed(options: Options) -> int:
    scope, files = _files(options)
    named = [(path, target, shown(path)) for path, target in files]
    jobs = read_jobs(named, run(scope, scope.time()), given=bool(options.words))
    for job in jobs:
        print_warnings([f"warning: {line}" for line in job.warnings], job.warning_count)
    paths = [str(path) for path, _ in files]
    if not options.dry_run and not options.force and sys.stdin.isatty():
        jobs = _ask(scope, jobs)
    run(scope, (_dry_run if options.dry_run else _write)(options, paths, jobs))
    return 0


def _ask(scope: Scope, jobs: Sequence[Job]) -> list[Job]:
    """Ask before keys lose content; return what to write. Raises CommandError for a no."""
    found = run(scope, _conflicts(jobs))
    places = (one_line(job.target) for job in jobs)
    lost = zip(places, (one.keys for one in found), strict=True)
    if what := lost_keys(lost, "with other content"):
        question = f"Overwrite {what}?"
        asked = [one.digest for one in found]
        confirm_unchanged(scope, question, lambda: _digests(jobs), asked, "nothing was written")
    return [one.job for one in found]


async def _digests(jobs: Sequence[Job]) -> list[str]:
    return [(await find_conflicts(job)).digest for job in jobs]


async def _conflicts(jobs: Sequence[Job]) -> list[Conflicts]:
    return [await find_conflicts(job) for job in jobs]


async def _write(options: Options, paths: Sequence[str], jobs: Sequence[Job]) -> None:
    rows = []
    for path, job, done in zip(paths, jobs, await seed_all(jobs), strict=True):
        rows.append({**_named(path, job.target), **done._asdict()})
        if not options.json:
            over = f", {done.overwritten:,} of them over another value" if done.overwritten else ""
            written = counted(done.written, "key")
            print(f"Wrote {written} from {job.name} to {one_line(job.target)}{over}.")
    if options.json:
        print_json(rows)


async def _dry_run(options: Options, paths: Sequence[str], jobs: Sequence[Job]) -> None:
    plans = [await preview(job) for job in jobs]
    if options.json:
        print_json(
            [
                {**_named(path, job.target), "changes": [change._asdict() for change in changes]}
                for path, job, changes in zip(paths, jobs, plans, strict=True)
            ]
        )
        return
    for job, changes in zip(jobs, plans, strict=True):
        print(f"{job.name} to {one_line(job.target)}:")
        for change in changes:
            if change.kind in _MARKS:
                parts = f" ({', '.join(change.parts)})" if change.parts else ""
                print(f"  {_MARKS[change.kind]} {short(change.key)}{parts}")
        kinds = [change.kind for change in changes]
        sums = (f"{kinds.count(kind):,} {kind}" for kind in ("new", "changed", "same"))
        print(f"  {', '.join(sums)}; nothing was written")


def _named(path: str, target: Target) -> dict[str, Any]:
    return {"file": path, "binding": target.binding, "id": target.id}


COMMAND = Command(
    "Write the keys of seed files to their namespaces.\n"
    "All files are checked before the first key is written, and all keys are written or none. "
    "Other keys are kept.\n"
    "On a terminal, it asks before it overwrites keys with other content. Scripts aren't asked.",
    _seed,
    _options,
    (Argument("[FILE…]", f"seed files (default: {SEEDS}/BINDING.json, or those of kvlens.toml)"),),
    ("kvlens seed", "kvlens seed seeds/SESSIONS.json --dry-run"),
    {1: "a file has mistakes, the keys can't be written, or the answer was no"},
)
