"""Thirty-two clients for minutes, while the config is edited and a user types.

Memory must stay flat, and keystrokes must be handled as fast as without load.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kvlens.process import own_command

from tests.bench.client import Client
from tests.bench.configs import make_config
from tests.bench.keys import replay_typing
from tests.bench.project import CONFIG
from tests.bench.report import percentile
from tests.bench.servers import ours
from tests.soak.result import Result

CLIENTS = 32
MINUTES = 10.0
EDIT_EVERY = 1.0  # seconds
SAMPLE_EVERY = 2.0
TYPED = 50.0  # milliseconds, p95
GROWTH = 2.0  # MB per minute: twenty in a soak of ten minutes
WARM = 0.3  # the share of the time before memory is measured
LINES = 200
KEYS = 500


def run(scale: float, seed: int) -> list[Result]:
    """Serve, write, edit and type; return the results."""
    seconds = max(6.0, MINUTES * 60 * scale)
    with tempfile.TemporaryDirectory(prefix="kvlens-soak-") as name:
        folder = Path(name).resolve()
        text, places = make_config(LINES)
        served = folder / "served"
        served.mkdir()
        _write_config(served, 1)
        typed = folder / "typed"
        typed.mkdir()
        (typed / CONFIG).write_text(text, encoding="utf-8", newline="\n")
        process = subprocess.Popen(
            own_command("serve", "--json", "--lifeline"),
            cwd=served,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin and process.stdout
        try:
            ready = json.loads(process.stdout.readline())
            drain = threading.Thread(target=process.stdout.read, daemon=True)
            drain.start()
            with Client(ours(), typed) as client:
                client.initialize()
                keys = replay_typing(client, typed, text, places)
                watched = {"serve": process.pid, "language server": client.process.pid}
                return _measure(ready, served, seconds, seed, keys, watched)
        finally:
            process.stdin.close()
            process.wait(30)


def _measure(
    ready: dict[str, Any],
    served: Path,
    seconds: float,
    seed: int,
    keys: Any,
    watched: dict[str, int],
) -> list[Result]:
    end = time.monotonic() + seconds
    command = [sys.executable, "-m", "tests.soak.load", ready["url"], ready["token"]]
    clients = subprocess.Popen(
        [*command, str(seconds), str(seed)], stdout=subprocess.PIPE, text=True
    )
    memory: dict[str, list[tuple[float, float]]] = {name: [] for name in watched}

    def watch() -> None:
        began = time.monotonic()
        for number in itertools.count():
            now = time.monotonic()
            if now > end:
                return
            for name, pid in watched.items():
                memory[name].append((now - began, _rss(pid)))
            time.sleep(SAMPLE_EVERY if seconds > 60 else 0.2)
            if number % max(1, round(EDIT_EVERY / SAMPLE_EVERY)) == 0:
                _write_config(served, number % 7 + 1)

    watching = threading.Thread(target=watch)
    watching.start()
    times = []
    while time.monotonic() < end:
        times.append(next(keys).send() * 1000)
    watching.join()
    out, _ = clients.communicate(timeout=60)
    done, wrong = map(int, out.split())
    results = [
        Result("calls of the clients", done, f"in {seconds:.0f} s"),
        Result("calls that failed or answered wrongly", wrong, "", limit=0),
        Result("typing, p50", percentile(times, 0.5), "ms"),
        Result(f"typing, p95 of {len(times):,}", percentile(times, 0.95), "ms", limit=TYPED),
    ]
    for name, samples in memory.items():
        if not any(size for _, size in samples):
            continue  # not reported on this system
        warm = [sample for sample in samples if sample[0] >= seconds * WARM]
        results.append(Result(f"memory of {name}", max(size for _, size in samples), "MB", 300))
        # within seconds, one-time caching looks like growth
        limit = GROWTH if seconds >= 120 else None
        results.append(Result("  its growth", _slope(warm) * 60, "MB a minute", limit))
    return results


def _slope(samples: Sequence[tuple[float, float]]) -> float:
    """Return the growth per second, by least squares."""
    if len(samples) < 2:
        return 0.0
    middle = sum(at for at, _ in samples) / len(samples)
    mean = sum(size for _, size in samples) / len(samples)
    spread = sum((at - middle) ** 2 for at, _ in samples)
    return sum((at - middle) * (size - mean) for at, size in samples) / spread


def _rss(pid: int) -> float:
    """Return a process's memory in MB; 0 if the system doesn't report it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _write_config(folder: Path, namespaces: int) -> None:
    entries = "".join(
        f'[[kv_namespaces]]\nbinding = "KV{n}"\nid = "{n:032x}"\n\n' for n in range(namespaces)
    )
    # in one step: half a config has half of its namespaces
    (folder / "next.toml").write_text(f'name = "soak"\n\n{entries}', encoding="utf-8")
    (folder / "next.toml").replace(folder / "wrangler.toml")


# -- the clients, in a separate process -------------------------------------------------------


async def _client(
    url: str, token: str, number: int, seconds: float, seed: int, note: Callable[[bool], None]
) -> None:
    """Put, read back, list and delete one client's own keys, over one persistent connection."""
    rng = random.Random(f"{seed} {number}")
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    place = f"/client/v4/accounts/a/storage/kv/namespaces/{0:032x}"

    async def call(method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        head = (
            f"{method} {place}{path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        size = next(
            int(line.partition(b":")[2])
            for line in answer.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        return int(answer.split(b" ", 2)[1]), await reader.readexactly(size)

    known: dict[str, bytes] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        key = f"c{number}:{rng.randrange(KEYS)}"
        choice = rng.random()
        if choice < 0.45:
            known[key] = value = rng.randbytes(rng.choice((10, 200, 3000, 100_000)))
            note((await call("PUT", f"/values/{key}", value))[0] == 200)
        elif choice < 0.9:
            status, body = await call("GET", f"/values/{key}")
            note(body == known[key] if key in known else status == 404)
        elif choice < 0.95:
            known.pop(key, None)
            note((await call("DELETE", f"/values/{key}"))[0] == 200)
        else:
            status, body = await call("GET", f"/keys?prefix=c{number}:")
            note(status == 200 and {i["name"] for i in json.loads(body)["result"]} == set(known))
        await asyncio.sleep(rng.uniform(0, 0.05))
    writer.close()


async def _clients(url: str, token: str, seconds: float, seed: int) -> None:
    counts = [0, 0]

    def note(fine: bool) -> None:
        counts[0] += 1
        counts[1] += not fine

    await asyncio.gather(
        *(_client(url, token, number, seconds, seed, note) for number in range(CLIENTS))
    )
    print(*counts)


if __name__ == "__main__":
    asyncio.run(_clients(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])))
