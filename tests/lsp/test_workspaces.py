"""Several folders, many configs, unsaved texts: each file with its own project."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import kvlens
import pytest
import pytest_asyncio
from kvlens.process import own_command
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from tests.lsp import conftest
from tests.lsp.conftest import Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
SETTLED = 0.5  # seconds; long enough for a search of a few thousand folders
ID = "0f2ac74b498b48028cb68387c421e279"


def config(*bindings: str, main: bool = True) -> str:
    """Return a config with these namespaces."""
    head = 'name = "w"\n' + ('main = "src/index.ts"\n' if main else "")
    return head + "".join(f'[[kv_namespaces]]\nbinding = "{name}"\n' for name in bindings)


def worker(*lines: str) -> str:
    """Return a Worker with these lines, which use `env`."""
    body = "".join(f"    {line}\n" for line in lines)
    return (
        'import { Env } from "./env";\n'
        "export default {\n  async fetch(request: Request, env: Env) {\n"
        f"{body}    return new Response();\n  }},\n}};\n"
    )


def env(*bindings: str) -> str:
    """Return the types of a Worker's bindings."""
    return "".join(f"export interface Env {{ {name}: KVNamespace }}\n" for name in bindings)


FILES: dict[str, str] = {
    # one folder is a Worker that contains another, the other has several Workers
    "site/wrangler.toml": config("PAGES"),
    "site/src/env.ts": env("PAGES"),
    "site/src/index.ts": worker('await env.PAGES.put("a", "b", { expirationTtl: 5 });'),
    "site/jobs/wrangler.jsonc": '{ "name": "j", "main": "src/index.ts", "kv_namespaces":'
    ' [{ "binding": "JOBS" }, { "binding": "IDLE" }] }\n',
    "site/jobs/src/env.ts": env("JOBS"),
    "site/jobs/src/index.ts": worker(
        'await env.JOBS.get("a");', 'await env.PAGES.getWithMetadata("a");'
    ),
    "apps/one/wrangler.toml": config("CACHE"),
    "apps/one/wrangler.json": '{ "kv_namespaces": 5 }',
    "apps/two/wrangler.toml": config("CACHE", "STORE"),
    "apps/two/src/env.ts": env("CACHE", "STORE"),
    "apps/two/src/index.ts": worker('await env.CACHE.get("a");', 'await env.STORE.delete(["a"]);'),
    "apps/three/wrangler.toml": config("CACHE"),
    "apps/three/src/env.ts": env("CACHE"),
    "apps/three/src/index.ts": worker('await env.CACHE.get("");'),
    "apps/three/src/job.ts": 'import { save } from "../../shared/save";\n'
    "export const job = (env) => save(env.CACHE);\n",
    "apps/shared/save.ts": 'export const save = (kv) => kv.put("", "v");\n',
    "apps/loose.ts": "export const f = (kv: KVNamespace) => kv.put('k', 'v', { expirationTtl: 1 });\n",
}
FOLDERS = ("site", "apps")
LANGUAGES = {".toml": "toml", ".json": "json", ".jsonc": "jsonc", ".ts": "typescript"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """A server with both folders open, no emulator running."""
    root = tmp_path_factory.mktemp("two folders ŋ")
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    async with connected(root, {"store": "memory:"}, names=FOLDERS) as client:
        configs = {uri(client, name) for name in FILES if "wrangler" in name}
        configs.discard(uri(client, "apps/one/wrangler.toml"))  # wrangler uses the one next to it
        await until(lambda: configs <= set(client.diagnostics))
        yield client


def uri(editor: Editor, name: str) -> str:
    """Return a file's address."""
    return (editor.folder / name).as_uri()


@contextlib.asynccontextmanager
async def open_document(editor: Editor, name: str, text: str | None = None) -> AsyncIterator[str]:
    """Open a file with its text on disk or another text; close it at the end."""
    address = uri(editor, name)
    content = FILES[name] if text is None else text
    editor.diagnostics.pop(address, None)
    item = types.TextDocumentItem(address, LANGUAGES[Path(name).suffix], 1, content)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    yield address
    document = types.TextDocumentIdentifier(address)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


def change(editor: Editor, address: str, version: int, text: str) -> None:
    """Edit a text without saving it."""
    editor.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, address),
            [types.TextDocumentContentChangeWholeDocument(text)],
        )
    )


def codes(editor: Editor, address: str) -> list[Any] | None:
    """Return the last diagnostics of a text; None if there are none yet."""
    found = editor.diagnostics.get(address)
    return None if found is None else [problem.code for problem in found]


PROBLEMS: dict[str, list[str]] = {
    "site/src/index.ts": ["ttl-out-of-range"],
    "site/jobs/src/index.ts": ["binding-undeclared"],
    "site/jobs/wrangler.jsonc": ["binding-unused"],
    "apps/two/src/index.ts": ["delete-array"],
    "apps/three/src/index.ts": ["key-invalid"],
    "apps/shared/save.ts": ["key-invalid"],
    "apps/loose.ts": ["ttl-out-of-range"],
    "apps/one/wrangler.json": ["kv-not-array"],
}


@pytest.mark.parametrize(("name", "expected"), PROBLEMS.items(), ids=PROBLEMS)
async def test_a_file_is_read_with_its_own_project(
    many: Editor, name: str, expected: list[str]
) -> None:
    async with open_document(many, name) as address:
        await until(lambda: codes(many, address) == expected)


async def test_the_shell_says_the_same(many: Editor) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        own_command("check", "--output-format", "json", *FOLDERS, "apps/loose.ts"),
        cwd=many.folder,
        stdout=subprocess.PIPE,
        check=False,
    )
    checked: dict[str, list[Any]] = {}
    for problem in json.loads(done.stdout):
        found = (problem["range"], problem["code"], problem["severity"], problem["message"])
        checked.setdefault(problem["file"], []).append(found)
    assert checked
    names = {1: "error", 2: "warning", 3: "information"}
    for name in FILES:
        async with open_document(many, name) as address:

            def said(name: str = name, address: str = address) -> bool:
                shown = [
                    (
                        {
                            side: {
                                "line": getattr(p.range, side).line,
                                "character": getattr(p.range, side).character,
                            }
                            for side in ("start", "end")
                        },
                        p.code,
                        names[p.severity or 0],
                        p.message,
                    )
                    for p in many.diagnostics.get(address, ())
                ]
                return address in many.diagnostics and shown == checked.get(name, [])

            await until(said)


async def test_labels_tell_folders_apart(many: Editor) -> None:
    found = await run(many, "kvlens.namespaces")
    labels = {project["label"]: [n["binding"] for n in project["namespaces"]] for project in found}
    assert labels == {
        "site/wrangler.toml": ["PAGES"],
        "site/jobs/wrangler.jsonc": ["JOBS", "IDLE"],
        "apps/one/wrangler.json": [],
        "apps/three/wrangler.toml": ["CACHE"],
        "apps/two/wrangler.toml": ["CACHE", "STORE"],
    }


async def test_commands_go_to_the_config_that_they_name(many: Editor) -> None:
    async def get(name: str) -> Any:
        return await run(
            many, "kvlens.get", config=uri(many, name), environment=None, binding="CACHE", key="k"
        )

    first, second = "apps/two/wrangler.toml", "apps/three/wrangler.toml"
    for name in (first, second):
        await run(
            many,
            "kvlens.put",
            config=uri(many, name),
            environment=None,
            binding="CACHE",
            key="k",
            text=f"of {name}",
        )
    for name in (first, second):
        assert (await get(name))["text"] == f"of {name}"
    with pytest.raises(JsonRpcException, match="config"):
        await run(many, "kvlens.get", environment=None, binding="CACHE", key="k")


async def test_a_rename_stays_in_its_project(many: Editor) -> None:
    name = "apps/two/src/index.ts"
    async with open_document(many, name) as address:
        lines = FILES[name].split("\n")
        line = next(number for number, text in enumerate(lines) if "env.CACHE" in text)
        place = types.Position(line, lines[line].index("CACHE"))
        document = types.TextDocumentIdentifier(address)
        edit = await many.text_document_rename_async(types.RenameParams(document, place, "HEAP"))
        assert edit
        assert edit.changes
        changed = {os.path.relpath(to_fs_path(u) or "", many.folder) for u in edit.changes}
    assert {Path(one).as_posix() for one in changed} == {
        "apps/two/wrangler.toml",
        "apps/two/src/env.ts",
        "apps/two/src/index.ts",
    }


async def test_a_config_that_is_not_saved_counts_for_the_code(many: Editor) -> None:
    source, owner = "site/jobs/src/index.ts", "site/jobs/wrangler.jsonc"
    async with open_document(many, source) as code, open_document(many, owner) as declared:
        await until(lambda: codes(many, code) == ["binding-undeclared"])
        edited = FILES[owner].replace('"IDLE"', '"PAGES"')
        change(many, declared, 2, edited)
        await until(lambda: codes(many, code) == [])
        await until(lambda: codes(many, declared) == [])
        change(many, declared, 3, FILES[owner])
        await until(lambda: codes(many, code) == ["binding-undeclared"])
        await until(lambda: codes(many, declared) == ["binding-unused"])
        change(many, declared, 4, edited)
        await until(lambda: codes(many, code) == [])
    async with open_document(many, source) as code:  # closed unsaved: the file on disk counts again
        await until(lambda: codes(many, code) == ["binding-undeclared"])


async def test_code_that_is_not_saved_counts_for_the_config(many: Editor) -> None:
    source, owner = "site/jobs/src/index.ts", "site/jobs/wrangler.jsonc"
    uses = FILES[source].replace("env.PAGES", "env.IDLE")
    async with open_document(many, source, uses) as code, open_document(many, owner) as declared:
        await until(lambda: codes(many, code) == [])
        await until(lambda: codes(many, declared) == [])
        change(many, code, 2, FILES[source])
        await until(lambda: codes(many, code) == ["binding-undeclared"])


async def test_a_folder_can_come_and_go(many: Editor) -> None:
    root = many.folder / "late"
    root.mkdir()
    (root / "wrangler.toml").write_text("kv_namespaces = 7\n", encoding="utf-8")
    folder = types.WorkspaceFolder(root.as_uri(), "late")
    address = (root / "wrangler.toml").as_uri()
    event = types.WorkspaceFoldersChangeEvent(added=[folder], removed=[])
    many.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await until(lambda: codes(many, address) == ["kv-not-array"])
    event = types.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
    many.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await until(lambda: codes(many, address) == [])
    found = await run(many, "kvlens.namespaces")
    assert "late/wrangler.toml" not in [project["label"] for project in found]


CHANGES: dict[str, tuple[list[str], str | None, list[tuple[list[str], list[str]]], list[str]]] = {
    # the folders at the start, the root, then those that come and go; the folders in the end
    "after the start": ([], None, [(["a", "a/b"], [])], ["a", "a/b"]),
    "in two steps": (["a"], None, [(["slow"], []), (["a/b"], ["slow"])], ["a", "a/b"]),
    "before the first search ends": (["slow"], None, [(["a/b"], ["slow"])], ["a/b"]),
    "renamed": (["a/b"], None, [(["a/b"], ["a/b"])], ["a/b"]),
    "without folders, but a root": ([], "a/b", [], ["a/b"]),
    "the last one goes": (["a/b"], "a/b", [([], ["a/b"])], []),
}


@pytest.mark.parametrize(("names", "root", "steps", "expected"), CHANGES.values(), ids=CHANGES)
async def test_the_projects_are_those_of_the_current_folders(
    tmp_path: Path,
    names: list[str],
    root: str | None,
    steps: list[tuple[list[str], list[str]]],
    expected: list[str],
) -> None:
    for name in ("a", "a/b", "slow"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "wrangler.toml").write_text(config("KV"), encoding="utf-8")
    for number in range(3000 if "slow" in str((names, steps)) else 0):
        (tmp_path / "slow" / str(number)).mkdir()

    def folders(chosen: list[str]) -> list[types.WorkspaceFolder]:
        return [types.WorkspaceFolder((tmp_path / one).as_uri(), one) for one in chosen]

    options = {"store": "memory:", "autoStart": False}
    async with connected(tmp_path, options, names=names, root=root) as client:
        if "slow" not in names:
            await run(client, "kvlens.namespaces")  # the first search has ended
        for added, removed in steps:
            event = types.WorkspaceFoldersChangeEvent(folders(added), folders(removed))
            client.workspace_did_change_workspace_folders(
                types.DidChangeWorkspaceFoldersParams(event)
            )
        found = await run(client, "kvlens.namespaces")
        configs = [(tmp_path / name / "wrangler.toml").as_uri() for name in expected]
        assert [project["config"] for project in found] == configs
        labels = [
            f"{name}/wrangler.toml" if len(expected) > 1 else "wrangler.toml" for name in expected
        ]
        assert [project["label"] for project in found] == labels
        await asyncio.sleep(SETTLED)  # a search that is still running changes nothing
        assert await run(client, "kvlens.namespaces") == found


async def test_the_emulator_starts_with_a_folder_that_comes_late(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(config("KV"), encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:"}, names=()) as client:
        assert await run(client, "kvlens.namespaces") == []
        added = types.WorkspaceFolder(tmp_path.as_uri(), "late")
        event = types.WorkspaceFoldersChangeEvent(added=[added], removed=[])
        client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await until(lambda: [note for note in client.notes if note[0] == "kvlens/status"])


async def projects_when(client: Editor, is_so: Callable[[list[Any]], bool]) -> list[Any]:
    """Return the projects as soon as they are as expected."""
    for _ in range(400):
        if is_so(found := await run(client, "kvlens.namespaces")):
            break
        await asyncio.sleep(0.05)
    assert is_so(found)
    return list(found)


def report(client: Editor, path: Path, kind: types.FileChangeType) -> None:
    """Report a change of a file like an editor."""
    event = types.FileEvent(path.as_uri(), kind)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_a_syntax_error_leaves_the_namespaces_as_they_were(tmp_path: Path) -> None:
    path, whole = tmp_path / "wrangler.toml", config("KV")
    path.write_text(whole, encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:"}) as client:
        await run(client, "kvlens.put", binding="KV", key="a", text="1")
        broken = whole.replace("[[kv_namespaces]]", "kv_namespaces = [[[")
        for text, line in ((broken, 4), (whole, None)):
            path.write_text(text, encoding="utf-8")
            report(client, path, types.FileChangeType.Changed)
            is_told = partial(lambda line, all_: all_[0].get("problemLine") == line, line)
            (project,) = await projects_when(client, is_told)
            assert [(n["binding"], n["keys"]) for n in project["namespaces"]] == [("KV", 1)]
            assert project["unclaimed"] == []
            assert bool(project["problem"]) is (line is not None)


async def test_a_config_that_comes_back_has_its_address_again(tmp_path: Path) -> None:
    path, away = tmp_path / "wrangler.toml", tmp_path / "away.toml"
    path.write_text(config("KV"), encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:"}) as client:
        before = await run(client, "kvlens.address")
        path.rename(away)
        report(client, path, types.FileChangeType.Deleted)
        await projects_when(client, lambda found: not found)
        away.rename(path)
        report(client, path, types.FileChangeType.Created)
        await projects_when(client, bool)
        assert await run(client, "kvlens.address") == before


async def test_a_missing_package_comes_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "server" / "kvlens"  # a module beside it hides the package
    shutil.copytree(Path(kvlens.__file__).parent, copy)
    (copy.parent / "cloudflare.py").write_text("raise ImportError('No module')", encoding="utf-8")
    command = [sys.executable, "-I", str(copy / "__main__.py"), "lsp"]
    monkeypatch.setattr(conftest, "own_command", lambda _: command)
    (tmp_path / "wrangler.toml").write_text(config("KV"), encoding="utf-8")
    async with connected(tmp_path, {"store": "cloudflare:account"}) as client:
        with pytest.raises(JsonRpcException, match="needs the Python package cloudflare"):
            await run(client, "kvlens.list", binding="KV")
        (project,) = await projects_when(client, lambda found: "install" in found[0])
        assert project["install"].endswith("-m pip install -U cloudflare")
        assert project["install"] in project["message"]


OUT_OF_REACH = {
    "a folder moved away": ("shop", "is gone: it was moved"),
    "a pipe in place of .wrangler": ("shop/.wrangler", ".wrangler is a named pipe, not a folder."),
}


@pytest.mark.parametrize(("place", "says"), OUT_OF_REACH.values(), ids=OUT_OF_REACH)
async def test_keys_that_are_out_of_reach_are_not_an_empty_namespace(
    tmp_path: Path, place: str, says: str
) -> None:
    folder, moved = tmp_path / "shop", tmp_path / place
    folder.mkdir()
    (folder / "wrangler.toml").write_text(config("KV"), encoding="utf-8")
    async with connected(tmp_path) as client:
        await run(client, "kvlens.put", binding="KV", key="k", text="v")
        moved.rename(tmp_path / "away")
        if place != "shop":
            os.mkfifo(moved)
        client.notes.clear()
        await until(lambda: [note for note in client.notes if note[0] == "kvlens/changed"])
        [project] = await run(client, "kvlens.namespaces")
        assert says in project["namespaces"][0]["message"]
        assert "keys" not in project["namespaces"][0]
        with pytest.raises(JsonRpcException) as caught:
            await run(client, "kvlens.list", binding="KV")
        assert says in str(caught.value)
        await run(client, "kvlens.stop")
        with pytest.raises(JsonRpcException) as caught:  # it starts again
            await run(client, "kvlens.list", binding="KV")
        assert says in str(caught.value)
        if place != "shop":
            moved.unlink()
        (tmp_path / "away").rename(moved)
        listed = await run(client, "kvlens.list", binding="KV")
        assert [key["name"] for key in listed["keys"]] == ["k"]
