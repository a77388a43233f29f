"""Ways to run a target many times: guided by coverage with atheris, else at random."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.mutation import NASTY, random_input
from tests.fuzz.table import CORPUS, Target, corpus, load

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "build" / "fuzz"  # failing inputs, and what atheris learned
SLOW = 60  # seconds that no input of this size takes, even on a busy machine
TELL = 60  # seconds between two lines of progress
MEGABYTES = 1500  # memory limit of a run


def has_atheris() -> bool:
    """Return whether this Python has atheris."""
    return importlib.util.find_spec("atheris") is not None


def run(name: str, engine: str, runs: int, seconds: float, seed: int = 0) -> int:
    """Run a target until a limit is met (0: none); return the number of failing inputs."""
    folder = FOUND / name
    folder.mkdir(parents=True, exist_ok=True)
    return (_guided if engine == "atheris" else _random)(name, folder, runs, seconds, seed)


def _random(name: str, folder: Path, runs: int, seconds: float, seed: int) -> int:
    target = load(name)
    source = random.Random(f"{name} {seed}")
    kept = [path.read_bytes() for path in corpus(name)]
    pieces = (*target.words, *NASTY)
    began, done, found = time.monotonic(), 0, dict[str, Path]()
    told = began
    while (not runs or done < runs) and (not seconds or time.monotonic() - began < seconds):
        data = (
            kept[done] if done < len(kept) else random_input(source, target.examples, pieces, kept)
        )
        done += 1
        started = time.monotonic()
        what = failure(target, data)
        if what is None and time.monotonic() - started > SLOW:
            what = f"slow: {time.monotonic() - started:.1f} s for {len(data):,} bytes"
        if what is not None and what not in found and len(found) < 20:
            path = found[what] = folder / f"found-{seed}-{len(found)}"
            path.write_bytes(smaller(target, data, what))
            print(f"{name}: {what}\n  kept as {path}", flush=True)
        if time.monotonic() - told > TELL:
            told = time.monotonic()
            print(f"{name}: {done:,} inputs so far", flush=True)
    took = time.monotonic() - began
    print(f"{name}: {done:,} inputs in {took:,.0f} s, {len(found)} found", flush=True)
    return len(found)


def failure(target: Target, data: bytes) -> str | None:
    """Return the kind of failure of an input, without details; None if there is none."""
    try:
        target.run(data)
    except Exception as error:
        place = error.__traceback__
        where = ""
        while place is not None:
            code = place.tb_frame.f_code
            if Path(code.co_filename) != Path(__file__):
                where = f"{Path(code.co_filename).name}:{place.tb_lineno}"
            place = place.tb_next
        said = f": {error}"[:60] if isinstance(error, AssertionError) else ""
        return f"{type(error).__name__} at {where}{said}"
    return None


def smaller(target: Target, data: bytes, what: str) -> bytes:
    """Return a smaller input with the same failure."""
    size, deadline = max(1, len(data) // 2), time.monotonic() + 20
    while size and time.monotonic() < deadline:
        at = 0
        while at < len(data) and time.monotonic() < deadline:
            shorter = data[:at] + data[at + size :]
            if failure(target, shorter) == what:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def _guided(name: str, folder: Path, runs: int, seconds: float, seed: int) -> int:
    """Run atheris in a separate process, since it ends its own process."""
    learned = folder / "learned"
    learned.mkdir(exist_ok=True)
    examples = folder / "examples"
    examples.mkdir(exist_ok=True)
    for number, example in enumerate(load(name).examples):
        (examples / f"{number}").write_bytes(example)
    folders = [learned, examples, *([CORPUS / name] if corpus(name) else [])]
    command = [sys.executable, "-m", "tests.fuzz.guided", name, *map(str, folders)]
    command += [f"-artifact_prefix={folder}/", f"-timeout={SLOW}", f"-rss_limit_mb={MEGABYTES}"]
    command += ["-max_len=20000", f"-runs={runs or -1}", "-verbosity=1", "-print_final_stats=1"]
    command += [f"-max_total_time={int(seconds)}"] if seconds else []
    command += [f"-seed={seed}"] if seed else []
    began = time.monotonic()
    with (folder / "log").open("wb") as log:
        code = subprocess.run(command, cwd=ROOT, check=False, stdout=log, stderr=log).returncode
    lines = (folder / "log").read_text("utf-8", "replace").splitlines()
    done = next((line.split()[-1] for line in lines if "number_of_executed_units" in line), "?")
    took = time.monotonic() - began
    print(
        f"{name}: {done} inputs in {took:,.0f} s, guided, {'1' if code else '0'} found", flush=True
    )
    if code:
        print("\n".join(lines[-40:]), flush=True)
    return int(code != 0)
