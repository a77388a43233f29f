"""Whether a port can be listened on, and why it can't be."""

from __future__ import annotations

import errno
import os
import socket

BACKLOG = 4096
"""Connections that may wait to be accepted. The system has a limit, too; asyncio's 100 are too few
for a Worker, which opens one for each concurrent call."""

_WINDOWS_IN_USE = 10048  # WSAEADDRINUSE


def listen_failure(port: int, error: Exception, host: str = "") -> str:
    """Return why `create_server` failed and what to do about it."""
    number = getattr(error, "errno", None)
    place = f"Port {port} on {host}" if host else f"Port {port}"
    if isinstance(error, OverflowError):
        return f"Port {port} does not exist: choose one up to 65535, or 0 for any free one."
    if number == errno.EADDRINUSE or getattr(error, "winerror", None) == _WINDOWS_IN_USE:
        return (
            f"{place} is in use by another program. End that program, or choose another port "
            "(0 for any free one)."
        )
    if number == errno.EACCES:
        return f"{place} needs more rights: choose one above 1023, or 0 for any free one."
    return f"{place} can't be listened on: {getattr(error, 'strerror', None) or error}."


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a port can be listened on now."""
    with socket.socket() as one:
        if os.name == "posix":  # as asyncio does; on Windows, the option means something else
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError:
            return False
    return True
