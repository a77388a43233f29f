"""Run the language server on standard input and output.

Section: Tools
"""

from __future__ import annotations

import argparse
import traceback

from kvlens.cli.frame import Command, Options


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stdio",
        action="store_true",
        help="accepted for compatibility; the server always uses stdio",
    )


def _lsp(options: Options) -> int:
    """Serve until the client ends it."""
    from kvlens.lsp.fast_pygls import lazy_types, switch

    if switch.is_on():
        with lazy_types.garbage_collection_paused():
            lazy_types.prepare()
            from kvlens.lsp.server import run as serve
    else:
        from kvlens.lsp.server import run as serve

    try:
        return serve()
    except Exception:  # standard error is the editor's log, which should have the traceback
        traceback.print_exc()
        raise


COMMAND = Command(
    "Run the language server on standard input and output.\nEditors start it.",
    _lsp,
    _options,
    (),
    ("kvlens lsp --stdio",),
    {
        0: "the client has ended it, or its input has ended",
        1: "exit came before shutdown, the input is not LSP, or the server failed",
    },
)
