"""Delete keys, or only what the user confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kvlens.operations.errors import ConflictError
from kvlens.operations.keys import checked_key
from kvlens.operations.target import Target
from kvlens.seeds.fingerprint import Held, of_entries
from kvlens.stores.base import Batch, ChangedError


async def before_delete(target: Target, keys: Sequence[str]) -> Held:
    """Return a digest of the keys' content, for a question to the user. Raises StoreError."""
    return await of_entries(await target.store(), target.id, list(keys))


async def delete(
    target: Target, keys: Sequence[str], *, listed: bool = False, expected: str | None = None
) -> int:
    """Delete keys, all or none, and return how many existed.

    `listed` is as in `get`. With `expected`, the digest of what the user was asked about, raises
    ConflictError and deletes nothing if the content has changed. Raises InvalidError, KVError for
    an invalid name, and StoreError.
    """
    names = keys if listed else [checked_key("delete", key) for key in keys]
    store = await target.store()
    if expected is None or not names:
        return await store.delete(target.id, names) if names else 0
    held = await before_delete(target, names)
    if held.digest == expected:
        with suppress(ChangedError):
            return await store.change_many([Batch(target.id, deletes=names, expected=held.seen)])
    raise ConflictError(
        f"the keys to delete from {target.name} are not what was read: something else has "
        "written to them since. Nothing was deleted; read them again first"
    )
