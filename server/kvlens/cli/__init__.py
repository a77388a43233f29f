"""The command line: the commands in `commands/`, run in one frame (`frame.py`).

A command's module has a `COMMAND`. It is imported only to run the command or show its help.
"""

from __future__ import annotations

import gc
import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kvlens.cli import commands
from kvlens.cli.terminal import screens
from kvlens.internal import keep_log

if TYPE_CHECKING:
    from kvlens.cli.frame import Command, Group

SECTIONS = ("Project", "Keys", "Data", "Tools")
_HEAD = re.compile(r'"""(.+?)\.\n.*?\nSection: (\w+)\n', re.DOTALL)


class Entry(NamedTuple):
    """A command or a group of commands in the overview."""

    section: str
    summary: str


class _Commands(Mapping[str, Entry]):
    """The commands in the order of the overview, read from their files without an import."""

    @cached_property
    def files(self) -> dict[str, Path]:
        """The files of the commands by name; `key get` is in key_get.py."""
        (folder,) = commands.__path__
        return {path.stem.replace("_", " "): path for path in Path(folder).glob("[!_]*.py")}

    def __getitem__(self, name: str) -> Entry:
        if name not in self:
            raise KeyError(name)
        head = _HEAD.match(self.files[name].read_text("utf-8"))
        assert head, f"{self.files[name]} begins with a summary and its section"
        return Entry(head[2], head[1])

    def __contains__(self, name: object) -> bool:
        return name in self.files and " " not in str(name)

    def __iter__(self) -> Iterator[str]:
        names = sorted(name for name in self.files if name in self)
        return iter(sorted(names, key=lambda name: SECTIONS.index(self[name].section)))

    def __len__(self) -> int:
        return sum(name in self for name in self.files)


class _Group(Mapping[str, "Command"]):
    """The commands of a group, in the order in which its summary names them.

    A module is imported when its command is looked up.
    """

    def __init__(self, name: str, verbs: Sequence[str]) -> None:
        self._name = name
        self._verbs = verbs

    def __getitem__(self, verb: str) -> Command:
        if verb not in self._verbs:
            raise KeyError(verb)
        return _command(f"{self._name}_{verb}")

    def __contains__(self, verb: object) -> bool:
        return verb in self._verbs

    def __iter__(self) -> Iterator[str]:
        named = re.findall(r"\w+", COMMANDS[self._name].summary.lower())
        return iter(sorted(self._verbs, key=[*named, *self._verbs].index))

    def __len__(self) -> int:
        return len(self._verbs)


COMMANDS = _Commands()


def load(name: str) -> Command | Group:
    """Import one of COMMANDS, and return it or the group of commands."""
    verbs = sorted(
        verb for group, _, verb in (one.partition(" ") for one in COMMANDS.files) if group == name
    )
    return _Group(name, verbs[1:]) if len(verbs) > 1 else _command(name)


def _command(stem: str) -> Command:
    gc.disable()  # what modules define isn't garbage
    try:
        command: Command = importlib.import_module(f"{commands.__name__}.{stem}").COMMAND
    finally:
        gc.enable()
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 success, 1 problems or not found, 2 usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    keep_log(always=words[:1] == ["lsp"])  # standard error is the editor's log
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
