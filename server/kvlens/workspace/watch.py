"""Watch a project's files for changes."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvlens import files
from kvlens.config.find import SEEDS, SKIPPED_FOLDERS

if TYPE_CHECKING:
    from kvlens.workspace.project import Project

Watcher = Callable[..., AsyncGenerator[set[Any], None]]
_LARGEST = 64 * 1024 * 1024  # bytes of a source file
_TICK = 0.4  # seconds between checks for new and removed folders
_MOST_LINKS = 40  # in a chain of symbolic links, as in most systems
MOST_FOLDERS = 500  # in the folder of a Worker's entry; source trees have fewer


def follow(
    project: Project,
    stop: asyncio.Event,
    *,
    watch: Watcher | None = None,
) -> AsyncIterator[set[Path]]:
    """Yield the files of a project that changed until `stop` is set; see `changed_files`.

    Only the folders of the config and of its seed files are watched, not those below the project:
    node_modules alone can hold more files than a system lets one program watch. If the config or a
    seed file is a symbolic link, its target is watched too, and a change of the target is reported
    as one of the link.
    """
    links: dict[Path, Path] = {}

    def folders() -> set[Path]:
        links.clear()
        seeds = project.seed_files()
        for path in (project.path, *seeds):
            links.update(dict.fromkeys(link_targets(path), path))
        return {
            project.folder,
            project.folder / SEEDS,
            *(path.parent for path in seeds),
            *(target.parent for target in links),
        }

    return _by_own_names(changed_files(folders, stop, watch), links)


async def _by_own_names(
    changes: AsyncIterator[set[Path]], links: Mapping[Path, Path]
) -> AsyncIterator[set[Path]]:
    async for paths in changes:
        yield {links.get(path, path) for path in paths}


async def changed_files(
    folders: Callable[[], set[Path]], stop: asyncio.Event, watch: Watcher | None = None
) -> AsyncIterator[set[Path]]:
    """Yield the files that changed in `folders()`, not in subfolders, until `stop` is set.

    `folders` is called again after every change. Some folders may not exist yet, or may go and
    come back. When watching starts, and repeatedly while no folder exists, an empty set is
    yielded: such changes aren't reported, so the caller has to look for them. `watch` is
    `watchfiles.awatch` or a test's fake.
    """
    if watch is None:
        # imported late and in a thread: neither the start nor the first requests wait for it
        module = await asyncio.to_thread(importlib.import_module, "watchfiles")
        watch = module.awatch

    while not stop.is_set():
        wanted = folders()
        known = await asyncio.to_thread(_identities, wanted)
        there = [folder for folder in wanted if known[folder] is not None]
        if not there:
            yield set()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)
            continue
        began = False
        changes = watch(
            *there,
            watch_filter=None,
            recursive=False,
            stop_event=stop,
            step=40,
            debounce=200,
            rust_timeout=int(_TICK * 1000),
            yield_on_timeout=True,
        )
        try:
            async with contextlib.aclosing(changes) as batches:
                async for batch in batches:
                    if not began:
                        yield set()
                    if batch:
                        yield {Path(path) for _, path in batch}
                    began = True
                    if batch and folders() != wanted:
                        break
                    # a folder that was moved away is still watched at its new path
                    now = await asyncio.to_thread(_identities, wanted)
                    if now != known:
                        if any(known[folder] and not now[folder] for folder in wanted):
                            yield set()  # the files that went with a folder aren't reported
                        break
        except (FileNotFoundError, NotADirectoryError):
            pass  # a folder was removed just before it could be watched


def _identities(folders: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """Return device and inode of each folder; None for a missing one."""
    found: dict[Path, tuple[int, int] | None] = {}
    for folder in folders:
        found[folder] = None
        with contextlib.suppress(OSError, ValueError):
            state = folder.stat()
            if stat.S_ISDIR(state.st_mode):
                found[folder] = (state.st_dev, state.st_ino)
    return found


def link_targets(path: Path) -> list[Path]:
    """Return the target of a symbolic link, the target of that, and so on.

    Editing the last one changes the file, although it is in another folder.
    """
    found: list[Path] = []
    with contextlib.suppress(OSError, ValueError):
        while path.is_symlink() and len(found) < _MOST_LINKS:
            path = Path(os.path.normpath(path.parent / path.readlink()))
            found.append(path)
    return found


def source_folders(root: Path) -> set[Path]:
    """Return a folder and its subfolders that can contain sources."""
    found: set[Path] = set()
    for folder, folders, _ in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found.add(Path(folder))
        if len(found) >= MOST_FOLDERS:
            break
    return found


def stamps(folders: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """Return the time and size of each file in these folders, to notice changes."""
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file():
                    state = entry.stat()
                    found[entry.path] = (state.st_mtime_ns, state.st_size)
    return found


def contents(paths: Iterable[Path]) -> dict[Path, bytes | None]:
    """Return a hash of each file's content; None for a missing file."""
    found: dict[Path, bytes | None] = {}
    for path in paths:
        try:
            found[path] = hashlib.sha256(files.read_bytes(path, _LARGEST)).digest()
        except files.FileRefusedError as error:  # it exists, so report it
            found[path] = str(error).encode()
        except (OSError, ValueError):
            found[path] = None
    return found
