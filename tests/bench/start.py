"""The start of the server: from its spawn to the response to `initialize`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.bench.client import Client
from tests.bench.project import project
from tests.bench.report import Row
from tests.bench.servers import PEERS, Server, ours

TITLE = "Start: spawn -> answer of `initialize`"
ROUNDS = 11
AIMS = {"taplo": 4.0}


def run() -> list[Row]:
    """Start each server in turn, several times."""
    servers = [ours(), *(make() for make in PEERS)]
    found = times(servers)
    mine, *others = (median(found[server.name]) * 1000 for server in servers)
    return [
        Row("median", "ms", mine, peer.name, theirs, ROUNDS, aim=AIMS.get(peer.name.split()[0]))
        for peer, theirs in zip(servers[1:], others, strict=True)
    ]


def times(servers: Sequence[Server]) -> dict[str, list[float]]:
    """Return the seconds of each server's starts, by name; the servers take turns."""
    found: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            found[server.name].append(_start(server))
    return found


def _start(server: Server) -> float:
    with project(server, 60) as (folder, _, _), Client(server, folder) as client:
        return client.initialize()
