"""Work in a thread that ends early when nobody waits for its result any longer.

A thread can't be canceled from outside. What may take long asks `go_on` between its steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

_stopped: ContextVar[threading.Event | None] = ContextVar("stopped", default=None)

T = TypeVar("T")


async def in_thread(work: Callable[..., T], *given: object) -> T:
    """Return what a function returns, run in a thread; a canceled caller stops it."""
    import asyncio  # late: a shell checks files without it

    stopped = threading.Event()
    token = _stopped.set(stopped)  # the thread gets a copy of this context
    try:
        return await asyncio.to_thread(work, *given)
    except asyncio.CancelledError:
        stopped.set()
        raise
    finally:
        _stopped.reset(token)


def go_on() -> None:
    """Raise CancelledError where the one who asked for this work has been cancelled."""
    stopped = _stopped.get()
    if stopped is not None and stopped.is_set():
        from asyncio import CancelledError

        raise CancelledError
