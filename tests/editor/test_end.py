"""Nothing is left behind when a window is closed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.editor.conftest import Open

PROC = Path("/proc")


def kvlens_processes(mark: str) -> list[str]:
    """Return the command lines that mention KV Lens' code and the mark."""
    found = []
    for entry in PROC.glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it has ended meanwhile
        if "kvlens" in line and mark in line:
            found.append(line)
    return found


@pytest.mark.skipif(not PROC.is_dir(), reason="processes are looked up in /proc")
def test_a_closed_window_ends_its_server_and_emulator(open_window: Open, project: Path) -> None:
    window = open_window(project)
    window.show_view()
    window.running()
    window.see("SESSIONS")
    assert kvlens_processes(str(project)), "the emulator's command line names the config"
    window.page.close()
    deadline = time.monotonic() + 60
    while kvlens_processes(str(project)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert kvlens_processes(str(project)) == []
