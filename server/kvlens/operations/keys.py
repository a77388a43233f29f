"""Check the names of keys that operations get."""

from __future__ import annotations

from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.validation import key_name
from kvlens.operations.errors import InvalidError


def checked_key(function: str, key: str) -> str:
    """Return the key if `function` (get, put, delete) may use it.

    Raises KVError for one that Workers KV rejects, and InvalidError for one that isn't UTF-8.
    """
    if has_lone_surrogate(key):
        raise InvalidError("the key isn't UTF-8 text; a key has to be")
    return key_name(function, key)
