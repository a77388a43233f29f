"""What follows a project's files, with a watcher that the test drives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from kvlens.config.find import ConfigError
from kvlens.workspace.project import Project
from kvlens.workspace.watch import follow

ONE = '[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_text(ONE, encoding="utf-8")
    return path


RELOADS: list[tuple[str, str, bool]] = [
    ("same", ONE, False),
    ("comment", "# c\n" + ONE, False),
    ("added", ONE + '[[kv_namespaces]]\nbinding = "B"\n', True),
    ("other-id", ONE.replace('"1"', '"2"'), True),
    ("preview-id", ONE + 'preview_id = "p"\n', True),
    ("environment", ONE + '[[env.x.kv_namespaces]]\nbinding = "B"\n', True),
    ("gone", "", True),
]


@pytest.mark.parametrize(("text", "changed"), [r[1:] for r in RELOADS], ids=[r[0] for r in RELOADS])
def test_reload_tells_whether_namespaces_changed(config: Path, text: str, changed: bool) -> None:
    project = Project(config)
    config.write_text(text, encoding="utf-8")
    assert project.reload() is changed


def test_a_config_that_cannot_be_read_leaves_what_was_known(config: Path) -> None:
    project = Project(config)
    config.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        project.reload()
    assert [n.binding for n in project.namespaces] == ["A"]


SEEDED: list[tuple[str, str, str | None]] = [
    ("its-binding", "seeds/A.json", "A"),
    ("no-binding", "seeds/B.json", None),
    ("other-folder", "other/A.json", None),
    ("other-ending", "seeds/A.txt", None),
]


@pytest.mark.parametrize(("file", "binding"), [s[1:] for s in SEEDED], ids=[s[0] for s in SEEDED])
def test_a_seed_file_is_known_by_its_name(config: Path, file: str, binding: str | None) -> None:
    path = config.parent / file
    path.parent.mkdir()
    path.write_text("[]", encoding="utf-8")
    found = Project(config).seeded_by(path)
    assert (found and found.binding) == binding
    path.unlink()
    assert Project(config).seeded_by(path) is None


class FakeWatcher:
    """Stands for `watchfiles.awatch`: keeps what is watched, yields what it is given."""

    def __init__(self) -> None:
        self.watched: list[set[Path]] = []
        self.batches: asyncio.Queue[list[Path] | None] = asyncio.Queue()

    async def __call__(self, *folders: Path, **options: Any) -> AsyncGenerator[set[Any], None]:
        assert options["recursive"] is False
        self.watched.append(set(folders))
        while (batch := await self.batches.get()) is not None:
            yield {("modified", str(path)) for path in batch}


async def test_folders_that_come_are_watched_from_then_on(config: Path) -> None:
    project, watcher, stop = Project(config), FakeWatcher(), asyncio.Event()
    folder = config.parent
    state = folder / ".wrangler" / "state"
    seen: list[set[Path]] = []

    async def watch() -> None:
        async for paths in follow(project, stop, state=state, watch=watcher):
            seen.append(paths)

    async def taken() -> None:
        while not watcher.batches.empty():
            await asyncio.sleep(0)

    task = asyncio.create_task(watch())
    watcher.batches.put_nowait([config])
    await taken()
    (folder / "seeds").mkdir()
    state.mkdir(parents=True)
    watcher.batches.put_nowait([folder / "seeds"])
    watcher.batches.put_nowait([folder / "seeds" / "A.json"])
    await taken()
    stop.set()
    watcher.batches.put_nowait(None)
    await asyncio.wait_for(task, 10)
    assert watcher.watched == [
        {folder},
        {folder, folder / "seeds", folder / ".wrangler", state},
    ]
    assert seen == [{config}, {folder / "seeds"}, {folder / "seeds" / "A.json"}]


async def test_other_folders_of_the_project_are_not_watched(config: Path) -> None:
    (config.parent / "node_modules").mkdir()
    watcher, stop = FakeWatcher(), asyncio.Event()
    watcher.batches.put_nowait([config])
    async for _ in follow(Project(config), stop, watch=watcher):
        break
    assert watcher.watched == [{config.parent}]
