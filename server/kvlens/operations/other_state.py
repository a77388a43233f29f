"""Find keys of a project's namespaces that are in another state folder than the one in use."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kvlens.config.local_state import state_folders
from kvlens.kv.clock import system_clock
from kvlens.operations.target import Scope
from kvlens.stores.base import StoreError
from kvlens.stores.registry import DEFAULT_STORE, find_store, keys_of
from kvlens.stores.wrangler.held_elsewhere import count_held


class Elsewhere(NamedTuple):
    """Keys of one namespace in a folder that isn't in use, not all of which the one in use has."""

    binding: str
    environment: str | None
    id: str
    keys: int
    folder: Path  # without `v3`


async def find_elsewhere(scope: Scope) -> list[Elsewhere]:
    """Return the keys in other state folders of the project; none for a store of another kind."""
    project = scope.project
    info = find_store(project.store)
    if info is None or info.local_path is None:
        return []
    used = Path(keys_of(project.store, project.folder)).parent
    now = int(system_clock() * 1000)
    found: list[Elsewhere] = []
    for folder in state_folders(project.path):
        if folder.resolve() == used:
            continue
        seen: set[str] = set()
        for one in project.config.namespaces(*scope.environments):
            if one.id in seen:
                continue
            seen.add(one.id)
            with suppress(StoreError):  # what can't be read can't be copied either
                keys = await asyncio.to_thread(count_held, folder, used, one.id, now)
                if keys:
                    found.append(Elsewhere(one.binding, one.environment, one.id, keys, folder))
    return found


def advice(scope: Scope, found: Elsewhere, base: Path) -> str:
    """Return what to say about keys elsewhere, with the command that copies them, run in `base`."""
    project = scope.project
    used = project.store.partition(":")[2] or str(project.folder / ".wrangler" / "state")
    here, there = (_shown(Path(path), base) for path in (used, found.folder))
    words = ["kvlens", "copy", "--config", _shown(project.path, base), "--binding", found.binding]
    words += [] if found.environment is None else ["--env", found.environment]
    words += ["--store", f"{DEFAULT_STORE}{there}", "--to-store", f"{DEFAULT_STORE}"]
    words[-1] += str(Path(used) if Path(used).is_absolute() else base / used)
    keys = "1 key" if found.keys == 1 else f"{found.keys:,} keys"
    return (
        f"{found.binding} also has {keys} in {there}, but {here} is in use. To copy them across: "
        f"{shlex.join(words)}"
    )


def _shown(path: Path, base: Path) -> str:
    """Return a path relative to a folder if it is in it."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
