"""Two namespaces compared through the language server: the first rows, all of them, the memory.

The keys are in files of `wrangler dev`. Those of a namespace share two values, as writing a million
files takes longer than comparing them; each is read again for every key. One key in 100 differs.
The memory is the most that the server and its emulator have had, together.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from scripts.toolchain import ToolError
from tests.bench.browse import fill_keys
from tests.bench.client import Client
from tests.bench.memory import peak
from tests.bench.report import NO_PEER, Row
from tests.bench.servers import ours

TITLE = "Two namespaces compared"
SIZES = {1_000: 5, 100_000: 3, 1_000_000: 1}  # keys: how often it is measured
EVERY = 100  # keys of which one differs
FIRST_ROWS = 100.0  # ms
ALL_KEYS = {1_000: 200.0, 100_000: 6000.0, 1_000_000: 60_000.0}  # ms
MEMORY = 300.0  # MB


def run() -> list[Row]:
    """Measure each size."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name).resolve()
        state = folder / ".wrangler" / "state" / "v3"
        names = [f"{side}{size}" for size in SIZES for side in "AB"]
        (folder / "wrangler.toml").write_text(
            "".join(f'[[kv_namespaces]]\nbinding = "{one}"\n' for one in names), encoding="utf-8"
        )
        for size in SIZES:
            fill_keys(state, f"A{size}", size)
            fill_keys(state, f"B{size}", size, other=EVERY)
        rows: list[Row] = []
        for size, rounds in SIZES.items():
            with Client(ours(), folder) as client:
                client.initialize()
                _compare(client, 1000)  # starts the emulator
                found = [_compare(client, size) for _ in range(rounds)]
                most = peak(client.process.pid)
            first, whole = (median(one) for one in zip(*found, strict=True))
            for what, unit, value, limit in (
                ("first rows", "ms", first, FIRST_ROWS),
                ("all compared", "ms", whole, ALL_KEYS[size]),
                *((("memory", "MB", most, MEMORY),) if most else ()),
            ):
                rows.append(
                    Row(f"{size:,} keys, {what}", unit, value, NO_PEER, None, rounds, limit=limit)
                )
        return rows


def _compare(client: Client, size: int) -> tuple[float, float]:
    """Return how long the first rows and all of them take, in milliseconds."""
    began = time.perf_counter()
    state: dict[str, Any] = {}

    def follow(message: dict[str, Any]) -> bool:
        """Note news of the comparison, which may arrive before an answer."""
        news = message.get("params", {})
        if message.get("method") != "kvlens/comparison" or news["comparison"] != one["comparison"]:
            return False
        state.update(news)
        return True

    state |= _run(client, "kvlens.compareOpen", binding=f"A{size}", right={"binding": f"B{size}"})
    one = {"comparison": state["comparison"]}
    while not state["shown"]:
        client.wait_for(follow)
    client.send({"id": "rows", **_request("kvlens.compareRows", **one)})
    client.wait_for(lambda message: not follow(message) and message.get("id") == "rows")
    first = time.perf_counter()
    while not state["done"]:
        client.wait_for(follow)
    whole = time.perf_counter()
    assert state["shown"] == size // EVERY
    _run(client, "kvlens.compareClose", **one)
    return (first - began) * 1000, (whole - began) * 1000


def _request(command: str, **params: Any) -> dict[str, Any]:
    asked = {"command": command, "arguments": [params]}
    return {"method": "workspace/executeCommand", "params": asked}


def _run(client: Client, command: str, **params: Any) -> Any:
    _, answer = client.ask(**_request(command, **params))
    if "error" in answer:
        raise ToolError(f"{command}: {answer['error']['message']}")
    return answer["result"]
