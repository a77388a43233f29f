"""One workbench and one browser for all tests here; a project and a window for each test."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kvlens.process import own_command
from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from scripts.package import build, host_target
from scripts.toolchain import BUILD, ROOT, find_chromium
from scripts.workbench import Workbench
from tests.editor.window import Window

CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = ViewportSize(width=1280, height=800)

PATIENCE = 60_000  # ms: this isn't a measurement, and the machine may be busy

Open = Callable[[Path], Window]


def kvlens(folder: Path, *words: str) -> str:
    """Run a `kvlens` command in a folder and return its output."""
    done = subprocess.run(own_command(*words), cwd=folder, capture_output=True, check=True)
    return done.stdout.decode()


def until(condition: Callable[[], bool]) -> bool:
    """Wait for at most a minute; return whether the condition became true."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these last: the browser's driver keeps an event loop, which breaks asynchronous tests."""
    here = Path(__file__).parent
    items.sort(key=lambda item: here in item.path.parents)


@pytest.fixture(scope="package")
def workbench() -> Iterator[Workbench]:
    """The workbench, with the packaged extension installed."""
    data = BUILD / "editor-tests"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    started = Workbench(data)
    started.install(build(host_target()))
    with started:
        yield started


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def open_window(
    workbench: Workbench, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Open]:
    """Open a folder in a new window; all windows are closed after the test."""
    context = browser.new_context(viewport=SIZE)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=workbench.url)
    context.set_default_timeout(PATIENCE)
    opened: list[Window] = []
    name = request.node.name.removeprefix("test_")

    def opening(folder: Path) -> Window:
        window = Window(context.new_page(), workbench.folder_url(folder), folder, name)
        opened.append(window)
        return window

    failed = request.session.testsfailed
    yield opening
    for window in opened:
        if request.session.testsfailed > failed:
            window.failed()
    context.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of examples/."""
    ignore = shutil.ignore_patterns(".wrangler", "node_modules")
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "tea-house", ignore=ignore))


@pytest.fixture
def window(open_window: Open, project: Path) -> Window:
    """Open the project with its namespaces visible and the emulator running."""
    window = open_window(project)
    window.show_view()
    window.running()
    return window
