"""`kvlens check` on a generated monorepo, from start to end.

tombi lints the same configs, without schemas, as everywhere here. No other tool checks the use of
KV in sources, so the row with the sources has a limit and no peer.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from kvlens.process import own_command

from scripts.toolchain import ToolError
from tests.bench.monorepo import SOURCES, make_monorepo
from tests.bench.report import NO_PEER, Row
from tests.bench.servers import tombi

TITLE = "kvlens check: a monorepo"
WORKERS = 200
ROUNDS = 3
LIMIT = 3.0  # seconds, configs and sources


def run() -> list[Row]:
    """Check only configs, with tombi as the peer, and then everything."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        root = Path(name).resolve()
        configs, whole = root / "configs", root / "whole"
        make_monorepo(configs, WORKERS, sources=False)
        wrong = make_monorepo(whole, WORKERS)
        peer = tombi()
        for file, content in peer.files.items():
            (configs / file).write_text(content, encoding="utf-8")
        command = own_command("check", "--output-format", "json")
        lint = [peer.command[0], "lint", "--offline", "."]
        ours, theirs, all_ours = [], [], []
        for _ in range(ROUNDS):
            ours.append(_took(command, configs, 0))
            theirs.append(_took(lint, configs, 0))
            all_ours.append(_took(command, whole, wrong))
    return [
        Row(f"{WORKERS} configs", "s", median(ours), peer.name, median(theirs), ROUNDS),
        Row(
            f"{WORKERS} configs and {WORKERS * SOURCES:,} sources",
            "s",
            median(all_ours),
            NO_PEER,
            None,
            ROUNDS,
            limit=LIMIT,
        ),
    ]


def _took(command: list[str], folder: Path, problems: int) -> float:
    """Run a command and return its seconds. It must find exactly this many problems."""
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    took = time.perf_counter() - began
    found = len(json.loads(done.stdout)) if done.stdout.startswith(b"[") else 0
    if done.returncode != (1 if problems else 0) or found != problems:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-300:]
        raise ToolError(f"{command[0]} ended with {done.returncode}, {found} problems: {said}")
    return took
