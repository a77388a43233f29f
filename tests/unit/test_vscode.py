"""The debug configurations of this repository name existing things."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LAUNCH: dict[str, Any] = json.loads((ROOT / ".vscode/launch.json").read_text("utf-8"))
TASKS: dict[str, Any] = json.loads((ROOT / ".vscode/tasks.json").read_text("utf-8"))
LABELS = {task["label"]: task for task in TASKS["tasks"]}
CONFIGURATIONS = {one["name"]: one for one in LAUNCH["configurations"]}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_task_that_comes_first_exists(name: str) -> None:
    assert CONFIGURATIONS[name].get("preLaunchTask", "check") in LABELS


def test_a_compound_starts_configurations_that_exist() -> None:
    for compound in LAUNCH["compounds"]:
        assert set(compound["configurations"]) <= set(CONFIGURATIONS)


def test_extension_server_and_task_use_one_port() -> None:
    port = CONFIGURATIONS["Extension"]["env"]["KVLENS_DEBUGPY"]
    assert str(CONFIGURATIONS["Server"]["connect"]["port"]) == port
    assert LABELS["wait for the server"]["args"][-1] == port
    assert "process.env.KVLENS_DEBUGPY" in (ROOT / "extension/src/development.ts").read_text(
        "utf-8"
    )


def test_the_extension_that_is_debugged_is_the_one_that_is_built() -> None:
    arguments = " ".join(CONFIGURATIONS["Extension"]["args"])
    for named in re.findall(r"\$\{workspaceFolder\}/(\w+)", arguments):
        assert (ROOT / named).is_dir(), named
    manifest = json.loads((ROOT / "extension/package.json").read_text("utf-8"))
    build = LABELS["build the extension"]
    words = build["command"].split()
    assert words[0] == "npm"
    assert words[words.index("--") - 1] in manifest["scripts"]
    assert words[-1] in (ROOT / "extension/esbuild.mjs").read_text("utf-8")


@pytest.mark.parametrize("label", LABELS)
def test_a_module_that_a_task_runs_exists(label: str) -> None:
    task = LABELS[label]
    arguments = task.get("args", [])
    if "-m" in arguments:
        module = arguments[arguments.index("-m") + 1]
        assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file()
    elif task["command"] == "make":
        assert f"\n{arguments[0]}:" in (ROOT / "Makefile").read_text("utf-8")
    else:
        assert task["command"].startswith("npm run ")
