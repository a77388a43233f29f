"""Digests of what a question to the user is about.

A digest is computed before the question and compared before the answer is carried out: if it
differs, the user must be asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from kvlens.kv.records import KeyInfo
from kvlens.stores.base import DamagedKeyError, Store, digest
from kvlens.stores.batch import each


def of_names(names: Iterable[str]) -> str:
    """Return the digest of a list of keys, in order."""
    found = hashlib.sha256()
    for name in names:
        found.update(json.dumps(name).encode() + b"\n")
    return found.hexdigest()


def of_infos(infos: Iterable[KeyInfo]) -> str:
    """Return the digest of listed keys, without their values."""
    return of_names(json.dumps(info) for info in infos)


async def of_entries(store: Store, ns: str, keys: list[str]) -> str:
    """Return the digest of the keys' current content, including which are missing.

    Raises StoreError. For a damaged key, only its name counts.
    """
    found: list[str] = []

    def damaged(error: DamagedKeyError) -> None:
        found.append(json.dumps(["damaged", error.key]))

    async for key, entry in each(store, ns, keys, damaged):
        held = entry and (digest(entry.value), entry.metadata, entry.expiration)
        found.append(json.dumps([key, held]))
    return of_names(found)
