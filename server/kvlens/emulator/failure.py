"""Unexpected errors: one line for the client, the traceback for the log."""

from __future__ import annotations

import logging

from kvlens.emulator.http import Request

ISSUES = "https://github.com/kvlens/kvlens/issues"

logger = logging.getLogger(__name__)


def unexpected(request: Request, error: Exception) -> str:
    """Log an error with its traceback and return the message for the client."""
    # without control characters: a client chooses the path
    asked = ascii((request.method + b" " + request.path[:200]).decode("latin-1"))
    logger.error("Internal error while answering %s", asked, exc_info=error)
    first = f"{type(error).__name__}: {error}".partition("\n")[0]
    return f"Internal error: {first[:200]}. Please report this at {ISSUES}; the log says more."
