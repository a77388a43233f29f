"""Completion: the completions of a word, and the scripts in real shells."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kvlens.cli import COMMANDS, main
from kvlens.cli.candidates import FILES, VALUES, candidates
from kvlens.cli.completion_scripts import SHELLS
from kvlens.kv.limits import COMPATS

from tests.unit.test_cli_frame import ALL

CONFIG = """\
name = "shop"
kv_namespaces = [
  { binding = "SESSIONS", id = "1d" },
  { binding = "FLAGS" },
  { binding = "$(touch hacked)", id = "2d" },
  { binding = "BELL\\u0007", id = "3d" },
]

[[env.staging.kv_namespaces]]
binding = "SESSIONS_STAGING"
id = "4d"

[env.production]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with configs and a seed file, made the current folder."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    other = CONFIG.replace("SESSIONS", "ORDERS")
    (tmp_path / "other.toml").write_text(other, encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "SESSIONS.json").write_text("[]", encoding="utf-8")
    (tmp_path / "damaged.toml").write_text("[[[", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDFLARE_ENV", raising=False)
    return tmp_path


COMMANDS_OF_KEY = [name.removeprefix("key ") for name in ALL if name.startswith("key ")]
BINDINGS = ["SESSIONS", "FLAGS", "$(touch hacked)"]
CASES: dict[str, list[str]] = {
    # words after kvlens, of which the last is completed: its completions
    "": list(COMMANDS),
    "sn": ["snapshot"],
    "--": ["--help", "--version"],
    "--v": ["--version"],
    "key ": COMMANDS_OF_KEY,
    "key ge": ["get"],
    "keys ": [],
    "help ": list(COMMANDS),
    "help key ": COMMANDS_OF_KEY,
    "help seed ": [],
    "key get --bin": ["--binding"],
    "key get k --te": ["--text"],
    "key get --binding ": BINDINGS,
    "key get --binding=S": ["--binding=SESSIONS"],
    "key get --binding F": ["FLAGS"],
    "namespace move OLD F": ["FLAGS"],
    "key get -e staging --binding ": ["SESSIONS_STAGING"],
    "key get --env=staging --binding ": ["SESSIONS_STAGING"],
    "key get --config other.toml --binding O": ["ORDERS"],
    "key get -c none.toml --binding ": [],
    "key get -c damaged.toml --binding ": [],
    "key get --env ": ["staging", "production"],
    "key get -e p": ["production"],
    "key get --store wr": ["wrangler:"],
    "key get --store redis": ["redis://", "rediss://", "redis+cluster://", "rediss+cluster://"],
    "key get --config ": [FILES],
    "key put k --path ": [FILES],
    "key get ": [],
    "key get k -- --": [],
    "key list --remo": [],
    "bulk put ": [FILES],
    "seed seeds/SESSIONS.json ": [FILES],
    "check ": [FILES],
    "check --output-format ": ["text", "json", "github", "gitlab", "junit", "rdjson", "sarif"],
    "check --severity id-shared=": [
        f"id-shared={level}" for level in ("error", "warning", "information", "off")
    ],
    "serve --compat ": list(COMPATS),
    "dev --compat=w": ["--compat=workerd"],
    "dev --life": [],
    "snapshot restore ": ["before-import"],
    "snapshot diff --binding SESSIONS be": ["before-import"],
    "completion ": ["bash", "zsh", "fish"],
    "completion fish ": [],
}


@pytest.fixture
def snapshot(project: Path) -> None:
    assert main(["snapshot", "save", "before-import", "--force"]) == 0


@pytest.mark.parametrize(("typed", "meant"), CASES.items(), ids=CASES)
def test_a_word_may_become(project: Path, snapshot: None, typed: str, meant: list[str]) -> None:
    assert [one.word for one in candidates(typed.split(" "))] == meant


@pytest.mark.parametrize("name", ALL)
def test_every_option_of_every_command_is_completed(name: str) -> None:
    from kvlens.cli.frame import parser, shown_options

    found = {one.word: one.about for one in candidates([*name.split(), "--"])}
    options = shown_options(parser("", ALL[name]))
    assert found == {option.option_strings[0]: option.help for option in options}


def test_every_value_that_is_completed_is_of_an_option_or_argument() -> None:
    from kvlens.cli.frame import parser

    known = {
        name
        for command in ALL.values()
        for action in parser("", command)._actions
        for name in action.option_strings
    }
    known |= {argument.plain for command in ALL.values() for argument in command.arguments}
    assert set(VALUES) <= known


def test_what_a_candidate_is_stays_on_its_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG.replace('id = "1d"', 'id = "1\\u001b[2J\\n\\td"')
    (project / "wrangler.toml").write_text(config, encoding="utf-8")
    assert main(["completion", "fish", "--", "key", "get", "--binding", "S"]) == 0
    assert capsys.readouterr().out == "SESSIONS\tid 1\\x1b[2J\\n\\td\n"


# -- bash -------------------------------------------------------------------------------------


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A command `kvlens` in a separate folder."""
    path = tmp_path / "bin dir" / "kvlens"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kvlens "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def environment(program: Path) -> dict[str, str]:
    """Return what a shell needs to find the command, and this server's code."""
    import kvlens

    code = str(Path(kvlens.__file__).parents[1])
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": code, "TERM": "dumb", "PS1": "$ "}


BASH: dict[str, list[str]] = {
    # a line of bash, the cursor at its end: COMPREPLY
    "kvlens sn": ["snapshot"],
    "kvlens key ge": ["get"],
    "kvlens key get --binding ": ["SESSIONS", "FLAGS", "'$(touch hacked)'"],
    "kvlens key get --binding=S": ["SESSIONS"],
    "kvlens key get 'a b' --binding S": ["SESSIONS"],
    'kvlens key get --binding "S': ["SESSIONS"],
    "kvlens key get --store=redis:": [
        "//",
    ],
    "kvlens key get --config ": [],
    "kvlens check --severity id-shared=o": ["off"],
}


def test_bash_completes(project: Path, program: Path) -> None:
    """In real bash, with the variables that it sets for the function."""
    asked = "\n".join(
        f"""
        line={json.dumps(line).replace("$", chr(92) + "$")}
        COMP_LINE=$line COMP_POINT=${{#line}} COMP_WORDS=(kvlens) COMP_CWORD=1
        _kvlens
        printf '%s\\n' "${{COMPREPLY[@]}}" ---
        """
        for line in BASH
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", f"source <(kvlens completion bash)\n{asked}"],
        cwd=project,
        env=environment(program),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = done.stdout.split("---\n")[:-1]
    assert {
        line: [word for word in answer.splitlines() if word]
        for line, answer in zip(BASH, answers, strict=True)
    } == BASH
    assert not (project / "hacked").exists()


def typed(argv: list[str], steps: list[tuple[str, str]], program: Path, folder: Path) -> str:
    """Type into a shell on a terminal, waiting for the expected output after each step."""
    import pty

    child, terminal = pty.fork()
    if not child:  # pragma: no cover
        os.chdir(folder)
        os.execvpe(argv[0], argv, environment(program))
    seen = ""
    try:
        for keys, wanted in steps:
            os.write(terminal, keys.encode())
            seen, until = "", time.monotonic() + 60
            while wanted not in seen and time.monotonic() < until:
                if select.select([terminal], [], [], 0.5)[0]:
                    seen += os.read(terminal, 65536).decode(errors="replace")
            assert wanted in seen, (keys, seen)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    return seen


def test_a_tab_in_bash_completes(project: Path, program: Path) -> None:
    """Typed on a real terminal: a command, a binding behind = and a file."""
    steps = [
        ("source <(kvlens completion bash); echo re''ady\n", "ready"),
        ("kvlens ke\t", "kvlens key "),
        ("ge\t", "get "),
        ("--binding=FL\t", "--binding=FLAGS "),
        ("--config wr\t", "--config wrangler.toml "),
    ]
    typed(["bash", "--norc", "--noprofile", "-i"], steps, program, project)


# -- zsh and fish -----------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert script == SHELLS[shell].script
    assert f"completion {shell} -- " in script
    assert script.count("{") == script.count("}")
    assert script.count("(") == script.count(")")
    opened = [line.split()[0] for line in script.splitlines() if line.split()]
    if shell == "fish":
        assert opened.count("end") == sum(opened.count(word) for word in ("function", "if"))
        assert "complete --command kvlens" in script
    else:
        assert opened.count("fi") == opened.count("if")
        assert opened.count("done") == opened.count("while")
        assert "_kvlens kvlens" in script
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=script, text=True, check=True)


SHOWN = {
    # shell: what it is given for a word with a colon and an explanation
    "bash": ["wrangler:"],
    "zsh": [r"wrangler\::wrangler: or wrangler:PATH"],
    "fish": ["wrangler:\twrangler: or wrangler:PATH"],
}


@pytest.mark.parametrize(("shell", "lines"), SHOWN.items(), ids=SHOWN)
def test_a_candidate_is_shown_as_the_shell_takes_it(
    shell: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["key", "get", "--store", "wr"]
    passed = ["kvlens " + " ".join(words)] if shell == "bash" else words
    assert main(["completion", shell, "--", *passed]) == 0
    assert capsys.readouterr().out.splitlines() == lines
