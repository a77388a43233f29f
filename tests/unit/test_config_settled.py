"""A save that empties the config first, or writes it piece by piece, drops no namespace."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from kvlens.cli.dev import _Dev
from kvlens.cli.events import Events
from kvlens.cli.serve import _Service
from kvlens.config import load_text
from kvlens.config.settled import keeps_namespaces, settled
from kvlens.lsp.projects import Project, Projects
from kvlens.lsp.settings import Settings
from kvlens.workspace import Project as Served

OLD = 'name = "shop"\nmain = "index.js"\n\n[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'
NEW = OLD + '\n[[kv_namespaces]]\nbinding = "B"\nid = "2"\n'

HALVES: dict[str, bytes | None] = {
    # what is there in the middle of a save: None where the file is gone for a moment
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
    """However slow this machine is, the rest of a save comes in time."""
    monkeypatch.setattr("kvlens.config.settled.GRACE", 60.0)
    monkeypatch.setattr("kvlens.config.settled.LONGEST", 60.0)


class Follower(NamedTuple):
    """Something that follows a config: what a change calls, and the ids that it has."""

    changed: Callable[[], Awaitable[object]]
    ids: Callable[[], set[str]]


@pytest.fixture
def events() -> Iterator[Events]:
    made = Events(as_json=True)
    yield made
    made.close()


def options(**more: object) -> argparse.Namespace:
    return argparse.Namespace(env=None, store="memory:", compat="strict", json=True, **more)


def serve(config: Path, events: Events) -> Follower:
    service = _Service(Served(config), options(socket=None), events)
    return Follower(service._config_changed, lambda: set(service.emulator.namespaces))


def dev(config: Path, events: Events) -> Follower:
    run = _Dev(config, options(allowed_host=[], port=0, default_port=0), events)

    async def no_run(*, with_command: bool) -> None:
        """workerd has no part in this."""

    run.host.set_namespaces(run.settings.namespaces)
    run._run = no_run  # type: ignore[method-assign]
    return Follower(lambda: run._follow({config}), lambda: set(run.host.emulator.namespaces))


def language_server(config: Path, events: Events) -> Follower:
    project = Project(config, "wrangler.toml", Settings(), lambda *_: None)
    return Follower(project.follow, lambda: {one.id for one in project.config.namespaces()})


def workspace(config: Path, events: Events) -> Follower:
    """The language server where files come and go: it looks for configs again."""
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
    config: Path,
    events: Events,
    follows: Callable[[Path, Events], Follower],
    half: bytes | None,
) -> None:
    follower = follows(config, events)
    if follows is not serve:
        await follower.changed()
    if half is None:
        config.unlink()
    else:
        config.write_bytes(half)
    following = asyncio.ensure_future(follower.changed())
    await asyncio.sleep(0.15)  # some looks
    assert not following.done()
    assert follower.ids() == {"1"}
    config.write_text(NEW, encoding="utf-8")
    await asyncio.wait_for(following, 30)
    assert follower.ids() == {"1", "2"}


STAYS: dict[str, tuple[bytes | None, bool]] = {
    # what is there and stays: (bytes, whether it counts at once)
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
    await asyncio.wait_for(settled(config, whole), 30)
    assert (not looks) is at_once


async def test_a_config_that_never_rests_counts_in_the_end(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvlens.config.settled.LONGEST", 0.3)
    began = time.monotonic()

    def other(text: str) -> bool:
        config.write_text(f"# {time.monotonic()}\n", encoding="utf-8")
        return False

    await asyncio.wait_for(settled(config, other), 30)
    assert time.monotonic() - began >= 0.3
