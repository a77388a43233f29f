"""Idle memory: a config is open and its diagnostics are shown.

RSS counts shared pages in every process that has them; PSS (Linux) divides them, so only PSS can be
added up over processes. Ours is the server with its emulator, which is a separate process.
"""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median

from tests.bench.client import Client
from tests.bench.project import open_config, project
from tests.bench.report import Row
from tests.bench.servers import PEERS, Server, ours

TITLE = "Memory at idle, a config of 60 lines open"
ROUNDS = 3
IDLE = 2.0  # seconds of silence
LIMIT = 60.0  # MB


def run() -> list[Row]:
    """Open a config in each server, wait, and measure. No rows if the system has no /proc."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    servers = [ours(), *(make() for make in PEERS)]
    found: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            found[server.name].append(_idle(server))
    mine = servers[0].name
    rows: list[Row] = []
    for key, what in (
        ("server", "server alone, RSS"),
        ("all", "with the emulator, PSS"),
    ):
        ours_ = median(sample[key] for sample in found[mine])
        for peer in servers[1:]:
            theirs = median(sample[key] for sample in found[peer.name])
            limit = LIMIT if key == "all" else None
            rows.append(Row(what, "MB", ours_, peer.name, theirs, ROUNDS, limit=limit))
    return rows


def _idle(server: Server) -> dict[str, float]:
    with project(server, 60) as (folder, text, _), Client(server, folder) as client:
        client.initialize()
        open_config(client, folder, text)
        client.quiet(IDLE)
        root = client.process.pid
        return {"server": _rss(root), "all": sum(_pss(pid) for pid in _family(root))}


def peak(root: int) -> float:
    """Return the most memory of a process and those it has started, in MB; 0 without /proc."""
    if not Path("/proc/self/status").exists():
        return 0
    return sum(_megabytes(Path(f"/proc/{pid}/status"), "VmHWM") for pid in _family(root))


def _rss(pid: int) -> float:
    return _megabytes(Path(f"/proc/{pid}/status"), "VmRSS")


def _pss(pid: int) -> float:
    return _megabytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss")


def _megabytes(path: Path, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, path
    return int(found[1]) * 1024 / 1e6


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text(encoding="utf-8").split():
            found += _family(int(child))
    return found
