"""How large the history may be."""

from __future__ import annotations

import os

DEFAULT_SIZE = 64  # MB
MOST = 64 * 1024  # MB
MOST_KEYS = 20_000  # that one change may have to be recorded key by key


def limit_bytes() -> int:
    """Return the size that KVLENS_HISTORY allows in MB, as bytes; 0 if the history is off."""
    named = os.environ.get("KVLENS_HISTORY", "").strip()
    megabytes = int(named) if named.isascii() and named.isdigit() else DEFAULT_SIZE
    return min(megabytes, MOST) * 1024 * 1024
