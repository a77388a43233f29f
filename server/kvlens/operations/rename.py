"""Give a key another name, or a copy of it, with its metadata and expiration."""

from __future__ import annotations

from kvlens.kv.records import Write
from kvlens.operations.gone import gone
from kvlens.operations.keys import checked_key
from kvlens.operations.put import conflict
from kvlens.operations.target import Target
from kvlens.stores.base import NOTHING, Batch, ChangedError, Seen, digest


async def rename(
    target: Target, key: str, to: str, *, keep: bool = False, expected: str = NOTHING
) -> Seen | None:
    """Move a key's value, metadata and expiration to the name `to`, in one change.

    `keep` copies them. If there is a key `to`, nothing is changed, and its content is returned; to
    replace it, pass its digest as `expected`. `key` comes from a list, and may have any name.
    Raises NotFoundError, ConflictError if either key changes meanwhile, InvalidError, KVError for
    an invalid new name, and StoreError.
    """
    checked_key("put", to)
    if to == key:
        return None
    store = await target.store()
    entry = await store.get(target.id, key)
    if entry is None:
        raise await gone(target, key)
    there = await store.with_hidden().get(target.id, to)
    if (NOTHING if there is None else digest(there.value)) != expected:
        if there is not None:
            return Seen.of(to, there)
        raise conflict(target, to)
    batch = Batch(
        target.id,
        [Write(to, *entry)],
        [] if keep else [key],
        expected=[Seen.of(key, entry), Seen.of(to, there)],
    )
    try:
        await store.change_many([batch])
    except ChangedError as error:
        raise conflict(target, error.key) from error
    return None
