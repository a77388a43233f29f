"""Start another copy of this program, and measure the memory of a process."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs `kvlens ARGUMENTS` on this interpreter.

    Isolated (`-I`): neither the current folder nor PYTHON* variables of an untrusted
    workspace can put code on the path.
    """
    main = Path(__file__).resolve().with_name("__main__.py")
    return [sys.executable, "-I", "-X", "utf8", str(main), *arguments]


def memory_used(pid: int | str = "self") -> int:
    """Return the bytes of memory that a process has; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123  asked often
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
