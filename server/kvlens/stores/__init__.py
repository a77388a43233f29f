"""Where the keys are kept: one file a store, one table.

A store takes what it is given: what may be put is decided above it, in `kvlens.kv`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import cast

from ..kv import Clock, Entry, KeyInfo, Page, Stats, Write, system_clock
from .base import Batch, Opener, Replaced, Seen, Store, StoreError, digest

STORES: dict[str, tuple[str, str]] = {
    # scheme: (module, the URL as help texts show it); a module is imported when it is used
    "memory": ("memory", "memory:"),
    "wrangler": ("wrangler", "wrangler: or wrangler:PATH"),
    "http": ("peer", "http://127.0.0.1:PORT"),
    "redis": ("redis", "redis://HOST:PORT"),
    "rediss": ("redis", "rediss://HOST:PORT"),
    "redis+cluster": ("redis", "redis+cluster://HOST:PORT,HOST:PORT"),
    "rediss+cluster": ("redis", "rediss+cluster://HOST:PORT,HOST:PORT"),
    "cloudflare": ("cloudflare", "cloudflare:ACCOUNT_ID"),
}

DEFAULT_STORE = "wrangler:"


def default_store() -> str:
    """Return the store to take where none is named: KVLENS_STORE's, else `DEFAULT_STORE`.

    A variable keeps a URL's password off the command line, which others could read.
    """
    return os.environ.get("KVLENS_STORE") or DEFAULT_STORE


def open_store(url: str, base: Path, clock: Clock = system_clock) -> Store:
    """Return the store that `url` names; relative paths are below `base`.

    Nothing is read or written yet. Raises StoreError for an unknown scheme or a malformed URL.
    """
    scheme, colon, _ = url.partition(":")
    if not colon or scheme.lower() not in STORES:
        known = ", ".join(form for _, form in STORES.values())
        raise StoreError(f'Unknown store "{shown_url(url)}". Stores are: {known}.')
    module = importlib.import_module(f".{STORES[scheme.lower()][0]}", __name__)
    return cast(Opener, module.open_url)(url, base, clock)


def shown_url(url: str) -> str:
    """Return a store's URL as it may be shown and logged: without user, password or token.

    >>> shown_url("redis://team:secret@keys.example:6379/1")
    'redis://keys.example:6379/1'
    """
    scheme, slashes, rest = url.partition("://")
    return scheme + slashes + rest.rpartition("@")[2] if slashes else url


__all__ = [
    "DEFAULT_STORE",
    "STORES",
    "Batch",
    "Entry",
    "KeyInfo",
    "Page",
    "Replaced",
    "Seen",
    "Stats",
    "Store",
    "StoreError",
    "Write",
    "default_store",
    "digest",
    "open_store",
    "shown_url",
]
