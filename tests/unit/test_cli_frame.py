"""The frame of the command line: help, versions, and errors for unknown words."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kvlens import __version__
from kvlens.cli import COMMANDS, load, main
from kvlens.cli.frame import Argument, Command, page, parser, read, run
from kvlens.operations.errors import listed


def commands() -> Iterator[tuple[str, Command]]:
    """Yield every command and subcommand by the words that call it."""
    for name in COMMANDS:
        command = load(name)
        if isinstance(command, Command):
            yield name, command
        else:
            yield from ((f"{name} {verb}", one) for verb, one in command.items())


ALL = dict(commands())
VERBS = {
    name: listed([full.partition(" ")[2] for full in ALL if full.startswith(f"{name} ")])
    for name in ("key", "namespace")
}
GROUPS = [name for name in COMMANDS if not isinstance(load(name), Command)]


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_printed(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    assert capsys.readouterr() == (f"kvlens {__version__}\n", "")


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]], ids=" ".join)
def test_help_lists_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for name, entry in COMMANDS.items():
        assert any(
            line.split() == ["kvlens", name, *entry.summary.split()] for line in out.splitlines()
        )


def test_without_a_command_the_overview_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "kvlens snapshot" in err


def test_no_command_is_imported_for_the_overview() -> None:
    program = (
        "import sys; from kvlens.cli import main; main(['help']); main(['--version']); "
        "print(*(name for name in sys.modules if name.startswith('kvlens')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    loaded = set(done.stdout.decode().splitlines()[-1].split())
    small = {f"kvlens.{name}" for name in ("errors", "internal", "spelling", "visible")}
    folder = "kvlens.cli.commands"
    shared = {"kvlens", "kvlens.cli", "kvlens.cli.frame", "kvlens.cli.terminal", folder}
    assert loaded == {*shared, f"{folder}.help", *small}


@pytest.mark.parametrize("name", ALL)
def test_help_of_a_command_is_complete(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = ALL[name]
    assert main([*name.split(), "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert main(["help", *name.split()]) == 0
    assert capsys.readouterr().out == out
    assert main([*name.split(), "-h"]) == 0
    assert capsys.readouterr().out == out

    sections = out.split("\n\n")
    usage = " ".join(f"usage: kvlens {name} {command.usage} [options]".split())
    assert sections[0] == usage
    assert sections[1].startswith(command.about.splitlines()[0])
    heads = [section.splitlines()[0] for section in sections[2:]]
    arguments = ["arguments:"] if command.arguments else []
    assert heads == [*arguments, "options:", "examples:", "exit codes:"]
    assert max(map(len, out.splitlines())) <= 80
    for code in range(3):
        assert f"\n  {code}  " in out


@pytest.mark.parametrize("name", ALL)
def test_every_argument_and_option_is_explained(name: str) -> None:
    command = ALL[name]
    assert command.about.splitlines()[0].endswith(".")
    for argument in command.arguments:
        assert argument.help, argument
    for option in parser(f"kvlens {name}", command)._actions:
        if option.help == argparse.SUPPRESS:
            continue
        assert option.help, option
        if isinstance(option.default, int | str) and not isinstance(option.default, bool | None):
            assert "default" in option.help or option.default == "", option
        if option.metavar in ("S", "T"):
            assert "seconds" in option.help, option


@pytest.mark.parametrize("name", ALL)
def test_every_example_is_of_the_command_and_can_be_read(name: str) -> None:
    import shlex

    command = ALL[name]
    assert command.examples
    for example in command.examples:
        shown = example.removeprefix("source <(").replace(")", "").split("#")[0].split(" > ")[0]
        words = shlex.split(shown)
        assert words[: 1 + len(name.split())] == ["kvlens", *name.split()]
        read(f"kvlens {name}", command, words[1 + len(name.split()) :])


@pytest.mark.parametrize("name", GROUPS)
def test_help_of_a_group_lists_its_commands(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert main(["help", name]) == 0
    assert capsys.readouterr().out == out
    for full, command in ALL.items():
        if full.startswith(f"{name} "):
            assert f"\n  kvlens {full} {command.usage}".rstrip() in out
            assert command.about.splitlines()[0].rstrip(".") in out


UNKNOWN = {
    # words: the error; the exit code is 2
    "kye": 'kvlens: no command "kye"; did you mean "key"?',
    "snapshots list": 'kvlens: no command "snapshots"; did you mean "snapshot"?',
    "frobnicate": 'kvlens: no command "frobnicate"; `kvlens help` lists them',
    "--versoin": "kvlens: unknown option --versoin; did you mean --version?",
    "--quiet": "kvlens: unknown option --quiet; `kvlens help` lists them",
    "key gte": 'kvlens key: no command "gte"; did you mean "get"?',
    "key fetch": f'kvlens key: no command "fetch"; there are {VERBS["key"]}',
    "key": f"kvlens key: a command is missing; there are {VERBS['key']}",
    "namespace show": f'kvlens namespace: no command "show"; there are {VERBS["namespace"]}',
    "help kye": 'kvlens help: no command "kye"; did you mean "key"?',
    "help key gte": 'kvlens help: kvlens key: no command "gte"; did you mean "get"?',
    "help seed x": 'kvlens help: unexpected argument "x"; kvlens seed has no subcommands',
    "key get k --bindng X": (
        "kvlens key get: unknown option --bindng; did you mean --binding? See kvlens key get --help"
    ),
    "key get k --bindng=X": (
        "kvlens key get: unknown option --bindng=X; did you mean --binding? "
        "See kvlens key get --help"
    ),
    "key put k -x": (
        "kvlens key put: unknown option -x; put `--` before arguments that start with `-`; "
        "see kvlens key put --help"
    ),
    "key get a b": 'kvlens key get: unexpected argument "b"; see kvlens key get --help',
    "serve x": 'kvlens serve: unexpected argument "x"; see kvlens serve --help',
    "serve --prot 1": "kvlens serve: unknown option --prot; did you mean --port? See kvlens serve --help",
    "dev --compat none": ("kvlens dev: argument --compat: invalid choice: 'none' (choose from "),
    "check --output-fromat json": (
        "kvlens check: unknown option --output-fromat; did you mean --output-format? "
        "See kvlens check --help"
    ),
    "lsp --pipe=x": "kvlens lsp: unknown option --pipe=x; put `--` before arguments that start with `-`; see kvlens lsp --help",
    "completion tcsh": 'kvlens completion: no completion for "tcsh"; there is one for bash, zsh, fish',
}


@pytest.mark.parametrize(("words", "said"), UNKNOWN.items(), ids=UNKNOWN)
def test_what_is_unknown_is_named_with_the_nearest(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert err.count("\n") == 1


def _switches(reader: argparse.ArgumentParser) -> None:
    reader.add_argument("--on", action="store_true", default=None)
    reader.add_argument("--no-on", action="store_false", dest="on")
    reader.add_argument("--flag", "-f", action="store_true")
    reader.add_argument("--value")


SWITCHES: dict[str, tuple[bool | None, bool, list[str]]] = {
    # words: on, flag, the arguments
    "": (None, False, []),
    "--on": (True, False, []),
    "--on true": (True, False, []),
    "--on=true": (True, False, []),
    "--on false": (False, False, []),
    "--on=false": (False, False, []),
    "--flag false": (None, False, []),
    "--flag=true x": (None, True, ["x"]),
    "-f true": (None, True, ["true"]),
    "true": (None, False, ["true"]),
    "--value x true": (None, False, ["true"]),
    "-- --on": (None, False, ["--on"]),
    "-- --help": (None, False, ["--help"]),
}


@pytest.mark.parametrize(("words", "meant"), SWITCHES.items(), ids=SWITCHES)
def test_a_switch_may_be_given_its_value(
    words: str, meant: tuple[bool | None, bool, list[str]]
) -> None:
    command = Command("Try.", lambda options: 0, _switches, (Argument("[WORD…]", "a word"),))
    options = read("kvlens try", command, words.split())
    assert (options.on, options.flag, options.words) == meant


def test_an_unexpected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(options: argparse.Namespace) -> int:
        raise RuntimeError("lost\nits way")

    command = Command("Fail.", fail)
    assert run("kvlens fail", command, []) == 1
    assert capsys.readouterr().err == (
        "internal error in kvlens fail: RuntimeError: lost its way. "
        "Please report this; KVLENS_DEBUG=1 shows where\n"
    )


def test_the_page_follows_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = page("kvlens check", ALL["check"])
    assert max(map(len, shown.partition("examples:")[0].splitlines())) <= 60
