"""How a command that serves comes to its end: by a signal, or with the process that started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading


def end_with_parent(stop: asyncio.Event, *, lifeline: bool) -> None:
    """Set `stop` on SIGTERM, SIGINT and SIGHUP, and with `lifeline` when standard input ends."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(NotImplementedError, ValueError):  # on Windows
                loop.add_signal_handler(number, stop.set)
    if lifeline:

        def wait_for_end() -> None:
            while os.read(0, 4096):
                pass
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_end, daemon=True).start()
