"""Read a config's context from its folders: the config used instead, and the wrangler version."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kvlens import files, lookups
from kvlens.config.find import CONFIG_NAMES, ConfigError, find_config, is_named, read_config
from kvlens.config.reader import load_text
from kvlens.files import way_out_of

Version = tuple[int, int, int]
_VERSION = re.compile(r"[\^~>=v ]*(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_REDIRECT = (".wrangler", "deploy", "config.json")
_join = os.path.join  # for every folder above a config
_LARGEST = 1024 * 1024  # bytes; a larger package.json isn't read


class Redirect(NamedTuple):
    """The generated config that wrangler uses instead of one, by `.wrangler/deploy/config.json`."""

    target: str  # its path, from the config's folder
    namespaces: frozenset[tuple[str, str | None]] | None  # see Environment.bound; None: unreadable
    is_outside: bool = False  # of the repository: it isn't read


@dataclass(frozen=True)
class ProjectContext:
    """Information for rules about the project of a config. Empty if unknown."""

    winner: str | None = None  # the config that wrangler uses instead, from this one's folder
    wrangler: Version | None = None  # of the project; None if unknown
    installed: bool = False  # rather than the lowest version required
    redirect: Redirect | None = None


def is_context_file(path: Path) -> bool:
    """Return whether `read_context` may read a file, by its path."""
    return path.name == "package.json" or path.parts[-3:] == _REDIRECT


def read_context(path: Path) -> ProjectContext:
    """Read a few small files in the folders around a config. Never fails."""
    whole = path.absolute()
    installed = _installed(str(whole.parent), "wrangler")
    return ProjectContext(
        _winner(path),
        installed or _asked_for(str(whole.parent), "wrangler"),
        installed is not None,
        _redirect(whole),
    )


def _redirect(path: Path) -> Redirect | None:
    """Return where wrangler is redirected to from a config's folder, if it is.

    Source: workers-sdk, workers-utils' config-helpers. Only for the names that wrangler finds
    itself: `--config` goes before a redirect.
    """
    if path.name not in CONFIG_NAMES or not files.is_there(path):
        return None
    file = _join(os.path.normpath(path.parent), *_REDIRECT)
    named = _read(file).get("configPath")
    if not isinstance(named, str) or not named or "\0" in named:
        return None
    folder, home = Path(file).parents[2], Path(file).parent
    target = Path(os.path.normpath(home / named))
    shown = Path(os.path.relpath(target, folder)).as_posix()
    top = repository(folder)
    if not target.is_relative_to(top) or way_out_of(top, target) is not None:
        return Redirect(shown, None, is_outside=True)
    try:
        config = load_text(read_config(target), str(target))
    except ConfigError:
        return Redirect(shown, None)
    return Redirect(shown, config.environments[0].bound)


def repository(folder: Path) -> Path:
    """Return the folder of the repository; without one, the folder itself."""

    def find(place: str) -> Path | None:
        return Path(place) if files.is_there(_join(place, ".git")) else None

    return lookups.nearest(("repository",), str(folder), find) or folder


def _winner(path: Path) -> str | None:
    if path.name not in CONFIG_NAMES:  # passed to wrangler with --config
        return None
    try:
        winner = find_config(path.parent)
        if winner is None or lookups.real(winner) == lookups.real(path):
            return None
        if not files.is_there(path) or winner.samefile(path) or is_named(path):
            return None
    except OSError:
        return None
    return Path(os.path.relpath(winner, lookups.real(path.parent))).as_posix()


def package_version(folder: Path, name: str) -> Version | None:
    """Return the version of a package in a project: installed, else the lowest one required."""
    return _installed(str(folder), name) or _asked_for(str(folder), name)


def _installed(folder: str, name: str) -> Version | None:
    """Return the version of a package that is installed in a folder or the nearest one above."""

    def find(place: str) -> Version | None:
        return _version(_read(_join(place, "node_modules", name, "package.json")).get("version"))

    return lookups.nearest(("installed", name), folder, find)


def _asked_for(folder: str, name: str) -> Version | None:
    """Return the lowest version of a package that a folder or the nearest one above requires."""

    def find(place: str) -> Version | None:
        package = _read(_join(place, "package.json"))
        for kind in ("dependencies", "devDependencies", "peerDependencies"):
            packages = package.get(kind)
            found = _version(packages.get(name)) if isinstance(packages, dict) else None
            if found is not None:
                return found
        return None

    return lookups.nearest(("required", name), folder, find)


def _version(text: Any) -> Version | None:
    match = _VERSION.match(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else None


def _read(path: str) -> dict[str, Any]:
    if lookups.kind(path) != "file":  # most of those that are looked for don't exist
        return {}
    return lookups.once(("package", path), lambda: _parsed(path))


def _parsed(path: str) -> dict[str, Any]:
    try:
        data = json.loads(files.read_bytes(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
