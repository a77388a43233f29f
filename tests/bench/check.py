"""`kvlens check` on a generated monorepo, from start to end.

The first check has an empty cache, the second finds the answer of the first one there. tombi lints
the same configs: with the JSON schema of wrangler, so that both tools check fields and values, and
without, where tombi only knows TOML. No other tool checks the use of KV in sources, so the rows with
the sources have limits and no peer. Memory is the most that its processes had.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from kvlens.cli.check_cache import FOLDER
from kvlens.process import own_command

from scripts.toolchain import INTEROP_TREE, ToolError
from tests.bench.monorepo import SOURCES, make_monorepo
from tests.bench.report import NO_PEER, Row
from tests.bench.servers import tombi

TITLE = "kvlens check: a monorepo"
WORKERS = 200
ROUNDS = 5
LIMIT = 1.0  # seconds, configs and sources
LIMIT_AGAIN = 0.2  # seconds, when nothing has changed
AIM = 0.5  # of tombi's speed, configs alone
LIMIT_MEMORY = 150.0  # MB


def run() -> list[Row]:
    """Check only configs, with tombi as the peer, and then everything."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        root = Path(name).resolve()
        configs, known, whole = root / "configs", root / "known", root / "whole"
        make_monorepo(configs, WORKERS, sources=False)
        make_monorepo(known, WORKERS, sources=False)
        wrong = make_monorepo(whole, WORKERS)
        peer = tombi()
        for file, content in peer.files.items():
            (configs / file).write_text(content, encoding="utf-8")
        _add_schema(known)
        command = own_command("check", "--output-format", "json")
        lint = [peer.command[0], "lint", "--offline", "."]
        theirs: list[float] = []
        theirs_known: list[float] = []
        first: list[float] = []
        again: list[float] = []
        known_first: list[float] = []
        known_again: list[float] = []
        all_first: list[float] = []
        all_again: list[float] = []
        for number in range(ROUNDS):
            environment = {**os.environ, FOLDER: str(root / f"cache{number}")}
            theirs.append(_took(lint, configs, 0, environment))
            theirs_known.append(_took(lint, known, 0, environment))
            for folder, problems, kept, times in (
                (configs, 0, first, again),
                (known, 0, known_first, known_again),
                (whole, wrong, all_first, all_again),
            ):
                kept.append(_took(command, folder, problems, environment))
                _took(command, folder, problems, environment)  # files count as new for a moment
                times.append(_took(command, folder, problems, environment))
        memory = _memory([*command, "--no-cache"], whole)
    what, everything = f"{WORKERS} configs", f"{WORKERS} configs, {WORKERS * SOURCES:,} sources"
    tombi_took, tombi_knew = median(theirs), median(theirs_known)
    schema = f"{peer.name}, wrangler's schema"
    return [
        Row(f"{what}, schema", "s", median(known_first), schema, tombi_knew, ROUNDS, aim=AIM),
        Row(
            f"{what}, schema, again", "s", median(known_again), schema, tombi_knew, ROUNDS, aim=AIM
        ),
        Row(what, "s", median(first), peer.name, tombi_took, ROUNDS, aim=AIM),
        Row(f"{what}, again", "s", median(again), peer.name, tombi_took, ROUNDS, aim=AIM),
        Row(everything, "s", median(all_first), NO_PEER, None, ROUNDS, limit=LIMIT),
        Row(
            f"{everything}, again", "s", median(all_again), NO_PEER, None, ROUNDS, limit=LIMIT_AGAIN
        ),
        *(
            [Row(f"{everything}, memory", "MB", memory, NO_PEER, None, 1, limit=LIMIT_MEMORY)]
            if memory
            else []
        ),
    ]


def _add_schema(folder: Path) -> None:
    """Install the schema of wrangler in a folder, as npm does, and tell tombi of it."""
    wrangler = INTEROP_TREE / "node_modules" / "wrangler"
    there = folder / "node_modules" / "wrangler"
    there.mkdir(parents=True)
    for name in ("config-schema.json", "package.json"):
        (there / name).write_bytes((wrangler / name).read_bytes())
    (folder / "tombi.toml").write_text(
        '[[schemas]]\npath = "node_modules/wrangler/config-schema.json"\n'
        'include = ["**/wrangler.toml"]\n',
        encoding="utf-8",
    )


def _memory(command: list[str], folder: Path) -> float:
    """Return the most memory that a command has had, in MB; 0 where the system doesn't say.

    On Linux, of all its processes together, a page that they share counted once; elsewhere, of the
    one that had the most.
    """
    if not hasattr(os, "wait4"):
        return 0.0
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    if sys.platform == "linux":
        most = 0.0
        while process.poll() is None:
            most = max(most, sum(map(_share, (process.pid, *_children(process.pid)))))
            time.sleep(0.005)
        return most
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    size = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return float(size) / 1e6


def _children(pid: int) -> list[int]:
    try:
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())]
    except OSError:  # it has ended
        return []


def _share(pid: int) -> float:
    """Return a process's share of memory on Linux, in MB."""
    try:
        found = re.search(r"^Pss: +(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        return 0.0
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _took(command: list[str], folder: Path, problems: int, environment: Mapping[str, str]) -> float:
    """Run a command and return its seconds. It must find exactly this many problems."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - began
    found = len(json.loads(done.stdout)) if done.stdout.startswith(b"[") else 0
    if done.returncode != (1 if problems else 0) or found != problems:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-300:]
        raise ToolError(f"{command[0]} ended with {done.returncode}, {found} problems: {said}")
    return took
