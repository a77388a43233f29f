"""Which files changed, among those that a Worker is made of."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

from kvlens import files
from kvlens.config.find import SKIPPED_FOLDERS

Watcher = Callable[..., AsyncGenerator[set[Any], None]]
_LARGEST = 64 * 1024 * 1024  # bytes of a file that a Worker is made of
_TICK = 0.4  # seconds between looks for folders that come and go
_MOST_LINKS = 40  # from one to the next, as systems have it
MOST_FOLDERS = 500  # below a Worker's entry; a source tree has fewer


async def changed_files(
    folders: Callable[[], set[Path]], stop: asyncio.Event, watch: Watcher | None = None
) -> AsyncIterator[set[Path]]:
    """Yield the files that changed in `folders()`, not below them, until `stop` is set.

    The folders are asked for anew after every change; some may not be there yet, or go and come
    back. Whenever watching begins, an empty set comes once: what changed before that is not told,
    and has to be looked for. `watch` is `watchfiles.awatch`, or a stand-in for it in tests.
    """
    if watch is None:
        # late and beside: neither a start nor an emulator's first requests need wait for it
        module = await asyncio.to_thread(importlib.import_module, "watchfiles")
        watch = module.awatch

    told_gone = False
    while not stop.is_set():
        wanted = folders()
        known = await asyncio.to_thread(_identities, wanted)
        there = [folder for folder in wanted if known[folder] is not None]
        if not there:
            if not told_gone:
                told_gone = True
                yield set()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK)
            continue
        began = told_gone = False
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
        async with contextlib.aclosing(changes) as batches:
            async for batch in batches:
                if batch or not began:
                    yield {Path(path) for _, path in batch}
                began = True
                if batch and folders() != wanted:
                    break
                # a folder that is moved away takes its watch along, and is none of ours then
                now = await asyncio.to_thread(_identities, wanted)
                if now != known:
                    if any(known[folder] and not now[folder] for folder in wanted):
                        yield set()  # nobody tells of the files that went with a folder
                    break


def _identities(folders: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """Return which folder each one is; None for one that is not there."""
    found: dict[Path, tuple[int, int] | None] = {}
    for folder in folders:
        found[folder] = None
        with contextlib.suppress(OSError, ValueError):
            state = folder.stat()
            if stat.S_ISDIR(state.st_mode):
                found[folder] = (state.st_dev, state.st_ino)
    return found


def link_targets(path: Path) -> list[Path]:
    """Return what a file is a link to, and what that is a link to, and so on.

    An edit of the last one changes the file, and happens in another folder.
    """
    found: list[Path] = []
    with contextlib.suppress(OSError, ValueError):
        while path.is_symlink() and len(found) < _MOST_LINKS:
            path = Path(os.path.normpath(path.parent / path.readlink()))
            found.append(path)
    return found


def source_folders(root: Path) -> set[Path]:
    """Return a folder and those below it that can hold sources."""
    found: set[Path] = set()
    for folder, folders, _ in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found.add(Path(folder))
        if len(found) >= MOST_FOLDERS:
            break
    return found


def stamps(folders: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """Return time and size of the files in these folders, to see whether any has changed."""
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_file():
                    state = entry.stat()
                    found[entry.path] = (state.st_mtime_ns, state.st_size)
    return found


def contents(paths: Iterable[Path]) -> dict[Path, bytes | None]:
    """Return a hash of each file's content; None for one that is not there."""
    found: dict[Path, bytes | None] = {}
    for path in paths:
        try:
            found[path] = hashlib.sha256(files.read_bytes(path, _LARGEST)).digest()
        except files.FileRefusedError as error:  # it is there, and that is worth a message
            found[path] = str(error).encode()
        except (OSError, ValueError):
            found[path] = None
    return found
