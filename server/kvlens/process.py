"""Start another copy of this program, and query a process's resources and limits."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_DESCRIPTORS = 10_240  # the default maximum on macOS


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs `kvlens ARGUMENTS` on this interpreter.

    Isolated (`-I`): neither the current folder nor PYTHON* variables of an untrusted
    workspace can put code on the path.
    """
    main = Path(__file__).resolve().with_name("__main__.py")
    return [sys.executable, "-I", "-X", "utf8", str(main), *arguments]


def memory_used(pid: int | str = "self") -> int:
    """Return a process's memory in bytes; 0 if the system doesn't report it."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123  asked often
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def file_descriptors() -> int:
    """Return how many file descriptors this process may have open, after raising the soft limit.

    A Worker opens one connection for each concurrent call: deleting a page of keys with
    `Promise.all` takes 1,000. The soft limit is often 1,024, on macOS 256. Programs that are
    started later, such as workerd, inherit it.
    """
    if sys.platform == "win32":  # no such limit
        return _DESCRIPTORS
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft, hard = (sys.maxsize if one == resource.RLIM_INFINITY else one for one in limits)
    wanted = min(hard, _DESCRIPTORS)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a system may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, limits[1]))
            return wanted
    return soft
