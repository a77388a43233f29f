"""The VS Code workbench in a browser (code-server), with the packaged extension installed.

`make run` serves it and the editor tests drive it. It writes only to one folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from scripts.toolchain import CODE_SERVER, ToolError, environment, node, run

START_LIMIT = 60.0  # seconds
STOP_LIMIT = 10.0

# Start with the project, not a tour: nothing prompts, phones home or opens automatically.
CALM: dict[str, object] = {
    "chat.commandCenter.enabled": False,
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",  # as on a desktop; in a browser, the default saves while typing
    "git.enabled": False,
    "git.openRepositoryInParentFolders": "never",
    "github.gitAuthentication": False,
    "npm.fetchOnlinePackageInfo": False,
    "remote.autoForwardPorts": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "typescript.disableAutomaticTypeAcquisition": True,
    "update.mode": "none",
    "update.showReleaseNotes": False,
    "window.commandCenter": False,
    "window.restoreWindows": "none",
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
}


def write_settings(user_data: Path, settings: Mapping[str, object], of: str = "User") -> None:
    """Write the settings of the user, or those "of" the Machine, for a VS Code with this data.

    A setting of the scope "machine" counts only there.
    """
    file = user_data / of / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(dict(settings), indent=2), encoding="utf-8")


def free_port() -> int:
    """Return a port of 127.0.0.1 that is currently free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Workbench:
    """A code-server process; as a context manager, it is stopped with all its children."""

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        settings: Mapping[str, object] | None = None,
        env: Mapping[str, str] | None = None,
        trusting: bool = True,
    ) -> None:
        """Prepare a workbench.

        Args:
            data: the folder for its settings, state, extensions and log.
            port: on 127.0.0.1; 0 means any free one.
            settings: user settings in addition to the quiet defaults.
            env: environment variables in addition to this process's.
            trusting: whether every folder is trusted without a question.
        """
        self.data = data
        self.port = port or free_port()
        self.trusting = trusting
        self.settings = {**CALM, **(settings or {})}
        self.env = {**environment(), **(env or {}), "EXTENSIONS_GALLERY": "{}"}
        self.log = data / "workbench.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL without a folder."""
        return f"http://127.0.0.1:{self.port}/"

    def folder_url(self, folder: Path) -> str:
        """Return the URL that opens a folder, or the workspace of a `.code-workspace` file."""
        kind = "workspace" if folder.suffix == ".code-workspace" else "folder"
        return f"{self.url}?{urllib.parse.urlencode({kind: folder.resolve().as_posix()})}"

    def install(self, vsix: Path) -> None:
        """Install an extension from its file."""
        self._prepare()
        run([*self._command(), "--force", "--install-extension", vsix], env=self.env)

    def start(self) -> None:
        """Start serving and return once it responds.

        Raises:
            ToolError: the port is in use, or it doesn't respond; the text has the end of the log.
        """
        self._prepare()
        with socket.socket() as probe:
            try:
                if os.name != "nt":
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise ToolError(
                    f"port {self.port} is taken ({error.strerror}); choose another with PORT="
                ) from error
        options = [
            "--bind-addr",
            f"127.0.0.1:{self.port}",
            "--auth",
            "none",
            "--disable-telemetry",
            "--disable-update-check",
            *(["--disable-workspace-trust"] if self.trusting else []),
            "--disable-getting-started-override",
            "--ignore-last-opened",
            # a closed window's extension host ends soon, not after hours
            "--reconnection-grace-time",
            "10",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self._command(), *options],
                env=self.env,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # one group, to leave no process behind
            )
        self._wait_until_healthy()

    def stop(self) -> None:
        """End the process and everything that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if os.name == "nt":
            tree = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
            subprocess.run(tree, capture_output=True, check=False)
        else:
            self._signal_group(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT)
            self._signal_group(process, signal.SIGKILL)
        process.wait()

    def wait(self) -> int:
        """Return the exit code once the process has ended on its own."""
        return self._process.wait() if self._process else 0

    def __enter__(self) -> Workbench:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def _prepare(self) -> None:
        write_settings(self.data / "user-data", self.settings)
        config = self.data / "config.yaml"  # without one, it writes to the home folder
        config.write_text("cert: false\n", encoding="utf-8")

    def _command(self) -> list[str]:
        return [
            node(),
            str(CODE_SERVER / "out" / "node" / "entry.js"),
            "--config",
            str(self.data / "config.yaml"),
            "--user-data-dir",
            str(self.data / "user-data"),
            "--extensions-dir",
            str(self.data / "extensions"),
        ]

    def _wait_until_healthy(self) -> None:
        process = self._process
        assert process is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_LIMIT
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with opener.open(f"{self.url}healthz", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        self.stop()
        tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        raise ToolError("\n".join(["the workbench did not start:", *tail]))
