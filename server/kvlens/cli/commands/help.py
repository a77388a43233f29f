"""Explain a command.

Section: Tools
"""

from __future__ import annotations

from kvlens.cli import COMMANDS, load
from kvlens.cli.frame import Argument, Command, Options, UsageError, overview, page, unknown_command


def _help(options: Options) -> int:
    name, *rest = options.words or [""]
    if not name:
        print(overview(COMMANDS))
        return 0
    if name not in COMMANDS:
        raise UsageError(unknown_command(name, COMMANDS))
    command = load(name)
    title = f"kvlens {name}"
    if rest:
        if isinstance(command, Command):
            raise UsageError(f'unexpected argument "{rest[0]}"; {title} has no subcommands')
        if rest[0] not in command:
            raise UsageError(f"{title}: {unknown_command(rest[0], command)}")
        title, command = f"{title} {rest[0]}", command[rest[0]]
    print(page(title, command))
    return 0


COMMAND = Command(
    "Explain a command, or list all commands.",
    _help,
    arguments=(
        Argument("[COMMAND]", "the command to explain (default: list all)"),
        Argument("[SUBCOMMAND]", "one of its subcommands"),
    ),
    examples=("kvlens help", "kvlens help key get"),
    exit_codes={1: "the help could not be printed", 2: "there is no such command"},
)
