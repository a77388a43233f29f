"""How large the history may be."""

from __future__ import annotations

import os

DEFAULT_SIZE = 64  # MB
MOST = 64 * 1024  # MB


def limit_bytes() -> int:
    """Return the size that KVLENS_HISTORY allows in MB, as bytes; 0 if the history is off."""
    named = os.environ.get("KVLENS_HISTORY", "").strip()
    megabytes = int(named) if named.isascii() and named.isdigit() else DEFAULT_SIZE
    return min(megabytes, MOST) * 1024 * 1024
