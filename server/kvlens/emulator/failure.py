"""Unexpected errors: one line for the client, the traceback for the log."""

from __future__ import annotations

import logging

from kvlens import internal
from kvlens.emulator.http import Request

logger = logging.getLogger(__name__)


def log_unexpected(request: Request, error: Exception) -> str:
    """Log an error with its traceback and return the message for the client."""
    # no control characters: the path comes from the client
    asked = ascii((request.method + b" " + request.path[:200]).decode("latin-1"))
    logger.error("Internal error while answering %s", asked, exc_info=error)
    return internal.internal_error_message(error)
