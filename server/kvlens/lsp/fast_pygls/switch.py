"""Select the fast path, unless KVLENS_PLAIN_PYGLS is set."""

from __future__ import annotations

import os

VARIABLE = "KVLENS_PLAIN_PYGLS"


def is_on() -> bool:
    """Return whether the server runs on the fast path; with KVLENS_PLAIN_PYGLS=1 it doesn't."""
    return os.environ.get(VARIABLE, "") in ("", "0")
