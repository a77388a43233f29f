"""The history of a real Worker's writes: under `kvlens dev` with its request, else from outside."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kvlens.cli import main
from kvlens.process import own_command

from tests.interop.projects import WAIT, Dev, write_project
from tests.interop.runtimes import WranglerDev

CONFIG = """name = "shop"
main = "w.js"
compatibility_date = "2025-06-01"
kv_namespaces = [{ binding = "KV", id = "kv" }]
"""
WORKER = """export default { async fetch(request, { KV }) {
  const { pathname } = new URL(request.url);
  await KV.put(`start of ${pathname}`, "1");
  if (pathname.startsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, 800));
  await KV.put(`end of ${pathname}`, "2");
  return new Response("done");
} };
"""


def history(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, int]]:
    """Return title and action of the change of each key."""
    config = str(folder / "wrangler.toml")
    assert main(["history", "list", "--config", config, "--limit", "500", "--json"]) == 0
    found: Sequence[Any] = json.loads(capsys.readouterr().out)
    assert {one["writer"] for one in found} == {"Worker"}
    return {change["key"]: (one["title"], one["id"]) for one in found for change in one["changes"]}


def test_a_request_is_named_unless_another_may_have_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER})
    with Dev(folder, store="wrangler:") as dev:
        assert dev.get("/alone?token=secret")[1] == "done"
        with ThreadPoolExecutor(4) as threads:
            slow = [threads.submit(dev.get, f"/slow/{number}") for number in range(4)]
            assert all(one.result()[1] == "done" for one in slow)
    found = history(folder, capsys)
    title, action = found["start of /alone"]
    assert (title, found["end of /alone"]) == ("GET /alone", (title, action))
    for number in range(4):
        # the first of the four may still be alone when it starts, but no other can be
        assert found[f"start of /slow/{number}"][0] in ("", f"GET /slow/{number}")
        assert found[f"end of /slow/{number}"][0] in ("", f"GET /slow/{number}")
    assert sum(found[f"end of /slow/{number}"][0] == "" for number in range(4)) >= 3


def listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[tuple[Any, ...]]:
    """Return writer, key, and the sizes before and after of all changes, the newest first."""
    capsys.readouterr()
    assert main(["history", "list", "--config", str(folder / "wrangler.toml"), "--json"]) == 0
    return [
        (one["writer"], change["key"], *(side and side["size"] for side in sides))
        for one in json.loads(capsys.readouterr().out)
        for change in one["changes"]
        for sides in [(change["before"], change["after"])]
    ]


def test_what_wrangler_dev_writes_is_recorded_from_outside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = WranglerDev(tmp_path, "kv")
    dev.call("KV0", "put", "first", "1")
    config = ["--config", str(tmp_path / "wrangler.toml")]
    serve = subprocess.Popen(
        own_command("serve", "--port", "0", "--lifeline", *config),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    )
    wanted: list[tuple[Any, ...]] = []

    def seen(*new: tuple[Any, ...]) -> None:
        wanted[:0] = new
        until = time.monotonic() + WAIT
        while (found := listed(tmp_path, capsys)) != wanted and time.monotonic() < until:
            time.sleep(0.2)
        assert found == wanted

    key = ["--binding", "KV0", *config]
    other = "outside KV Lens"
    try:
        assert serve.stdout and serve.stdout.readline()
        probes = 0
        while not wanted:  # until it has looked for the first time
            dev.call("KV0", "put", f"probe {probes}", "1")
            probes += 1
            time.sleep(0.5)
            wanted = listed(tmp_path, capsys)
        time.sleep(1.5)
        wanted = listed(tmp_path, capsys)
        dev.call("KV0", "put", "first", "22", {"metadata": {"n": 1}})
        seen((other, "first", 1, 2))
        assert main(["key", "put", "first", "333", *key]) == 0
        seen(("shell", "first", 2, 3))
        dev.call("KV0", "put", "first", "4444")
        seen((other, "first", 3, 4))
        assert main(["key", "delete", "first", *key]) == 0
        seen(("shell", "first", 4, None))
        dev.call("KV0", "put", "second", "1")
        seen((other, "second", None, 1))
        dev.call("KV0", "delete", "second")
        seen((other, "second", 1, None))
    finally:
        dev.stop()
        serve.communicate(timeout=WAIT)
    assert listed(tmp_path, capsys) == wanted
