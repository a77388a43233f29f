"""Check what a Worker's sources import before esbuild reads it.

esbuild opens everything that an import names: it waits forever on a named pipe, and reads devices
or gigabytes into memory. So imports are followed here first, and every file gets the same checks as
other files of a workspace. Imports are found in the text, more than are really used; the few that
this misses, such as those through tsconfig's `paths`, are left to a build's time and memory limits.
"""

from __future__ import annotations

import functools
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kvlens import files
from kvlens.errors import InternalError

MOST_FILES = 20_000  # that are followed; the build's limits cover the rest
_SCRIPTS = (".tsx", ".ts", ".jsx", ".js", ".mts", ".mjs", ".cts", ".cjs", ".css", ".json")
_READ = frozenset(_SCRIPTS) - {".json"}
_TYPED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_IMPORT = re.compile(
    r"""(?:\bfrom|\bimport|@import|\brequire|\burl|\bresolve|\bURL)
        [\s(]{0,20}
        (?:(?:/\*(?:[^*]|\*(?!/)){0,200}\*/|//[^\n]{0,200}\n)[\s(]{0,20}){0,2}
        (?:"([^"\n]{1,4000})"|'([^'\n]{1,4000})'|`([^`\n$]{1,4000})`)""",
    re.VERBOSE,
)
_PACKAGE_FIELDS = ("main", "module", "browser", "exports", "imports")
_FOLLOWED = 4 * 1024 * 1024  # bytes; imports of larger sources and manifests aren't followed


class ImportRefusedError(InternalError):
    """An import names a file that a build must not read: `path`, because of `reason`."""

    def __init__(self, path: Path, reason: str, importer: Path | None) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.importer = importer


def check(main: Path, others: Iterable[str], folder: Path, limit: int, total: int) -> None:
    """Raise ImportRefusedError if `main` imports anything but files of a bounded size.

    `others` are more names to treat as imports, relative to `folder`; `limit` is for one file and
    `total` for all files, in bytes.
    """
    roots = [(path, None) for name in others for path in _import_targets(name, folder)]
    todo: list[tuple[Path, Path | None]] = [(main, None), *roots]
    seen: set[str] = set()
    size = 0
    while todo and len(seen) < MOST_FILES:
        path, importer = todo.pop()
        whole = os.path.realpath(path)
        if whole in seen:
            continue
        seen.add(whole)
        try:
            with files.open_file(path, limit) as file:
                status = os.fstat(file.fileno())
        except files.FileRefusedError as error:
            raise ImportRefusedError(path, error.strerror or str(error), importer) from error
        except (OSError, ValueError):
            continue  # esbuild reports it, if it matters
        size += status.st_size
        if size > total:
            reason = f"makes the sources {size:,} bytes together, over the limit of {total:,}"
            raise ImportRefusedError(path, reason, importer)
        for name in _imports(whole, status.st_mtime_ns, status.st_size):
            todo += [(found, path) for found in _import_targets(name, Path(path).parent)]


@functools.lru_cache(maxsize=MOST_FILES)
def _imports(path: str, changed: int, size: int) -> tuple[str, ...]:
    """Return the names that a file imports, cached by its time and size."""
    suffix = Path(path).suffix
    try:
        if Path(path).name == "package.json":
            manifest = json.loads(files.read_bytes(path, _FOLLOWED))
            return tuple(sorted(_entries(manifest)))
        if suffix not in _READ:
            return ()
        text = files.read_text(path, _FOLLOWED, errors="replace")
    except (OSError, ValueError, RecursionError):
        return ()
    return tuple({next(filter(None, found.groups())) for found in _IMPORT.finditer(text)})


def _entries(manifest: Any) -> Iterator[str]:
    """Yield the files to import that a package's manifest names."""
    if not isinstance(manifest, dict):
        return
    rest = [manifest.get(field) for field in _PACKAGE_FIELDS]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            yield value if value.startswith((".", "/")) else f"./{value}"
        elif isinstance(value, dict):
            rest += value.values()
        elif isinstance(value, list):
            rest += value
    yield "./index"


def _import_targets(name: str, folder: Path) -> Iterator[Path]:
    """Yield every existing path that an import in a folder can refer to."""
    name = re.split(r"[?#]", name, maxsplit=1)[0] or name
    if "\0" in name:
        return
    if name.startswith((".", "/")) or Path(name).is_absolute():
        yield from _files_of_path(os.path.normpath(folder / name))
        return
    parts = name.split("/")
    package = "/".join(parts[: 2 if name.startswith("@") else 1])
    for above in (folder, *folder.parents):
        place = above / "node_modules" / package
        if _mode(place):
            yield from _files_of_path(str(place))
            if package != name:
                yield from _files_of_path(os.path.normpath(above / "node_modules" / name))
            return


def _files_of_path(path: str) -> Iterator[Path]:
    """Yield the files that esbuild may read for a path: with a suffix, or inside a folder."""
    mode = _mode(path)
    if mode and not stat.S_ISDIR(mode):
        yield Path(path)
        return
    stem, suffix = os.path.splitext(path)  # noqa: PTH122  the path is text, and there are many
    tried = [path + one for one in _SCRIPTS]
    tried += [stem + one for one in _TYPED.get(suffix, ())]
    if mode:
        tried += [os.path.join(path, "package.json")]  # noqa: PTH118
        tried += [os.path.join(path, f"index{one}") for one in _SCRIPTS]  # noqa: PTH118
    for one in tried:
        found = _mode(one)
        if found and not stat.S_ISDIR(found):
            yield Path(one)


def _mode(path: str | Path) -> int:
    """Return the mode of the file at a path, following links; 0 if nothing exists there."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return 0
