"""Report internal errors: one readable line for the user, the traceback for the log."""

from __future__ import annotations

import logging
import os

ISSUES = "https://github.com/kvlens/kvlens/issues"
DEBUG = "KVLENS_DEBUG"  # the variable that shows tracebacks
_LOG = logging.getLogger("kvlens")
_LONGEST = 200


def log_internal_error(what: str, error: BaseException) -> str:
    """Log an unexpected error, and return the line that reports it to the user.

    `what` is what failed, such as `the rule id-empty`.
    """
    _LOG.error("%s failed", what, exc_info=error)
    said = " ".join(f"{type(error).__name__}: {error}".split())
    if len(said) > _LONGEST:
        said = f"{said[: _LONGEST - 1]}…"
    return f"internal error in {what}: {said}. Please report this; {DEBUG}=1 shows where"


def internal_error_message(error: BaseException | str) -> str:
    """Return the message for a client about an unexpected error; the caller logs the traceback."""
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    first = said.partition("\n")[0][:_LONGEST]
    return f"Internal error: {first}. Please report this at {ISSUES}; the log says more."


def keep_log(*, always: bool = False) -> None:
    """Write the log, including tracebacks, to standard error: `always`, or on request."""
    if not _LOG.handlers:
        wanted = always or os.environ.get(DEBUG)
        _LOG.addHandler(logging.StreamHandler() if wanted else logging.NullHandler())
