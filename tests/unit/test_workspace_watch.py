"""What changed on disk, with a watcher that the test drives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from kvlens.workspace import watch as watch_module
from kvlens.workspace.project import Project
from kvlens.workspace.watch import changed_files, follow


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_text('[[kv_namespaces]]\nbinding = "A"\nid = "1"\n', encoding="utf-8")
    return path


class FakeWatcher:
    """Replaces `watchfiles.awatch`: records what is watched, yields what it is given."""

    def __init__(self) -> None:
        self.watched: list[set[Path]] = []
        self.batches: asyncio.Queue[list[Path] | None] = asyncio.Queue()
        self.idle = asyncio.Event()
        """Set while all batches are handled: the next one is waited for."""

    async def __call__(self, *folders: Path, **options: Any) -> AsyncGenerator[set[Any], None]:
        assert options["recursive"] is False
        self.watched.append(set(folders))
        while True:
            if self.batches.empty():
                self.idle.set()
            batch = await self.batches.get()
            self.idle.clear()
            if batch is None:
                return
            yield {("modified", str(path)) for path in batch}


async def test_folders_that_come_are_watched_from_then_on(config: Path) -> None:
    project, watcher, stop = Project(config), FakeWatcher(), asyncio.Event()
    folder = config.parent
    seen: list[set[Path]] = []

    async def watch() -> None:
        async for paths in follow(project, stop, watch=watcher):
            seen.append(paths)

    task = asyncio.create_task(watch())
    watcher.batches.put_nowait([config])
    await watcher.idle.wait()
    watcher.idle.clear()
    (folder / "seeds").mkdir()
    watcher.batches.put_nowait([folder / "seeds"])
    watcher.batches.put_nowait([folder / "seeds" / "A.json"])
    await watcher.idle.wait()
    stop.set()
    watcher.batches.put_nowait(None)
    await asyncio.wait_for(task, 10)
    assert watcher.watched == [{folder}, {folder, folder / "seeds"}]
    # an empty set each time that watching starts: what came before isn't reported
    assert seen == [set(), {config}, {folder / "seeds"}, set(), {folder / "seeds" / "A.json"}]


async def test_other_folders_of_the_project_are_not_watched(config: Path) -> None:
    (config.parent / "node_modules").mkdir()
    watcher, stop = FakeWatcher(), asyncio.Event()
    watcher.batches.put_nowait([config])
    async for _ in follow(Project(config), stop, watch=watcher):
        break
    assert watcher.watched == [{config.parent}]


async def test_a_folder_that_goes_while_its_return_is_handled_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "_TICK", 0.01)
    folder, stop, seen = tmp_path / "project", asyncio.Event(), 0
    watcher = FakeWatcher()
    async for paths in changed_files(lambda: {folder}, stop, watcher):
        assert paths == set()
        seen += 1
        if seen == 1:  # it appears and disappears before anything could watch it
            folder.mkdir()
            folder.rmdir()
        else:
            stop.set()
    assert (seen, watcher.watched) == (2, [])


async def test_a_folder_that_goes_before_it_is_watched_is_watched_when_it_is_back(
    tmp_path: Path,
) -> None:
    folder, stop = tmp_path / "project", asyncio.Event()
    folder.mkdir()
    failures = [FileNotFoundError(), NotADirectoryError()]
    watcher = FakeWatcher()
    watcher.batches.put_nowait([folder / "a"])
    seen: list[set[Path]] = []

    async def watch(*folders: Path, **options: Any) -> AsyncGenerator[set[Any], None]:
        if failures:
            raise failures.pop()
        async for batch in watcher(*folders, **options):
            yield batch

    async for paths in changed_files(lambda: {folder}, stop, watch):
        seen.append(paths)
        if paths:
            break
    assert seen == [set(), {folder / "a"}]
    assert (failures, watcher.watched) == ([], [{folder}])
