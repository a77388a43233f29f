"""Find the config files of a folder: the one that wrangler uses there, and those with other names.

Every other part asks here what a config is and which one counts.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from kvlens import lookups
from kvlens.config.limits import LARGEST
from kvlens.config.references import is_reference_file, named_in
from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, absolute, is_there, read_bytes, way_out_of
from kvlens.text import NotTextError, decode

# In wrangler's order: JSON anywhere above takes precedence over TOML nearby (workers-sdk,
# config-helpers).
CONFIG_NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
# What `cf` reads, and wrangler with --experimental-new-config. As other names, it doesn't shadow.
CODE_NAMES = tuple(f"cloudflare.config.{suffix}" for suffix in ("ts", "mts", "js", "mjs"))
_WORDS = ("wrangler", "cloudflare")  # one of them is in every name of a config
# Names that a command line chooses: wrangler.staging.jsonc, wrangler-worker.toml.
_OTHER_NAME = re.compile(r"wrangler(?:\.[\w.\-]+\.(?:toml|jsonc?)|[\-_][\w.\-]+\.(?:toml|jsonc))\Z")
# Parts of the names of templates and copies, which no command uses.
_TEMPLATES = {
    *("example", "examples", "sample", "template", "tmpl", "tpl", "schema", "dist"),
    *("bak", "backup", "old", "orig", "copy"),
}
# Folders with third-party or generated files.
SKIPPED_FOLDERS = {
    *(".git", ".hg", ".svn", ".wrangler", ".venv", "venv", "__pycache__", ".cache"),
    *("node_modules", "bower_components", ".yarn", ".pnpm-store", "coverage", "target"),
    *("dist", "build", "out", ".next", ".nuxt", ".svelte-kit", ".output", ".turbo"),
}
SEEDS = "seeds"  # the folder next to the config with BINDING.json files, which seed the namespaces
_CONFIG_SUFFIXES = (".toml", ".json", ".jsonc")
# Of the files that are configs, and of those that may name some.
_ENDINGS = (
    ".cts",
    ".js",
    ".json",
    ".jsonc",
    ".mjs",
    ".cjs",
    ".mts",
    ".toml",
    ".ts",
    ".yaml",
    ".yml",
)


def find_config(folder: Path) -> Path | None:
    """Return the config that wrangler would use in a folder: its own or an ancestor's."""
    real = lookups.real(folder)
    for name in CONFIG_NAMES:
        found = lookups.nearest(("config", name), real, functools.partial(_file_in, name=name))
        if found is not None:
            return Path(found)
    return None


def _file_in(folder: str, name: str) -> str | None:
    path = os.path.join(folder, name)  # noqa: PTH118 - for every folder
    return path if _is_there(path) else None


def default_configs(folder: Path) -> list[Path]:
    """Return the configs that a command in a folder may mean, if none is named.

    That is the one that wrangler would use, or a config in code in a folder below it, nearer to
    this one; where there is neither, those with other names in the nearest folder that has any.
    """
    found = find_config(folder)
    whole = Path(lookups.real(folder))
    for place in (whole, *whole.parents):
        if found is not None and any(_is_there(place / name) for name in CONFIG_NAMES):
            return [found]
        if configs := [path for name in CODE_NAMES if _is_there(path := place / name)]:
            return configs
        if found is None and (configs := configs_in(place)):
            return configs
    return []


def configs_in(folder: Path) -> list[Path]:
    """Return the configs in a folder itself that count, the one that wrangler uses first."""
    return lookups.once(("configs", os.fspath(folder)), lambda: _configs_in(folder))


def _configs_in(folder: Path) -> list[Path]:
    top = os.fspath(folder)
    files = [os.path.join(top, name) for name, _ in lookups.entries(top, _ENDINGS)]  # noqa: PTH118
    naming = map(Path, filter(is_reference_file, files))
    named = {path for file in naming for path in named_in(file) if path.parent == folder}
    configs = map(Path, filter(has_config_name, files))
    return winners(path for path in sorted({*configs, *named}) if _is_there(path))


def _files_in(folder: Path) -> list[Path]:
    """Return what may be a config or name one in a folder, sorted; nothing if it can't be read."""
    return [folder / name for name, _ in lookups.entries(folder, _ENDINGS)]


def _is_there(path: str | os.PathLike[str]) -> bool:
    """Return whether anything exists with a config's name; reading it reports other file types."""
    return lookups.kind(path) not in ("", "folder")


def has_config_name(path: str | os.PathLike[str]) -> bool:
    """Return whether a file's name alone says that it is a Worker's config."""
    text = os.fspath(path)
    if not any(word in text for word in _WORDS):
        return False
    name = os.path.basename(text)  # noqa: PTH119 - for every file
    if name in CONFIG_NAMES or name in CODE_NAMES:
        return True
    if not _OTHER_NAME.match(name):
        return False
    return not _TEMPLATES.intersection(re.split(r"[.\-_]", name.lower()))


def is_config(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a Worker's config: by its name, or as another file names it."""
    if has_config_name(path):
        return True
    if not os.fspath(path).endswith(_CONFIG_SUFFIXES) or is_reference_file(path):
        return False
    return is_named(path)


def is_named(path: str | os.PathLike[str]) -> bool:
    """Return whether a script, a CI file or Vite's config names a file as a Worker's config.

    They are in its folder and in those above, up to the repository's.
    """
    whole = absolute(path)
    for folder in whole.parents:
        if SKIPPED_FOLDERS.intersection(whole.relative_to(folder).parts):
            break
        if any(whole in named_in(file) for file in _reference_files(folder)):
            return True
        if is_there(folder / ".git"):
            break
    return False


def _reference_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that may name configs."""
    for place in (folder, folder / ".github" / "workflows"):
        yield from filter(is_reference_file, _files_in(place))


def is_seed_path(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is in a project's seeds folder: `seeds/*.json` next to a config."""
    place = Path(path)
    if place.suffix != ".json" or place.parent.name != SEEDS:
        return False
    folder = place.parents[1]
    return any(_is_there(folder / name) for name in CONFIG_NAMES) or bool(configs_in(folder))


def walk(root: Path) -> Iterator[str]:
    """Yield the files in a folder and its subfolders, without third-party ones, in stable order."""
    for folder, _, files in lookups.walk(root, SKIPPED_FOLDERS):
        for name in files:
            yield os.path.join(folder, name)  # noqa: PTH118 - a text: there are many


def find_configs(root: Path) -> list[Path]:
    """Return every config in a folder and its subfolders, those that its files name too.

    What is named outside the folder, through a link as well, or among generated files is left out.
    """
    found: dict[Path, None] = {}
    named: dict[Path, None] = {}
    for file in walk(root):
        if has_config_name(file):
            found.setdefault(Path(file))
        elif is_reference_file(file):
            named |= dict.fromkeys(named_in(Path(file)))
    top = absolute(root)
    for config in named:
        if not config.is_relative_to(top):
            continue
        below = config.relative_to(top)
        if not SKIPPED_FOLDERS.intersection(below.parts) and way_out_of(top, config) is None:
            found.setdefault(root / below)
    return list(found)


def winners(configs: Iterable[Path]) -> list[Path]:
    """Keep the configs that a command uses, by folder, the one that wrangler finds there first.

    Of wrangler.json, wrangler.jsonc and wrangler.toml in one folder, wrangler uses only the first.
    Those with other names are used by commands that name them.
    """
    best: dict[Path, Path | None] = {}
    others: dict[Path, list[Path]] = {}
    for path in configs:
        other = best.setdefault(path.parent, None)
        if path.name not in CONFIG_NAMES:
            others.setdefault(path.parent, []).append(path)
        elif other is None or CONFIG_NAMES.index(path.name) < CONFIG_NAMES.index(other.name):
            best[path.parent] = path
    return [
        path
        for folder, first in best.items()
        for path in (*([first] if first else ()), *others.get(folder, ()))
    ]


def owning_config(folder: str | os.PathLike[str]) -> Path | None:
    """Return the config of a folder's project: the nearest one."""
    return lookups.nearest(("owner",), os.path.abspath(folder), _main_config)  # noqa: PTH100


def _main_config(folder: str) -> Path | None:
    """Return the config in a folder itself that counts for its sources."""
    for name in CONFIG_NAMES:
        if (config := _file_in(folder, name)) is not None:
            return Path(config)
    return next(iter(configs_in(Path(folder))), None)


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
    try:
        return decode(data)
    except NotTextError as error:
        raise ConfigError(f"{path}: {error}") from error
