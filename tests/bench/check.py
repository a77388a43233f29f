"""`kvlens check` over a made monorepo, from its start to its end.

tombi lints the same configs, with the schemas off as everywhere here. No other tool looks for
mistakes with KV in sources, so the row with the sources has a limit and no peer.
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
    """Check configs alone, beside tombi, and then all."""
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
    """Run a command; return its seconds. It has to find so many problems and nothing else."""
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
