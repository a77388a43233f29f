"""Start another copy of this program."""

from __future__ import annotations

import sys
from pathlib import Path


def own_command(*arguments: str) -> list[str]:
    """Return the command line that runs `kvlens ARGUMENTS` on this interpreter.

    Isolated (`-I`): neither the current folder nor PYTHON* variables of an untrusted
    workspace can put code on the path.
    """
    main = Path(__file__).resolve().with_name("__main__.py")
    return [sys.executable, "-I", "-X", "utf8", str(main), *arguments]
