"""Find the project's own workerd and esbuild: the programs, not their Node wrappers.

Packages are resolved as Node does, from the project's folder upwards, through links (pnpm creates
them) and through the packages that depend on these programs.
"""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from kvlens import files
from kvlens.worker.errors import MissingProgramError

_LARGEST = 1024 * 1024 * 1024  # bytes of a program
_BRINGS_WORKERD = ("wrangler", "miniflare", "workerd")
_BRINGS_ESBUILD = ("esbuild", "wrangler")
_GET = "npm install --save-dev wrangler"


def find_workerd(folder: Path) -> Path:
    """Return the workerd of the project in `folder`, or the one on PATH.

    Raises MissingProgramError if there is none.
    """
    found = _search("workerd", folder, _BRINGS_WORKERD, _workerd_package())
    if found is None:
        raise MissingProgramError(
            "workerd, the program that runs Workers, is not on PATH, in "
            f"{folder / 'node_modules'} or in a parent folder's node_modules. To install it, run "
            f'"{_GET}" in the project.'
        )
    return found


def find_esbuild(folder: Path) -> Path:
    """Return the esbuild of the project in `folder`, its wrangler's, or the one on PATH.

    Raises MissingProgramError if there is none.
    """
    found = _search("esbuild", folder, _BRINGS_ESBUILD, _esbuild_package())
    if found is None:
        raise MissingProgramError(
            "esbuild, which bundles TypeScript and imports, is not on PATH, in "
            f"{folder / 'node_modules'} or in a parent folder's node_modules. To install it, run "
            f'"{_GET}" or "npm install --save-dev esbuild" in the project.'
        )
    return found


def _search(
    command: str, folder: Path, bringers: Sequence[str], package: tuple[str, str]
) -> Path | None:
    found = _visit(folder.resolve(), bringers, package, set())
    on_path = None if found else shutil.which(command)
    if on_path:
        real = Path(on_path).resolve()
        # npm puts a script on PATH; the program is next to it
        return _visit(real.parent, bringers, package, set()) if _is_script(real) else real
    return found


def _visit(
    place: Path, bringers: Sequence[str], package: tuple[str, str], seen: set[Path]
) -> Path | None:
    """Return the program that the package at `place` uses; its dependents come first."""
    seen.add(place)
    for bringer in bringers:
        inner = _resolve(bringer, place)
        if inner is not None and inner not in seen:
            found = _visit(inner, bringers, package, seen)
            if found is not None:
                return found
    name, program = package
    own = _resolve(name, place)
    return own / program if own is not None and (own / program).is_file() else None


def _resolve(package: str, folder: Path) -> Path | None:
    """Return the real folder of a package as Node would find it from `folder`."""
    for parent in (folder, *folder.parents):
        if parent.name == "node_modules":
            continue
        place = parent / "node_modules" / package
        if place.is_dir():
            return place.resolve()
    return None


def _is_script(path: Path) -> bool:
    try:
        with files.open_file(path, _LARGEST) as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _machine() -> str:
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x64"


def _workerd_package() -> tuple[str, str]:
    bits = "64" if _machine() == "x64" else "arm64"
    if sys.platform == "win32":
        return f"@cloudflare/workerd-windows-{bits}", "bin/workerd.exe"
    system = "darwin" if sys.platform == "darwin" else "linux"
    return f"@cloudflare/workerd-{system}-{bits}", "bin/workerd"


def _esbuild_package() -> tuple[str, str]:
    if sys.platform == "win32":
        return f"@esbuild/win32-{_machine()}", "esbuild.exe"
    return f"@esbuild/{sys.platform}-{_machine()}", "bin/esbuild"
