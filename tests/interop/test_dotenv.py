"""The variables of a Worker: the expected values, wrangler's and ours are the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kvlens.worker.config import read_worker_config
from kvlens.worker.dotenv import expand
from kvlens.worker.errors import WorkerError

HERE = Path(__file__).parent
TOKEN = {"required": ["TOKEN"]}
CASES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("of the report", {".env": "A=one\nB=${A}-two\nC=${X:-d}\nD=\\$A"},
     {"A": "one", "B": "one-two", "C": "d", "D": "$A"}),
    ("plain names", {".env": "A=one\nB=$A/$A\nC=$A_x\nD=$Z\nE=a$"},
     {"A": "one", "B": "one/one", "C": "", "D": "", "E": "a$"}),
    ("one that comes later", {".env": "A=${B}\nB=later"}, {"A": "", "B": "later"}),
    ("quotes", {".env": "B=x\nC='${B}'\nD=\"${B}\"\nE=`$B`"},
     {"B": "x", "C": "x", "D": "x", "E": "x"}),
    ("operators", {".env": "A=\nB=${A:-d}\nC=${A-d}\nD=${A:+y}\nE=${B:+y}\nF=${B+y-z}"},
     {"A": "", "B": "d", "C": "d", "D": "", "E": "y", "F": "y-z"}),
    ("in one another", {".env": "A=${B:-${C:-deep}}\nC=c\nD=${B:-${C:-deep}}"},
     {"A": "deep", "C": "c", "D": "c"}),
    ("two dollars", {".env": "P=a$$b\nQ=x\nR=${Q}$$\nS=$$Q"},
     {"P": "a$", "Q": "x", "R": "x$$", "S": ""}),
    ("escaped", {".env": "A=\\$x\nB=${A}\nC=1$A"}, {"A": "$x", "B": "$x", "C": "1"}),
    ("itself", {".env": "A=$A\nB=${B:-x}"}, {"A": "", "B": "x"}),
    ("JavaScript's patterns", {".env": "A=pa$$ss\nB=[${A}]\nC=$`"},
     {"A": "pa$", "B": "[pa$]", "C": "$`"}),
    ("local over it", {".env": "A=1\nB=$A", ".env.local": "A=2"}, {"A": "2", "B": "2"}),
    ("an environment's over both",
     {".env": "A=1", ".env.local": "A=2\nC=$A", ".env.x": "A=3", ".env.x.local": "B=4"},
     {"A": "3", "C": "3", "B": "4"}),
    (".dev.vars, not expanded", {".dev.vars": "A=one\nB=${A}", ".env": "C=1"},
     {"A": "one", "B": "${A}"}),
    ("an environment's alone", {".dev.vars": "A=one", ".dev.vars.x": "B=${A}"}, {"B": "${A}"}),
    ("required", {".env": "TOKEN=t\nOTHER=o", "secrets": TOKEN, "vars": {"V": "v"}},
     {"V": "v", "TOKEN": "t"}),
    ("required, of the shell",
     {".env": "OTHER=o\nV=secret", "secrets": TOKEN, "vars": {"V": "v"}, "shell": {"TOKEN": "s"}},
     {"V": "secret", "TOKEN": "s"}),
    ("the shell over the file", {".env": "TOKEN=file", "secrets": TOKEN, "shell": {"TOKEN": "s"}},
     {"TOKEN": "s"}),
    (".dev.vars, not the shell", {".dev.vars": "O=o", "secrets": TOKEN, "shell": {"TOKEN": "s"}}, {}),
    ("none required", {".env": "A=1", "secrets": {}}, {}),
    ("not the shell", {".env": "A=x$OF_SHELL", "shell": {"OF_SHELL": "s"}}, {"A": "x"}),
    ("the shell where it is asked for",
     {".env": "OF_SHELL=f", "shell": {"OF_SHELL": "s$", "CLOUDFLARE_INCLUDE_PROCESS_ENV": "true"}},
     {"OF_SHELL": "s$"}),
    ("no files where none are asked for",
     {".env": "A=1", "shell": {"CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV": "false"}}, {}),
]  # fmt: skip


def parts(given: dict[str, Any]) -> dict[str, Any]:
    """Return a case in the form for wrangler."""
    files = {name: text for name, text in given.items() if name.startswith(".")}
    environment = "x" if any(name.endswith(".x") for name in files) else None
    more: dict[str, Any] = {name: given[name] for name in ("secrets", "shell") if name in given}
    return {"files": files, "environment": environment, "vars": given.get("vars", {}), **more}


@pytest.fixture(scope="module")
def wrangler() -> list[dict[str, str]]:
    """Run wrangler on all cases."""
    asked = [
        {name: value for name, value in parts(given).items() if value is not None}
        for _, given, _ in CASES
    ]
    ran = subprocess.run(
        ["node", "dotenv.mjs"],
        cwd=HERE,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, str]] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("number", [pytest.param(n, id=case[0]) for n, case in enumerate(CASES)])
def test_variables_are_wranglers(
    number: int,
    wrangler: list[dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, given, expected = CASES[number]
    case = parts(given)
    for name, text in case["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, value in case.get("shell", {}).items():
        monkeypatch.setenv(name, value)
    config = {"vars": case["vars"], "env": {"x": {"vars": case["vars"]}}}
    if "secrets" in case:
        config |= {"secrets": case["secrets"]}
    (tmp_path / "wrangler.json").write_text(json.dumps(config), encoding="utf-8")
    ours = dict(read_worker_config(tmp_path / "wrangler.json", case["environment"]).variables)
    theirs = wrangler[number]
    if case.get("shell", {}).get("CLOUDFLARE_INCLUDE_PROCESS_ENV"):
        ours, theirs = ({"OF_SHELL": found["OF_SHELL"]} for found in (ours, theirs))
    assert theirs == expected
    assert ours == expected


def test_a_value_without_end_is_refused(tmp_path: Path) -> None:
    """wrangler uses up memory until it is killed."""
    with pytest.raises(ValueError, match="B refers to itself"):
        expand({"A": "pa$&ss", "B": "[${A}]"})
    (tmp_path / "wrangler.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".env").write_text("A=pa$&ss\nB=[${A}]\n", encoding="utf-8")
    with pytest.raises(
        WorkerError, match=r"\.env: B refers to itself; its value would have no end"
    ):
        read_worker_config(tmp_path / "wrangler.json")
