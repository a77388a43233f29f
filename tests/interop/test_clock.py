"""A real Worker under `kvlens dev` whose KV follows a clock that another process moves."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from kvlens import Emulator
from kvlens.cli import main
from kvlens.process import own_command

from tests.interop.projects import Dev, write_project

CONFIG = """name = "shop"
main = "w.js"
compatibility_date = "2025-06-01"
kv_namespaces = [{ binding = "KV", id = "kv" }]
"""
WORKER = """export default { async fetch(request, { KV }) {
  const { pathname, searchParams } = new URL(request.url);
  const key = pathname.slice(1);
  try {
    if (searchParams.has("ttl")) {
      await KV.put(key, "v", { expirationTtl: Number(searchParams.get("ttl")) });
    }
    if (searchParams.has("at")) {
      await KV.put(key, "v", { expiration: Number(searchParams.get("at")) });
    }
  } catch (error) {
    return Response.json({ error: error.message });
  }
  const keys = (await KV.list()).keys.map(({ name, expiration }) => [name, expiration]);
  return Response.json({ value: await KV.get(key), keys, now: Date.now() / 1000 });
} };
"""
DAY = 86_400


@pytest.mark.parametrize("store", ["wrangler:", "wrangler:state"])
def test_a_worker_sees_the_clock_of_another_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], store: str
) -> None:
    folder = write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER})
    if store != "wrangler:":
        store = f"wrangler:{folder / 'state'}"
    place = ("--config", str(folder / "wrangler.toml"), "--store", store, "--json")

    def shell(*words: str) -> Any:
        assert main(["clock", *words, *place]) == 0
        return json.loads(capsys.readouterr().out)

    with Dev(folder, store=store) as dev:

        def ask(path: str) -> Any:
            return json.loads(dev.get(path)[1])

        first = ask("/cart?ttl=3600")
        assert first["value"] == "v"
        ((_, expires),) = first["keys"]

        moved = shell("advance", "1d")
        assert moved["seconds"] == DAY
        gone = ask("/cart")
        assert (gone["value"], gone["keys"]) == (None, [])
        assert abs(gone["now"] - time.time()) < 600  # the Worker's own clock isn't moved

        ((_, later),) = ask("/other?ttl=60")["keys"]
        assert int(moved["time"]) + 60 <= later <= shell("show")["time"] + 60
        assert "Invalid expiration" in ask(f"/bad?at={expires + DAY // 2}")["error"]

        shell("jump", "other", "--binding", "KV", "--before")
        assert ask("/other")["keys"] == [["other", later]]
        assert shell("show")["frozen"] is True
        shell("jump", "other", "--binding", "KV")
        assert ask("/other")["keys"] == []

        shell("reset")
        assert ask("/cart")["keys"] == [["cart", expires], ["other", later]]
        assert ask("/cart")["value"] == "v"


async def test_an_emulator_in_python_sees_it(tmp_path: Path) -> None:
    folder = write_project(tmp_path, {"wrangler.toml": CONFIG, "w.js": WORKER})
    async with Emulator.from_config(folder / "wrangler.toml", store="wrangler:") as emulator:

        async def ask(path: str) -> Any:
            return (await emulator.dispatch_fetch(f"http://localhost{path}")).json()

        kv = await emulator.get_kv_namespace("KV")
        await kv.put("mine", "m", expiration_ttl=60)
        assert (await ask("/mine"))["value"] == "m"
        for words, value in (("advance 1h", None), ("reset", "m")):
            subprocess.run(own_command("clock", *words.split()), cwd=folder, check=True)
            assert (await ask("/mine"))["value"] == value
            assert await kv.get("mine") == value
