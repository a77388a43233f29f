"""Write the keys of seed files to their namespaces, after checking all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from kvlens.config.find import SEEDS
from kvlens.files import is_there
from kvlens.kv.records import Write
from kvlens.operations.errors import FilesError, NotFoundError
from kvlens.operations.put import expires_at, metadata_text
from kvlens.operations.target import Scope, Target, bindings, find_target
from kvlens.seeds.apply import apply, apply_all
from kvlens.seeds.array import FileError, located, read_text
from kvlens.seeds.file import SeedItem, accept, check
from kvlens.seeds.fingerprint import of_seen
from kvlens.seeds.move import Existing
from kvlens.seeds.plan import Change, conflicts, count_overwrites, drain, plan, to_writes
from kvlens.seeds.progress import Cancelled, Progress
from kvlens.stores.base import Batch, Seen, digest
from kvlens.stores.spool import SeenSpool


class Defaults(NamedTuple):
    """Defaults for the items of a file."""

    metadata: object = None  # anything with a JSON form
    expiration: float | None = None
    expiration_ttl: float | None = None


NO_DEFAULTS = Defaults()


class Job(NamedTuple):
    """A seed file that was read and checked, and its namespace."""

    name: str  # of the file
    target: Target
    writes: list[Write]
    warnings: list[str]  # one line for each likely mistake; only the first if there are very many
    warning_count: int
    digest: str  # of the text that was read
    expected: Iterable[Seen] = ()  # what the store has, if seeding may overwrite nothing else


class Seeded(NamedTuple):
    """How many keys were written, and how many of them had another value or metadata."""

    written: int
    overwritten: int


class Conflicts(NamedTuple):
    """The keys that would lose data by seeding, and a digest of them and the file.

    `job` is the job that overwrites nothing else: it fails if the store has something else by then.
    """

    keys: list[str]
    digest: str
    job: Job


def find_files(
    scope: Scope, files: Sequence[Path], *, preview: bool | None = None
) -> list[tuple[Path, Target]]:
    """Return each file with its namespace, from the project file or from the file's name.

    Without `files`, uses the existing seed files of the bindings. Raises NotFoundError.
    """
    if files:
        return [(path, _by_name(scope, path, preview)) for path in files]
    found = [
        (path, find_target(scope, binding=binding, preview=preview))
        for binding in bindings(scope)
        for path in scope.project.seeds_of(binding)
    ]
    project_file = scope.project.says_where_seeds_are
    if not found and project_file is not None:
        raise NotFoundError(
            f"`seeds` in {project_file} names no existing file of a binding here: correct it, or "
            "pass a FILE"
        )
    if not found:
        place = Path(scope.label).parent / SEEDS / "BINDING.json"
        raise NotFoundError(f"no seed files: pass a FILE, or save them as {place}")
    return found


def _by_name(scope: Scope, path: Path, preview: bool | None) -> Target:
    try:
        binding = scope.project.binding_of(path) or path.stem
        return find_target(scope, binding=binding, preview=preview)
    except NotFoundError as error:
        if not is_there(path):
            raise NotFoundError(f"{path}: no such file") from error
        found = error  # Python deletes an exception's name after the `except` clause
        raise NotFoundError(
            f"{path}: ",
            lambda spell: f"{found.text(spell)}; name its namespace with {spell('binding')}",
            known=error.known,
        ) from error


def read_job(
    target: Target,
    file: Path | str,
    now: float,
    *,
    earliest: float | None = None,
    name: str | None = None,
    given: bool = False,
    defaults: Defaults = NO_DEFAULTS,
    only: Collection[str] | None = None,
) -> Job:
    """Read a seed file, or its text, without writing anything.

    `now` is the `time` of the scope. Messages call the file `name`, by default its path. `given`
    says that the user named the file, which may be a pipe then, or a link out of the project. An
    expiration must be later than `earliest`, by default `now`. With `only`, other keys are left
    out.

    Raises FileError with every mistake, and InvalidError or KVError for the defaults.
    """
    metadata = metadata_text(defaults.metadata)
    expires_at(defaults.expiration, defaults.expiration_ttl, now)
    if isinstance(file, Path):
        name = name or str(file)
        file = read_text(file, name, given=given, within=target.scope.folder)
    earliest = now if earliest is None else earliest
    seed = accept(check(file, name or "the text", earliest))
    warnings = located(seed.name, seed.text, seed.warnings)
    items = (
        _with_defaults(item, metadata, defaults)
        for item in drain(seed.items)
        if only is None or item.key in only
    )
    text = digest(file.encode("utf-8", "surrogatepass"))
    return Job(
        seed.name, target, to_writes(items, now, earliest), warnings, seed.counts["warning"], text
    )


def _with_defaults(item: SeedItem, metadata: str | None, defaults: Defaults) -> SeedItem:
    if item.metadata is None and metadata is not None:
        item = item._replace(metadata=metadata)
    if item.expiration is None and item.expiration_ttl is None:
        times = defaults.expiration, defaults.expiration_ttl
        if times != (None, None):
            item = item._replace(expiration=times[0], expiration_ttl=times[1])
    return item


def read_jobs(
    files: Sequence[tuple[Path, Target, str]], now: float, *, given: bool = False
) -> list[Job]:
    """Read several files with their names; see `read_job`. Raises FilesError with all mistakes."""
    jobs: list[Job] = []
    errors: list[FileError] = []
    for path, target, name in files:
        try:
            jobs.append(read_job(target, path, now, name=name, given=given))
        except FileError as error:
            errors.append(error)
    if errors:
        raise FilesError(errors)
    return jobs


async def preview(job: Job) -> list[Change]:
    """Return what seeding would change, key by key, without writing anything. Raises StoreError."""
    return await plan(await job.target.store(), job.target.id, job.writes)


async def find_conflicts(job: Job) -> Conflicts:
    """Return the keys that the namespace has with other content. Raises StoreError."""
    store = await job.target.store()
    keys, seen = await conflicts(store, job.target.id, job.writes)
    lost = set(keys)
    held = (one for one in seen if one.key in lost)
    return Conflicts(keys, of_seen(held, [job.digest, *keys]), job._replace(expected=seen))


async def choose(
    job: Job, existing: Existing, expected: str | None = None
) -> tuple[Job, Conflicts | None]:
    """Return the part of a job to write, and what to ask the user about first, if anything.

    For keys that the namespace has with other content, `existing` decides: "keep" skips them,
    "refuse" asks, and "overwrite" writes them. With `expected`, the digest of what the user was
    asked about, it asks again if the keys' content or the file has changed since.
    """
    if existing == "overwrite" and expected is None:
        return job, None
    found = await find_conflicts(job)
    unknown = existing == "refuse" or expected not in (None, found.digest)
    if found.keys and unknown:
        return job, found
    left = only(found.job, found.keys, without=True) if existing == "keep" else found.job
    return left, None


def only(job: Job, keys: Collection[str], *, without: bool = False) -> Job:
    """Return a job with some of its keys, or without them."""
    some = set(keys)
    return job._replace(
        writes=[one for one in job.writes if (one.key in some) != without],
        expected=SeenSpool(one for one in job.expected if (one.key in some) != without),
    )


async def seed(
    job: Job, *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> Seeded:
    """Write the keys, all or none; other keys stay. Raises CancelledError and StoreError."""
    return (await seed_all([job], progress=progress, cancelled=cancelled))[0]


async def seed_all(
    jobs: Sequence[Job], *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> list[Seeded]:
    """Write the keys of several files to namespaces of one store, all or none.

    If two files have the same key for one namespace, the later file's counts. Raises CancelledError
    and StoreError.
    """
    if not jobs:
        return []
    store = await jobs[0].target.store()
    done = [
        Seeded(len(job.writes), await count_overwrites(store, job.target.id, job.writes))
        for job in jobs
    ]
    writes: dict[str, list[Write]] = {}
    read: dict[str, list[Iterable[Seen]]] = {}
    for job in jobs:
        known = writes.get(job.target.id)
        writes[job.target.id] = job.writes if known is None else [*known, *job.writes]
        read.setdefault(job.target.id, []).append(job.expected)
    batches = [
        Batch(ns, some, expected=chain(*read[ns]) if any(read[ns]) else ())
        for ns, some in writes.items()
        if some
    ]
    if batches:
        total = sum(one.written for one in done)
        await apply_all(store, batches, total, progress=progress, cancelled=cancelled)
    return done


async def write(
    job: Job, *, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> int:
    """Write the keys like `seed`, without checking existing ones; return how many."""
    store = await job.target.store()
    return await apply(
        store, job.target.id, job.writes, job.expected, progress=progress, cancelled=cancelled
    )
