"""Share work with copies of this process, where the system can fork.

A copy begins with all that is in memory here, and sends back only what it has found. What it
doesn't send, because it failed or was killed, is done here: nothing gets lost, and an error is
raised as if there were no copies.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

R = TypeVar("R")
_SIZE = 4  # bytes of a number that is sent
_UNITS = 1_000  # that fit into any system's pipe


def usable() -> int:
    """Return how many processes can work at once; 1 if this one can't be copied."""
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def shared(units: Sequence[int], processes: int, work: Callable[[Iterable[int]], R]) -> list[R]:
    """Return what `work` returns for the units that each process takes, this one first.

    A process takes the next unit when it is done with the one before.
    """
    if processes == 1:
        return [work(units)]
    queue, fill = os.pipe()
    copies: list[_Copy] = []
    try:
        heads = min(len(units), _UNITS)
        os.write(fill, b"".join(number.to_bytes(_SIZE, "big") for number in range(heads)))
        os.close(fill)
        with suppress(OSError):  # too many processes
            for _ in range(1, min(processes, len(units))):
                copies.append(_Copy(lambda taken: work(_taken(queue, units, taken))))
        done: list[int] = []
        found = [work(_taken(queue, units, done))]
        for copy in copies:
            if (answer := copy.answer()) is not None:
                done += answer[0]
                found.append(answer[1])
        if left := [unit for unit in units if unit not in {*done}]:
            found.append(work(left))
        return found
    finally:
        os.close(queue)
        for copy in copies:
            copy.end()


def _taken(queue: int, units: Sequence[int], taken: list[int]) -> Iterator[int]:
    """Yield the units that nobody has taken, and note them; none after the original's end."""
    parent = os.getppid()
    while os.getppid() == parent and (head := os.read(queue, _SIZE)):
        for unit in units[int.from_bytes(head, "big") :: _UNITS]:
            taken.append(unit)
            yield unit


class _Copy:
    """A copy of this process that works: `work` gets a list in which it notes its units."""

    def __init__(self, work: Callable[[list[int]], object]) -> None:
        self._answer, answer = os.pipe()
        self._is_there = True
        parent, code = os.getpid(), 1
        try:
            self._pid = os.fork()
            if self._pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends without a word
                os.close(self._answer)  # or writing would wait for itself if the original ends
                import pickle  # late, also below: an answer may be kept

                taken: list[int] = []
                data = pickle.dumps((taken, work(taken)), pickle.HIGHEST_PROTOCOL)
                with os.fdopen(answer, "wb") as file:
                    file.write(len(data).to_bytes(_SIZE, "big") + data)
                code = 0
        finally:
            if os.getpid() != parent:  # without what the original does at its end
                os._exit(code)
            os.close(answer)

    def answer(self) -> Any | None:
        """Wait for the units and what was found; None if the copy failed."""
        import pickle

        data = bytearray()
        while block := os.read(self._answer, 1 << 20):
            data += block
        self._is_there = False
        size = int.from_bytes(data[:_SIZE], "big")
        return pickle.loads(data[_SIZE:]) if size and len(data) == _SIZE + size else None

    def end(self) -> None:
        """End the copy if it still works."""
        os.close(self._answer)
        with suppress(OSError):  # the system may have waited for it
            if self._is_there:
                os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
