"""If there is nothing to show, the view says what to do next."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from scripts.workbench import Workbench
from tests.editor.conftest import Open
from tests.editor.window import START


def test_a_folder_without_a_config_gets_one(open_window: Open, tmp_path: Path) -> None:
    window = open_window(tmp_path)
    window.show_view()
    expect(window.welcome()).to_contain_text("There is no config of a Worker", timeout=START)
    window.shot("no-config")
    window.welcome().get_by_text("Create wrangler.jsonc").click()
    window.tab("wrangler.jsonc")
    window.running()
    expect(window.see("MY_KV")).to_contain_text("0 keys · local")
    window.shot("created")


def test_a_workspace_without_folders_says_so_until_it_has_some(
    open_window: Open, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    for folder, binding in ((tmp_path, "OUTER"), (tmp_path / "sub", "INNER")):
        text = f'[[kv_namespaces]]\nbinding = "{binding}"\n'
        (folder / "wrangler.toml").write_text(text, encoding="utf-8")
    workspace = tmp_path / "w.code-workspace"
    workspace.write_text('{"folders": []}', encoding="utf-8")
    window = open_window(workspace)
    window.show_view()
    expect(window.welcome()).to_contain_text("This workspace has no folders.", timeout=START)
    window.shot("no-folders")
    workspace.write_text('{"folders": [{"path": "."}, {"path": "sub"}]}', encoding="utf-8")
    for label in ("OUTER", "INNER"):
        window.see(label)
    window.shot("folders")


def test_a_config_without_namespaces_gets_one(open_window: Open, tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text('name = "bare" # nothing else\n', encoding="utf-8")
    window = open_window(tmp_path)
    window.show_view()
    expect(window.welcome()).to_contain_text("declares no KV namespaces yet", timeout=START)
    window.shot("no-namespaces")
    window.welcome().get_by_text("Add Namespace").click()
    window.answer("MY_KV")
    window.see("MY_KV")
    window.shot("added")
    text = config.read_text(encoding="utf-8")
    assert text.startswith('name = "bare" # nothing else\n')
    assert '"MY_KV"' in text


@pytest.mark.skipif(os.name == "nt", reason="no pipes there")
def test_keys_that_are_out_of_reach_are_not_an_empty_namespace(
    open_window: Open, tmp_path: Path
) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text('[[kv_namespaces]]\nbinding = "CARTS"\nid = "carts"\n', encoding="utf-8")
    pipe = tmp_path / ".wrangler"
    os.mkfifo(pipe)
    window = open_window(tmp_path)
    window.show_view()
    window.running()
    window.expand("CARTS")
    window.see(
        f"{pipe} is a named pipe, not a folder. Remove it, or choose another store, such as "
        "wrangler:PATH."
    )
    window.shot("out-of-reach")
    pipe.unlink()
    window.see("No keys yet: seed from a file…")


def test_several_projects_are_told_apart(open_window: Open, tmp_path: Path) -> None:
    for name in ("api", "site"):
        folder = tmp_path / name
        folder.mkdir()
        text = f'name = "{name}"\n[[kv_namespaces]]\nbinding = "{name.upper()}"\nid = "{name}"\n'
        (folder / "wrangler.toml").write_text(text, encoding="utf-8")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "wrangler.jsonc").write_text('{"name": "bare"}', encoding="utf-8")
    if os.name != "nt":
        (tmp_path / "pipe").mkdir()
        os.mkfifo(tmp_path / "pipe" / "wrangler.toml")
    window = open_window(tmp_path)
    window.show_view()
    for label in ("api/wrangler.toml", "API", "site/wrangler.toml", "SITE"):
        window.see(label)
    window.see("No KV namespaces yet: add one…")
    if os.name != "nt":
        rows = window.page.locator(".sidebar .monaco-list-row", has_text="pipe/wrangler.toml: ")
        expect(rows).to_contain_text("is this the right file?")
    window.shot("projects")


def test_a_port_that_is_taken_is_told(open_window: Open, project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (project / ".vscode").mkdir()
        settings = project / ".vscode" / "settings.json"
        settings.write_text(f'{{"kvlens.port": {port}}}', encoding="utf-8")
        window = open_window(project)
        window.show_view()
        failed = window.page.locator(".sidebar .monaco-list-row", has_text="The emulator failed")
        expect(failed).to_contain_text(str(port), timeout=START)
        window.see("SESSIONS")
        window.shot("taken")
    failed.click()
    window.running()
    expect(window.status()).to_contain_text(f"127.0.0.1:{port}")
    expect(failed).to_have_count(0)


@pytest.fixture
def use_python(workbench: Workbench) -> Iterator[type[Interpreter]]:
    """Yield a setter for the interpreter in the machine's settings, and undo it."""
    Interpreter.file = workbench.data / "user-data" / "Machine" / "settings.json"
    yield Interpreter
    Interpreter.set("")


class Interpreter:
    """The setting kvlens.interpreter."""

    file: Path

    @classmethod
    def set(cls, path: str) -> None:
        """Write the machine's settings."""
        cls.file.parent.mkdir(parents=True, exist_ok=True)
        text = f'{{"kvlens.interpreter": "{path}"}}' if path else "{}"
        cls.file.write_text(text, encoding="utf-8")


def test_a_missing_python_is_told(
    open_window: Open, project: Path, tmp_path: Path, use_python: type[Interpreter]
) -> None:
    use_python.set("/nowhere/python3")
    window = open_window(project)
    window.show_view()
    toast = window.toast("KV Lens needs Python 3.10 to 3.14.")
    expect(toast).to_contain_text("kvlens.interpreter is /nowhere/python3, which does not exist")
    expect(window.welcome()).to_contain_text("KV Lens needs Python 3.10 or newer")
    window.shot("missing")

    # for one that is too old, its version is shown
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\necho '3.8.20|/usr/bin/python3.8'\nexit 1\n", encoding="utf-8")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    use_python.set(str(old))
    expect(window.toast("is Python 3.8.20, too old")).to_be_visible()
    window.shot("old")

    # with a suitable one, everything starts automatically
    use_python.set("")
    window.running()
    window.see("SESSIONS")


def test_a_python_of_the_workspace_is_not_run(open_window: Open, project: Path) -> None:
    """The environment can't name one either: PATH is only searched outside the workspace."""
    marker = project / "executed"
    for folder in (project, project / "node_modules" / ".bin", project / ".venv" / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
        fake = folder / "python3"
        fake.write_text(f"#!/bin/sh\ntouch '{marker}'\nexit 1\n", encoding="utf-8")
        fake.chmod(0o755)
    window = open_window(project)
    window.show_view()
    window.running()
    assert not marker.exists()
    assert os.access(project / "python3", os.X_OK)
