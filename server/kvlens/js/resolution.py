"""Find the file that an import names, as bundlers do: relative, by an alias, or in a workspace.

Only files inside the root folder are found. Packages of a registry aren't followed.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kvlens import lookups
from kvlens.config.find import SKIPPED_FOLDERS
from kvlens.config.json import JsonScanner
from kvlens.config.load import plain
from kvlens.files import absolute, is_regular, is_there, read_text, text_or_empty, way_out_of
from kvlens.js.auto_imports import auto_imports
from kvlens.js.grammar import ENDINGS, is_source

IMPORT = re.compile(
    r"""(?:\bfrom|\bimport|\brequire)\s{0,20}\(?\s{0,20}(?:"([^"\n]{1,300})"|'([^'\n]{1,300})')"""
)
_LARGEST = 256 * 1024  # bytes of a manifest
_MOST_PACKAGES = 500
_MOST_FOLDERS = 5_000  # that are searched for packages
_MOST_EXTENDED = 5  # tsconfig files that extend each other
_MARKS = (".git", "pnpm-workspace.yaml", "lerna.json", "turbo.json", "nx.json", "rush.json")
_WRITTEN_AS = {
    ".js": (".ts", ".tsx", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
_CONDITIONS = (
    *("source", "development", "workerd", "worker", "import", "module", "browser", "default"),
    *("require", "node", "types"),
)
_BUILT = re.compile(r"^(?:\./)?(?:dist|build|lib|out|esm|cjs)/(?:esm/|cjs/|src/)?")


def workspace_root(folder: Path) -> Path:
    """Return the folder of the workspace or repository that a folder is in; else the folder."""
    home = str(Path.home())

    def find(place: str) -> str | None:
        if place in (home, os.path.dirname(place)):  # noqa: PTH120
            return ""  # neither the user's own folder nor the root of all is a workspace
        return place if _is_workspace(Path(place)) else None

    found = lookups.nearest(("workspace",), str(folder), find)
    return Path(found) if found else folder


def _is_workspace(folder: Path) -> bool:
    return any(is_there(folder / mark) for mark in _MARKS) or bool(_workspaces(folder))


def imports_of(text: str) -> Iterable[str]:
    """Return the names that a source imports, without parsing it."""
    if "import" not in text and "from" not in text and "require" not in text:
        return ()
    return (found[1] or found[2] for found in IMPORT.finditer(text))


class Workspace:
    """What the projects in a root folder share: its manifests and imports, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = absolute(root)  # as written: links stay
        self.manifest = functools.cache(_manifest)
        self.has = functools.cache(self._has)
        self.imports: dict[str, tuple[str, ...]] = {}  # path -> the names that the source imports

    @functools.cached_property
    def packages(self) -> dict[str, Path]:
        """The folders of the workspace's packages, by name."""
        found: dict[str, Path] = {}
        for folder in self._package_folders():
            name = self.manifest(folder / "package.json").get("name")
            if isinstance(name, str):
                found.setdefault(name, folder)
        return found

    def _has(self, path: str) -> bool:
        """Return whether a file is in the root folder, also by its links."""
        place = Path(path)
        return place.is_relative_to(self.root) and way_out_of(self.root, place) is None

    def _package_folders(self) -> Iterator[Path]:
        count = 0
        left = [_MOST_FOLDERS]
        for pattern in _workspaces(self.root):
            for folder in _expand(self.root, pattern.strip("/").split("/"), left):
                if is_regular(folder / "package.json"):
                    count += 1
                    if count > _MOST_PACKAGES:
                        return
                    yield folder


class Resolver:
    """Resolves the imports of the sources in the root folder of a workspace.

    `known`: sources that are known to exist, with all others in their folders.
    """

    def __init__(self, workspace: Workspace, known: Iterable[str] = ()) -> None:
        self.workspace = workspace
        self.root = workspace.root
        self._found: dict[tuple[str, str], str | None] = {}
        self._imports: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._known = frozenset(known)
        self._files: dict[str, bool] = dict.fromkeys(self._known, True)
        self._folders = {os.path.dirname(path) for path in self._known}  # noqa: PTH120
        self._aliases: dict[Path, list[tuple[str, list[Path]]]] = {}

    def resolve(self, importer: str, name: str) -> str | None:
        """Return the path of the source that an import names; None for all others."""
        key = (os.path.dirname(importer), name)  # noqa: PTH120  called for every import
        if key not in self._found:
            if name.startswith("."):
                place = self._file(os.path.normpath(f"{key[0]}/{name.partition('?')[0]}"))
            else:
                place = self._resolve(Path(key[0]), name)
            is_found = place is not None and (place in self._known or self.workspace.has(place))
            self._found[key] = place if is_found else None
        return self._found[key]

    def imports(self, path: str, text: str) -> Iterable[str]:
        """Return the names that a source imports; they are kept with its text."""
        known = self._imports.get(path)
        if known is None or known[0] is not text:
            names = (*imports_of(text), *imports_of(auto_imports(text, path)))
            known = self._imports[path] = text, tuple(dict.fromkeys(names))
        return known[1]

    def entry(self, path: str) -> str | None:
        """Return the path of a source that a config names, if it is in the root folder."""
        return (
            path if is_source(path) and self._is_file(path) and self.workspace.has(path) else None
        )

    def _resolve(self, folder: Path, name: str) -> str | None:
        name = name.partition("?")[0]
        if not name or "\0" in name or ":" in name:
            return None
        for pattern, targets in self._aliases_of(folder):
            rest = _matches(pattern, name)
            if rest is None:
                continue
            for target in targets:
                found = self._file(os.path.normpath(str(target).replace("*", rest, 1)))
                if found is not None:
                    return found
        if name.startswith(("@/", "~/", "$lib/", "$lib", "#")):
            return self._by_custom(folder, name)
        return self._in_packages(name)

    def _by_custom(self, folder: Path, name: str) -> str | None:
        """Resolve names that frameworks define: `@/x`, `~/x`, `$lib/x`, and `imports`."""
        head, _, rest = name.partition("/")
        for place in (folder, *folder.parents):
            if not place.is_relative_to(self.root):
                return None
            if name.startswith("#"):
                entry = self.workspace.manifest(place / "package.json").get("imports")
                if isinstance(entry, dict):
                    return self._by_exports(place, entry, name)
                continue
            inner = ("src/lib",) if head == "$lib" else ("src", ".", "app")
            for part in inner:
                found = self._file(os.path.normpath(place / part / rest))
                if found is not None:
                    return found
        return None

    # files ----------------------------------------------------------------------------------

    def _file(self, path: str) -> str | None:
        """Return the source at a path that may lack its ending, or be a folder."""
        stem, ending = os.path.splitext(path)  # noqa: PTH122
        if ending in ENDINGS and self._is_file(path):
            return path
        for other in _WRITTEN_AS.get(ending, ()):
            if self._is_file(stem + other):
                return stem + other
        for other in ENDINGS:
            if self._is_file(path + other):
                return path + other
        if self._is_file(f"{path}.d.ts"):
            return f"{path}.d.ts"
        for other in ENDINGS:
            inside = os.path.join(path, f"index{other}")  # noqa: PTH118
            if self._is_file(inside):
                return inside
        return None

    def _is_file(self, path: str) -> bool:
        known = self._files.get(path)
        if known is None:
            is_listed = os.path.dirname(path) in self._folders and is_source(path)  # noqa: PTH120
            known = self._files[path] = not is_listed and is_regular(path)
        return known

    # aliases --------------------------------------------------------------------------------

    def _aliases_of(self, folder: Path) -> list[tuple[str, list[Path]]]:
        """Return the `paths` of the nearest tsconfig.json, the longest first."""
        found = self._aliases.get(folder)
        if found is not None:
            return found
        found = []
        if folder.is_relative_to(self.root):
            for name in ("tsconfig.json", "jsconfig.json"):
                if self._is_file(str(folder / name)):
                    found = self._read_aliases(folder / name, 0)
                    break
            else:
                if folder != self.root:
                    found = self._aliases_of(folder.parent)
        self._aliases[folder] = found
        return found

    def _read_aliases(self, path: Path, depth: int) -> list[tuple[str, list[Path]]]:
        data = self.workspace.manifest(path)
        options = data.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base = options.get("baseUrl")
        folder = path.parent / base if isinstance(base, str) else path.parent
        paths = options.get("paths")
        found = []
        for pattern, targets in paths.items() if isinstance(paths, dict) else ():
            if isinstance(targets, list):
                places = [folder / each for each in targets[:8] if isinstance(each, str)]
                found.append((str(pattern), places))
        if isinstance(base, str):
            found.append(("*", [folder / "*"]))
        if isinstance(paths, dict) or depth >= _MOST_EXTENDED:
            return sorted(found, key=lambda each: -len(each[0]))
        above = data.get("extends")
        for each in above if isinstance(above, list) else [above]:
            if isinstance(each, str) and each.startswith("."):
                other = Path(os.path.normpath(path.parent / each))
                other = other if other.suffix == ".json" else other.with_name(f"{other.name}.json")
                if other.is_relative_to(self.root) and self._is_file(str(other)):
                    found += self._read_aliases(other, depth + 1)
        return found

    # packages -------------------------------------------------------------------------------

    def _in_packages(self, name: str) -> str | None:
        parts = name.split("/")
        size = 2 if name.startswith("@") else 1
        folder = self.workspace.packages.get("/".join(parts[:size]))
        if folder is None:
            return None
        inner = "/".join(parts[size:])
        manifest = self.workspace.manifest(folder / "package.json")
        exports = manifest.get("exports")
        if exports is not None:
            if isinstance(exports, (str, list)) or not any(key[:1] == "." for key in exports):
                exports = {".": exports}
            return self._by_exports(folder, exports, f"./{inner}" if inner else ".")
        if inner:
            return self._file(os.path.normpath(folder / inner)) or self._file(
                os.path.normpath(folder / "src" / inner)
            )
        for field in ("source", "module", "main", "types"):
            found = self._target(folder, manifest.get(field))
            if found is not None:
                return found
        return self._file(str(folder / "src" / "index")) or self._file(str(folder / "index"))

    def _by_exports(self, folder: Path, exports: dict[str, Any], name: str) -> str | None:
        for pattern in sorted(exports, key=len, reverse=True):
            rest = _matches(pattern, name)
            if rest is None:
                continue
            for target in _targets(exports[pattern], 0):
                found = self._target(folder, target.replace("*", rest))
                if found is not None:
                    return found
        if name == ".":
            return self._file(str(folder / "src" / "index"))
        return None

    def _target(self, folder: Path, target: Any) -> str | None:
        """Return the source of a file that a manifest names, which may be built from it."""
        if not isinstance(target, str) or not target:
            return None
        if not target.endswith(".d.ts"):
            found = self._file(os.path.normpath(folder / target))
            if found is not None:
                return found
        source = _BUILT.sub("src/", target)
        stem = re.sub(r"(?:\.d)?\.[cm]?[jt]sx?$", "", source)
        return self._file(os.path.normpath(folder / stem)) if source != target else None


def _workspaces(root: Path) -> list[str]:
    """Return the patterns of a workspace's packages, without those that exclude some."""
    found = _manifest(root / "package.json").get("workspaces")
    if isinstance(found, dict):
        found = found.get("packages")
    patterns = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    listing = root / "pnpm-workspace.yaml"
    if is_regular(listing):
        patterns += _listed(text_or_empty(listing, _LARGEST), "packages:")
    return [
        each.removeprefix("./")
        for each in patterns[:100]
        if not each.startswith(("!", "/")) and ".." not in each
    ]


def _listed(text: str, field: str) -> Iterator[str]:
    """Yield the items of a list in a YAML file, as package managers write them."""
    is_in = False
    for line in text.splitlines():
        if not line.startswith((" ", "\t", "-", "#")):
            is_in = line.rstrip() == field
        elif is_in and line.lstrip().startswith("-"):
            yield line.lstrip()[1:].partition(" #")[0].strip().strip("\"'")


def _expand(folder: Path, parts: list[str], left: list[int]) -> Iterator[Path]:
    """Yield the folders that a pattern of a workspace names, such as `packages/*`."""
    left[0] -= 1
    if left[0] < 0:
        return
    if not parts or parts == [""]:
        yield folder
        return
    head, rest = parts[0], parts[1:]
    if "*" not in head:
        yield from _expand(folder / head, rest, left)
        return
    found = lookups.entries(folder)
    names = [name for name, _ in found if lookups.kind(folder / name) == "folder"]
    if head == "**":
        yield from _expand(folder, rest, left)
    shape = re.compile(re.escape(head).replace(r"\*", "[^/]*") + r"\Z")
    for name in names:
        if name in SKIPPED_FOLDERS or name.startswith("."):
            continue
        if head == "**":
            yield from _expand(folder / name, parts, left)
        elif shape.match(name):
            yield from _expand(folder / name, rest, left)


def _manifest(path: Path) -> dict[str, Any]:
    """Return a package.json or tsconfig.json, with or without comments; empty if unreadable."""
    try:
        if not is_regular(path):
            return {}
        ((_, section),) = JsonScanner().scan(read_text(path, _LARGEST, errors="replace"))
        data = plain(section.body)
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _matches(pattern: str, name: str) -> str | None:
    """Return what `*` stands for in a name; empty if there is none, None if it doesn't fit."""
    head, star, tail = pattern.partition("*")
    if not star:
        return "" if name == pattern else None
    if len(name) < len(head) + len(tail) or not name.startswith(head) or not name.endswith(tail):
        return None
    return name[len(head) : len(name) - len(tail)]


def _targets(value: Any, depth: int) -> Iterator[str]:
    """Yield the files that an entry of `exports` names, by the conditions of a Worker's build."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < 4:
        for each in value[:8]:
            yield from _targets(each, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        for condition in _CONDITIONS:
            if condition in value:
                yield from _targets(value[condition], depth + 1)
