"""Change the metadata or the expiration of keys; their values stay."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from kvlens.kv.records import Write
from kvlens.kv.validation import check_metadata_size
from kvlens.kv.values import is_json
from kvlens.operations.errors import ConflictError, InvalidError
from kvlens.operations.gone import gone
from kvlens.operations.put import expires_at
from kvlens.operations.target import Target
from kvlens.stores.base import Batch, ChangedError, Seen
from kvlens.stores.batch import each
from kvlens.stores.spool import SeenSpool, Spool


class Expiry(NamedTuple):
    """A new expiration: at a time in seconds since the epoch, after seconds, or never."""

    at: float | None = None
    ttl: float | None = None


class Metadata(NamedTuple):
    """New metadata, and those that the user saw: JSON texts; None for none."""

    text: str | None
    before: str | None


async def update(
    target: Target,
    keys: Sequence[str],
    *,
    metadata: Metadata | None = None,
    expiry: Expiry | None = None,
) -> int:
    """Give keys new metadata or another expiration, all or none; return their number.

    The keys come from a list, and may have any name. Raises NotFoundError if one of them is gone,
    ConflictError if one changes meanwhile or has other metadata than the user saw, InvalidError and
    KVError for invalid metadata or an invalid time, and StoreError.
    """
    if metadata is not None and metadata.text is not None:
        if not is_json(metadata.text):
            raise InvalidError("", lambda spell: f"{spell('metadata')} isn't JSON")
        check_metadata_size(metadata.text)
    store = await target.store()
    expires = None if expiry is None else expires_at(expiry.at, expiry.ttl, await store.time())
    seen = SeenSpool()
    with closing(Spool()) as writes:
        async for key, entry in each(store, target.id, keys):
            if entry is None:
                raise await gone(target, key)
            if metadata is not None and metadata.before != entry.metadata:
                raise _changed(target, key)
            write = Write(key, *entry)
            if metadata is not None:
                write = write._replace(metadata=metadata.text)
            if expiry is not None:
                write = write._replace(expiration=expires)
            writes.add(write)
            seen.add(Seen.of(key, entry))
        try:
            await store.change_many([Batch(target.id, writes.writes(), expected=seen)])
        except ChangedError as error:
            raise _changed(target, error.key) from error
        return writes.count


def _changed(target: Target, key: str) -> ConflictError:
    return ConflictError(
        f'key "{key}" in {target.name} is not what was read: something else has written it '
        "since. Nothing was changed; try again"
    )
