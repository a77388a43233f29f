"""Commands are found by their files: a new file is a new command, in the shell or the editor."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import kvlens
import pytest
from kvlens.cli import COMMANDS, SECTIONS, commands
from kvlens.lsp.command import Command
from kvlens.lsp.execute_command import COMMANDS as EDITOR_COMMANDS
from kvlens.lsp.execute_command import sentence

from scripts.generate.schema import Schema
from scripts.generate.tree import Tree

ROOT = Path(__file__).parents[2]

OPERATION = """\
'''Count the keys with a prefix.'''

from kvlens.operations.list_keys import pages
from kvlens.operations.target import Target


async def audit_keys(target: Target, prefix: str) -> int:
    '''Return how many keys start with a prefix.'''
    return sum([len(page.keys) async for page in pages(target, prefix=prefix)])
"""
SHELL = """\
'''Count the keys with a prefix.'''

from kvlens.cli.common import find_target, namespace_options, run
from kvlens.cli.frame import Argument, Command, Options
from kvlens.operations.audit_keys import audit_keys


def _count(options: Options) -> int:
    target = find_target(options)
    print(run(target.scope, audit_keys(target, options.words[0])))
    return 0


COMMAND = Command("Count the keys with a prefix.", _count, namespace_options, (Argument("P", "p"),))
"""
EDITOR = """\
'''`kvlens.auditKeys`: count the keys with a prefix.'''

from __future__ import annotations

from typing import TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_target
from kvlens.operations.audit_keys import audit_keys


class Parameters(Target):
    prefix: str


class Result(TypedDict):
    keys: int


async def run(server, params) -> Result:
    return {"keys": await audit_keys(await find_target(server, params), params.text("prefix"))}


COMMAND = Command(run)
"""
PALETTE = """\
/** Count the keys with a prefix. */

import { type Contribution, type Parts, type Subject, target } from '../command';
import { brief } from '../messages';

export const contribution: Contribution = {
    title: 'Audit Keys…',
    about: 'Count the keys with a prefix',
    menus: { 'view/title': [{ when: 'view == kvlens.namespaces', group: '1_keys@1' }] },
    keybinding: { key: 'ctrl+k ctrl+n', when: 'focusedView == kvlens.namespaces' },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const namespace = await target(parts, node, 'Audit Keys');
    const { keys } = await parts.server.ask('kvlens.auditKeys', { ...namespace, prefix: '' });
    brief(keys.toLocaleString('en'));
}
"""
PROGRAM = """\
import asyncio, json, sys
from pathlib import Path
from types import SimpleNamespace
from lsprotocol.types import ExecuteCommandParams
from kvlens.lsp import execute_command
from kvlens.lsp.settings import Settings
from kvlens.workspace.project import Project

project = Project(Path("wrangler.toml"))
project.label, store = "wrangler.toml", project.open_store()


async def open_store():
    return store


async def main():
    found = asyncio.Event()
    found.set()
    project.emulator = SimpleNamespace(store=open_store)
    server = SimpleNamespace(found=found, projects=[project], settings=Settings(trusted=True))
    params = ExecuteCommandParams("kvlens.auditKeys", [{"binding": "ONE", "prefix": "a"}])
    print(json.dumps(await execute_command.run(server, params)))
    await store.close()


print(json.dumps([name for name in sys.modules if name.startswith("kvlens.lsp.commands.")]))
asyncio.run(main())
"""
COMPLETED = """\
import json
from kvlens.cli.candidates import candidates
print(json.dumps([one.word for one in candidates(["key", ""])]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the package with one more command in a folder with a project."""
    package = Path(kvlens.__file__).parent
    copy = tmp_path / "server" / "kvlens"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in {
        "operations/audit_keys.py": OPERATION,
        "cli/commands/key_audit.py": SHELL,
        "lsp/commands/audit_keys.py": EDITOR,
    }.items():
        (copy / name).write_text(text, encoding="utf-8")
    config = "kv_namespaces = [{ binding = 'ONE', id = '1d' }]\n"
    (tmp_path / "wrangler.toml").write_text(config, encoding="utf-8")
    return tmp_path


def python(folder: Path, *words: str) -> str:
    """Run Python with the changed package, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "server")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


def test_a_new_file_is_a_new_command(project: Path) -> None:
    on = ("--binding", "ONE")
    for key in ("a1", "a2", "b"):
        python(project, "-m", "kvlens", "key", "put", key, "v", *on)
    assert python(project, "-m", "kvlens", "key", "audit", "a", *on) == "2\n"
    page = python(project, "-m", "kvlens", "key", "--help")
    assert "kvlens key audit P          Count the keys with a prefix" in page
    assert "audit" in json.loads(python(project, "-c", COMPLETED))
    imported, answer = map(json.loads, python(project, "-c", PROGRAM).splitlines())
    assert (imported, answer) == ([], {"keys": 2})


STEMS = sorted(
    path.stem for path in Path(commands.__path__[0]).glob("*.py") if path.stem != "__init__"
)


@pytest.mark.parametrize("stem", STEMS)
def test_a_file_is_a_command_or_the_summary_of_a_group(stem: str) -> None:
    module = importlib.import_module(f"{commands.__name__}.{stem}")
    group, _, verb = stem.partition("_")
    is_group = not verb and any(other.startswith(f"{stem}_") for other in STEMS)
    assert hasattr(module, "COMMAND") == (not is_group)
    assert group in COMMANDS
    assert COMMANDS[group].section in SECTIONS
    assert verb or (module.__doc__ or "").startswith(f"{COMMANDS[group].summary}.\n")


@pytest.mark.parametrize("name", EDITOR_COMMANDS)
def test_a_file_has_the_command_of_the_editor_that_it_names(name: str) -> None:
    command = EDITOR_COMMANDS[name]
    module = importlib.import_module(command.run.__module__)
    assert isinstance(command, Command)
    assert (module.__doc__ or "").startswith(f"`{name}`: ")


TYPES = {one.id: one for one in Schema(Tree(ROOT)).commands()}


@pytest.mark.parametrize("name", EDITOR_COMMANDS)
def test_a_command_reads_the_parameters_that_it_declares(name: str) -> None:
    """targets.py reads the parameters of a namespace, a project or a part of it."""
    command = TYPES[name]
    text = (ROOT / command.module.path).read_text("utf-8")
    read = set(re.findall(r'params\.(?:texts?|get|sent\.get)\(\s*"(\w+)"', text))
    read |= {"text", "base64"} if "value_of(params)" in text else set()
    read |= {"binding"} if "find_only(" in text else set()
    read |= {"environment"} if "find_scope(" in text else set()
    own = {field.name for field in command.parameters.own}
    assert read - {"config"} <= own | {"environment"}
    assert own <= read


SENTENCES = {
    "no key": ('no key "k"', 'No key "k".'),
    "whole": ("No key.", "No key."),
    "a file first": ("export.json: is a folder", "export.json: is a folder."),
    "a path first": ("apps/two: no", "apps/two: no."),
    "a quote first": ('"s" has none', '"s" has none.'),
}


@pytest.mark.parametrize(("text", "shown"), SENTENCES.values(), ids=SENTENCES)
def test_the_editor_shows_sentences(text: str, shown: str) -> None:
    assert sentence(text) == shown
