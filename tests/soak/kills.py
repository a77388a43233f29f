"""Kills over every writing operation: nothing acknowledged is lost, nothing is half applied.

Each round starts a process that writes, kills it at a random moment and checks what the next start
finds: all acknowledged steps, and the current one completely or not at all. Meanwhile, in turn,
nothing else, a Worker that writes, or an idle `kvlens serve` has the same keys open.
"""

from __future__ import annotations

import asyncio
import copy
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kvlens.kv.records import Write
from kvlens.process import own_command
from kvlens.seeds import snapshots
from kvlens.stores.batch import everything
from kvlens.stores.registry import open_store
from kvlens.stores.wrangler.disk_format import blobs_path, database_path

from tests.soak.plan import EXPIRING, NAMESPACES, OPERATIONS, WORKERS, Contents, steps
from tests.soak.result import Result

KILLS = 200
COMMANDS = ("seed", "restore", "snapshot save")
COMPANY = ("nobody", "a Worker", "an idle serve")
SEED_KEYS = 1400
SWEPT_WITHIN = 60.0  # seconds
LONGEST = 0.6  # seconds that a process may write before it is killed


class Wrong(Exception):  # noqa: N818  a finding, not an error of the test
    """An invariant is violated."""


class Round(NamedTuple):
    """One kill: the running operation, and who else had the keys open."""

    operation: str
    company: str
    seed: int

    def __str__(self) -> str:
        return f"{self.operation} beside {self.company}, seed {self.seed}"


def run(scale: float, seed: int) -> list[Result]:
    """Kill, check, and count; each finding is a separate line."""
    kills = max(len(OPERATIONS) + len(COMMANDS), round(KILLS * scale))
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kvlens-soak-") as name:
        killing = Killing(Path(name).resolve())
        wrong: dict[str, list[str]] = {}
        done: dict[str, int] = {}
        names = [*OPERATIONS, *COMMANDS]
        for number in range(kills):
            # every operation runs with every company in turn
            operation = names[number % len(names)]
            company = COMPANY[(number + number // len(names)) % len(COMPANY)]
            one = Round(operation, company, seed + number)
            try:
                killing.round(one, rng)
            except Wrong as error:
                wrong.setdefault(operation, []).append(f"{one}: {error}")
                killing.start_over()
            done[operation] = done.get(operation, 0) + 1
        results = [
            Result(
                f"kills during {operation}",
                len(wrong.get(operation, ())),
                f"of {done[operation]} wrong",
                limit=0,
                found=wrong.get(operation, []),
            )
            for operation in names
        ]
        left, found = killing.orphans()
        results.append(Result("values without a row, after the sweep", left, "files", limit=0))
        results.append(Result("values without a row, before it", found, "files"))
    return results


class Killing:
    """A project whose keys are written by processes that are killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".wrangler" / "state" / "v3"
        self.contents: Contents = {}
        self.base: Contents = {}
        self.saved: set[str] = set()
        self._took: dict[str, float] = {}
        self.start_over()

    def start_over(self) -> None:
        """Start with known keys."""
        shutil.rmtree(self.folder / ".wrangler", ignore_errors=True)
        entries = ", ".join(f'{{ binding = "{ns}", id = "{ns}" }}' for ns in NAMESPACES)
        (self.folder / "wrangler.toml").write_text(
            f'name = "soak"\ncompatibility_date = "2026-04-01"\nkv_namespaces = [{entries}]\n',
            encoding="utf-8",
        )
        self.contents = {ns: {f"b{n:04}": (b"base", None) for n in range(500)} for ns in NAMESPACES}

        async def fill() -> None:
            store = open_store("wrangler:", self.folder)
            for ns, keys in self.contents.items():
                await store.put_many(ns, [Write(key, value) for key, (value, _) in keys.items()])
            await store.close()

        asyncio.run(fill())
        self.base = copy.deepcopy(self.contents)
        self._command("snapshot", "save", "base")
        self.saved = {"base"}

    def round(self, one: Round, rng: random.Random) -> None:
        """Write, kill, check. Raises Wrong."""
        with _beside(one.company, self.folder):
            if one.operation in COMMANDS:
                allowed = self._kill_a_command(one, rng)
            else:
                allowed = self._kill_steps(one, rng)
        found = self._look()
        if found not in allowed:
            raise Wrong(_difference(found, allowed))
        self.contents = found
        for ns in NAMESPACES:
            with_check = sqlite3.connect(database_path(self.state, ns))
            answer = with_check.execute("PRAGMA integrity_check").fetchone()
            with_check.close()
            if answer != ("ok",):
                raise Wrong(f"integrity_check of {ns}: {answer}")
        left = list((self.state / "kvlens").rglob("*.journal"))
        if left:
            raise Wrong(f"{len(left)} journals are left")

    def orphans(self) -> tuple[int, int]:
        """Return how many values have no row after the sweep, and how many before."""
        before = sum(len(self._unnamed(ns)) for ns in NAMESPACES)

        async def sweep() -> None:
            store = open_store("wrangler:", self.folder)
            until = time.monotonic() + SWEPT_WITHIN
            while time.monotonic() < until:
                for ns in NAMESPACES:
                    await store.list(ns, limit=1)
                await asyncio.sleep(1)
                if not any(self._unnamed(ns) for ns in NAMESPACES):
                    break
            await store.close()

        asyncio.run(sweep())
        return sum(len(self._unnamed(ns)) for ns in NAMESPACES), before

    def _unnamed(self, ns: str) -> set[str]:
        db = sqlite3.connect(database_path(self.state, ns))
        named = {row[0] for row in db.execute("SELECT blob_id FROM _mf_entries")}
        db.close()
        return {path.name for path in blobs_path(self.state, ns).iterdir()} - named

    def _kill_steps(self, one: Round, rng: random.Random) -> list[Contents]:
        command = [sys.executable, "-m", "tests.soak.child"]
        process = subprocess.Popen(
            [*command, one.operation, str(self.folder), str(one.seed)], stdout=subprocess.PIPE
        )
        assert process.stdout
        if process.stdout.readline() != b"ready\n":
            process.kill()
            raise Wrong("the writer did not start")
        time.sleep(rng.uniform(0, LONGEST))
        process.kill()
        said = process.stdout.read().split(b"\n")
        process.wait()
        if any(not line.isdigit() for line in said[:-1]):
            raise Wrong(f"the writer said {said!r:.300}")
        known = copy.deepcopy(self.contents)
        plan = steps(one.operation, one.seed)
        for _ in said[:-1]:
            next(plan).note(known)
        after = copy.deepcopy(known)
        next(plan).note(after)
        return [known, after]

    def _kill_a_command(self, one: Round, rng: random.Random) -> list[Contents]:
        after = copy.deepcopy(self.contents)
        if one.operation == "seed":
            text = f"seed:{one.seed}"
            items = [{"key": f"k{n:05}", "value": f"{text}:{n}"} for n in range(SEED_KEYS)]
            (self.folder / "A.json").write_text(json.dumps(items), encoding="utf-8")
            words = ["seed", "A.json"]
            after["A"].update({item["key"]: (item["value"].encode(), None) for item in items})
        elif one.operation == "restore":
            self._shuffle(one.seed)
            words = ["snapshot", "restore", "base", "--force"]
            after = copy.deepcopy(self.base)
        else:
            words = ["snapshot", "save", f"s{one.seed % 3}", "--force"]
        before = copy.deepcopy(self.contents)
        took = self._took.get(one.operation)
        if took is None:  # the first one determines the duration
            began = time.monotonic()
            self._command(*words)
            self._took[one.operation] = time.monotonic() - began
            allowed = [after]
        else:
            process = subprocess.Popen(
                own_command(*words),
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            try:
                process.wait(rng.uniform(0.2 * took, 1.2 * took))
            except subprocess.TimeoutExpired:
                process.kill()
            _, said = process.communicate()
            if process.returncode > 0:
                raise Wrong(f"it failed: {said.decode(errors='replace')[-300:]}")
            allowed = [after] if process.returncode == 0 else [before, after]
        if one.operation == "snapshot save":
            self._check_snapshots(words[2], done=len(allowed) == 1 and took is None)
        return allowed

    def _shuffle(self, seed: int) -> None:
        """Change keys that a restore then undoes."""
        rng = random.Random(seed)

        async def change() -> None:
            store = open_store("wrangler:", self.folder)
            for ns in NAMESPACES:
                gone = rng.sample(sorted(self.base[ns]), 200)
                await store.delete(ns, gone)
                fresh = [Write(f"k{n:05}", b"fresh") for n in range(400)]
                await store.put_many(ns, fresh)
                for key in gone:
                    self.contents[ns].pop(key, None)
                self.contents[ns].update({w.key: (w.value, None) for w in fresh})
            await store.close()

        asyncio.run(change())

    def _check_snapshots(self, name: str, *, done: bool) -> None:
        """Check that every snapshot is complete, and that earlier ones still exist."""
        self.saved |= {name} if done else set()
        found, wrong = snapshots.saved(self.folder)
        if wrong:
            raise Wrong("; ".join(wrong))
        missing = self.saved - {one.name for one in found}
        if missing:
            raise Wrong(f"no snapshot {missing}")
        self.saved = {one.name for one in found}

        async def compare() -> None:
            store = open_store("memory:", self.folder)
            for one in found:
                named = [kept.namespace for kept in one.namespaces]
                await snapshots.compare(store, one, named, now=0)

        asyncio.run(compare())

    def _look(self) -> Contents:
        """Return what the next start finds, except a Worker's keys."""

        async def read() -> Contents:
            store = open_store("wrangler:", self.folder)
            found: Contents = {}
            for ns in NAMESPACES:
                found[ns] = {}
                async for key, entry in everything(store, ns):
                    if not key.startswith((WORKERS, EXPIRING)):
                        found[ns][key] = (entry.value, entry.metadata)
            await store.close()
            return found

        return asyncio.run(read())

    def _command(self, *words: str) -> None:
        done = subprocess.run(own_command(*words), cwd=self.folder, capture_output=True)
        if done.returncode:
            raise Wrong(f"kvlens {' '.join(words)}: {done.stderr.decode(errors='replace')}")


@contextmanager
def _beside(company: str, folder: Path) -> Iterator[None]:
    """Have another process open the same keys."""
    if company == "nobody":
        yield
        return
    command = own_command("serve", "--json", "--lifeline")
    if company == "a Worker":
        command = [sys.executable, "-m", "tests.soak.child", "worker", str(folder)]
    process: subprocess.Popen[Any] = subprocess.Popen(
        command,
        cwd=folder if company != "a Worker" else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    process.stdout.readline()
    try:
        yield
    finally:
        if company == "a Worker":
            process.kill()
        process.communicate(timeout=30)


def _difference(found: Contents, allowed: list[Contents]) -> str:
    """Describe the difference from the nearest allowed content."""
    texts = []
    for known in allowed:
        parts = []
        for ns in NAMESPACES:
            there, wanted = found[ns], known[ns]
            lost = sum(key not in there for key in wanted)
            more = sum(key not in wanted for key in there)
            other = sum(key in wanted and there[key] != wanted[key] for key in there)
            if lost or more or other:
                parts.append(f"{ns}: {lost:,} missing, {more:,} too many, {other:,} otherwise")
        texts.append("; ".join(parts))
    return " / or ".join(texts)
