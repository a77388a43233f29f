"""Put a key with all its data, or only a new value."""

from __future__ import annotations

from typing import Any

from kvlens.kv.coerce import UNSET
from kvlens.kv.records import Write
from kvlens.kv.validation import check_metadata_size, check_value_size, expiration_time
from kvlens.kv.values import dump_json
from kvlens.operations.errors import ConflictError, InvalidError
from kvlens.operations.gone import gone
from kvlens.operations.keys import checked_key
from kvlens.operations.target import Target
from kvlens.seeds.file import BEYOND_NUMBERS, looks_like_milliseconds
from kvlens.stores.base import Replaced


async def put(
    target: Target,
    key: str,
    value: bytes,
    *,
    metadata: Any = None,
    expiration: float | None = None,
    expiration_ttl: float | None = None,
    expected: str | None = None,
) -> Write:
    """Store a key and return what was stored. Without a time, it never expires.

    `metadata` is anything with a JSON form. With `expected`, the `digest` of the value that was
    read ("" if there was no key), raises ConflictError if there is another value now. Raises
    InvalidError, KVError for what Workers KV rejects, and StoreError.
    """
    name = checked_key("put", key)
    text = metadata_text(metadata)
    check_value_size(len(value))
    store = await target.store()
    write = Write(name, value, text, expires_at(expiration, expiration_ttl, await store.time()))
    if expected is None:
        await store.put(target.id, write)
    elif not await store.put_unchanged(target.id, write, expected):
        raise conflict(target, key)
    return write


async def replace(target: Target, key: str, value: bytes, *, expected: str | None = None) -> None:
    """Set a new value for a key; its metadata and expiration stay. `expected` is as in `put`.

    Raises NotFoundError if the key is gone, ConflictError, KVError for a value that is too large,
    and StoreError.
    """
    check_value_size(len(value))
    store = await target.store()
    done = await store.replace(target.id, key, value, expected)
    if done is Replaced.CHANGED:
        raise conflict(target, key)
    if not done:
        raise await gone(target, key, "Put it again to keep this value")


def metadata_text(metadata: Any) -> str | None:
    """Return metadata in its stored form. Raises KVError if it is too large."""
    if metadata is None:
        return None
    text = dump_json(metadata)
    check_metadata_size(text)
    return text


def expires_at(expiration: float | None, expiration_ttl: float | None, now: float) -> int | None:
    """Return the time of expiration in seconds since the epoch; None for never.

    Raises InvalidError for both or for a time that isn't in seconds, and KVError for an invalid
    time.
    """
    given = {"expiration_ttl": expiration_ttl, "expiration": expiration}
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) > 1:
        raise InvalidError(
            "",
            lambda spell: (
                f"{' and '.join(map(spell, named))} both say when the key expires; use one of them"
            ),
        )
    for name, value in named.items():
        _check_seconds(name, value)
    return expiration_time(
        UNSET if expiration is None else expiration,
        UNSET if expiration_ttl is None else expiration_ttl,
        now,
    )


def _check_seconds(name: str, value: float) -> None:
    if value >= BEYOND_NUMBERS:
        raise InvalidError("", lambda spell: f"{spell(name)} is out of range: it takes seconds")
    if looks_like_milliseconds(value):
        raise InvalidError(
            "",
            lambda spell: (
                f"{spell(name)} {value} is in seconds, and this looks like "
                f"milliseconds: {int(value // 1000)}"
            ),
        )


def conflict(target: Target, key: str) -> ConflictError:
    """Return the error for a key that isn't what was read."""
    return ConflictError(
        f'key "{key}" in {target.name} is not what was read: something else has written it '
        "since. Nothing was changed; read it again first"
    )
