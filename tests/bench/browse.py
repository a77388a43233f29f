"""The table of a namespace, through the language server: its first rows, a far page, filters.

The keys are in files of `wrangler dev`. Those of the large namespaces share one value, as writing a
million files takes longer than everything measured here. The values to search in are files of 1 KiB,
and ripgrep searches the same folder: that of the editor tests, or else the one in the PATH, or else
`grep -r`. Both find the same number of values. They take turns, and the median counts.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from kvlens.stores.wrangler.disk_format import SCHEMA, blobs_path, database_path, new_blob_id

from scripts.toolchain import ROOT, ToolError
from tests.bench.client import Client
from tests.bench.report import NO_PEER, Row
from tests.bench.servers import ours

TITLE = "The table of a namespace"
SIZES = (1_000, 100_000, 1_000_000)  # keys
VALUES = 100_000  # of 1 KiB, to search in
NEEDLES = 10
NEEDLE = "needle-xyz"
PAGE = 100  # rows
FOLDERS = 200  # rows that the view asks for at first
ROUNDS = 5
SEARCHES = 9  # the first ones share the server with its look for files that no row names
FIRST_ROWS, FAR_PAGE, FIRST_HIT, ALL_KEYS = 100.0, 50.0, 50.0, 2000.0  # ms
SEARCH = 1 / 3  # of ripgrep's speed
EDITOR_RG = "tests/editor/node_modules/code-server/lib/vscode/node_modules/@vscode"
_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def run() -> list[Row]:
    """Measure each size, and the search in values."""
    with tempfile.TemporaryDirectory(prefix="kvlens-bench-") as name:
        folder = Path(name).resolve()
        state = folder / ".wrangler" / "state" / "v3"
        names = [f"KEYS{size}" for size in SIZES]
        (folder / "wrangler.toml").write_text(
            "".join(f'[[kv_namespaces]]\nbinding = "{one}"\n' for one in (*names, "VALUES")),
            encoding="utf-8",
        )
        for size, one in zip(SIZES, names, strict=True):
            fill_keys(state, one, size)
        fill_values(state, "VALUES", VALUES)
        with Client(ours(), folder) as client:
            client.initialize()
            rows: list[Row] = []
            for size, one in zip(SIZES, names, strict=True):
                table = _Table(client, one)
                table.open()  # starts the emulator, and opens the files
                table.close()
                rows += [*_keys(table, size), _tree(table, size)]
            return [*rows, _values(_Table(client, "VALUES"), blobs_path(state, "VALUES"))]


def _keys(table: _Table, size: int) -> Iterator[Row]:
    times: dict[str, list[float]] = {}
    hit = f"{size // 3:07}"  # part of one key

    def note(what: str, began: float) -> None:
        times.setdefault(what, []).append((time.perf_counter() - began) * 1000)

    for number in range(ROUNDS):
        began = time.perf_counter()
        table.open()
        assert len(table.rows(0)) == min(size, PAGE)
        note("first rows", began)
        table.complete(size)
        offset = size * (2 * number + 1) // (2 * ROUNDS)
        began = time.perf_counter()
        (first, *_) = table.rows(offset)
        note("a page far away", began)
        assert first["name"] == f"user:{offset:07}:session"
        table.close()

        began = time.perf_counter()
        table.open(f"user:{size // 2:07}*")
        assert len(table.rows(0)) == 1
        note("a filter with a literal start: its rows", began)
        table.close()

        began = time.perf_counter()
        table.open("SESSION")
        assert len(table.rows(0)) == min(size, PAGE)
        note("a word: its first rows", began)
        table.close()

        began = time.perf_counter()
        table.open(hit)
        table.complete(1)
        note("a word in one key: all keys searched", began)
        table.close()
    limits = dict(zip(times, (FIRST_ROWS, FAR_PAGE, FIRST_HIT, FIRST_HIT, ALL_KEYS), strict=True))
    for what, found in times.items():
        yield Row(
            f"{size:,} keys, {what}", "ms", median(found), NO_PEER, None, ROUNDS, limit=limits[what]
        )


def _tree(table: _Table, size: int) -> Row:
    """Measure what the view of keys asks for: a folder's first rows, all of them folders."""
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assert [one["folder"] for one in table.folder("", size)] == ["user:"]
        assert len(table.folder("user:", size)) == min(size, FOLDERS)
        times.append((time.perf_counter() - began) * 1000)
    what = f"{size:,} keys, first rows of the tree and of a folder"
    return Row(what, "ms", median(times), NO_PEER, None, ROUNDS, limit=FIRST_ROWS)


def _values(table: _Table, folder: Path) -> Row:
    name, command = searcher()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(SEARCHES):
        began = time.perf_counter()
        table.open(f"value:{NEEDLE}")
        table.complete(NEEDLES)
        times[0].append((time.perf_counter() - began) * 1000)
        table.close()
        began = time.perf_counter()
        found = subprocess.run([*command, NEEDLE, str(folder)], capture_output=True, check=True)
        times[1].append((time.perf_counter() - began) * 1000)
        assert len(found.stdout.split()) == NEEDLES
    mine, theirs = map(median, times)
    what = f"a word in {VALUES:,} values of 1 KiB: all searched"
    return Row(what, "ms", mine, name, theirs, SEARCHES, aim=SEARCH)


def searcher() -> tuple[str, list[str]]:
    """Return the name of a program that searches files, and its command without the arguments."""
    place = f"{_SYSTEMS.get(sys.platform, '')}-{_MACHINES.get(platform.machine(), '')}"
    ending = ".exe" if os.name == "nt" else ""
    program = ROOT / EDITOR_RG / "ripgrep-universal" / "bin" / place / f"rg{ending}"
    rg = str(program) if program.is_file() else shutil.which("rg")
    if rg:
        return "ripgrep", [rg, "--ignore-case", "--files-with-matches"]
    grep = shutil.which("grep")
    if grep is None:
        raise ToolError("neither ripgrep nor grep is installed")
    return "grep -r", [grep, "-ril"]


class _Table:
    """A view of a namespace."""

    def __init__(self, client: Client, binding: str) -> None:
        self._client = client
        self._binding = binding
        self._state: dict[str, Any] = {}

    def _run(self, command: str, **params: Any) -> Any:
        asked = {"command": command, "arguments": [params]}
        _, answer = self._client.ask("workspace/executeCommand", asked)
        if "error" in answer:
            raise ToolError(f"{command}: {answer['error']['message']}")
        return answer["result"]

    def open(self, filter: str = "") -> None:
        self._state = self._run("kvlens.viewOpen", binding=self._binding, filter=filter)

    def rows(self, offset: int) -> list[dict[str, Any]]:
        asked = {"view": self._state["view"], "offset": offset, "limit": PAGE}
        found: list[dict[str, Any]] = self._run("kvlens.viewRows", **asked)["rows"]
        return found

    def folder(self, prefix: str, size: int) -> list[dict[str, Any]]:
        asked = {"binding": self._binding, "prefix": prefix, "delimiters": [":", "/"]}
        page = self._run("kvlens.folder", **asked, limit=FOLDERS)
        assert bool(page.get("cursor")) == (prefix != "" and size > FOLDERS)
        found: list[dict[str, Any]] = page["items"]
        return found

    def complete(self, matched: int) -> None:
        """Wait until all keys are searched; `matched` must match."""
        while not self._state["done"]:
            _, note = self._client.wait_for(lambda one: one.get("method") == "kvlens/view")
            if note["params"]["view"] == self._state["view"]:
                self._state |= note["params"]
        assert self._state["matched"] == matched

    def close(self) -> None:
        self._run("kvlens.viewClose", view=self._state["view"])


def fill_keys(state: Path, ns: str, count: int, *, other: int = 0) -> None:
    """Make a namespace of keys that share one value, but each so-manieth has an `other` one."""
    folder = blobs_path(state, ns)
    folder.mkdir(parents=True)
    common, rare = new_blob_id(), new_blob_id()
    (folder / common).write_text('{"cart": [1, 2, 3]}', encoding="utf-8")
    if other:
        (folder / rare).write_text('{"cart": [1, 2, 4]}', encoding="utf-8")
    values = (rare if other and n % other == 0 else common for n in range(count))
    rows = ((f"user:{n:07}:session", blob_id) for n, blob_id in enumerate(values))
    _fill(database_path(state, ns), rows)


def fill_values(state: Path, ns: str, count: int) -> None:
    """Make a namespace of values of 1 KiB, some of which have the needle."""
    folder = blobs_path(state, ns)
    folder.mkdir(parents=True)
    source = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(source.choices(letters, k=7)) for _ in range(5000)]

    def rows() -> Iterator[tuple[str, str]]:
        for number in range(count):
            chosen = source.choices(words, k=128)
            if number % (count // NEEDLES) == count // NEEDLES // 2:
                chosen[64] = NEEDLE
            blob_id = new_blob_id()
            (folder / blob_id).write_text(" ".join(chosen)[:1024], encoding="ascii")
            yield f"document:{number:06}", blob_id

    _fill(database_path(state, ns), rows())


def _fill(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        for statement in SCHEMA:
            database.execute(statement)
        database.execute("BEGIN")
        database.executemany("INSERT INTO _mf_entries VALUES (?, ?, NULL, NULL)", rows)
        database.execute("COMMIT")
