"""Apply edits of a table to a namespace: puts, changes, renames and deletes, all or none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

from kvlens.kv.errors import KVError
from kvlens.kv.records import Entry, Write
from kvlens.kv.validation import check_metadata_size, check_value_size
from kvlens.kv.values import is_json
from kvlens.operations.errors import InvalidError
from kvlens.operations.keys import checked_key
from kvlens.operations.put import expires_at
from kvlens.operations.target import Target
from kvlens.seeds.array import short
from kvlens.seeds.fingerprint import of_seen
from kvlens.stores.base import NOTHING, Batch, ChangedError, DamagedKeyError, Seen
from kvlens.stores.batch import each_found
from kvlens.stores.spool import SeenSpool, Spool

DAMAGED = "damaged"
"""The version of a key that can't be read: it can only be deleted."""
MAX_CONFLICTS = 100  # names in an answer


class Edit(NamedTuple):
    """The new content of one key. A field without a value keeps what the key has."""

    key: str
    version: str
    """Its `version` when it was read: `NOTHING` if there was no key."""
    delete: bool = False
    to: str | None = None
    """The new name."""
    value: bytes | None = None
    metadata: tuple[str | None] | None = None
    """JSON, or (None,) to remove it."""
    expiration: tuple[float | None] | None = None
    """Seconds since the epoch, or (None,) for never."""
    ttl: float | None = None
    """Seconds from now, instead of `expiration`."""


class Applied(NamedTuple):
    """How many edits were made: all, or none if there are `conflicts`."""

    applied: int
    conflicts: Sequence[str] = ()
    """Keys that aren't what was read, or new names that exist already."""


class Content(NamedTuple):
    """A key as it is now: its entry (None if it is missing or damaged) and its version."""

    key: str
    entry: Entry | None
    version: str


def version_of(key: str, entry: Entry | None) -> str:
    """Return what changes with a key's value, metadata or expiration; `NOTHING` for no key."""
    return NOTHING if entry is None else of_seen([Seen.of(key, entry)], [])


async def contents(target: Target, keys: Sequence[str]) -> AsyncIterator[Content]:
    """Yield keys as they are now, in the order given, also those that a moved clock hides.

    Raises StoreError.
    """
    store = (await target.store()).with_hidden()
    wanted = iter(keys)
    async for found in each_found(store, target.id, keys):
        key = next(wanted)
        if isinstance(found, DamagedKeyError):
            yield Content(key, None, DAMAGED)
        else:
            yield Content(key, found, version_of(key, found))


async def apply(target: Target, edits: Sequence[Edit]) -> Applied:
    """Make all edits, or none if a key isn't what was read or a new name exists.

    Raises InvalidError, KVError for what Workers KV rejects (its text names the key), and
    StoreError. A store that isn't `atomic` may have made some edits then; its error says so.
    """
    store = await target.store()
    now = await store.time()
    read = {edit.key for edit in edits}
    names = _new_names(edits)
    if len(read) < len(edits):
        raise InvalidError("a key is edited twice")
    conflicts: list[str] = []
    deletes: list[str] = []
    seen = SeenSpool()
    with closing(Spool()) as writes:
        at = iter(edits)
        async for content in contents(target, [edit.key for edit in edits]):
            edit = next(at)
            if content.version != edit.version:
                conflicts.append(edit.key)
                continue
            if content.version != DAMAGED:
                seen.add(Seen.of(edit.key, content.entry))
            if edit.delete or (edit.to is not None and content.entry is not None):
                deletes.append(edit.key)
            if not edit.delete:
                writes.add(_write(edit, content.entry, now))
        new = [name for name in names if name not in read]
        async for content in contents(target, new):
            if content.version != NOTHING:
                conflicts.append(content.key)
            seen.add(Seen(content.key, NOTHING))
        if conflicts:
            return Applied(0, conflicts[:MAX_CONFLICTS])
        try:
            await store.change_many([Batch(target.id, writes.writes(), deletes, expected=seen)])
        except ChangedError as error:
            return Applied(0, [error.key])
    return Applied(len(edits))


def _new_names(edits: Iterable[Edit]) -> list[str]:
    """Return the names that edits write to. Raises InvalidError for one that two of them have."""
    names: dict[str, None] = {}
    for edit in edits:
        if edit.delete:
            continue
        name = edit.key if edit.to is None else edit.to
        if name in names:
            raise InvalidError(f'two rows have the key "{name}"; rename one of them')
        names[name] = None
    return list(names)


def _write(edit: Edit, entry: Entry | None, now: float) -> Write:
    name = edit.key if edit.to is None else edit.to
    try:
        return _checked_write(name, edit, entry, now)
    except KVError as error:  # of one among many
        raise InvalidError(f"{short(name)} can't be saved: {error.reason}") from error


def _checked_write(name: str, edit: Edit, entry: Entry | None, now: float) -> Write:
    old = entry or Entry(b"", None, None)
    value = old.value if edit.value is None else edit.value
    check_value_size(len(value))
    metadata, expiration = old.metadata, old.expiration
    if edit.to is not None or entry is None:
        checked_key("put", name)
    if edit.metadata is not None:
        (metadata,) = edit.metadata
        if metadata is not None:
            if not is_json(metadata):
                raise InvalidError(f'the metadata of "{name}" isn\'t JSON')
            check_metadata_size(metadata)
    if edit.ttl is not None:
        expiration = expires_at(None, edit.ttl, now)
    elif edit.expiration is not None and edit.expiration != (old.expiration,):
        expiration = expires_at(edit.expiration[0], None, now)
    return Write(name, value, metadata, expiration)
