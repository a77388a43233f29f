"""The frame of every command: it parses options, shows help and reports errors.

A command is a `Command`, or a `Group` of commands by name. `run` runs one and turns any error into
one line on standard error and an exit code; `page` is its help.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kvlens.errors import KVLensError
from kvlens.internal import log_internal_error
from kvlens.spelling import nearest

if TYPE_CHECKING:
    from kvlens.cli import Entry

Options = argparse.Namespace

DONE, NOT_DONE, WRONG_USE = 0, 1, 2
EXIT_CODES = {DONE: "done", NOT_DONE: "problems or not found", WRONG_USE: "wrong use"}
LISTED = 6  # commands that an error lists; for more, it says where they are listed
INTERRUPTED = 130  # as in shells for Ctrl+C
MOST = 2**53 - 1  # of a number in an option: JavaScript counts no further


class CommandError(KVLensError):
    """A command failed. The text is one line that says what to do."""

    code = NOT_DONE

    def lines(self) -> list[str]:
        """Return the lines to print before the last one, which is this error's text."""
        return []


class UsageError(CommandError):
    """A command was called with invalid arguments."""

    code = WRONG_USE


class InterruptedCommandError(CommandError):
    """Ctrl+C has ended a command. The text says what was done."""

    code = INTERRUPTED


class Argument(NamedTuple):
    """A word that a command takes: "KEY", "[VALUE]" if optional, "[FILE…]" if repeatable."""

    name: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Return whether it may be left out."""
        return self.name.startswith("[")

    @property
    def is_repeatable(self) -> bool:
        """Return whether it may be given several times."""
        return self.name.endswith("…]")

    @property
    def plain(self) -> str:
        """Return the name without brackets: "FILE"."""
        return self.name.strip("[…]")


def no_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


class Command(NamedTuple):
    """One command.

    about: what it does; lists show the first line. exit_codes: differences from EXIT_CODES.
    """

    about: str
    action: Callable[[Options], int]
    options: Callable[[argparse.ArgumentParser], None] = no_options
    arguments: Sequence[Argument] = ()
    examples: Sequence[str] = ()
    exit_codes: Mapping[int, str] = {}

    @property
    def usage(self) -> str:
        """Return the arguments for a usage line."""
        return " ".join(argument.name for argument in self.arguments)


Group = Mapping[str, Command]


# -- running ----------------------------------------------------------------------------------


def run(name: str, command: Command | Group, words: Sequence[str]) -> int:
    """Run the command `name` and return its exit code."""
    if not isinstance(command, Command):
        first, rest = (words[0], words[1:]) if words else ("", ())
        if first in ("-h", "--help"):
            print(page(name, command))
            return DONE
        if first not in command:
            return _failed(name, unknown_command(first, command), WRONG_USE)
        name, command, words = f"{name} {first}", command[first], rest
    chosen, given = command, words

    def act() -> int:
        options = read(name, chosen, given)
        if options.help:
            print(page(name, chosen))
            return DONE
        code = chosen.action(options)
        if not sys.stdout.closed:
            sys.stdout.flush()
        return code

    return guarded(name, act)


def guarded(name: str, action: Callable[[], int]) -> int:
    """Return the exit code of an action; errors are printed on standard error."""
    try:
        return action()
    except KVLensError as error:
        return _reported(name, error)
    except KeyboardInterrupt:
        return _failed(name, "interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _drop_output()
        return NOT_DONE
    except OSError as error:
        place = error.filename
        if not place and (not _can_print() or error.errno == errno.ENOSPC):
            place = "standard output"
        return _failed(name, f"{place}: {error.strerror}" if place else error.strerror or error)
    except Exception as error:
        print(log_internal_error(name, error), file=sys.stderr)
        return NOT_DONE


def _can_print() -> bool:
    """Return whether the output can be written; if not, drop it."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()
        return False
    return True


def _drop_output() -> None:
    """Discard the rest of the output, or Python would try to write it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reported(name: str, error: KVLensError) -> int:
    if not isinstance(error, CommandError):
        from kvlens.cli.common import as_command_error  # late: only needed for errors

        error = as_command_error(error)
    for line in error.lines():
        print(line, file=sys.stderr)
    return _failed(name, error, error.code)


def _failed(name: str, error: object, code: int = NOT_DONE) -> int:
    print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
    return code


# -- options and arguments --------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        see = " See" if message.endswith("?") else "; see"
        raise UsageError(f"{message}{see} {self.prog} --help")


def whole_number(word: str) -> int:
    """Return the number of an option; raise ArgumentTypeError for one that nothing can hold."""
    try:
        number = int(word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"invalid int value: {word!r:.80}") from None
    if abs(number) > MOST:
        raise argparse.ArgumentTypeError(f"{word!r:.40} is too large; it takes {-MOST} to {MOST}")
    return number


def parser(name: str, command: Command) -> argparse.ArgumentParser:
    """Return the parser of a command's options; `read` parses its arguments."""
    made = _Parser(
        prog=name,
        usage=" ".join(f"%(prog)s {command.usage} [options]".split()),
        description=command.about,
        formatter_class=_Formatter,
        add_help=False,
        allow_abbrev=False,
    )
    command.options(made)
    made.add_argument("--help", "-h", action="store_true", help="show this help")
    return made


def read(name: str, command: Command, words: Sequence[str]) -> Options:
    """Return the options, with the arguments as `words`: options go before or after them.

    Raises UsageError.
    """
    reader = parser(name, command)
    cut = words.index("--") if "--" in words else len(words)
    if not {"-h", "--help"}.isdisjoint(words[:cut]):
        return Options(help=True)
    options, found = reader.parse_known_args(_switched(words[:cut], reader))
    for word in found:
        if word.startswith("-") and len(word) > 1 and not word[1].isdigit():  # as in -1 and -1h
            known = [option for action in shown_options(reader) for option in action.option_strings]
            meant = nearest(word.partition("=")[0], known)
            hint = "put `--` before arguments that start with `-`"
            reader.error(f"unknown option {word}; {f'did you mean {meant}?' if meant else hint}")
    found += words[cut + 1 :]
    needed = [argument for argument in command.arguments if not argument.is_optional]
    if len(found) < len(needed):
        reader.error(f"{needed[len(found)].name} is missing")
    if len(found) > len(command.arguments) and not (
        command.arguments and command.arguments[-1].is_repeatable
    ):
        reader.error(f'unexpected argument "{found[len(command.arguments)]}"')
    options.name, options.words = name, found
    return options


def _switched(words: Sequence[str], reader: argparse.ArgumentParser) -> list[str]:
    """Parse a switch followed by true or false, as in wrangler: `--preview false`."""
    known = {
        option
        for action in reader._actions
        if action.nargs == 0
        for option in action.option_strings
        if option.startswith("--")
    }
    result: list[str] = []
    for word in words:
        switch, equals, value = word.partition("=")
        if not equals and word in ("true", "false") and result and result[-1] in known:
            switch, value = result.pop(), word
        elif switch not in known or value not in ("true", "false"):
            result.append(word)
            continue
        off = f"--no-{switch[2:]}"
        if value == "true":
            result.append(switch)
        elif off in known:
            result.append(off)
    return result


def shown_options(reader: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options that help shows."""
    return [action for action in reader._actions if action.help != argparse.SUPPRESS]


def unknown_command(word: str, known: Iterable[str]) -> str:
    """Return the message for an unknown command, with the nearest name or the known ones."""
    names = list(known)
    if len(names) > LISTED:
        there = "`kvlens help` lists them"
    else:
        from kvlens.operations.errors import there_are  # late: only for a mistake

        there = there_are(names)
    if not word:
        return f"a command is missing; {there}"
    if word.startswith("-"):
        meant = nearest(word, ("--help", "--version"))
        return f"unknown option {word}; " + (f"did you mean {meant}?" if meant else there)
    meant = nearest(word, names)
    return f'no command "{word}"; ' + (f'did you mean "{meant}"?' if meant else there)


# -- help -------------------------------------------------------------------------------------


class _Formatter(argparse.HelpFormatter):
    """A help formatter that keeps line breaks, and shows an option's value once.

    argparse creates one for every added option; without a width, it would import a lot to measure
    the terminal each time.
    """

    def __init__(self, prog: str, width: int = 80) -> None:
        super().__init__(prog, max_help_position=28, width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(
            super(_Formatter, self)._fill_text(line, width, indent) for line in text.splitlines()
        )

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, action.dest.upper())
        return f"{', '.join(action.option_strings)} {value}"


def page(name: str, command: Command | Group) -> str:
    """Return the help of a command or of a group."""
    if not isinstance(command, Command):
        usages = {f"{verb} {one.usage}".strip(): one.about for verb, one in command.items()}
        width = max(map(len, usages))
        shown = "\n".join(
            f"  {name} {usage:<{width}}  {headline(about)}" for usage, about in usages.items()
        )
        return (
            f"usage: {name} COMMAND …\n\ncommands:\n{shown}\n\n"
            f"{name} COMMAND --help explains one of them."
        )
    reader = parser(name, command)
    from shutil import get_terminal_size  # late: only help needs it

    formatter = _Formatter(name, get_terminal_size().columns - 2)
    formatter.add_usage(reader.usage, [], [])
    formatter.add_text(reader.description)
    if command.arguments:
        formatter.start_section("arguments")
        for argument in command.arguments:
            formatter.add_argument(
                argparse.Action([], argument.plain, metavar=argument.plain, help=argument.help)
            )
        formatter.end_section()
    formatter.start_section("options")
    formatter.add_arguments(shown_options(reader))
    formatter.end_section()
    parts = [formatter.format_help().rstrip()]
    if command.examples:
        parts.append("\n  ".join(("examples:", *command.examples)))
    codes = sorted({**EXIT_CODES, **command.exit_codes}.items())
    parts.append("\n  ".join(("exit codes:", *(f"{code}  {what}" for code, what in codes))))
    return "\n\n".join(parts)


def overview(commands: Mapping[str, Entry]) -> str:
    """Return the help of the whole program."""
    lines = ["usage: kvlens COMMAND …"]
    section = ""
    for name, entry in commands.items():
        if entry.section != section:
            section = entry.section
            lines += ["", f"{section}:"]
        lines.append(f"  kvlens {name:<12}{entry.summary}")
    lines += ["", "kvlens COMMAND --help explains a command; kvlens --version prints the version."]
    return "\n".join(lines)


def headline(about: str) -> str:
    """Return the first line of a command's description, for lists."""
    return about.partition("\n")[0].rstrip(".")
