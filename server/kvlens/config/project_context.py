"""Read a config's context from its folders: the config used instead, and the wrangler version."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kvlens import files
from kvlens.config.find import CONFIG_NAMES, find_config

Version = tuple[int, int, int]
_VERSION = re.compile(r"[\^~>=v ]*(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_LARGEST = 1024 * 1024  # bytes; a larger package.json isn't read


@dataclass(frozen=True)
class ProjectContext:
    """Information for rules about the project of a config. Empty if unknown."""

    winner: str | None = None  # the config that wrangler uses instead, from this one's folder
    wrangler: Version | None = None  # of the project; None if unknown
    installed: bool = False  # rather than the lowest version required


def read_context(path: Path) -> ProjectContext:
    """Read a few small files in the folders around a config. Never fails."""
    folder = path.absolute().parent
    installed = next(_versions(_installed(folder)), None)
    return ProjectContext(
        _winner(path),
        installed or next(_versions(_asked_for(folder)), None),
        installed is not None,
    )


def _winner(path: Path) -> str | None:
    if path.name not in CONFIG_NAMES:  # passed to wrangler with --config
        return None
    try:
        winner = find_config(path.parent)
        if winner is None or not path.exists() or winner.samefile(path):
            return None
    except OSError:
        return None
    return Path(os.path.relpath(winner, path.parent.resolve())).as_posix()


def _installed(folder: Path) -> Iterator[Any]:
    for above in (folder, *folder.parents):
        yield _read(above / "node_modules" / "wrangler" / "package.json").get("version")


def _asked_for(folder: Path) -> Iterator[Any]:
    for above in (folder, *folder.parents):
        package = _read(above / "package.json")
        for kind in ("dependencies", "devDependencies", "peerDependencies"):
            packages = package.get(kind)
            if isinstance(packages, dict):
                yield packages.get("wrangler")


def _versions(found: Iterator[Any]) -> Iterator[Version]:
    for text in found:
        match = _VERSION.match(text) if isinstance(text, str) else None
        if match:
            yield int(match[1]), int(match[2] or 0), int(match[3] or 0)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(files.read_bytes(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
