"""Find where a project's development server keeps local state: Miniflare's folder, without `v3`.

Sources: `wrangler dev` and version 1 of Cloudflare's Vite plugin keep it in `.wrangler/state`,
version 2 of the plugin in `.cloudflare/state`; `--persist-to` and the plugin's `persistState` name
another folder. `cf kv … --local` keeps the keys of all projects in the user's configuration:
https://developers.cloudflare.com/cf/projects/#local-resource-data.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from kvlens import files
from kvlens.config.find import CONFIG_NAMES
from kvlens.config.project_context import package_version, repository
from kvlens.config.references import (
    LARGEST,
    VITE_CONFIG,
    commands_of,
    named_in,
    scripts_of,
    without_comments,
)

WRANGLER, CLOUDFLARE = (Path(name, "state") for name in (".wrangler", ".cloudflare"))
_PLUGIN = "@cloudflare/vite-plugin"
_PERSIST = re.compile(
    r"\bpersistState\s*:\s*(?:(?P<off>false\b)|(?P<on>true\b)"
    r"|\{\s*path\s*:\s*[\"'`](?P<path>[^\"'`\\$\n]+)[\"'`]\s*,?\s*\})"
)


def local_state(config: Path) -> Path:
    """Return the folder that the development server of a config uses, if that is certain.

    Otherwise it is `.wrangler/state` next to the config. A folder outside the repository, or behind
    a link, is never returned: only the project's own files have named it.
    """
    default = config.parent / WRANGLER
    found = {*_of_scripts(config), *_of_vite(config)}
    return found.pop() if len(found) == 1 else default


def state_folders(config: Path) -> list[Path]:
    """Return the existing folders that may hold state of a config, the one in use first."""
    folder = config.parent
    candidates = [
        local_state(config),
        folder / WRANGLER,
        folder / CLOUDFLARE,
        *sorted({*_of_scripts(config), *_of_vite(config)}),
    ]
    inside = (path for path in dict.fromkeys(candidates) if _is_inside(folder, path))
    return [path for path in (*inside, *_of_user()) if (path / "v3" / "kv").is_dir()]


def _of_user() -> Iterator[Path]:
    """Yield the folder that `cf` uses, in the place that the system has for configuration."""
    windows = ("APPDATA", "xdg.config")
    folder = files.user_folder("XDG_CONFIG_HOME", windows, "Library/Preferences", ".config")
    if folder is not None:
        yield folder / "cloudflare" / "state"


def _of_scripts(config: Path) -> Iterator[Path]:
    """Yield the folders that `wrangler dev` uses in the scripts of the nearest package.json."""
    top = repository(config.parent)
    for folder in (config.parent, *config.parent.parents):
        package = folder / "package.json"
        if files.is_regular(package):
            for command in commands_of(scripts_of(files.text_or_empty(package, LARGEST))):
                here = Path(os.path.normpath(folder / command.folder))
                named = [Path(os.path.normpath(here / name)) for name in command.configs]
                if not command.is_dev or not _is_for(config, here, named):
                    continue
                if command.persist_to is None:
                    yield config.parent / WRANGLER
                elif _is_inside(folder, path := Path(os.path.normpath(here / command.persist_to))):
                    yield path
            return
        if folder == top:
            return


def _is_for(config: Path, folder: Path, named: list[Path]) -> bool:
    """Return whether a command in a folder uses a config."""
    if named:
        return config in named
    return config.name in CONFIG_NAMES and config.parent == folder


def _of_vite(config: Path) -> Iterator[Path]:
    """Yield the folder that the Vite plugin uses, if the config's folder has it."""
    try:
        places = sorted(config.parent.iterdir())
    except OSError:
        return
    for place in places:
        if not VITE_CONFIG.match(place.name):
            continue
        text = without_comments(files.text_or_empty(place, LARGEST))
        if _PLUGIN not in text or ("configPath" in text and config not in named_in(place)):
            continue
        found = list(_PERSIST.finditer(text))
        if "persistState" in text and len(found) != 1:
            continue  # decided at run time
        if found and found[0]["off"]:
            continue
        if found and (path := found[0]["path"]):
            whole = Path(os.path.normpath(config.parent / path))
            if _is_inside(config.parent, whole):
                yield whole
            continue
        version = package_version(config.parent, _PLUGIN)
        if version is not None:
            yield config.parent / (CLOUDFLARE if version[0] >= 2 else WRANGLER)


def _is_inside(folder: Path, path: Path) -> bool:
    """Return whether a path is in the folder's repository, without a link on the way."""
    top = repository(folder)
    if not path.is_relative_to(top):
        return False
    return Path(os.path.realpath(path)) == Path(os.path.realpath(top)) / path.relative_to(top)
