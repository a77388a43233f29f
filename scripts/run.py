"""Open a project with the extension: `python -m scripts.run [--port N] [--folder PATH]`.

Uses VS Code on this machine if it exists and there is a display, else a workbench that is served to
a browser. Both have separate settings and extensions in build/run.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from scripts.package import build, host_target
from scripts.toolchain import BUILD, ROOT, ToolError, find_vscode
from scripts.workbench import CALM, Workbench, write_settings

DEFAULT_PORT = 8123


def main() -> int:
    """Open the project on the command line; Ctrl+C ends it."""
    parser = argparse.ArgumentParser(prog="run", description="Open a project with KV Lens.")
    parser.add_argument("--port", type=int, help=f"of the workbench (default {DEFAULT_PORT})")
    parser.add_argument("--folder", type=Path, default=ROOT / "examples", help="the project")
    arguments = parser.parse_args()
    folder = arguments.folder.expanduser().resolve()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if not folder.is_dir():
            raise ToolError(f"{folder} is not a folder; choose another with FOLDER=")
        print("Packaging the extension …", flush=True)
        vsix = build(host_target())
        print(f"  {vsix.relative_to(ROOT)}", flush=True)
        code = find_vscode()
        if code and arguments.port is None:
            return _in_vscode(code, vsix, folder)
        return _in_browser(vsix, folder, arguments.port or DEFAULT_PORT)
    except ToolError as error:
        print(f"run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _in_vscode(code: str, vsix: Path, folder: Path) -> int:
    """Open a window of the VS Code on this machine and wait until it is closed."""
    data = BUILD / "run" / "vscode"
    write_settings(data / "user-data", CALM)
    own = ["--user-data-dir", str(data / "user-data")]
    own += ["--extensions-dir", str(data / "extensions")]
    print("Installing it into a separate VS Code profile …", flush=True)
    environment = {k: v for k, v in os.environ.items() if k != "ELECTRON_RUN_AS_NODE"}
    install = subprocess.run(
        [code, *own, "--force", "--install-extension", str(vsix)],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if install.returncode:
        raise ToolError(f"`{code} --install-extension` exited with {install.returncode}")
    print(f"Opening {folder} in VS Code; close the window to end this.", flush=True)
    opened = [code, *own, "--new-window", "--wait", str(folder)]
    return subprocess.run(opened, env=environment, check=False).returncode


def _in_browser(vsix: Path, folder: Path, port: int) -> int:
    """Serve the workbench until it is interrupted."""
    workbench = Workbench(BUILD / "run" / "workbench", port=port)
    print("Installing it into the VS Code workbench …", flush=True)
    workbench.install(vsix)
    print("Starting the workbench …", flush=True)
    with workbench:
        print(f"\n  {folder}\n  {workbench.folder_url(folder)}\n", flush=True)
        print("Open the address in a browser. Ctrl+C ends everything.", flush=True)
        code = workbench.wait()
    raise ToolError(f"the workbench has ended with {code}; its log is {workbench.log}")


if __name__ == "__main__":
    sys.exit(main())
