"""The history of a real Worker's writes: each is named after its request, or after none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kvlens.cli import main

from tests.interop.projects import Dev, write_project

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
