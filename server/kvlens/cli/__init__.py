"""The command line: one file a command, run in one frame (`frame.py`).

A command's module has a `COMMAND`. It is imported only when that command runs, or is asked about.
Commands read options, call what does the work, and print. No work on keys here.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kvlens.cli.terminal import screens
from kvlens.internal import show_tracebacks

if TYPE_CHECKING:
    from kvlens.cli.frame import Command, Group


class Entry(NamedTuple):
    """A command as the overview shows it."""

    section: str
    summary: str
    module: str


COMMANDS: dict[str, Entry] = {
    "check": Entry("Project", "Find problems in configs, seed files and sources", "check"),
    "dev": Entry("Project", "Run the project's Worker, restarted on every change", "dev"),
    "serve": Entry("Project", "Run the emulator alone", "serve"),
    "namespace": Entry("Keys", "List namespaces, move keys left under old names", "namespace"),
    "key": Entry("Keys", "Put, get, list and delete single keys", "key"),
    "bulk": Entry("Keys", "Put, get and delete many keys from one file", "bulk"),
    "seed": Entry("Data", "Write seed files to their namespaces", "seed"),
    "export": Entry("Data", "Write a namespace to a seed file", "export"),
    "clear": Entry("Data", "Delete every key in a namespace", "clear"),
    "snapshot": Entry("Data", "Save, list, compare and restore all namespaces", "snapshot"),
    "lsp": Entry("Tools", "Run the language server on standard input and output", "lsp"),
    "completion": Entry("Tools", "Print a completion script for bash, zsh or fish", "completion"),
    "help": Entry("Tools", "Explain a command", "help"),
}


def load(name: str) -> Command | Group:
    """Import the module of a command in COMMANDS and return the command."""
    module = importlib.import_module(f"kvlens.cli.{COMMANDS[name].module}")
    command: Command | Group = module.COMMAND
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 problems or not found, 2 wrong use."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    show_tracebacks()
    if words[:1] == ["lsp"]:
        return _run(words)  # standard output is the protocol's
    with screens():
        return _run(words)


def _run(words: list[str]) -> int:
    first, *rest = words or [""]
    if first in ("-V", "--version"):
        from kvlens import __version__

        print(f"kvlens {__version__}")
        return 0
    from kvlens.cli import frame

    if first in ("-h", "--help"):
        first = "help"
    if first in COMMANDS:
        name = f"kvlens {first}"
        return frame.guarded(name, lambda: frame.run(name, load(first), rest))
    if not first:
        print(frame.overview(COMMANDS), file=sys.stderr)
    else:
        print(f"kvlens: {frame.unknown_command(first, COMMANDS)}", file=sys.stderr)
    return frame.WRONG_USE
