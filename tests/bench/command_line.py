"""Commands that start, do one thing and exit: the emulator, `key get`, `bulk put`.

Both sides have a project with the same config, on the same disk. `wrangler kv bulk put` takes
minutes for 100,000 keys, so it gets 5,000 and the rows say keys per second; KVLENS_BENCH_FULL=1
gives it all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from kvlens.process import own_command

from scripts.toolchain import node
from tests.bench.emulator import project, serve
from tests.bench.report import Row
from tests.interop.runtimes import HERE, Miniflare4

TITLE = "Started for one thing"
ROUNDS = 5
NS = "bench"
KEYS = 100_000
PEER_KEYS = KEYS if os.environ.get("KVLENS_BENCH_FULL") else 5_000
WRANGLER = "wrangler --local"


def run() -> list[Row]:
    """Start each in turn, several times; the bulk puts once."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        place = Path(name)
        for side in ("ours", "theirs"):
            project(place / side, NS)
        return [_first_answer(place), *_one_key(place), _bulk(place)]


def _first_answer(place: Path) -> Row:
    mine, theirs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with serve(place / "ours", "wrangler:", NS) as emulator:
            request = urllib.request.Request(
                emulator.url, headers={"Authorization": f"Bearer {emulator.token}"}
            )
            with urllib.request.urlopen(request) as answer:
                answer.read()
            mine.append(time.perf_counter() - began)
        began = time.perf_counter()
        worker = Miniflare4(place / "peer", NS)
        worker.calls()
        theirs.append(time.perf_counter() - began)
        worker.stop()
    ms = (median(mine) * 1000, median(theirs) * 1000)
    return Row("emulator, spawn -> answer", "ms", ms[0], "Miniflare 4", ms[1], ROUNDS, aim=4.0)


def _one_key(place: Path) -> list[Row]:
    put = ["key", "put", "k", "v", "--binding", "KV"]
    get = ["key", "get", "k", "--binding", "KV"]
    _time(own_command(*put), place / "ours")
    _time(_wrangler(*put), place / "theirs")
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(_time(own_command(*get), place / "ours"))
        theirs.append(_time(_wrangler(*get), place / "theirs"))
    ms = (median(mine) * 1000, median(theirs) * 1000)
    return [Row("key get", "ms", ms[0], WRANGLER, ms[1], ROUNDS, aim=8.0)]


def _bulk(place: Path) -> Row:
    seconds = []
    for side, count in (("ours", KEYS), ("theirs", PEER_KEYS)):
        items = [{"key": f"key:{n:06}", "value": f"value {n}"} for n in range(count)]
        file = place / side / "bulk.json"
        file.write_text(json.dumps(items), encoding="utf-8")
        words = ["bulk", "put", "bulk.json", "--binding", "KV"]
        command = own_command(*words) if side == "ours" else _wrangler(*words)
        seconds.append(_time(command, place / side))
    what = f"bulk put of {KEYS:,} keys"
    if PEER_KEYS != KEYS:
        what += f" (wrangler: of {PEER_KEYS:,})"
    rates = (KEYS / seconds[0], PEER_KEYS / seconds[1])
    return Row(what, "keys/s", rates[0], WRANGLER, rates[1], 1, higher=True, aim=130.0)


def _wrangler(*words: str) -> list[str]:
    program = HERE / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    return [node(), str(program), "kv", *words, "--local"]


def _time(command: Sequence[str], folder: Path) -> float:
    home = str(folder / "home")
    quiet = {"WRANGLER_SEND_METRICS": "false", "CI": "1", "NO_COLOR": "1"}
    environment = {**os.environ, **quiet, "HOME": home, "XDG_CONFIG_HOME": home}
    began = time.perf_counter()
    subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began
