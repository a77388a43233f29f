"""The project file in an editor: severities, excluded files, and its own mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMPTY_ID = '[[kv_namespaces]]\nbinding = "A"\nid = ""\n'
SOURCE = 'export default { async fetch(r, env) { await env.A.get("k", "JSN"); } };\n'


async def write(editor: Editor, path: Path, text: str) -> None:
    """Change a file, as a client reports it."""
    path.write_text(text, encoding="utf-8")
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_it_counts_at_once(tmp_path: Path) -> None:
    config, source, file = (tmp_path / name for name in ("wrangler.toml", "gen.js", "kvlens.toml"))
    config.write_text(EMPTY_ID, encoding="utf-8")
    source.write_text(SOURCE, encoding="utf-8")
    file.write_text('[rules]\nid-empty = "warning"\n', encoding="utf-8")
    options = {"store": "memory:", "autoStart": False, "push": True}
    async with connected(tmp_path, options) as editor:

        def codes(path: Path) -> list[tuple[object, types.DiagnosticSeverity | None]]:
            found = editor.diagnostics.get(path.as_uri(), [])
            return [(problem.code, problem.severity) for problem in found]

        for path, language, text in ((config, "toml", EMPTY_ID), (source, "javascript", SOURCE)):
            document = types.TextDocumentItem(path.as_uri(), language, 1, text)
            editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        warning, error = types.DiagnosticSeverity.Warning, types.DiagnosticSeverity.Error
        await until(lambda: codes(config) == [("id-empty", warning)])
        await until(lambda: codes(source) == [("get-type-unknown", error)])
        await write(editor, file, 'exclude = ["gen.js"]\n[rules]\nid-emty = "off"\n')
        await until(lambda: codes(config) == [("id-empty", error)])
        await until(lambda: codes(source) == [])
        await until(lambda: codes(file) == [("project-file-invalid", error)])
        (mistake,) = editor.diagnostics[file.as_uri()]
        assert mistake.range.start == types.Position(2, 0)
        await write(editor, file, "")
        await until(lambda: codes(file) == [])
        await until(lambda: codes(source) == [("get-type-unknown", error)])


async def test_environments_and_seeds_count_at_once(tmp_path: Path) -> None:
    config, file, seeds = (tmp_path / name for name in ("wrangler.toml", "kvlens.toml", "s.json"))
    text = '[[kv_namespaces]]\nbinding = "A"\n[env.old]\nkv_namespaces = [{ binding = "A", id = "" }]\n'
    config.write_text(text, encoding="utf-8")
    seeds.write_text('[{ "key": "k", "value": "v" }]', encoding="utf-8")
    file.write_text("", encoding="utf-8")
    options = {"store": "memory:", "autoStart": False, "push": True}
    async with connected(tmp_path, options) as editor:
        document = types.TextDocumentItem(config.as_uri(), "toml", 1, text)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await until(lambda: len(editor.diagnostics.get(config.as_uri(), [])) == 1)
        assert await environments(editor) == [None, "old"]
        asked = {"config": config.as_uri(), "binding": "A"}
        assert await run(editor, "kvlens.seedFiles", **asked) == {"files": []}
        changed = len(editor.notes)
        await write(editor, file, 'environments = []\nseeds = { A = "s.json" }\n')
        await until(lambda: not editor.diagnostics.get(config.as_uri()))
        await until(lambda: len(editor.notes) > changed)
        assert await environments(editor) == [None]
        assert await run(editor, "kvlens.seedFiles", **asked) == {"files": [seeds.as_uri()]}


async def test_what_it_names_is_looked_for_again(tmp_path: Path) -> None:
    file, config, seeds = (tmp_path / name for name in ("kvlens.toml", "wrangler.toml", "s.json"))
    file.write_text('environments = ["old"]\nseeds = { A = "s.json" }\n', encoding="utf-8")
    config.write_text('kv_namespaces = [{ binding = "A" }]\n', encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:", "autoStart": False}) as editor:

        def lines() -> list[int]:
            return [each.range.start.line for each in editor.diagnostics.get(file.as_uri(), [])]

        await until(lambda: lines() == [0, 1])
        await write(editor, seeds, '[{ "key": "k", "value": "v" }]')
        await until(lambda: lines() == [0])
        await write(editor, config, '[env.old]\nkv_namespaces = [{ binding = "A" }]\n')
        await until(lambda: lines() == [])


async def test_a_variable_is_known_once_it_is_written(tmp_path: Path) -> None:
    config, source, variables = (tmp_path / name for name in ("wrangler.toml", "a.js", ".dev.vars"))
    config.write_text('kv_namespaces = [{ binding = "A" }]\n', encoding="utf-8")
    text = SOURCE.replace("JSN", "json").replace("env.A", "env.LINKS")
    async with connected(
        tmp_path, {"store": "memory:", "autoStart": False, "push": True}
    ) as editor:
        document = types.TextDocumentItem(source.as_uri(), "javascript", 1, text)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await until(lambda: editor.diagnostics.get(source.as_uri()))
        await write(editor, variables, "LINKS=x\n")
        await until(lambda: not editor.diagnostics[source.as_uri()])


async def environments(editor: Editor) -> list[str | None]:
    """Return the environments of the namespaces in the tree."""
    (project,) = await run(editor, "kvlens.namespaces")
    return [namespace["environment"] for namespace in project["namespaces"]]
