"""Programs that run to completion: esbuild, and a config's build command.

Each can be ended at any time, with everything it started, and its output is bounded.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from kvlens.process import memory_used
from kvlens.worker.errors import BuildError

KEPT = 256 * 1024  # bytes kept from the end of a program's output
LOOK_EVERY = 0.2  # seconds between checks of a program's memory
_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()


class Ran(NamedTuple):
    """A program's exit code and output."""

    code: int
    output: str
    errors: str


def run(
    command: Sequence[str] | str,
    folder: Path,
    *,
    shell: bool = False,
    timeout: float | None = None,
    memory: int | None = None,
) -> Ran:
    """Run a program to completion. Blocks; call it from a thread.

    Raises BuildError if it can't be started, takes longer than `timeout` seconds, or uses more than
    `memory` bytes (if the system reports it).
    """
    name = command if isinstance(command, str) else command[0]
    try:
        process = subprocess.Popen(
            command,
            shell=shell,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BuildError(f"{name:.200} can't be started in {folder}: {reason}") from error
    with _lock:
        _running.add(process)
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [_Reader(process.stdout), _Reader(process.stderr)]
        reason = _wait(process, timeout, memory)
        if reason:
            raise BuildError(
                f"{name:.200} {reason} and was stopped; check whether it reads an endless file or "
                f"waits for something"
            )
        return Ran(process.returncode, *(reader.text() for reader in readers))
    finally:
        _end(process)
        with _lock:
            _running.discard(process)


def _wait(
    process: subprocess.Popen[bytes], timeout: float | None, memory: int | None
) -> str | None:
    """Wait until a program ends; return why it must be stopped if it exceeds a limit first."""
    deadline = None if timeout is None else time.monotonic() + timeout
    step = timeout if memory is None else LOOK_EVERY
    while True:
        try:
            process.wait(step)
            return None
        except subprocess.TimeoutExpired:
            if deadline is not None and time.monotonic() > deadline:
                return f"took longer than {timeout:.0f} s"
            if memory is not None and memory_used(process.pid) > memory:
                return f"took more than {memory:,} bytes of memory"


def end_all() -> None:
    """Kill every running program."""
    with _lock:
        running = list(_running)
    for process in running:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(OSError):
            if os.name == "nt":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)


class _Reader:
    """Reads a stream to its end in a thread, and keeps the last part."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._parts: deque[bytes] = deque()
        self._size = 0
        self._cut = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return that part once the program has ended. Its children may still run."""
        self._thread.join(1)
        kept = b"".join(list(self._parts)).decode("utf-8", "replace")
        return f"…\n{kept}" if self._cut else kept

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while part := os.read(self._stream.fileno(), 65536):
                self._parts.append(part)
                self._size += len(part)
                while self._size - len(self._parts[0]) > KEPT:
                    self._size -= len(self._parts.popleft())
                    self._cut = True
        with contextlib.suppress(OSError):
            self._stream.close()
