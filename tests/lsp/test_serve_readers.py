"""`kvlens serve` with files and readers that appear and disappear while it runs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from kvlens.kv.records import Write
from kvlens.process import own_command
from kvlens.stores.registry import open_store

from tests.lsp.conftest import CONFIG
from tests.lsp.test_serve import CARTS, Served, serving

NEW = CONFIG + '\n[[kv_namespaces]]\nbinding = "NEW"\n'
MANY = 2000  # namespaces: more events than a pipe holds
HANG = 30.0  # seconds; only a broken test waits that long


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / "wrangler.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


# files that come and go -------------------------------------------------------------------------


async def seeded(served: Served, config: Path, key: str) -> None:
    """Save a seed file, and wait until its keys are put."""
    (config.parent / "seeds").mkdir(exist_ok=True)
    items = json.dumps([{"key": key, "value": "1"}])
    (config.parent / "seeds" / "CARTS.json").write_text(items, encoding="utf-8")
    await served.event("log", message="CARTS.json: 1 key put in CARTS")


@pytest.mark.parametrize("way", ["renamed", "made again", "renamed twice"])
async def test_a_project_folder_that_comes_back_is_followed(config: Path, way: str) -> None:
    folder, away = config.parent, config.parent.with_name("away")
    async with serving(config, "--store", "memory:") as served:
        await seeded(served, config, "before")
        for text in (NEW, CONFIG) if way == "renamed twice" else (NEW,):
            served.events.clear()
            if way == "made again":
                shutil.rmtree(folder)
            else:
                folder.rename(away)
            await served.event("log", level="warning")  # the config can't be read
            if way == "made again":
                folder.mkdir()
            else:
                away.rename(folder)
            config.write_text(text, encoding="utf-8")
            await served.event("namespaces")
        served.events.clear()
        await seeded(served, config, f"after {way}")
        store = served.store()
        assert await store.get(CARTS, f"after {way}")
        await store.close()


@pytest.mark.parametrize("hops", [1, 2])
async def test_the_target_of_a_link_is_followed(config: Path, tmp_path: Path, hops: int) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    target = shared / "any.toml"
    config.replace(target)
    seed = config.parent / "fixtures" / "carts.json"  # a seed may not come from elsewhere
    seed.parent.mkdir()
    seed.write_text("[]", encoding="utf-8")
    (config.parent / "seeds").mkdir()
    (config.parent / "seeds" / "CARTS.json").symlink_to("../fixtures/carts.json")
    if hops == 2:
        (tmp_path / "between").symlink_to("shared/any.toml")
    config.symlink_to("../between" if hops == 2 else "../shared/any.toml")
    async with serving(config, "--store", "memory:") as served:
        target.write_text(NEW, encoding="utf-8")
        await served.event("namespaces")
        seed.write_text('[{"key": "k", "value": "v"}]', encoding="utf-8")
        await served.event("log", message="CARTS.json: 1 key put in CARTS")
        other = shared / "other.toml"
        other.write_text(CONFIG, encoding="utf-8")
        served.events.clear()
        config.unlink()
        config.symlink_to(other)
        await served.event("namespaces")
        served.events.clear()
        other.write_text(NEW, encoding="utf-8")
        await served.event("namespaces")


# readers that stop or go ------------------------------------------------------------------------


def many(config: Path) -> None:
    names = "".join(f'[[kv_namespaces]]\nbinding = "N{number}"\n' for number in range(MANY))
    config.write_text(names, encoding="utf-8")


async def begun(
    config: Path, *options: str, stdout: int, stderr: int | None = None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *own_command("serve", "--store", "memory:", "--config", str(config), *options),
        stdout=stdout,
        stderr=stderr,
    )


async def test_a_reader_that_stops_reading_stops_nothing(config: Path) -> None:
    many(config)
    out, written = os.pipe()
    process = await begun(config, "--json", stdout=written)
    os.close(written)
    line = b""
    while not line.endswith(b"\n"):
        line += await asyncio.to_thread(os.read, out, 1)
    ready = json.loads(line)
    store = open_store(ready["url"].replace("//", f"//{ready['token']}@"), Path())
    for number in range(MANY):
        await asyncio.wait_for(store.put(f"N{number}", Write("k", b"v")), HANG)
    await asyncio.sleep(0.3)
    assert await asyncio.wait_for(store.get("N0", "k"), HANG)
    await store.close()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), HANG) == 0
    os.close(out)


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_reader_that_goes_away_ends_nothing(config: Path, as_json: bool) -> None:
    out, written = os.pipe()
    process = await begun(config, *(["--json"] if as_json else []), stdout=written, stderr=written)
    os.close(written)
    with os.fdopen(out, "rb") as reader:
        line = await asyncio.to_thread(reader.readline)
        rest = b"" if as_json else await asyncio.to_thread(lambda: reader.readline())
        assert line, rest
    seeds = config.parent / "seeds"
    seeds.mkdir()
    for number in range(3):
        config.write_text(NEW if number % 2 else CONFIG, encoding="utf-8")
        (seeds / "CARTS.json").write_text(f'[{{"key": "{number}", "value": ""}}]', "utf-8")
        await asyncio.sleep(0.7)
        assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), HANG) == 0


async def test_a_signal_ends_it_under_load(config: Path) -> None:
    async with serving(config, "--store", "memory:") as served:
        store = served.store()

        async def load(number: int) -> None:
            for round_number in range(100_000):
                await store.put(CARTS, Write(f"{number}:{round_number % 100}", b"x" * 1000))

        tasks = [asyncio.create_task(load(number)) for number in range(16)]
        await asyncio.sleep(0.5)
        served.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(served.process.wait(), HANG) == 0
        await asyncio.gather(*tasks, return_exceptions=True)
        await store.close()
