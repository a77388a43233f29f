"""A child process that never outlives this process, however this one ends.

On Linux and macOS, a small shell waits on a pipe from this process: when the pipe breaks, it kills
the child and removes its scratch folder. On Windows, a job object ends the child.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# $$ is the child: the shell becomes it. A line on the pipe makes the watcher exit.
_LIFELINE = (
    "exec 3<&0; folder=$1; shift; "
    '{ read -r _ <&3 || { kill -KILL $$; rm -rf "$folder"; }; } >/dev/null 2>&1 & '
    'exec "$@" 3<&- </dev/null'
)


class Child:
    """A child process, with its output in `stdout` and `stderr` as bytes."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], scratch: Path
    ) -> None:
        """Start `command`. Raises OSError if it can't be started.

        `scratch` is a folder that is removed even if this process is killed.
        """
        env = {**os.environ, **environment}
        if sys.platform == "win32":
            from kvlens.worker import windows

            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP,
                env=env,
            )
            self._job = windows.end_with_us(self._process)
        else:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LIFELINE, "kvlens", str(scratch), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl+C is handled by this process
                env=env,
            )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.stdout = self._process.stdout
        self.stderr = self._process.stderr

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ask_to_end(self) -> None:
        """Let it finish open requests and end; on Windows, it ends immediately."""
        with contextlib.suppress(OSError):
            self._process.terminate()

    def kill(self) -> None:
        """End it immediately."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def wait(self) -> int:
        """Wait until it has ended and return its exit code (negative: the signal)."""
        code = self._process.wait()
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(OSError):
                stdin.write(b"\n")
                stdin.close()
        return code


def describe_exit(code: int) -> str:
    """Describe how a process ended.

    >>> describe_exit(3)
    'with exit code 3'
    """
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-code).name}"
    return f"with exit code {code}"
