"""Snapshots: the content of a project's namespaces at one time, in its `.wrangler` folder.

    .wrangler/kvlens/snapshots/NAME/manifest.json    what is in it, and in which file
    .wrangler/kvlens/snapshots/NAME/BINDING.json     a namespace as a seed file, one item per line

The manifest is written last and replaced in one step, so a half-written snapshot never counts, and
an overwritten one stays complete until the new one is. Entries are saved as the store has them,
even those that a put would reject; memory holds only a few at a time.

A repository may contain snapshots: no link is followed, only files with our names are opened,
written or removed, and their content is checked.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from kvlens.errors import KVLensError
from kvlens.kv.errors import KVError, KVTypeError
from kvlens.kv.records import Entry, Write
from kvlens.kv.values import dump_json, with_nulls
from kvlens.seeds.apply import apply_all
from kvlens.seeds.array import short
from kvlens.seeds.export import sized
from kvlens.seeds.plan import Change, differing
from kvlens.seeds.progress import Cancelled, Progress, Steps
from kvlens.stores.base import Batch, Seen, Store, StoreError
from kvlens.stores.batch import Damaged, everything
from kvlens.stores.spool import SeenSpool
from kvlens.stores.wrangler.safe_paths import OWN, Folder, open_folder

MANIFEST = "manifest.json"
VERSION = 1
MANIFEST_LIMIT = 16 * 1024 * 1024  # bytes
LINE_LIMIT = 160 * 1024 * 1024  # bytes: a value of 25 MiB with every byte escaped
LEFT_OVER = 3600.0  # seconds after which a file that isn't in the manifest counts as abandoned

_PLACE = (OWN, "kvlens", "snapshots")
_WAY_OUT = (
    "Remove it and save the snapshot again, or write a namespace to any other place with "
    "`kvlens export -o FILE`."
)
_TEMPORARY = re.compile(rf"\.{re.escape(MANIFEST)}\.[0-9a-f]{{8}}\.tmp")
_NUMBERED = re.compile(r"(.+?)(~[1-9][0-9]{0,3})?\.json", re.DOTALL)
_MOST = 2**53  # of keys, bytes and seconds in a manifest
_LATEST = 32_503_680_000  # the year 3000: systems don't support much later times
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class SnapshotError(KVLensError):
    """A snapshot can't be saved or used. The text says which, why and what to do."""


class SnapshotExistsError(SnapshotError):
    """A snapshot with this name exists, and overwriting it wasn't requested."""


class SnapshotMissingError(SnapshotError):
    """There is no snapshot with this name; `known` are the existing ones."""

    def __init__(self, text: str, known: Sequence[str]) -> None:
        super().__init__(text)
        self.known = known


class SnapshotAmbiguousError(SnapshotError):
    """Two namespaces of the snapshot are one now, so it is unclear which one to use."""


class NamespaceRef(NamedTuple):
    """A namespace of a config; `id` is its id in the store."""

    binding: str
    environment: str | None
    id: str

    def __str__(self) -> str:
        where = f' of environment "{self.environment}"' if self.environment else ""
        return f"{self.binding}{where}"


class NamespaceUnreadableError(StoreError):
    """The store can't read one of the namespaces of a snapshot; `others` are the rest."""

    def __init__(
        self, namespace: NamespaceRef, others: Sequence[NamespaceRef], error: StoreError
    ) -> None:
        super().__init__(f"{namespace} can't be read. {error}")
        self.namespace = namespace
        self.others = others


class SnapshotEntry(NamedTuple):
    """A namespace in a snapshot: `size` is the total size of its values in bytes."""

    namespace: NamespaceRef
    file: str
    keys: int
    size: int


class Snapshot(NamedTuple):
    """A snapshot on disk; `created` is in seconds since the epoch."""

    name: str
    folder: Path
    created: int
    namespaces: list[SnapshotEntry]

    @property
    def keys(self) -> int:
        """How many keys are in it, each counted once."""
        return sum(kept.keys for kept in self._files())

    @property
    def size(self) -> int:
        """The total size of their values in bytes."""
        return sum(kept.size for kept in self._files())

    def _files(self) -> list[SnapshotEntry]:
        return list({kept.file: kept for kept in self.namespaces}.values())


class Difference(NamedTuple):
    """The changes of a namespace since a snapshot.

    A change is "new" (not in the snapshot), "gone" (only there) or "changed". `seen` has what the
    store had under these keys, without damaged ones. `expired` counts entries of the snapshot that
    were skipped because their time has passed.
    """

    namespace: NamespaceRef  # the current one
    kept: SnapshotEntry
    changes: list[Change]
    seen: SeenSpool
    expired: int

    @property
    def to_put(self) -> list[str]:
        """The keys that a restore writes."""
        return [change.key for change in self.changes if change.kind != "new"]

    @property
    def to_delete(self) -> list[str]:
        """The keys that a restore deletes."""
        return [change.key for change in self.changes if change.kind == "new"]

    @property
    def overwritten(self) -> list[str]:
        """The keys whose current content a restore overwrites."""
        return [change.key for change in self.changes if change.kind == "changed"]


def folder(base: Path) -> Path:
    """Return the folder with the snapshots of the project in folder `base`."""
    return base.joinpath(*_PLACE)


def _opened(base: Path, *name: str, create: bool = False) -> Folder:
    return open_folder(base, *_PLACE, *name, create=create, way_out=_WAY_OUT)


def check_name(name: str) -> str:
    """Return the name. Raises SnapshotError if it isn't a valid folder name on every system."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise SnapshotError(
            f"{short(name)} can't be the name of a snapshot: use up to 64 of a to z, digits, - _ "
            f"and ., starting with a letter, a digit or _, and not ending in ."
        )
    if _RESERVED.fullmatch(name):
        raise SnapshotError(
            f'"{name}" can\'t be the name of a snapshot: Windows reserves it for a device'
        )
    return name


# -- save -------------------------------------------------------------------------------------


async def save(
    store: Store,
    base: Path,
    name: str,
    namespaces: Sequence[NamespaceRef],
    *,
    force: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    damaged: Damaged | None = None,
) -> Snapshot:
    """Save the namespaces' current content, and return the snapshot.

    `damaged` gets the unreadable keys, which are skipped; without it, the first one raises an
    error. If the work ends early, nothing new is left behind. Raises CancelledError; SnapshotError
    for an invalid name, an existing one (without `force`) or a full disk; StoreError if the store
    can't be read, or if one of our files isn't a regular file.
    """
    check_name(name)
    path = folder(base) / name
    try:
        with _opened(base, name, create=True) as place:
            steps = Steps("nothing was saved", progress, cancelled)
            return await _save(store, place, name, namespaces, force, steps, damaged)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SnapshotError(
            f"{error.filename or path} can't be written: {reason}. Nothing was saved; free up "
            f"space or correct the permissions, and try again"
        ) from error
    finally:
        with contextlib.suppress(OSError, StoreError), _opened(base) as above:
            above.remove_folder(name)  # if it is empty


async def _save(
    store: Store,
    place: Folder,
    name: str,
    namespaces: Sequence[NamespaceRef],
    force: bool,
    steps: Steps,
    damaged: Damaged | None,
) -> Snapshot:
    before: list[SnapshotEntry] = []
    if place.exists(MANIFEST):
        if not force:
            raise SnapshotExistsError(f'snapshot "{name}" already exists')
        with contextlib.suppress(SnapshotError):
            before = _load(place, name).namespaces
    made: dict[str, SnapshotEntry] = {}  # namespace's id -> entry
    try:
        kept = []
        for namespace in namespaces:
            if namespace.id not in made:
                file, out = _new_file(place, namespace)
                made[namespace.id] = SnapshotEntry(namespace, file, 0, 0)
                with out, _reading(namespace, namespaces):
                    keys, size = await _write(
                        store.with_hidden(), namespace.id, out, steps, damaged
                    )
                made[namespace.id] = made[namespace.id]._replace(keys=keys, size=size)
            kept.append(made[namespace.id]._replace(namespace=namespace))
        snapshot = Snapshot(name, place.path, int(time.time()), kept)
        _commit(place, snapshot)
    except BaseException:
        _remove(place, [one.file for one in made.values()])
        raise
    named = {one.file for one in kept}
    _remove(place, [one.file for one in before if one.file not in named])
    _remove(
        place, _abandoned_files(place, named, {_stem(one.namespace) for one in (*before, *kept)})
    )
    return snapshot


@contextlib.contextmanager
def _reading(namespace: NamespaceRef, asked: Sequence[NamespaceRef]) -> Iterator[None]:
    """Add to an error which of several namespaces the store can't read."""
    try:
        yield
    except StoreError as error:
        others = [one for one in asked if one.id != namespace.id]
        raise NamespaceUnreadableError(namespace, others, error) from error


async def _write(
    store: Store, ns: str, out: TextIO, steps: Steps, damaged: Damaged | None
) -> tuple[int, int]:
    """Write a namespace, one item per line; return the number of keys and their total size."""
    keys = size = 0
    out.write("[\n")
    async for item, bytes_of_value in sized(store, ns, damaged=damaged):
        out.write(",\n" if keys else "")
        try:
            text = dump_json(item)
        except KVTypeError:  # metadata with 1e400, which only another program writes
            text = dump_json(with_nulls(item))
        out.write(text)
        keys += 1
        size += bytes_of_value
        await steps.add()
    out.write("\n]\n" if keys else "]\n")
    out.flush()
    os.fsync(out.fileno())
    return keys, size


def _stem(namespace: NamespaceRef) -> str:
    """Return the name of a namespace's file, without its number."""
    names = [name for name in (namespace.environment, namespace.binding) if name]
    stem = ".".join(_UNSAFE.sub("_", name) for name in names)[:100]
    if _RESERVED.fullmatch(stem) or f"{stem}.json".lower() == MANIFEST:
        stem = f"_{stem}"
    return stem


def _is_file_of(file: str, stems: set[str]) -> bool:
    """Return whether a file's name is one of ours, with one of these stems."""
    found = _NUMBERED.fullmatch(file)
    return found is not None and found[1] in stems


def _new_file(place: Folder, namespace: NamespaceRef) -> tuple[str, TextIO]:
    """Create a file named after the namespace; return its name, too."""
    stem = _stem(namespace)
    for number in range(1, 10_000):
        file = f"{stem}.json" if number == 1 else f"{stem}~{number}.json"
        with contextlib.suppress(FileExistsError):
            return file, _created(place, file)
    raise SnapshotError(f"{place.path} is full of files that no snapshot uses; empty it")


def _created(place: Folder, file: str) -> TextIO:
    handle = place.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    return os.fdopen(handle, "w", encoding="utf-8", newline="\n")


def _commit(place: Folder, snapshot: Snapshot) -> None:
    """Write the manifest to a temporary file and rename it: from then on, the snapshot exists."""
    content = {
        "version": VERSION,
        "created": snapshot.created,
        "namespaces": [
            {**kept.namespace._asdict(), "file": kept.file, "keys": kept.keys, "size": kept.size}
            for kept in snapshot.namespaces
        ],
    }
    temporary = f".{MANIFEST}.{os.urandom(4).hex()}.tmp"
    try:
        with _created(place, temporary) as out:
            json.dump(content, out, indent=2)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        place.exists(MANIFEST)  # StoreError if it isn't a file
        place.replace(temporary, MANIFEST)
    except BaseException:
        _remove(place, [temporary])
        raise


def _abandoned_files(place: Folder, named: set[str], stems: set[str]) -> list[str]:
    """Return the files that an unfinished save left behind long ago."""
    found = []
    for name in place.names():
        ours = _TEMPORARY.fullmatch(name) or _is_file_of(name, stems)
        if ours and name not in named:
            with contextlib.suppress(OSError):
                if place.status(name).st_mtime < time.time() - LEFT_OVER:
                    found.append(name)
    return found


def _remove(place: Folder, names: Sequence[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):  # held open on Windows: the next save removes it
            place.remove(name)


# -- list and load ----------------------------------------------------------------------------


def saved(base: Path) -> tuple[list[Snapshot], list[str]]:
    """Return the snapshots, oldest first, and a line for each unreadable one.

    Raises StoreError if their folder is a link.
    """
    found: list[Snapshot] = []
    wrong: list[str] = []
    try:
        with _opened(base) as above:
            names = sorted(name for name in above.names() if _NAME.fullmatch(name))
    except FileNotFoundError:
        return [], []
    for name in names:
        try:
            with _opened(base, name) as place:
                found.append(_load(place, name))
        except FileNotFoundError:
            continue  # half-written
        except (SnapshotError, StoreError) as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{folder(base) / name} can't be read: {error.strerror}")
    return sorted(found, key=lambda snapshot: (snapshot.created, snapshot.name)), wrong


def load(base: Path, name: str) -> Snapshot:
    """Return a snapshot by name, without reading its files.

    Raises SnapshotError if there is none or it is damaged, StoreError if one of its files isn't a
    regular file.
    """
    check_name(name)
    try:
        with _opened(base, name) as place:
            return _load(place, name)
    except FileNotFoundError:
        known = [one.name for one in saved(base)[0]]
        there = f"the snapshots are: {', '.join(known)}" if known else "none has been saved yet"
        raise SnapshotMissingError(f'no snapshot "{name}"; {there}', known) from None
    except OSError as error:
        raise SnapshotError(f"{folder(base) / name} can't be read: {error.strerror}") from error


def _load(place: Folder, name: str) -> Snapshot:
    path = place.path / MANIFEST
    try:
        content = json.loads(place.read_bytes(MANIFEST, MANIFEST_LIMIT))
        if content["version"] != VERSION:
            raise SnapshotError(
                f"{path}: saved by another version of KV Lens (format {content['version']!r:.40}; "
                f"this one reads {VERSION})"
            )
        kept = [_kept(one) for one in content["namespaces"]]
        stems = {_stem(one.namespace) for one in kept}
        for one in kept:
            if not _is_file_of(one.file, stems):
                raise ValueError(f"file {one.file!r:.80}")  # not one of ours
        return Snapshot(name, place.path, _checked_number(content["created"], _LATEST), kept)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotError(f"{path}: damaged ({error!r:.200}); save the snapshot again") from error


def _kept(raw: dict[str, Any]) -> SnapshotEntry:
    environment = raw["environment"]
    if not isinstance(environment, (str, type(None))):
        raise TypeError(f"environment {environment!r:.80}")
    for name in ("binding", "id", "file"):
        if not isinstance(raw[name], str):
            raise TypeError(f"{name} {raw[name]!r:.80}")
    namespace = NamespaceRef(raw["binding"], environment, raw["id"])
    return SnapshotEntry(
        namespace, raw["file"], _checked_number(raw["keys"]), _checked_number(raw["size"])
    )


def _checked_number(number: Any, most: int = _MOST) -> int:
    if type(number) is not int or not 0 <= number < most:
        raise ValueError(f"{number!r:.40} is not a valid number")
    return number


# -- compare and restore ----------------------------------------------------------------------


async def compare(
    store: Store,
    snapshot: Snapshot,
    declared: Sequence[NamespaceRef],
    *,
    now: float | None = None,
    cancelled: Cancelled | None = None,
) -> list[Difference]:
    """Return the changes of every namespace since the snapshot, after checking all its files.

    `declared` are the current namespaces; those in the snapshot are compared, without entries that
    have expired `now`, by default by the store's clock and the real one. So keys that only a moved
    clock hides are compared too, except new ones: a delete leaves them. Raises SnapshotError
    if a file is damaged or none of `declared` is in it, StoreError if the store can't be read. A
    damaged key of the store counts as missing, and a restore doesn't touch it unless the snapshot
    has it.
    """
    pairs = _paired(snapshot, declared)
    steps = Steps("nothing was changed", None, cancelled)
    for kept, _ in pairs:
        for _ in Entries(snapshot, kept):
            await steps.add()
    found = []
    now = await store.with_hidden().time() if now is None else now
    for kept, namespace in pairs:
        entries = Entries(snapshot, kept, now)
        with _reading(namespace, declared):
            changes, seen = await _changes(store, namespace.id, entries, steps)
        found.append(Difference(namespace, kept, changes, seen, entries.expired))
    return found


async def restore(
    store: Store,
    snapshot: Snapshot,
    differences: Sequence[Difference],
    *,
    forced: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Undo the differences that `compare` found: put gone or changed keys, delete new ones.

    All namespaces or none. Raises CancelledError, SnapshotError if a file was changed meanwhile,
    ChangedError if one of the keys was, unless it is `forced`, and StoreError if the store refuses;
    nothing was changed then.
    """
    total = sum(len(difference.changes) for difference in differences)
    batches = [
        Batch(
            one.namespace.id,
            _writes(snapshot, one),
            one.to_delete,
            expected=() if forced else one.seen,
        )
        for one in differences
        if one.changes
    ]
    await apply_all(store, batches, total, progress=progress, cancelled=cancelled)


def _writes(snapshot: Snapshot, difference: Difference) -> Iterator[Write]:
    """Yield the writes of a restore; both arguments are in the order of the keys."""
    wanted = iter(difference.to_put)
    key = next(wanted, None)
    for name, entry in Entries(snapshot, difference.kept):
        if name == key:
            yield Write(name, *entry)
            key = next(wanted, None)


def unpaired(
    snapshot: Snapshot, declared: Sequence[NamespaceRef]
) -> tuple[list[NamespaceRef], list[NamespaceRef]]:
    """Return the namespaces only in the snapshot and those only declared. Both stay as they are."""
    kept = {one.namespace[:2]: one.namespace for one in snapshot.namespaces}
    now = {namespace[:2]: namespace for namespace in declared}
    return [kept[n] for n in kept if n not in now], [now[n] for n in now if n not in kept]


def _paired(
    snapshot: Snapshot, declared: Sequence[NamespaceRef]
) -> list[tuple[SnapshotEntry, NamespaceRef]]:
    """Return the requested namespaces of the snapshot, each with the current one."""
    kept_by = {one.namespace[:2]: one for one in snapshot.namespaces}  # binding, environment
    pairs: dict[str, tuple[SnapshotEntry, NamespaceRef]] = {}  # current id -> pair
    for namespace in declared:
        kept = kept_by.get(namespace[:2])
        if kept is None:
            continue
        other = pairs.setdefault(namespace.id, (kept, namespace))
        if other[0].file != kept.file:
            raise SnapshotAmbiguousError(
                f"{other[1]} and {namespace} are one namespace now (id {short(namespace.id)}), but "
                f'were two when "{snapshot.name}" was saved'
            )
    if not pairs:
        there = ", ".join(dict.fromkeys(str(one.namespace) for one in snapshot.namespaces))
        raise SnapshotError(
            f'"{snapshot.name}" has none of these namespaces; it has {there or "none at all"}'
        )
    return list(pairs.values())


async def _changes(
    store: Store, ns: str, entries: Entries, steps: Steps
) -> tuple[list[Change], SeenSpool]:
    """Walk through snapshot and store in parallel: both are in the order of the keys."""
    changes: list[Change] = []
    seen = SeenSpool()
    damaged: set[str] = set()

    def add(change: Change, entry: Entry | None) -> None:
        changes.append(change)
        if change.key not in damaged:
            seen.add(Seen.of(change.key, entry))

    kept = iter(entries)
    then = next(kept, None)
    now, whole = await store.time(), store.with_hidden()
    async for key, entry in everything(whole, ns, damaged=lambda error: damaged.add(error.key)):
        while then and then[0] < key:
            add(Change(then[0], "gone"), None)
            then = next(kept, None)
        if then is None or then[0] != key:
            if entry.expiration is None or not entry.has_expired(now):
                add(Change(key, "new"), entry)
        else:
            if parts := differing(then[1], entry):
                add(Change(key, "changed", parts), entry)
            then = next(kept, None)
        await steps.add()
    while then:
        add(Change(then[0], "gone"), None)
        then = next(kept, None)
    return changes, seen


class Entries:
    """The entries of one file, read line by line and checked. Expired ones are counted."""

    def __init__(self, snapshot: Snapshot, kept: SnapshotEntry, now: float = 0) -> None:
        self._base = snapshot.folder.parents[len(_PLACE)]
        self._name = snapshot.name
        self._file = kept.file
        self._path = snapshot.folder / kept.file
        self._keys = kept.keys
        self._now = now
        self.expired = 0

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        self.expired = 0
        with self.handle() as lines:
            for _, key, entry in self.walk(lines):
                if entry.expiration is not None and entry.expiration <= self._now:
                    self.expired += 1
                else:
                    yield key, entry

    def handle(self) -> BinaryIO:
        """Open the file. Raises SnapshotError."""
        try:
            with _opened(self._base, self._name) as place:
                return os.fdopen(place.open(self._file), "rb")
        except OSError as error:
            raise self._damaged(None, error.strerror or "can't be read") from error

    def walk(self, lines: BinaryIO) -> Iterator[tuple[int, str, Entry]]:
        """Yield every item with its offset in the file, and check order and number."""
        read = 0
        before: str | None = None
        for nth, offset, key, entry in self.items(lines):
            if before is not None and key <= before:
                raise self._damaged(nth, f"{short(key)} is out of order")
            before = key
            read += 1
            if read > self._keys:
                break
            yield offset, key, entry
        if read != self._keys:
            more = "more" if read > self._keys else f"{read:,}"
            raise self._damaged(None, f"{more} keys, but {self._keys:,} were saved")

    def items(self, lines: BinaryIO) -> Iterator[tuple[int, int, str, Entry]]:
        """Yield the items from the current place in the file: line from there, offset, item."""
        nth = 0
        try:
            offset = lines.tell()
            while data := lines.readline(LINE_LIMIT):
                nth += 1
                if len(data) == LINE_LIMIT:
                    raise self._damaged(nth, f"a line of {LINE_LIMIT:,} bytes or more")
                text = data.decode().strip().removesuffix(",")
                if text not in ("", "[", "]"):
                    yield nth, offset, *self._entry(nth, text)
                offset += len(data)
        except UnicodeDecodeError as error:
            raise self._damaged(None, "not UTF-8") from error
        except OSError as error:
            raise self._damaged(None, error.strerror or "can't be read") from error

    def _entry(self, nth: int, text: str) -> tuple[str, Entry]:
        try:
            item = json.loads(text)
            key, value = item["key"], item["value"]
            data = base64.b64decode(value, validate=True) if item.get("base64") else value.encode()
            metadata, expiration = item.get("metadata"), item.get("expiration")
            if not isinstance(key, str):
                raise TypeError(f"key {key!r:.80}")
            if expiration is not None:
                _checked_number(expiration)
            return key, Entry(data, None if metadata is None else dump_json(metadata), expiration)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, KVError) as error:
            raise self._damaged(nth, f"not a valid item ({error!r:.120})") from error

    def _damaged(self, nth: int | None, what: str) -> SnapshotError:
        line = "" if nth is None else f", line {nth}"
        return SnapshotError(
            f"{self._path}{line}: {what}; the snapshot is damaged. Save it again; a file that you "
            "changed yourself can be put with kvlens seed"
        )
