"""Find stores and open them by URL.

A store is a module of this package that has a `STORE`, or a folder whose `info.py` has one. To add
a store, add its file or folder.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from kvlens import stores
from kvlens.kv.clock import Clock, system_clock
from kvlens.stores.base import Store, StoreError, StoreInfo

DEFAULT_STORE = "wrangler:"


def default_store() -> str:
    """Return the store to use if none is named: the variable KVLENS_STORE, else `DEFAULT_STORE`.

    The variable keeps a URL's password off the command line, which others could read.
    """
    return os.environ.get("KVLENS_STORE") or DEFAULT_STORE


def every_store() -> list[StoreInfo]:
    """Return all stores, those with the shortest URLs first."""
    return sorted(_stores(""), key=lambda info: (len(info.urls[0]), info.urls))


def find_store(url: str) -> StoreInfo | None:
    """Return the store that a URL names, if any."""
    scheme, colon, _ = url.lower().partition(":")
    known = _stores(scheme) if colon else ()
    return next((info for info in known if scheme in info.by_scheme), None)


def open_store(url: str, base: Path, clock: Clock = system_clock) -> Store:
    """Return the store that `url` names; relative paths are relative to `base`.

    Nothing is read or written yet. Raises StoreError for an unknown scheme or a malformed URL.
    """
    info = find_store(url)
    if info is None:
        known = ", ".join(form for info in every_store() for form in info.by_scheme.values())
        raise StoreError(f'Unknown store "{shown_url(url)}". Use one of these: {known}.')
    return info.open_url(url, base, clock)


def absolute_url(url: str, folder: Path) -> str:
    """Return a store's URL with a path in it, relative to `folder`, made absolute."""
    scheme, _, path = url.partition(":")
    info = find_store(url)
    if not path or info is None or info.local_path is None:
        return url
    return f"{scheme}:{folder / Path(path).expanduser()}"


def keys_of(url: str, base: Path) -> str:
    """Return an identity for a store's keys: two URLs with the same one share their keys."""
    info = find_store(url)
    if info is not None and info.local_path is not None:
        return os.path.realpath(info.local_path(url, base))
    if info is None or info.shared:
        return url if info is None or info.identity is None else info.identity(url)
    return f"{url} in {os.path.realpath(base)}"


def url_of(keys: str) -> str | None:
    """Return a URL, without passwords, for what `keys_of` returned; None for a memory's."""
    if Path(keys).is_absolute():
        return f"{DEFAULT_STORE}{Path(keys).parent}"
    info = find_store(keys)
    return shown_url(keys) if info is not None and info.shared else None


def shown_url(url: str) -> str:
    """Return a store's URL without user, password or token, to show and log.

    >>> shown_url("redis://team:secret@keys.example:6379/1")
    'redis://keys.example:6379/1'
    """
    scheme, slashes, rest = url.partition("://")
    return scheme + slashes + rest.rpartition("@")[2] if slashes else url


def _stores(scheme: str) -> Iterator[StoreInfo]:
    """Yield the stores, those whose module's name begins the scheme first.

    This way, a store's dependencies are imported only with that store.
    """
    names = []
    for path in chain.from_iterable(Path(folder).iterdir() for folder in stores.__path__):
        if path.suffix == ".py" and path.stem not in ("__init__", "registry"):
            names.append(path.stem)
        elif (path / "info.py").is_file():
            names.append(f"{path.name}.info")
    names.sort(key=lambda name: (not scheme.startswith(name.partition(".")[0]), name))
    for name in names:
        module = importlib.import_module(f"kvlens.stores.{name}")
        if (info := getattr(module, "STORE", None)) is not None:
            yield info
