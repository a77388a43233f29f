"""Nothing is left behind when a window is closed or the server crashes, and it restarts."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.editor.conftest import Open, until

PROC = Path("/proc")


def emulators(mark: str) -> dict[int, str]:
    """Return the processes that run KV Lens' code with the mark on their command line."""
    found = {}
    for entry in PROC.glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it has exited meanwhile
        if "kvlens" in line and mark in line:
            found[int(entry.parent.name)] = line
    return found


def parent(pid: int) -> int:
    """Return the process that started this one."""
    status = (PROC / str(pid) / "status").read_text(encoding="utf-8")
    return int(status.split("PPid:")[1].split()[0])


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_closed_window_ends_its_server_and_emulator(open_window: Open, project: Path) -> None:
    window = open_window(project)
    window.show_view()
    window.running()
    window.see("SESSIONS")
    assert emulators(str(project)), "the emulator's command line names the config"
    window.page.close()
    assert until(lambda: not emulators(str(project))), emulators(str(project))


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_server_that_dies_comes_back_with_its_keys(open_window: Open, project: Path) -> None:
    window = open_window(project)
    window.show_view()
    window.running()
    window.served("SESSIONS").put("kept", b"1")
    [first] = emulators(str(project))
    os.kill(parent(first), signal.SIGKILL)
    assert until(lambda: first not in emulators(str(project))), "the emulator ends with its server"
    assert until(lambda: len(emulators(str(project))) == 1)
    window.running()
    window.expand("SESSIONS")
    window.see("kept")
    assert window.served("SESSIONS").value("kept") == b"1"
