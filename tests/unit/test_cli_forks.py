"""Work that is shared with copies of the process: nothing gets lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import pytest
from kvlens.cli.forks import shared, usable

HERE = os.getpid()
PROCESSES = (1, 2, 4) if hasattr(os, "fork") else (1,)
Found = list[tuple[int, bytes]]


@pytest.fixture(autouse=True)
def _counted_copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check that no copy is left: other children of this process are of other tests."""
    if not hasattr(os, "fork"):
        yield
        return
    fork, made = os.fork, list[int]()

    def counted() -> int:
        pid = fork()
        if pid:
            made.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", counted)
    yield
    for pid in made:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


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


def interrupted(units: Iterable[int]) -> Found:
    found = []
    for unit in units:
        if os.getpid() != HERE:
            os.kill(os.getpid(), signal.SIGINT)
        found.append((unit, b""))
    return found


WORK = {
    "little": finds(0),
    "more-than-a-pipe-holds": finds(1_000),
    "copies-are-killed": killed,
    "copies-fail": failing,
    "copies-are-interrupted": interrupted,
}


@pytest.mark.parametrize("count", [0, 1, 5, 3_500])
@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_every_unit_is_done_once(
    work: Callable[[Iterable[int]], Found],
    processes: int,
    count: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = shared(range(count), processes, work)
    assert Counter(unit for part in found for unit, _ in part) == Counter(range(count))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("processes", PROCESSES)
def test_an_error_is_raised_as_without_copies(processes: int) -> None:
    def work(units: Iterable[int]) -> int:
        raise ValueError(sum(units))

    with pytest.raises(ValueError):
        shared(range(10), processes, work)


@pytest.mark.parametrize("processes", PROCESSES)
def test_an_interrupt_ends_all_copies(processes: int, capfd: pytest.CaptureFixture[str]) -> None:
    begun, begin = os.pipe()

    def work(units: Iterable[int]) -> None:
        if os.getpid() == HERE:
            os.write(begin, b".")
        if os.getpid() != HERE or processes == 1:
            os.read(begun, 1)  # one copy does, when all are there
            os.kill(HERE, signal.SIGINT)
        time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        shared(range(10), processes, work)
    os.close(begin)
    os.close(begun)
    assert capfd.readouterr() == ("", "")


KILLED = """
import os, signal, time
from kvlens.cli.forks import shared
here = os.getpid()
def work(units):
    if os.getpid() == here:
        os.kill(here, signal.SIGKILL)
    time.sleep(0.1)
    return bytes(1_000_000)
shared(range(10), 3, work)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no copies")
def test_copies_end_after_the_original() -> None:
    command = [sys.executable, "-c", KILLED]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # the copies' too
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, b"", b"")


def test_at_least_this_process_is_usable() -> None:
    assert 1 <= usable() <= (os.cpu_count() or 1)
