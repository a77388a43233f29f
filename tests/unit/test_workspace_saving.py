"""A save that empties the config first, or writes it piece by piece, drops no namespace."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from kvlens.config.reader import load_text
from kvlens.lsp.projects import Projects, ServedProject
from kvlens.lsp.settings import Settings
from kvlens.workspace.emulator_service import EmulatorService
from kvlens.workspace.project import Project
from kvlens.workspace.saving import keeps_namespaces, saved
from kvlens.workspace.worker_service import WorkerService

OLD = 'name = "shop"\nmain = "index.js"\n\n[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'
NEW = OLD + '\n[[kv_namespaces]]\nbinding = "B"\nid = "2"\n'

HALVES: dict[str, bytes | None] = {
    # the file's content in the middle of a save: None if the file is gone for a moment
    "emptied": b"",
    "a line end": b"\n",
    "cut": OLD[:30].encode(),
    "cut between tables": OLD[:34].encode(),
    "cut in an entry": OLD[:-6].encode(),
    "cut in a character": b'name = "caf\xc3',
    "gone": None,
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_text(OLD, encoding="utf-8")
    (tmp_path / "index.js").write_text("", encoding="utf-8")
    return path


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On machines of any speed, the rest of a save comes in time."""
    monkeypatch.setattr("kvlens.workspace.saving.GRACE", 60.0)
    monkeypatch.setattr("kvlens.workspace.saving.LONGEST", 60.0)


class Follower(NamedTuple):
    """Something that follows a config: its handler for changes, and its ids."""

    changed: Callable[[], Awaitable[object]]
    ids: Callable[[], set[str]]


def serve(config: Path) -> Follower:
    service = EmulatorService(Project(config, store="memory:"), print)
    return Follower(service.config_changed, lambda: set(service.emulator.namespaces))


def dev(config: Path) -> Follower:
    service = WorkerService(Project(config, store="memory:"), print)

    async def no_run(*, with_command: bool) -> None:
        """Doesn't run workerd."""

    service.host.set_namespaces(service.worker.namespaces)
    service.run = no_run  # type: ignore[method-assign]
    return Follower(lambda: service.follow({config}), lambda: set(service.host.emulator.namespaces))


def language_server(config: Path) -> Follower:
    project = ServedProject(config, "wrangler.toml", Settings(), lambda *_: None)
    return Follower(project.follow, lambda: {one.id for one in project.config.namespaces()})


def workspace(config: Path) -> Follower:
    """The language server when files appear or disappear: it searches for configs again."""
    projects = Projects(Settings(), lambda *_: None)

    def ids() -> set[str]:
        return {one.id for project in projects for one in project.config.namespaces()}

    return Follower(lambda: projects.find([config.parent]), ids)


SAVES = {
    f"{follows.__name__}, {name}": (follows, half)
    for follows in (serve, dev, language_server, workspace)
    for name, half in HALVES.items()
    if follows is not workspace or half is not None  # a search finds only what is there
}


@pytest.mark.parametrize(("follows", "half"), SAVES.values(), ids=SAVES.keys())
@pytest.mark.usefixtures("patient")
async def test_the_middle_of_a_save_drops_nothing(
    config: Path, follows: Callable[[Path], Follower], half: bytes | None
) -> None:
    follower = follows(config)
    if follows is not serve:
        await follower.changed()
    if half is None:
        config.unlink()
    else:
        config.write_bytes(half)
    following = asyncio.ensure_future(follower.changed())
    await asyncio.sleep(0.15)  # some checks
    assert not following.done()
    assert follower.ids() == {"1"}
    config.write_text(NEW, encoding="utf-8")
    await asyncio.wait_for(following, 30)
    assert follower.ids() == {"1", "2"}


STAYS: dict[str, tuple[bytes | None, bool]] = {
    # content that stays: (bytes, whether it counts immediately)
    "the same": (OLD.encode(), True),
    "more": (NEW.encode(), True),
    "a mistake elsewhere": (OLD.replace('"shop"', '"shop').encode(), True),
    "emptied": (b"", False),
    "another id": (OLD.replace('"1"', '"2"').encode(), False),
    "gone": (None, False),
    "gone with its folder": (None, True),
}


@pytest.mark.parametrize(("data", "at_once"), STAYS.values(), ids=STAYS.keys())
async def test_what_stays_counts(
    request: pytest.FixtureRequest,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes | None,
    at_once: bool,
) -> None:
    whole = keeps_namespaces(load_text(OLD, str(config)))
    if "folder" in request.node.name:
        shutil.rmtree(config.parent)
    elif data is None:
        config.unlink()
    else:
        config.write_bytes(data)
    looks: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        looks.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", counted)
    await asyncio.wait_for(saved(config, whole), 30)
    assert (not looks) is at_once


async def test_a_config_that_never_rests_counts_in_the_end(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvlens.workspace.saving.LONGEST", 0.3)
    began = time.monotonic()

    def other(text: str) -> bool:
        config.write_text(f"# {time.monotonic()}\n", encoding="utf-8")
        return False

    await asyncio.wait_for(saved(config, other), 30)
    assert time.monotonic() - began >= 0.3
