"""Complete a word on the command line: commands, options and their values.

It uses the commands' own parsers, so only VALUES must be kept up to date here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from kvlens.cli import COMMANDS, load
from kvlens.cli.common import counted, find_scope
from kvlens.cli.frame import Argument, Command, Options, headline, parser, shown_options
from kvlens.operations.target import Scope, bindings, find_target

FILES = ":files"  # the shell completes file names itself


class Candidate(NamedTuple):
    """A completion of a word, with its description."""

    word: str
    about: str = ""


Given = dict[str, str]  # the options before the word, by their `dest`


def candidates(words: Sequence[str]) -> list[Candidate]:
    """Return the completions of the last of the words after `kvlens`, or only FILES."""
    *before, current = words or [""]
    found = list(_next(before, current))
    files = [one for one in found if one.word == FILES]
    return files or [
        one for one in found if one.word.startswith(current) and one.word.isprintable()
    ]


# -- commands, options and arguments ----------------------------------------------------------


def _next(before: list[str], current: str) -> Iterator[Candidate]:
    name, *rest = before or [""]
    if name == "help" and current[:1] != "-":
        yield from _names(rest)
    elif not name:
        yield from _names([])
        yield from (Candidate("--help"), Candidate("--version")) if current[:1] == "-" else ()
    elif name in COMMANDS:
        command = load(name)
        if isinstance(command, Command):
            yield from _words(command, rest, current)
        elif rest and rest[0] in command:
            yield from _words(command[rest[0]], rest[1:], current)
        else:
            yield from _names(before)


def _names(before: list[str]) -> Iterator[Candidate]:
    """Yield the names of commands, or of the subcommands of one."""
    if not before:
        yield from (Candidate(name, entry.summary) for name, entry in COMMANDS.items())
    elif len(before) == 1 and before[0] in COMMANDS:
        command = load(before[0])
        if not isinstance(command, Command):
            yield from (Candidate(name, headline(one.about)) for name, one in command.items())


def _words(command: Command, before: list[str], current: str) -> Iterator[Candidate]:
    """Yield the possible next words of a command: options, their values, arguments."""
    options = shown_options(parser("kvlens", command))
    named = {name: option for option in options for name in option.option_strings}
    given: Given = {}
    arguments = 0
    waiting: argparse.Action | None = None  # an option whose value is next
    plain = False  # whether "--" has ended the options
    for word in before:
        name, equals, value = word.partition("=")
        if waiting is not None:
            given[waiting.dest], waiting = word, None
        elif word == "--" and not plain:
            plain = True
        elif plain or not word.startswith("-") or word == "-":
            arguments += 1
        elif name in named and named[name].nargs != 0:
            given[named[name].dest] = value
            waiting = None if equals else named[name]
    name, equals, _ = current.partition("=")
    if waiting is not None:
        yield from _option_values(waiting, given)
    elif not plain and equals and name in named and named[name].nargs != 0:
        for one in _option_values(named[name], given):
            yield one if one.word == FILES else one._replace(word=f"{name}={one.word}")
    elif not plain and current.startswith("-"):
        yield from (Candidate(one.option_strings[0], one.help or "") for one in options)
    elif argument := _argument(command, arguments):
        yield from _values(argument.plain, argument.choices, given)


def _argument(command: Command, index: int) -> Argument | None:
    if index < len(command.arguments):
        return command.arguments[index]
    last = command.arguments[-1] if command.arguments else None
    return last if last and last.is_repeatable else None


def _option_values(option: argparse.Action, given: Given) -> Iterable[Candidate]:
    return _values(option.option_strings[0], option.choices or (), given)


def _values(name: str, choices: Iterable[object], given: Given) -> Iterable[Candidate]:
    if found := [Candidate(str(choice)) for choice in choices]:
        return found
    try:
        return VALUES[name](given) if name in VALUES else []
    except Exception:  # such as an unreadable config: there is nothing to complete
        return []


# -- values -----------------------------------------------------------------------------------


def _scope(given: Given, environment: str | None) -> Scope:
    from kvlens.stores.registry import DEFAULT_STORE  # late: few options need it

    options = Options(config=given.get("config"), env=environment, store=DEFAULT_STORE)
    options.remote, options.persist_to = False, None
    return find_scope(options)


def _bindings(given: Given) -> Iterable[Candidate]:
    scope = _scope(given, given.get("env"))
    targets = [find_target(scope, binding=binding) for binding in bindings(scope)]
    return [Candidate(target.name, f"id {target.id}") for target in targets]


def _environments(given: Given) -> Iterable[Candidate]:
    config = _scope(given, "").config
    return [Candidate(one.name) for one in config.environments if one.name]


def _snapshots(given: Given) -> Iterable[Candidate]:
    from kvlens.operations.snapshot_list import list_snapshots  # late: few commands need it

    found = list_snapshots(_scope(given, "")).found
    return [Candidate(one.name, counted(one.keys, "key")) for one in reversed(found)]


def _stores(given: Given) -> Iterable[Candidate]:
    from kvlens.stores.registry import every_store

    return [
        Candidate(f"{scheme}://" if f"{scheme}://" in url else f"{scheme}:", url)
        for info in every_store()
        if info.shared  # else its keys are in another process
        for scheme, url in info.by_scheme.items()
    ]


def _severities(given: Given) -> Iterable[Candidate]:
    from kvlens.lint.registry import rules
    from kvlens.lint.suppressions import LEVELS

    return [
        Candidate(f"{rule.code}={level}", rule.summary)
        for rule in rules().values()
        for level in LEVELS
    ]


def _files(given: Given) -> Iterable[Candidate]:
    return [Candidate(FILES)]


VALUES: dict[str, Callable[[Given], Iterable[Candidate]]] = {
    # an option or an argument: its completions, given the options before it
    "--binding": _bindings,
    "BINDING": _bindings,
    "--env": _environments,
    "--store": _stores,
    "--severity": _severities,
    "NAME": _snapshots,
    "FILE": _files,
    "PATH": _files,
    "--config": _files,
    "--output": _files,
    "--path": _files,
    "--persist-to": _files,
    "--socket": _files,
}
