"""Digests of what a question to the user is about.

A digest is computed before the question and compared before the answer is carried out: if it
differs, the user must be asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from kvlens.kv.records import KeyInfo
from kvlens.stores.base import Seen, Store
from kvlens.stores.batch import each
from kvlens.stores.spool import SeenSpool


def of_names(names: Iterable[str]) -> str:
    """Return the digest of a list of keys, in order."""
    found = hashlib.sha256()
    for name in names:
        found.update(json.dumps(name).encode() + b"\n")
    return found.hexdigest()


def of_infos(infos: Iterable[KeyInfo]) -> str:
    """Return the digest of listed keys, without their values."""
    return of_names(json.dumps(info) for info in infos)


def of_seen(seen: Iterable[Seen], names: Iterable[str]) -> str:
    """Return the digest of entries as they were read, and of other names, as of damaged keys."""
    return of_names(chain((json.dumps(one) for one in seen), names))


class Held(NamedTuple):
    """What a store has under some keys, and the digest of that."""

    digest: str
    seen: SeenSpool  # without damaged keys
    size: int  # bytes of the keys that are there, with their values and metadata


async def of_entries(store: Store, ns: str, keys: list[str]) -> Held:
    """Return the keys' current content, including which are missing.

    Raises StoreError. For a damaged key, only its name counts.
    """
    damaged: list[str] = []
    entries = each(store, ns, keys, lambda error: damaged.append(error.key))
    seen = SeenSpool()
    size = 0
    async for key, entry in entries:
        seen.add(Seen.of(key, entry))
        if entry is not None:
            size += len(key.encode()) + len(entry.value) + len(entry.metadata or "")
    return Held(of_seen(seen, damaged), seen, size)
