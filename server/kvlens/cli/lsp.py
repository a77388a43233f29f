"""`kvlens lsp`: the language server on standard input and output."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def run(command: str, arguments: Sequence[str]) -> int:
    """Serve until the client ends it."""
    unknown = [word for word in arguments if word != "--stdio"]  # which some clients always add
    if unknown:
        print(f"kvlens {command}: takes no {unknown[0]}", file=sys.stderr)
        return 2
    from kvlens.lsp import startup

    with startup.undisturbed():
        startup.prepare()
        from kvlens.lsp.server import run as serve

    return serve()
