"""Snapshots: all that a project's namespaces hold at one time, kept below its `.wrangler` folder.

    .wrangler/kvlens/snapshots/NAME/manifest.json    what is in it, and in which file
    .wrangler/kvlens/snapshots/NAME/BINDING.json     a namespace as a seed file, an item a line

The manifest is written last and put in its place in one step, so a half-written snapshot never
counts and one that is written over stays whole until the new one is. Entries are kept as the
store has them, also those that no put would take; memory holds a few at a time.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from kvlens.kv import Entry, Write
from kvlens.kv.values import dump_json
from kvlens.seeds.apply import CHUNK_BYTES, CHUNK_KEYS
from kvlens.seeds.array import FileError, read_text, short
from kvlens.seeds.export import breathe, to_item
from kvlens.seeds.plan import Change, differing
from kvlens.stores import Store
from kvlens.stores.many import everything
from kvlens.stores.own import own

MANIFEST = "manifest.json"
VERSION = 1
STEP_KEYS = 100  # between two looks at progress and cancel
DELETE_KEYS = 1000  # at once
LEFT_OVER = 3600.0  # seconds, after which a file that no manifest names is nobody's work

_PLACE = ("kvlens", "snapshots")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")

Progress = Callable[[int], None]
Cancelled = Callable[[], bool]


class SnapshotError(Exception):
    """A snapshot cannot be made or used; the text says which, why and what to do."""


class SnapshotExistsError(SnapshotError):
    """There is a snapshot of that name, and nobody said to write over it."""


class SnapshotCancelledError(SnapshotError):
    """The work was cancelled; the text says what was done."""


class Named(NamedTuple):
    """A namespace of a config; `id` is its id in the store."""

    binding: str
    environment: str | None
    id: str

    def __str__(self) -> str:
        where = f' of environment "{self.environment}"' if self.environment else ""
        return f"{self.binding}{where}"


class Kept(NamedTuple):
    """A namespace in a snapshot: `size` is the bytes of its values."""

    namespace: Named
    file: str
    keys: int
    size: int


class Snapshot(NamedTuple):
    """A snapshot on disk; `created` is in seconds since the epoch."""

    name: str
    folder: Path
    created: int
    namespaces: list[Kept]

    @property
    def keys(self) -> int:
        """How many keys are in it, each counted once."""
        return sum(kept.keys for kept in self._files())

    @property
    def size(self) -> int:
        """The bytes of their values."""
        return sum(kept.size for kept in self._files())

    def _files(self) -> list[Kept]:
        return list({kept.file: kept for kept in self.namespaces}.values())


class Difference(NamedTuple):
    """What became of a namespace since a snapshot.

    A change is "new" (not in the snapshot), "gone" (only there) or "changed". `expired` entries
    of the snapshot are left out: their time has passed.
    """

    namespace: Named  # as it is now
    kept: Kept
    changes: list[Change]
    expired: int

    @property
    def to_put(self) -> list[str]:
        """The keys that a restore writes."""
        return [change.key for change in self.changes if change.kind != "new"]

    @property
    def to_delete(self) -> list[str]:
        """The keys that a restore deletes."""
        return [change.key for change in self.changes if change.kind == "new"]


def folder(base: Path) -> Path:
    """Return where the snapshots of the project in folder `base` are.

    Raises StoreError where a link leads from there to somewhere else.
    """
    return own(base, *_PLACE)


def check_name(name: str) -> str:
    """Return the name; SnapshotError where it cannot be a folder's on every system."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise SnapshotError(
            f"{short(name)} cannot be the name of a snapshot: take up to 64 letters (a to z), "
            "digits, - _ and ., the first a letter, a digit or _, the last not a ."
        )
    if _RESERVED.fullmatch(name):
        raise SnapshotError(
            f'"{name}" cannot be the name of a snapshot: Windows keeps it for a device'
        )
    return name


# -- save -------------------------------------------------------------------------------------


async def save(
    store: Store,
    base: Path,
    name: str,
    namespaces: Sequence[Named],
    *,
    force: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Snapshot:
    """Keep the namespaces as they are now, and return the snapshot.

    `progress(done)` is told the keys written so far; `cancelled()` ends the work. Whatever ends
    it early, nothing new is left. Raises SnapshotError for a bad name, one that is taken (without
    `force`) or a cancel, StoreError where the store cannot be read, OSError where the disk fails.
    """
    place = own(base, *_PLACE, check_name(name))
    before: list[str] = []
    if (place / MANIFEST).exists():
        if not force:
            raise SnapshotExistsError(f'there is a snapshot "{name}" already')
        with contextlib.suppress(SnapshotError, FileError):
            before = [kept.file for kept in load(base, name).namespaces]
    place.mkdir(parents=True, exist_ok=True)
    made: dict[str, Kept] = {}  # by the namespace's id
    count = _Count(progress, cancelled)
    try:
        kept = []
        for namespace in namespaces:
            if namespace.id not in made:
                out = _new_file(place, namespace)
                made[namespace.id] = Kept(namespace, Path(out.name).name, 0, 0)
                with out:
                    keys, size = await _write(store, namespace.id, out, count)
                made[namespace.id] = made[namespace.id]._replace(keys=keys, size=size)
            kept.append(made[namespace.id]._replace(namespace=namespace))
        snapshot = Snapshot(name, place, int(time.time()), kept)
        _commit(snapshot)
    except BaseException:
        _remove(place, [one.file for one in made.values()])
        with contextlib.suppress(OSError):
            place.rmdir()  # where it is empty
        raise
    _remove(place, [file for file in before if file not in {one.file for one in kept}])
    _remove(place, _left_over(snapshot))
    return snapshot


class _Count:
    """Keys done, told now and then."""

    def __init__(self, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self.done = 0
        self._progress = progress
        self._cancelled = cancelled

    async def add(self, number: int, left: str) -> None:
        """Add keys; SnapshotCancelledError, saying what is `left`, where the user ends it."""
        before, self.done = self.done // STEP_KEYS, self.done + number
        if self.done // STEP_KEYS == before:
            return
        if self._progress:
            self._progress(self.done)
        await breathe()
        if self._cancelled and self._cancelled():
            raise SnapshotCancelledError(f"cancelled after {self.done:,} keys; {left}")


async def _write(store: Store, ns: str, out: TextIO, count: _Count) -> tuple[int, int]:
    """Write a namespace, an item a line; return its keys and the bytes of their values."""
    keys = size = 0
    out.write("[\n")
    async for key, entry in everything(store, ns):
        out.write(",\n" if keys else "")
        out.write(dump_json(to_item(key, entry)))
        keys += 1
        size += len(entry.value)
        await count.add(1, "nothing was saved")
    out.write("\n]\n" if keys else "]\n")
    out.flush()
    os.fsync(out.fileno())
    return keys, size


def _new_file(place: Path, namespace: Named) -> TextIO:
    """Open a file that was not there, named after the namespace."""
    names = [name for name in (namespace.environment, namespace.binding) if name]
    stem = ".".join(_UNSAFE.sub("_", name) for name in names)[:100]
    if _RESERVED.fullmatch(stem) or f"{stem}.json".lower() == MANIFEST:
        stem = f"_{stem}"
    for number in range(1, 10_000):
        path = place / (f"{stem}.json" if number == 1 else f"{stem}~{number}.json")
        with contextlib.suppress(FileExistsError):
            return path.open("x", encoding="utf-8", newline="\n")
    raise SnapshotError(f"{place} is full of files that no snapshot needs; empty it")


def _commit(snapshot: Snapshot) -> None:
    """Write the manifest beside and put it in its place: from then on the snapshot is there."""
    content = {
        "version": VERSION,
        "created": snapshot.created,
        "namespaces": [
            {**kept.namespace._asdict(), "file": kept.file, "keys": kept.keys, "size": kept.size}
            for kept in snapshot.namespaces
        ],
    }
    beside = snapshot.folder / f".{MANIFEST}.{os.urandom(4).hex()}.tmp"
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as out:
            json.dump(content, out, indent=2)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        beside.replace(snapshot.folder / MANIFEST)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _left_over(snapshot: Snapshot) -> list[str]:
    """Return the files of work that ended half-way long ago."""
    named = {MANIFEST, *(kept.file for kept in snapshot.namespaces)}
    found = []
    for path in snapshot.folder.iterdir():
        with contextlib.suppress(OSError):
            if path.name not in named and path.stat().st_mtime < time.time() - LEFT_OVER:
                found.append(path.name)
    return found


def _remove(place: Path, names: Sequence[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):  # held open on Windows: the next save removes it
            (place / name).unlink()


# -- list and load ----------------------------------------------------------------------------


def saved(base: Path) -> tuple[list[Snapshot], list[str]]:
    """Return the snapshots, the oldest first, and a line for each that cannot be read."""
    found: list[Snapshot] = []
    wrong: list[str] = []
    place = folder(base)
    for path in sorted(place.glob(f"*/{MANIFEST}")) if place.is_dir() else []:
        try:
            found.append(load(base, path.parent.name))
        except (SnapshotError, FileError) as error:
            wrong.append(str(error))
    return sorted(found, key=lambda snapshot: (snapshot.created, snapshot.name)), wrong


def load(base: Path, name: str) -> Snapshot:
    """Return a snapshot by its name; its files are not read yet.

    Raises SnapshotError where there is none or it is damaged, FileError where it cannot be read.
    """
    place = own(base, *_PLACE, check_name(name))
    path = place / MANIFEST
    if not path.is_file():
        known = [one.name for one in saved(base)[0]]
        there = f"the snapshots are: {', '.join(known)}" if known else "none was saved yet"
        raise SnapshotError(f'no snapshot "{name}"; {there}')
    try:
        content = json.loads(read_text(path))
        if content["version"] != VERSION:
            raise SnapshotError(
                f"{path}: made by another version of KV Lens (form {content['version']}, "
                f"this one reads {VERSION})"
            )
        return Snapshot(
            name, place, int(content["created"]), [_kept(one) for one in content["namespaces"]]
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotError(f"{path}: damaged ({error!r:.200}); save the snapshot anew") from error


def _kept(raw: dict[str, Any]) -> Kept:
    environment = raw["environment"]
    if not isinstance(environment, (str, type(None))):
        raise TypeError(f"environment {environment!r:.80}")
    namespace = Named(str(raw["binding"]), environment, str(raw["id"]))
    file = str(raw["file"])
    if re.search(r"[/\\:]", file) or file in (".", "..", MANIFEST):
        raise ValueError(f"file {file!r:.80}")  # never one outside the snapshot's folder
    return Kept(namespace, file, int(raw["keys"]), int(raw["size"]))


# -- compare and restore ----------------------------------------------------------------------


async def compare(
    store: Store,
    snapshot: Snapshot,
    declared: Sequence[Named],
    *,
    now: float,
    cancelled: Cancelled | None = None,
) -> list[Difference]:
    """Return what became of every namespace since the snapshot; all its files are checked first.

    `declared` are the namespaces of now, of which those in the snapshot are compared. Raises
    SnapshotError where a file is damaged or none of `declared` is in it, StoreError where the
    store cannot be read.
    """
    pairs = _paired(snapshot, declared)
    count = _Count(None, cancelled)
    for kept, _ in pairs:
        async for _ in _Entries(snapshot, kept):
            await count.add(1, "nothing was changed")
    found = []
    for kept, namespace in pairs:
        entries = _Entries(snapshot, kept, now)
        changes = [change async for change in _changes(store, namespace.id, entries, count)]
        found.append(Difference(namespace, kept, changes, entries.expired))
    return found


async def restore(
    store: Store,
    snapshot: Snapshot,
    differences: Sequence[Difference],
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Undo the differences that `compare` found: put what is gone or changed, delete what is new.

    Raises SnapshotError where a file was changed meanwhile, or for a cancel: what was put and
    deleted until then stays. Raises StoreError where the store refuses, with the same effect.
    """
    total = sum(len(difference.changes) for difference in differences)
    count = _Count(progress and (lambda done: progress(done, total)), cancelled)
    for difference in differences:
        ns = difference.namespace.id
        wanted = set(difference.to_put)
        entries = _Entries(snapshot, difference.kept)
        async for chunk in _portions(entries, wanted):
            await store.put_many(ns, chunk)
            await count.add(len(chunk), "restore again for the rest")
        deleted = difference.to_delete
        for start in range(0, len(deleted), DELETE_KEYS):
            chunk_of_keys = deleted[start : start + DELETE_KEYS]
            await store.delete(ns, chunk_of_keys)
            await count.add(len(chunk_of_keys), "restore again for the rest")


async def _portions(entries: _Entries, wanted: set[str]) -> AsyncIterator[list[Write]]:
    """Yield the wanted entries in portions, each small enough to hold nobody up."""
    chunk: list[Write] = []
    size = 0
    async for key, entry in entries:
        if key in wanted:
            chunk.append(Write(key, *entry))
            size += len(entry.value)
        if len(chunk) >= CHUNK_KEYS or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def unpaired(snapshot: Snapshot, declared: Sequence[Named]) -> tuple[list[Named], list[Named]]:
    """Return what is in the snapshot alone, and what is declared alone: both are left alone."""
    kept = {one.namespace[:2]: one.namespace for one in snapshot.namespaces}
    now = {namespace[:2]: namespace for namespace in declared}
    return [kept[n] for n in kept if n not in now], [now[n] for n in now if n not in kept]


def _paired(snapshot: Snapshot, declared: Sequence[Named]) -> list[tuple[Kept, Named]]:
    """Return each namespace of the snapshot that is asked for with the same one of now."""
    kept_by = {one.namespace[:2]: one for one in snapshot.namespaces}  # binding, environment
    pairs: dict[str, tuple[Kept, Named]] = {}  # by the id of now
    for namespace in declared:
        kept = kept_by.get(namespace[:2])
        if kept is None:
            continue
        other = pairs.setdefault(namespace.id, (kept, namespace))
        if other[0].file != kept.file:
            raise SnapshotError(
                f"{other[1]} and {namespace} are one namespace now (id {short(namespace.id)}) and "
                f'were two when "{snapshot.name}" was saved; choose one with --binding'
            )
    if not pairs:
        there = ", ".join(dict.fromkeys(str(one.namespace) for one in snapshot.namespaces))
        raise SnapshotError(
            f'"{snapshot.name}" has none of these namespaces; it has {there or "none at all"}'
        )
    return list(pairs.values())


async def _changes(
    store: Store, ns: str, entries: _Entries, count: _Count
) -> AsyncIterator[Change]:
    """Walk through snapshot and store side by side: both are in the order of the keys."""
    kept = aiter(entries)
    then = await anext(kept, None)
    async for key, entry in everything(store, ns):
        while then and then[0] < key:
            yield Change(then[0], "gone")
            then = await anext(kept, None)
        if then is None or then[0] != key:
            yield Change(key, "new")
        else:
            if parts := differing(then[1], entry):
                yield Change(key, "changed", parts)
            then = await anext(kept, None)
        await count.add(1, "nothing was changed")
    while then:
        yield Change(then[0], "gone")
        then = await anext(kept, None)


class _Entries:
    """The entries of one file, read line by line and checked; those that expired are counted."""

    def __init__(self, snapshot: Snapshot, kept: Kept, now: float = 0) -> None:
        self._path = snapshot.folder / kept.file
        self._keys = kept.keys
        self._now = now
        self.expired = 0

    async def __aiter__(self) -> AsyncIterator[tuple[str, Entry]]:
        read = self.expired = 0
        before: str | None = None
        try:
            with self._path.open(encoding="utf-8", newline="\n") as lines:
                for nth, line in enumerate(lines, 1):
                    text = line.strip().removesuffix(",")
                    if text in ("", "[", "]"):
                        continue
                    key, entry = self._entry(nth, text)
                    if before is not None and key <= before:
                        raise self._damaged(nth, f"{short(key)} is not in its place")
                    before = key
                    read += 1
                    if read % STEP_KEYS == 0:
                        await breathe()
                    if entry.expiration is not None and entry.expiration <= self._now:
                        self.expired += 1
                    else:
                        yield key, entry
        except UnicodeDecodeError as error:
            raise self._damaged(None, "not UTF-8") from error
        except OSError as error:
            raise self._damaged(None, error.strerror or "cannot be read") from error
        if read != self._keys:
            raise self._damaged(None, f"{read:,} keys, and {self._keys:,} were saved")

    def _entry(self, nth: int, text: str) -> tuple[str, Entry]:
        try:
            item = json.loads(text)
            key, value = item["key"], item["value"]
            data = base64.b64decode(value, validate=True) if item.get("base64") else value.encode()
            metadata, expiration = item.get("metadata"), item.get("expiration")
            if not (isinstance(key, str) and isinstance(expiration, (int, type(None)))):
                raise TypeError("key or expiration is of a wrong type")
            return key, Entry(data, None if metadata is None else dump_json(metadata), expiration)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._damaged(nth, f"not an item as it was saved ({error!r:.120})") from error

    def _damaged(self, nth: int | None, what: str) -> SnapshotError:
        line = "" if nth is None else f", line {nth}"
        return SnapshotError(
            f"{self._path}{line}: {what}; the snapshot is damaged. Save it anew; a file that you "
            "changed yourself can be put with kvlens seed"
        )
