"""A table of a shared store that can't take back half a save, and that goes away in the middle."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from kvlens.emulator.server import Emulator
from kvlens.kv.clock import system_clock
from kvlens.kv.records import Write
from kvlens.stores.base import StoreError
from kvlens.stores.memory import MemoryStore
from playwright.sync_api import expect

from scripts.package import build, host_target
from scripts.toolchain import BUILD
from scripts.workbench import Workbench, free_port, write_settings
from tests.editor.conftest import Open
from tests.editor.test_table import Table

PORT = free_port()
TOKEN = "the-secret-token"
ID = "0f2ac74b498b48028cb68387c421e279"


class Failing(MemoryStore):
    """A store whose deletes fail while it is broken."""

    broken = False

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        if self.broken:
            raise StoreError("the disk is full")
        return await super().delete(ns, keys)


@contextmanager
def served(store: Failing) -> Iterator[Callable[[str], str | None]]:
    """Serve a store as Cloudflare's REST API, in a thread; return what reads a value."""
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    started = threading.Event()

    async def serve() -> None:
        await store.put_many(ID, [Write(name, b"old") for name in ("a", "b", "c")])
        emulator = Emulator(store, {ID: "CART"}, token=TOKEN)
        await emulator.start(port=PORT)
        started.set()
        await ended.wait()
        await emulator.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(30)

    def value(key: str) -> str | None:
        entry = asyncio.run_coroutine_threadsafe(store.get(ID, key), loop).result()
        return None if entry is None else entry.value.decode()

    try:
        yield value
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """A workbench with the Python package and the variables that the store cloudflare: needs."""
    data = BUILD / "editor-tests-remote"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    address = {
        "CLOUDFLARE_API_BASE_URL": f"http://127.0.0.1:{PORT}/client/v4",
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "KVLENS_ALLOW_REMOTE_WRITES": "1",
    }
    write_settings(data / "user-data", {"kvlens.interpreter": sys.executable}, "Machine")
    started = Workbench(data, env=address)
    started.install(build(host_target()))
    with started:
        yield started


@pytest.fixture
def project(tmp_path: Path) -> Path:
    config = f'[[kv_namespaces]]\nbinding = "CART"\nid = "{ID}"\n'
    (tmp_path / "wrangler.toml").write_text(config, encoding="utf-8")
    (tmp_path / ".vscode").mkdir()
    settings = json.dumps({"kvlens.store": "cloudflare:account?writes=allow"})
    (tmp_path / ".vscode" / "settings.json").write_text(settings, encoding="utf-8")
    return tmp_path


def test_what_was_saved_is_said_and_the_rest_stays(open_window: Open, project: Path) -> None:
    store = Failing(system_clock)
    with served(store) as value:
        window = open_window(project)
        page = window.page
        window.show_view()
        expect(window.see("CART")).to_contain_text("remote")
        window.palette("KV Lens: Open Namespace")
        table = Table(window)
        expect(table.frame.locator(".banner.remote")).to_contain_text("remote", ignore_case=True)
        for name in ("a", "b"):
            table.cell(name, "value").click()
            page.keyboard.press("F2")
            expect(table.frame.locator(".cellEditor")).to_be_focused()
            page.keyboard.press("Control+A")
            page.keyboard.type("new")
            page.keyboard.press("Enter")
        table.cell("c", "key").click()
        page.keyboard.press("Delete")
        expect(table.frame.locator(".changes")).to_have_text("3 unsaved changes")
        store.broken = True
        page.keyboard.press("Control+S")
        expect(page.locator(".monaco-dialog-box")).to_contain_text("Write 3 changes")
        window.shot("question")
        window.dialog("Write")
        toast = page.locator(
            ".notifications-toasts .notification-list-item", has_text="Of 3 changes"
        )
        expect(toast).to_contain_text("2 were saved; the others are kept here.")
        expect(table.frame.locator(".changes")).to_have_text("1 unsaved change")
        expect(table.row("c")).to_have_class("row deleted selected current")
        window.shot("partly")
        assert value("a") == "new"
        store.broken = False
        page.keyboard.press("Control+S")
        window.dialog("Write")
        expect(page.locator(".tab.active.dirty")).to_have_count(0)
        assert value("c") is None
