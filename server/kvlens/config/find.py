"""Find the config file that wrangler uses, and all configs in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kvlens.config.limits import LARGEST
from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, read_bytes

# In wrangler's order: JSON anywhere above takes precedence over TOML nearby (workers-sdk,
# config-helpers).
CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
# Folders with third-party or generated files.
SKIPPED_FOLDERS = {
    *(".git", ".hg", ".svn", ".wrangler", ".venv", "venv", "__pycache__", ".cache"),
    *("node_modules", "bower_components", ".yarn", ".pnpm-store", "coverage", "target"),
    *("dist", "build", "out", ".next", ".nuxt", ".svelte-kit", ".output", ".turbo"),
}
SEEDS = "seeds"  # the folder next to the config with BINDING.json files, which seed the namespaces


def find_config(folder: Path) -> Path | None:
    """Return the config that wrangler would use in a folder: its own or an ancestor's."""
    folder = folder.resolve()
    for name in CONFIG_NAMES:
        for candidate in (folder, *folder.parents):
            path = candidate / name
            if _is_there(path):
                return path
    return None


def _is_there(path: Path) -> bool:
    """Return whether anything exists with a config's name; reading it reports other file types."""
    return path.exists() and not path.is_dir()


def is_config(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a Worker's config, by its name."""
    return Path(path).name in CONFIG_NAMES


def is_seed_path(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is in a project's seeds folder: `seeds/*.json` next to a config."""
    place = Path(path)
    if place.suffix != ".json" or place.parent.name != SEEDS:
        return False
    return any(_is_there(place.parents[1] / name) for name in CONFIG_NAMES)


def walk(root: Path) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders, without third-party ones, in stable order."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            yield Path(folder, name)


def find_configs(root: Path) -> list[Path]:
    """Return every config in a folder and its subfolders."""
    return [path for path in walk(root) if path.name in CONFIG_NAMES]


def winners(configs: Iterable[Path]) -> list[Path]:
    """Keep only the config of each folder that wrangler uses there."""
    best: dict[Path, Path] = {}
    for path in configs:
        other = best.get(path.parent)
        if other is None or CONFIG_NAMES.index(path.name) < CONFIG_NAMES.index(other.name):
            best[path.parent] = path
    return list(best.values())


def owning_config(folder: Path) -> Path | None:
    """Return the config of a folder's project: the nearest one."""
    whole = Path(os.path.normpath(folder.absolute()))
    for place in (whole, *whole.parents):
        for name in CONFIG_NAMES:
            config = place / name
            if _is_there(config):
                return config
    return None


class ConfigError(KVLensError):
    """A config can't be used. The text says which, why and what to do.

    `line` is that of a mistake in it, from 1; 0 if there is none.
    """

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


def read_config(path: Path) -> str:
    """Return a config's text without a byte order mark.

    Raises ConfigError if it can't be read, isn't UTF-8 text, or is over 1 MiB.
    """
    try:
        data = read_bytes(path, LARGEST)
    except FileRefusedError as error:
        raise ConfigError(f"{path}: {error.strerror}; is this the right file?") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"{path}: can't be read: {reason}") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigError(f"{path}: is UTF-16 text; save it as UTF-8")
    if b"\x00" in data:
        raise ConfigError(f"{path}: is a binary file, not a config")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
