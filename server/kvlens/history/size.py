"""How large the history may be."""

from __future__ import annotations

import os

DEFAULT_SIZE = 256  # MB
MOST = 64 * 1024  # MB
ROW_COST = 120  # bytes of a change on disk without its names and values, at most


def limit_bytes() -> int:
    """Return the size that KVLENS_HISTORY allows in MB, as bytes; 0 if the history is off."""
    named = os.environ.get("KVLENS_HISTORY", "").strip()
    megabytes = int(named) if named.isascii() and named.isdigit() else DEFAULT_SIZE
    return min(megabytes, MOST) * 1024 * 1024


def cost(keys: int, size: int) -> int:
    """Return the bytes that changes of keys take on disk, about.

    `size` is that of their names, values and metadata. SQLite leaves some room in its pages.
    """
    return keys * ROW_COST + size * 5 // 4


def why_no_undo(keys: int, size: int, limit: int) -> str | None:
    """Return why a change can't be undone, if it is too large for a history of `limit` bytes.

    Without a history, nothing can, and that isn't said here. `keys` and `size` are as in `cost`.
    """
    needed = cost(keys, size)
    if not limit or needed <= limit:
        return None
    return (
        f"It can't be undone: it takes {needed / 1024**2:,.0f} MB in the history, which has "
        f"{limit / 1024**2:,.0f} MB (KVLENS_HISTORY)."
    )
