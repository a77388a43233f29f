"""Imports that Nuxt and Nitro add to every source: of the functions in `server/utils` and the like.

They are written after a source's code, where the parser finds them as if the source had them.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kvlens import lookups
from kvlens.config.find import SKIPPED_FOLDERS
from kvlens.files import is_regular, text_or_empty
from kvlens.js.grammar import is_source

_CONFIGS = [
    f"{name}.config.{ending}" for name in ("nuxt", "nitro") for ending in ("ts", "js", "mjs")
]
_SERVER = ("server/utils", "shared/utils")
_APP = ("composables", "utils", "app/composables", "app/utils", "shared/utils")
_NITRO = ("utils", "server/utils")
_MOST_FILES = 200  # whose exports are known everywhere
_MOST_LAYERS = 20
_LARGEST = 256 * 1024  # bytes of one
_EXPORTED = re.compile(
    r"(?:^|[;}])[ \t]*export\s+(?:async\s+)?(?:(?:function\b\s*\*?|const|let|var|class)\s+([\w$]+)"
    r"|\{([^{}]{0,2000})\}|(default)\b)",
    re.MULTILINE,
)
_EXTENDS = re.compile(r"\bextends\s*:\s*(\[[^\]]{0,2000}\]|[\"'][^\"'\n]{1,200}[\"'])")
_QUOTED = re.compile(r"[\"'](\.[^\"'\n]{1,200})[\"']")  # a path, not a package
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_DECLARED = r"\b(?:const|let|var|function|class|import)\b[^=;()'\"]{{0,200}}(?<![\w$]){0}(?![\w$])"


def auto_imports(code: str, path: str) -> str:
    """Return the imports that a framework adds to a source's code, as one line; empty without."""
    folder = os.path.dirname(path)  # noqa: PTH120 - for every source
    if not os.path.isabs(path) or path.endswith(".d.ts"):  # noqa: PTH117
        return ""
    config = lookups.nearest(("auto-imports",), folder, _config_in)
    if not config:
        return ""
    known, words = _known(Path(config), path), set(_WORD.findall(code))
    found = [
        f"import {{ {exported} as {name} }} from {_specifier(folder, module)!r};"
        for name, (module, exported) in known.items()
        if name in words and module != path and _is_used(code, name)
    ]
    return "\n" + " ".join(found) if found else ""


def _config_in(folder: str) -> str | None:
    """Return the framework's config in a folder; empty where projects don't reach."""
    if folder == str(Path.home()):
        return ""
    paths = (Path(folder, name) for name in _CONFIGS)
    return next((str(path) for path in paths if is_regular(path)), None)


def _known(config: Path, path: str) -> dict[str, tuple[str, str]]:
    """Return the names that a source has without an import: the module and the name there."""
    root = config.parent
    if config.name.startswith("nitro"):
        places: tuple[str, ...] = _NITRO
    else:
        is_server = Path(path).is_relative_to(root / "server")
        places = _SERVER if is_server else _APP
    return lookups.once(("auto-imports", str(root), places), lambda: _with_layers(config, places))


def _with_layers(config: Path, places: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Return the exports of a project, and of its layers those of other names."""
    found: dict[str, tuple[str, str]] = {}
    for root in (config.parent, *_layers(config)):
        found = {**_exports(root, places), **found}
    return found


def _layers(config: Path) -> Iterator[Path]:
    """Yield the folders of Nuxt's layers: in `layers`, and those that `extends` names."""
    root = config.parent
    if not config.name.startswith("nuxt"):
        return
    named = _EXTENDS.search(text_or_empty(config, _LARGEST))
    for place in _QUOTED.findall(named[1])[:_MOST_LAYERS] if named else ():
        folder = Path(os.path.normpath(root / place))
        if folder.is_relative_to(root.parent) and folder not in (root, root.parent):
            yield folder
    for entry in lookups.entries(root / "layers")[:_MOST_LAYERS]:
        if entry.is_folder:
            yield root / "layers" / entry.name


def _exports(root: Path, places: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    twice: set[str] = set()
    for module in _modules(root, places):
        for name, exported in _names(module, tuple(lookups.stamp(module) or ())):
            twice.update({name} if name in found else ())
            found[name] = str(module), exported
    return {name: module for name, module in found.items() if name not in twice}


def _modules(root: Path, places: tuple[str, ...]) -> Iterator[Path]:
    left = _MOST_FILES
    for place in places:
        for folder, _, files in lookups.walk(str(root / place), SKIPPED_FOLDERS):
            for name in files:
                if is_source(name) and not name.endswith(".d.ts"):
                    yield Path(folder, name)
                    left -= 1
                    if not left:
                        return


@functools.lru_cache(maxsize=_MOST_FILES * 4)
def _names(module: Path, stamp: tuple[object, ...]) -> list[tuple[str, str]]:
    """Return the names that a module exports as others know them, each with its own there.

    The editor asks on every key; another `stamp` means that the module has changed.
    """
    return list(_each_name(module))


def _each_name(module: Path) -> Iterator[tuple[str, str]]:
    for found in _EXPORTED.finditer(text_or_empty(module, _LARGEST)):
        if found[1]:
            yield found[1], found[1]
        elif found[3]:
            first, *more = re.split(r"[^A-Za-z0-9]+", module.stem)
            yield first[:1].lower() + first[1:] + "".join(map(str.capitalize, more)), "default"
        for part in (found[2] or "").split(","):
            words = part.split()
            if words and words[0] != "type":
                yield words[-1], words[-1]


def _is_used(code: str, name: str) -> bool:
    """Return whether code uses a name that it doesn't declare."""
    escaped = re.escape(name)
    is_used = re.search(rf"(?<![\w$.]){escaped}(?![\w$])", code)
    return is_used is not None and re.search(_DECLARED.format(escaped), code) is None


def _specifier(folder: str, module: str) -> str:
    found = os.path.relpath(module, folder).replace(os.sep, "/")
    return found if found.startswith(".") else f"./{found}"
