"""`kvlens serve` as a program: its output, the files that it follows, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from kvlens.kv.records import Write
from kvlens.lsp.emulators import EmulatorProcess
from kvlens.lsp.settings import Settings
from kvlens.process import own_command
from kvlens.stores.base import Store, StoreError
from kvlens.stores.registry import open_store

from tests.lsp.conftest import CONFIG, until

CARTS = "0f2ac74b498b48028cb68387c421e279"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


class Served:
    """A running `kvlens serve --json`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.ready: dict[str, Any] = {}

    async def read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.events.append(json.loads(line))

    def store(self) -> Store:
        return open_store(self.ready["url"].replace("//", f"//{self.ready['token']}@"), Path())

    async def event(self, kind: str, **fields: Any) -> dict[str, Any]:
        def seen() -> list[dict[str, Any]]:
            return [e for e in self.events if {"event": kind, **fields}.items() <= e.items()]

        found: list[dict[str, Any]] = await until(seen)
        return found[-1]


@asynccontextmanager
async def serving(config: Path, *options: str, cwd: Path | None = None) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        *own_command("serve", "--json", "--config", str(config), *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=cwd,
    )
    served = Served(process)
    reading = asyncio.create_task(served.read())
    try:
        await until(lambda: served.events)
        served.ready = served.events[0]
        yield served
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def test_the_first_line_says_all_that_a_tool_needs(config: Path) -> None:
    async with serving(config, "--store", "memory:", "--env", "prod") as served:
        assert served.ready["rest"] == served.ready["url"] + "/client/v4"
        assert served.ready["namespaces"] == [
            {"binding": "CARTS", "id": "1f2ac74b498b48028cb68387c421e270"}
        ]
        asked = urllib.request.Request(
            served.ready["rest"] + "/accounts/a/storage/kv/namespaces",
            headers={"Authorization": f"Bearer {served.ready['token']}"},
        )
        answer = await asyncio.to_thread(urllib.request.urlopen, asked)
        assert [n["title"] for n in json.load(answer)["result"]] == ["CARTS"]


async def test_a_saved_config_is_followed_without_dropping_keys_or_connections(
    config: Path,
) -> None:
    async with serving(config, "--store", "memory:") as served:
        store = served.store()
        await store.put(CARTS, Write("kept", b"1"))
        config.write_text(CONFIG + '\n[[kv_namespaces]]\nbinding = "NEW"\n', encoding="utf-8")
        event = await served.event("namespaces")
        assert {"binding": "NEW", "id": "NEW"} in event["namespaces"]
        entry = await store.get(CARTS, "kept")
        assert entry and entry.value == b"1"
        config.write_bytes(b"\x00")
        await served.event("log", level="warning")
        assert await store.get(CARTS, "kept")
        await store.close()


async def test_a_binding_that_is_declared_twice_is_reported(config: Path) -> None:
    async with serving(config, "--store", "memory:") as served:
        twice = (
            '\n[[kv_namespaces]]\nbinding = "NEW"\n\n[[kv_namespaces]]\nbinding = "NEW"\nid = "2"\n'
        )
        config.write_text(CONFIG + twice, encoding="utf-8")
        line = (CONFIG + twice).count("\n", 0, (CONFIG + twice).index('"NEW"')) + 1
        assert (await served.event("log", level="warning"))["message"] == (
            f'NEW is declared twice: the id "NEW" in line {line} is used, the id "2" in line '
            f"{line + 3} is not. wrangler refuses this config; rename or remove one"
        )


async def test_a_saved_seed_file_puts_what_changed_in_it_and_nothing_else(config: Path) -> None:
    seeds = config.parent / "seeds"
    seeds.mkdir()
    file = seeds / "CARTS.json"
    items = [{"key": "a", "value": "1"}, {"key": "b", "value": "1"}]
    file.write_text(json.dumps(items), encoding="utf-8")
    async with serving(config, "--store", "memory:") as served:
        store = served.store()
        await store.put(CARTS, Write("a", b"edited"))
        items[1]["value"] = "2"
        file.write_text(json.dumps(items), encoding="utf-8")
        await served.event("log", message="CARTS.json: 1 key put in CARTS", level="info")
        assert [(await store.get(CARTS, key) or Write("", b"")).value for key in "ab"] == [
            b"edited",
            b"2",
        ]
        file.write_text('[{"key": "", "value": "3"}, {"key": "b", "value": "3"}]', encoding="utf-8")
        said = await served.event("log", level="error")
        assert "the file was not applied" in said["message"]
        assert (await store.get(CARTS, "b") or Write("", b"")).value == b"2"
        await store.close()


async def test_a_seed_file_that_is_a_link_out_of_the_project_is_not_put(
    config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "CARTS.json"
    outside.write_text('[{"key": "k", "value": "v"}]', encoding="utf-8")
    async with serving(config) as served:
        seeds = config.parent / "seeds"
        seeds.mkdir()
        (seeds / "CARTS.json").symlink_to(outside)
        event = await served.event("log", level="error")
        assert f"is a link to {outside}, outside the project" in event["message"]
        assert event["message"].endswith("the file was not applied")
        assert await served.store().get(CARTS, "k") is None


async def test_a_new_seed_file_overwrites_no_key(config: Path) -> None:
    async with serving(config, "--store", "memory:") as served:
        store = served.store()
        await store.put(CARTS, Write("a", b"edited"))
        (config.parent / "seeds").mkdir()
        items = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
        file = config.parent / "seeds" / "CARTS.json"
        file.write_text(json.dumps(items), encoding="utf-8")
        said = await served.event("log", level="info")
        assert "1 key put in CARTS" in said["message"]
        assert [(await store.get(CARTS, key) or Write("", b"")).value for key in "ab"] == [
            b"edited",
            b"2",
        ]
        left = await served.event("kept")
        assert (left["id"], left["keys"]) == (CARTS, ["a"])
        await store.close()


SINCE: dict[str, tuple[str | None, str, list[str]]] = {
    # id: (another write to a key of the file, its value afterwards, the reported keys)
    "nothing": ("1", "2", []),
    "another value": ("of a Worker", "of a Worker", ["a"]),
    "the new value": ("2", "2", []),
    "deleted": (None, "2", []),
}


@pytest.mark.parametrize(("since", "then", "told"), SINCE.values(), ids=SINCE.keys())
async def test_a_saved_seed_file_overwrites_nothing_that_something_else_changed(
    config: Path, since: str | None, then: str, told: list[str]
) -> None:
    (config.parent / "seeds").mkdir()
    file = config.parent / "seeds" / "CARTS.json"
    file.write_text('[{"key": "a", "value": "1"}, {"key": "z", "value": "1"}]', encoding="utf-8")
    async with serving(config, "--store", "memory:") as served:
        store = served.store()
        await store.put(CARTS, Write("z", b"1"))
        if since is not None:
            await store.put(CARTS, Write("a", since.encode()))
        file.write_text(
            '[{"key": "a", "value": "2"}, {"key": "z", "value": "2"}]', encoding="utf-8"
        )
        await served.event("log", level="info")
        entry = await store.get(CARTS, "a")
        assert entry
        assert entry.value.decode() == then
        if told:
            line = (await served.event("log", level="warning"))["message"]
            assert line == (
                'CARTS.json: 1 key left as different in CARTS: "a"; kvlens seed overwrites them'
            )
        assert [key for e in served.events if e["event"] == "kept" for key in e["keys"]] == told
        await store.close()


async def test_keys_that_another_program_writes_are_told(config: Path) -> None:
    async with serving(config) as served:
        other = open_store("wrangler:", config.parent)
        await other.put(CARTS, Write("outside", b"1"))
        await other.close()
        await served.event("changed", id=CARTS)
        assert await served.store().get(CARTS, "outside")


@pytest.mark.parametrize("there", ["a folder moved away", "a pipe in place of .wrangler"])
async def test_keys_that_are_out_of_reach_are_not_an_empty_namespace(
    config: Path, there: str
) -> None:
    """It is reported, also when they are back."""
    async with serving(config) as served:
        store = served.store()
        await store.put(CARTS, Write("k", b"v"))
        await served.event("changed", id=CARTS)
        served.events.clear()
        moved = config.parent if "folder" in there else config.parent / ".wrangler"
        away = moved.with_name("away")
        moved.rename(away)
        says = "is gone: it was moved"
        if "pipe" in there:
            os.mkfifo(moved)
            says = r"\.wrangler is a named pipe, not a folder\. Remove it"
        await served.event("changed", id=CARTS)
        with pytest.raises(StoreError, match=says):
            await store.list(CARTS)
        served.events.clear()
        if "pipe" in there:
            moved.unlink()
        away.rename(moved)
        await served.event("changed", id=CARTS)
        assert [key.name for key in (await store.list(CARTS)).keys] == ["k"]
        await store.close()


async def test_a_path_in_the_store_is_from_the_current_folder(config: Path) -> None:
    here = config.parent / "here"
    here.mkdir()
    async with serving(config, "--store", "wrangler:kept", cwd=here) as served:
        await served.store().put(CARTS, Write("k", b"v"))
    assert [path.name for path in config.parent.glob("**/kept")] == ["kept"]
    assert (here / "kept" / "v3" / "kv").is_dir()


async def test_the_language_server_takes_it_from_the_config(config: Path) -> None:
    emulator = EmulatorProcess(config, Settings(store="wrangler:kept"), lambda *_: None)
    store = await emulator.store()
    await store.put(CARTS, Write("k", b"v"))
    await emulator.stop()
    assert (config.parent / "kept" / "v3" / "kv").is_dir()


async def test_it_ends_when_its_lifeline_does(config: Path) -> None:
    async with serving(config, "--lifeline", "--store", "memory:") as served:
        assert served.process.stdin
        served.process.stdin.close()
        assert await asyncio.wait_for(served.process.wait(), 20) == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_a_signal_ends_it_cleanly(config: Path, name: str) -> None:
    async with serving(config) as served:
        await served.store().put(CARTS, Write("k", b"v"))
        served.process.send_signal(getattr(signal, name))
        assert await asyncio.wait_for(served.process.wait(), 20) == 0


async def test_no_emulator_is_left_behind_a_killed_language_server(config: Path) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from kvlens.lsp.emulators import EmulatorProcess
from kvlens.lsp.settings import Settings
async def main():
    emulator = EmulatorProcess(Path({str(config)!r}), Settings(store="memory:"), lambda *_: None)
    await emulator.start()
    print(emulator.ready["pid"], flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=subprocess.PIPE
    )
    assert parent.stdout
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()

    def gone() -> bool:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{child}/stat")
        return stat.exists() and stat.read_text().split(") ")[1][0] == "Z"

    await until(gone)


@pytest.fixture
def taken() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


REFUSED: list[tuple[str, list[str], str]] = [
    ("other-host", ["--host", "0.0.0.0"], "0.0.0.0"),
    ("taken-port", ["--port", "TAKEN"], "TAKEN"),
    ("unknown-store", ["--store", "file:x"], 'Unknown store "file:x"'),
    ("no-config", ["--config", "none/wrangler.toml"], "can't be read"),
    ("binary-config", ["--config", "BINARY"], "binary file"),
    ("large-config", ["--config", "LARGE"], "over the limit of 1,048,576"),
]


@pytest.mark.parametrize(("options", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_cannot_be_served_is_said_in_one_line(
    config: Path, taken: int, options: list[str], says: str
) -> None:
    (config.parent / "binary.toml").write_bytes(b"\x00\x01")
    (config.parent / "large.toml").write_bytes(b"#" * (1024 * 1024 + 1))
    words = {"TAKEN": str(taken), "BINARY": "binary.toml", "LARGE": "large.toml"}
    done = subprocess.run(
        own_command("serve", *(words.get(option, option) for option in options)),
        cwd=config.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert words.get(says, says) in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
