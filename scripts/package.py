"""Build the .vsix files: `python -m scripts.package [--all | --target TARGET …]`.

Each platform gets its own file, because some of the server's dependencies are compiled. Those with
one build per Python version are bundled together under their tagged names. Run it with the
interpreter of `.venv`, after the setup.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.toolchain import BUILD, EXTENSION, ROOT, ToolError, node, run

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
REQUIREMENTS = EXTENSION / "requirements.txt"
LEFT_OUT = {".c", ".h", ".pyx", ".pxd", ".pyi", ".typed"}
PROOF = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import kvlens
for module in pkgutil.walk_packages(kvlens.__path__, "kvlens."):
    if module.name not in sys.argv[2:]:
        importlib.import_module(module.name)
"""
NOT_BUNDLED = (
    "kvlens.__main__",  # running the command
    "kvlens.testing",  # for pytest, in the project's environment
    "kvlens.stores.cloudflare.errors",
    "kvlens.stores.cloudflare.store",  # its SDK is large and compiled; an error says how to add it
)


@dataclass(frozen=True)
class Target:
    """A platform by its marketplace name, and the matching wheel tags."""

    name: str
    tags: tuple[str, ...]


TARGETS = {
    target.name: target
    for target in (
        Target("linux-x64", ("manylinux2014_x86_64", "manylinux_2_17_x86_64")),
        Target("linux-arm64", ("manylinux2014_aarch64", "manylinux_2_17_aarch64")),
        Target("alpine-x64", ("musllinux_1_1_x86_64", "musllinux_1_2_x86_64")),
        Target("darwin-x64", ("macosx_10_12_x86_64", "macosx_11_0_x86_64")),
        Target("darwin-arm64", ("macosx_11_0_arm64",)),
        Target("win32-x64", ("win_amd64",)),
        Target("win32-arm64", ("win_arm64",)),
    )
}


def host_target() -> Target:
    """Return the target of this machine.

    Raises:
        ToolError: the extension isn't built for it.
    """
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}.get(platform.system(), "")
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        system = "alpine"
    machine = platform.machine().lower()
    name = f"{system}-{'arm64' if machine in ('arm64', 'aarch64') else 'x64'}"
    if name not in TARGETS or machine not in ("arm64", "aarch64", "x86_64", "amd64"):
        raise ToolError(f"no .vsix is built for {platform.system()} on {platform.machine()}")
    return TARGETS[name]


def vsix(target: Target) -> Path:
    """Return the path of the target's .vsix."""
    return BUILD / f"kvlens-{target.name}.vsix"


def build(target: Target) -> Path:
    """Build the target's .vsix unless it is up to date, and return its path.

    Raises:
        ToolError: a wheel is missing, or a tool has failed.
    """
    result = vsix(target)
    stamp = BUILD / ".stamps" / f"vsix-{target.name}"
    key = _digest(_inputs())
    if result.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        return result
    stage = BUILD / "stage" / target.name
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    bundled = stage / "bundled"
    _bundle(_wheels(target), bundled, stage / "licences")
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "server" / "kvlens", bundled / "kvlens", ignore=ignore)
    (bundled / "pythons.json").write_text(json.dumps(PYTHONS), encoding="utf-8")
    if target == host_target():
        _prove(bundled)
    run([node(), "esbuild.mjs"], cwd=EXTENSION)
    for name in ("dist", "l10n", "media"):
        shutil.copytree(EXTENSION / name, stage / name)
    texts = sorted(EXTENSION.glob("package.nls*.json"))
    for file in (EXTENSION / "package.json", *texts, EXTENSION / "README.md"):
        shutil.copy(file, stage)
    for file in (ROOT / "CHANGELOG.md", ROOT / "LICENSE"):
        shutil.copy(file, stage)
    vsce = EXTENSION / "node_modules" / "@vscode" / "vsce" / "vsce"
    options = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links"]
    run([node(), vsce, "package", *options, "--target", target.name, "-o", result], cwd=stage)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="utf-8")
    return result


def _inputs() -> Iterable[Path]:
    parts = ("src", "webview", "l10n", "media")
    for folder in (ROOT / "server" / "kvlens", *map(EXTENSION.joinpath, parts)):
        yield from sorted(
            file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts
        )
    yield from sorted(EXTENSION.glob("package*.json"))
    names = ("requirements.txt", "README.md", "esbuild.mjs")
    yield from (EXTENSION / name for name in names)
    yield from (ROOT / "CHANGELOG.md", ROOT / "LICENSE", Path(__file__))


def _digest(files: Iterable[Path]) -> str:
    result = hashlib.sha256()
    for file in files:
        result.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return result.hexdigest()


def _pins() -> dict[str, str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    for name, version in re.findall(r'"([\w.-]+)==([\w.]+)"', named[1] if named else ""):
        if pins.get(name) != version:
            raise ToolError(
                f"{REQUIREMENTS.relative_to(ROOT)} has {name} {pins.get(name)}, "
                f"pyproject.toml has {version}; make them equal"
            )
    return pins


def _wheels(target: Target) -> list[Path]:
    """Download the target's wheels, or find downloaded ones."""
    folder = BUILD / "wheels" / target.name
    stamp = folder / ".stamp"
    pins = _pins()
    key = json.dumps([pins, PYTHONS, target.tags])
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == key):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _download(target, folder, PYTHONS[0], [f"{name}=={pins[name]}" for name in pins])
        # NAME-VERSION-cp310-cp310-PLATFORM.whl: one build per Python version
        tag = f"cp{PYTHONS[0].replace('.', '')}"
        by_python = [wheel.name.split("-")[:2] for wheel in folder.glob(f"*-{tag}-{tag}-*.whl")]
        for version in PYTHONS[1:]:
            _download(target, folder, version, ["==".join(words) for words in by_python])
        stamp.write_text(key, encoding="utf-8")
    return sorted(folder.glob("*.whl"))


def _download(target: Target, folder: Path, python: str, what: list[str]) -> None:
    platforms = [word for tag in target.tags for word in ("--platform", tag)]
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary=:all:", "--implementation", "cp"]
    run([*pip, *options, *platforms, "--python-version", python, "-d", folder, *what])


def _bundle(wheels: list[Path], bundled: Path, licences: Path) -> None:
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith("/"):
                    continue
                place = PurePosixPath(name)
                top = place.parts[0]
                if top.endswith(".data"):
                    raise ToolError(f"{wheel.name} puts {name} elsewhere; the bundle can't")
                if top.endswith(".dist-info"):
                    if re.match(r"licen[sc]e|copying|notice", place.name, re.IGNORECASE):
                        _write(licences / f"{top.split('-')[0]}-{place.name}", archive.read(name))
                elif place.suffix not in LEFT_OUT and "tests" not in place.parts:
                    _write(bundled.joinpath(*place.parts), archive.read(name))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _prove(bundled: Path) -> None:
    """Import every module from only the bundle (-S: without this environment's packages)."""
    command = [sys.executable, "-I", "-S", "-B", "-c", PROOF, str(bundled), *NOT_BUNDLED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"the bundle is not complete:\n{done.stderr}")


def main() -> int:
    """Build the targets on the command line, by default this machine's."""
    parser = argparse.ArgumentParser(prog="package", description="Build the .vsix files.")
    parser.add_argument("--all", action="store_true", help="every target")
    parser.add_argument("--target", action="append", choices=TARGETS, help="may be repeated")
    arguments = parser.parse_args()
    try:
        names = list(TARGETS) if arguments.all else arguments.target or [host_target().name]
        for name in names:
            file = build(TARGETS[name])
            size = file.stat().st_size / 1e6
            print(f"  {file.relative_to(ROOT)}  {size:.1f} MB", flush=True)
    except ToolError as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
