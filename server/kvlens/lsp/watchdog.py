"""End the server with its editor, even if it is busy.

A thread checks once a second whether the editor still exists: its process, and its end of our
standard input. If it is gone, or the session has ended, the event loop has a few seconds to finish;
then the process exits anyway. A handler that loops in Python or hangs in a thread can't prevent
that. Native code can block this thread too: then the system's timer for processor time, which is
reset here every second, ends the process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

LOOK_EVERY = 1.0  # seconds
GRACE = 5.0  # seconds to finish in
NATIVE = 60.0  # seconds of processor time without a check; no file takes a fraction of it

logger = logging.getLogger(__name__)


class Watchdog:
    """Ends this process some seconds after its editor."""

    def __init__(self, source: int, on_gone: Callable[[], None]) -> None:
        self.parent: int | None = None  # the editor's process, once known
        self.code = 0  # the exit code
        self._source = source
        self._on_gone = on_gone  # called from the thread, once
        self._lock = threading.Lock()
        self._gone = False
        self._deadline: float | None = None
        self._beat = time.monotonic()
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(source, 0)  # only reports that the other end is closed

    def start(self) -> None:
        """Start checking."""
        if hasattr(signal, "SIGPROF"):
            with contextlib.suppress(Exception):  # without a standard error, it ends silently
                faulthandler.register(signal.SIGPROF, chain=True)
        threading.Thread(target=self._watch, name="kv-watchdog", daemon=True).start()

    def watch(self, parent: int | None) -> None:
        """Also watch the editor's process, if it is on this machine."""
        if parent is not None and is_alive(parent):
            self.parent = parent

    def beat(self) -> None:
        """Record that the event loop is alive."""
        self._beat = time.monotonic()

    def gone(self) -> None:
        """Record that the editor is gone: its last messages may still be handled."""
        with self._lock:
            first, self._gone = not self._gone, True
        if first:
            self._on_gone()

    def ended(self, code: int) -> None:
        """Record that the session has ended: the rest must be fast."""
        self.code = code
        self._deadline = time.monotonic() + GRACE

    def _watch(self) -> None:
        while True:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_PROF, NATIVE)
            if not self._gone and self._editor_is_gone():
                self.gone()
            now = time.monotonic()
            late = self._deadline is not None and now > self._deadline
            if late or (self._gone and now > self._beat + GRACE):
                logger.error("The editor has gone and something here does not end: ending it.")
                with contextlib.suppress(Exception):
                    sys.stderr.flush()
                os._exit(self.code)
            time.sleep(LOOK_EVERY)

    def _editor_is_gone(self) -> bool:
        if self.parent is not None and not is_alive(self.parent):
            return True
        if self._poll is None:
            return False
        try:
            return any(event & select.POLLHUP for _, event in self._poll.poll(0))
        except OSError:
            return False


def is_alive(process: int) -> bool:
    """Return whether a process exists on this machine."""
    if process <= 0:
        return False
    if os.name == "nt":
        return _is_alive_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_alive_on_windows(process: int) -> bool:
    import ctypes

    kernel: object = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    synchronize, still_waiting = 0x00100000, 0x102
    handle = kernel.OpenProcess(synchronize, False, process)  # type: ignore[attr-defined]
    if not handle:
        return bool(kernel.GetLastError() == 5)  # type: ignore[attr-defined]  # no permission
    try:
        found = kernel.WaitForSingleObject(handle, 0)  # type: ignore[attr-defined]
        return bool(found == still_waiting)
    finally:
        kernel.CloseHandle(handle)  # type: ignore[attr-defined]
