"""Problems in an editor: at the exact range, as the user types."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from tests.lsp.conftest import Editor, capabilities, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
ID = "0f2ac74b498b48028cb68387c421e279"
_versions = itertools.count(1)

CASES: list[tuple[str, str, str, list[tuple[str, str]]]] = [
    # id, file, text, [(code, text under the squiggle)]
    ("none", "wrangler.toml", '[[kv_namespaces]]\nbinding = "A"\n', []),
    (
        "behind-emoji",
        "wrangler.toml",
        'kv_namespaces = [{ binding = "A" }, { binding = "😀", id = 5 }]\n',
        [("binding-not-identifier", '"😀"'), ("id-not-string", "5")],
    ),
    (
        "crlf",
        "wrangler.toml",
        '[[kv_namespaces]]\r\nbinding = "A"\r\nremote = "yes"\r\n',
        [("remote-not-boolean", '"yes"')],
    ),
    (
        "environment",
        "wrangler.toml",
        "[[env.prod.kv_namespaces]]\nbinding = 1\n",
        [("binding-not-string", "1")],
    ),
    (
        "json",
        "wrangler.jsonc",
        '{ "kv_namespaces": [{ "binding": "A", "preview_id": 7 }] } // c',
        [("preview-id-not-string", "7")],
    ),
    ("syntax", "wrangler.toml", 'name = "x"\nmain = \n', [("syntax-error", "")]),
]


def utf16(text: str, place: types.Range) -> str:
    """Return the text under a range."""
    lines = text.split("\n")
    assert place.start.line == place.end.line
    units = lines[place.start.line].encode("utf-16-le")
    return units[place.start.character * 2 : place.end.character * 2].decode("utf-16-le")


async def published(editor: Editor, uri: str, count: int = 0) -> list[types.Diagnostic]:
    """Wait until the server has published this many diagnostics of a text."""
    await until(lambda: uri in editor.diagnostics and len(editor.diagnostics[uri]) == count)
    return list(editor.diagnostics[uri])


@pytest.mark.parametrize(
    ("name", "text", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
async def test_problems_of_an_opened_config(
    editor: Editor, name: str, text: str, expected: list[tuple[str, str]]
) -> None:
    version = next(_versions)
    uri = (editor.folder / f"case{version}" / name).as_uri()
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", version, text))
    )
    found = await published(editor, uri, len(expected))
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )
    got = [(d.code, utf16(text, d.range) if d.code != "syntax-error" else "") for d in found]
    assert got == expected
    for diagnostic in found:
        assert diagnostic.source == "kvlens"
        assert diagnostic.code_description
        assert diagnostic.code_description.href.endswith(f"/{diagnostic.code}.md")


async def test_problems_follow_the_typing(editor: Editor) -> None:
    uri = (editor.folder / "typed" / "wrangler.toml").as_uri()
    text = '# 😀\n[[kv_namespaces]]\nbinding = "A"\n'
    version = next(_versions)
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", version, text))
    )
    assert await published(editor, uri) == []
    steps: list[tuple[tuple[int, int, int, int], str, list[str]]] = [
        ((3, 0, 3, 0), "id = ", ["syntax-error"]),
        ((3, 5, 3, 5), '""', ["id-empty"]),
        ((3, 5, 3, 7), f'"{ID}"', []),
        ((0, 2, 0, 4), "é", []),
        ((2, 10, 2, 13), "7", ["binding-not-string"]),
    ]
    for (line, start, end_line, end), typed, codes in steps:
        version = next(_versions)
        place = types.Range(types.Position(line, start), types.Position(end_line, end))
        editor.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, uri),
                [types.TextDocumentContentChangePartial(place, typed)],
            )
        )

        def settled(codes: list[str] = codes) -> bool:
            return [d.code for d in editor.diagnostics[uri]] == codes

        await until(settled)
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )


async def test_rules_are_as_severe_as_the_user_wants(editor: Editor) -> None:
    uri = (editor.folder / "levels" / "wrangler.toml").as_uri()
    text = '[[kv_namespaces]]\nbinding = "my-kv"\nid = ""\n'
    version = next(_versions)
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", version, text))
    )
    await published(editor, uri, 2)
    wanted: list[tuple[dict[str, str], list[tuple[str, int]]]] = [
        ({"id-empty": "off"}, [("binding-not-identifier", 2)]),
        (
            {"id-empty": "information", "binding-not-identifier": "error", "nothing": "off"},
            [("binding-not-identifier", 1), ("id-empty", 3)],
        ),
        ({}, [("binding-not-identifier", 2), ("id-empty", 1)]),
    ]
    for levels, expected in wanted:
        settings = {"kvlens": {"store": "memory:", "rules": levels}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

        def settled(expected: list[tuple[str, int]] = expected) -> bool:
            return [(d.code, d.severity) for d in editor.diagnostics[uri]] == expected

        await until(settled)
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )


async def test_a_config_that_is_not_open_is_checked_too(editor: Editor) -> None:
    other = editor.folder / "other"
    other.mkdir()
    config = other / "wrangler.toml"
    config.write_text("kv_namespaces = 5\n", encoding="utf-8")
    uri = config.as_uri()

    def did_change_watched_files(kind: types.FileChangeType) -> None:
        change: Any = types.DidChangeWatchedFilesParams([types.FileEvent(uri, kind)])
        editor.workspace_did_change_watched_files(change)

    did_change_watched_files(types.FileChangeType.Created)
    await until(lambda: [d.code for d in editor.diagnostics.get(uri, [])] == ["kv-not-array"])
    config.unlink()
    did_change_watched_files(types.FileChangeType.Deleted)
    await until(lambda: not editor.diagnostics[uri])
    while len(await run(editor, "kvlens.namespaces")) > 1:  # it is used by other tests, too
        await asyncio.sleep(0.05)


async def test_a_build_that_redirects_wrangler_is_seen(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text('[[kv_namespaces]]\nbinding = "A"\nid = "a"\n', encoding="utf-8")
    redirect = tmp_path / ".wrangler" / "deploy" / "config.json"
    redirect.parent.mkdir(parents=True)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "wrangler.json").write_text("{}", encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:", "autoStart": False}) as client:

        def did_change(kind: types.FileChangeType) -> None:
            change: Any = types.DidChangeWatchedFilesParams(
                [types.FileEvent(redirect.as_uri(), kind)]
            )
            client.workspace_did_change_watched_files(change)

        def codes() -> list[object]:
            return [found.code for found in client.diagnostics.get(config.as_uri(), [])]

        await until(lambda: config.as_uri() in client.diagnostics)
        before = codes()
        assert before == ["id-malformed"]
        redirect.write_text('{"configPath": "../../dist/wrangler.json"}', encoding="utf-8")
        did_change(types.FileChangeType.Created)
        await until(lambda: codes() == ["config-redirected", *before])
        redirect.unlink()
        did_change(types.FileChangeType.Deleted)
        await until(lambda: codes() == before)


async def test_a_client_that_pulls_is_answered_and_not_pushed_to(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text("kv_namespaces = 5\n", encoding="utf-8")
    other = tmp_path / "other" / "wrangler.jsonc"
    other.parent.mkdir()
    other.write_text('{ "kv_namespaces": [7] }', encoding="utf-8")
    able = capabilities()
    able.text_document = types.TextDocumentClientCapabilities(
        diagnostic=types.DiagnosticClientCapabilities()
    )
    able.workspace = types.WorkspaceClientCapabilities(
        diagnostics=types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    )
    options = {"store": "memory:", "autoStart": False}
    async with connected(tmp_path, options, able=able) as client:
        assert client.initialized_with.capabilities.diagnostic_provider
        document = types.TextDocumentIdentifier(config.as_uri())
        item = types.TextDocumentItem(document.uri, "toml", 1, 'kv_namespaces = "x"\n')
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        report = await client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(document)
        )
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert [d.code for d in report.items] == ["kv-not-array"]
        whole = await client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        codes = {r.uri: [d.code for d in getattr(r, "items", [])] for r in whole.items}
        assert codes == {document.uri: ["kv-not-array"], other.as_uri(): ["entry-not-table"]}
        assert document.uri not in client.diagnostics
