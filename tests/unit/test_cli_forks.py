"""Work that is shared with copies of the process: nothing gets lost."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from kvlens.cli.forks import shared, usable

HERE = os.getpid()
PROCESSES = (1, 2, 4) if hasattr(os, "fork") else (1,)
Found = list[tuple[int, bytes]]


def finds(size: int) -> Callable[[Iterable[int]], Found]:
    return lambda units: [(unit, bytes(size)) for unit in units]


def killed(units: Iterable[int]) -> Found:
    found = []
    for unit in units:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGKILL)
        found.append((unit, b""))
    return found


def failing(units: Iterable[int]) -> Found:
    found = []
    for unit in units:
        if os.getpid() != HERE:
            raise ValueError(unit)
        found.append((unit, b""))
    return found


WORK = {
    "little": finds(0),
    "more-than-a-pipe-holds": finds(1_000),
    "copies-are-killed": killed,
    "copies-fail": failing,
}


@pytest.mark.parametrize("count", [0, 1, 5, 3_500])
@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_every_unit_is_done_once(
    work: Callable[[Iterable[int]], Found], processes: int, count: int
) -> None:
    found = shared(range(count), processes, work)
    assert Counter(unit for part in found for unit, _ in part) == Counter(range(count))
    assert not any_child()


@pytest.mark.parametrize("processes", PROCESSES)
def test_an_error_is_raised_as_without_copies(processes: int) -> None:
    def work(units: Iterable[int]) -> int:
        raise ValueError(sum(units))

    with pytest.raises(ValueError):
        shared(range(10), processes, work)
    assert not any_child()


def test_at_least_this_process_is_usable() -> None:
    assert usable() in range(1, 5)


def any_child() -> bool:
    """Return whether there is a copy of this process."""
    if not hasattr(os, "WNOHANG"):
        return False
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True
