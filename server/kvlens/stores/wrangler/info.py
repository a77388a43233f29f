"""Describe the store `wrangler:`."""

from __future__ import annotations

from pathlib import Path

from kvlens.kv.clock import Clock
from kvlens.stores.base import Store, StoreInfo
from kvlens.stores.wrangler.safe_paths import OWN


def _place(url: str, base: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that the user named, and the path from there to the state."""
    path = url.partition(":")[2]
    if path:
        return base / Path(path).expanduser(), ("v3",)
    return base, (OWN, "state", "v3")


def _open_url(url: str, base: Path, clock: Clock) -> Store:
    from kvlens.stores.wrangler.store import WranglerStore  # late: help needs only this file

    return WranglerStore(*_place(url, base), clock)


def _local_path(url: str, base: Path) -> Path:
    folder, parts = _place(url, base)
    return folder.joinpath(*parts)


STORE = StoreInfo(
    ("wrangler:", "wrangler:PATH"),
    "Miniflare's disk format: the same keys as `wrangler dev`",
    _open_url,
    local_path=_local_path,
)
