"""Find the tools of this repository: Python, Node, VS Code, Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
VENV = ROOT / ".venv"
NODE_BIN = VENV / "node-bin"
EXTENSION = ROOT / "extension"
EDITOR_TREE = ROOT / "tests" / "editor"
INTEROP_TREE = ROOT / "tests" / "interop"
BENCH_TREE = ROOT / "tests" / "bench"
CODE_SERVER = EDITOR_TREE / "node_modules" / "code-server"

HEAD, TAIL = 12, 20  # lines shown of a failed command's output
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROMIUMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


class ToolError(Exception):
    """A tool is missing or has failed. The text says which, and what to do."""


def venv_python() -> Path:
    """Return the interpreter of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment() -> dict[str, str]:
    """Return this process's environment with the repository's own Node first on PATH."""
    result = dict(os.environ)
    result["PATH"] = os.pathsep.join([str(NODE_BIN), result.get("PATH", os.defpath)])
    return result


def node() -> str:
    """Return the path of the Node that the setup selected."""
    found = shutil.which("node", path=str(NODE_BIN))
    if not found:
        raise ToolError("Node is not set up; run `make setup`")
    return found


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome; KVLENS_CHROMIUM can name another."""
    named = os.environ.get("KVLENS_CHROMIUM")
    if named:
        return named
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((path for path in MAC_CHROMIUMS if Path(path).exists()), None)


def find_vscode() -> str | None:
    """Return the path of a `code` that can open a window on this machine, else None."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return None
    return shutil.which("code")


def run(
    command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Run a command quietly; show its output only if it fails.

    Raises:
        ToolError: it couldn't be started or didn't exit with 0.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env or environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"can't run {words[0]}: {error}") from error
    if done.returncode:
        output = done.stdout.decode("utf-8", "replace").splitlines()
        if len(output) > HEAD + TAIL:
            output[HEAD:-TAIL] = ["…"]
        raise ToolError("\n".join([*output, f"`{' '.join(words)}` exited with {done.returncode}"]))
