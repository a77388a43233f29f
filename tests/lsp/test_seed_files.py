"""Seed files in an editor: the problems of `kvlens check`, at the same positions."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from kvlens.lint.check_seeds import check
from kvlens.text import UTF16, LineIndex
from lsprotocol import types

from tests.lsp.conftest import CONFIG, Editor, capabilities, connected, until
from tests.unit.marked_text import marked

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = itertools.count(1)
ERROR, WARNING = types.DiagnosticSeverity.Error, types.DiagnosticSeverity.Warning
INVALID, DOUBTFUL = ("seed-invalid", ERROR), ("seed-doubtful", WARNING)

# id: (seed file with marks, (rule, severity) at each mark)
CASES: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "right": ('[{ "key": "a", "value": "1" }]', []),
    "empty": ("«»", [INVALID]),
    "no-comma": ('[{ "key": "a", "value": "1" } «{» "key": "b", "value": "2" }]', [INVALID]),
    "half-typed": ('[{ "key": "a", "value": «x» }]', [INVALID]),
    "no-value": ('[\n  «{ "key": "😀" }»\n]', [INVALID]),
    "after-an-emoji": ('[{ "key": "😀", "value": "1" }, «{ "key": "" , "value": "" }»]', [INVALID]),
    "value-of-another-type": ('[«{ "key": "a", "value": 5 }»]', [INVALID]),
    "ttl-too-short": (
        '[«{ "key": "a", "value": "1", "expiration_ttl": 5 }»]',
        [INVALID],
    ),
    "past": ('[«{ "key": "a", "value": "1", "expiration": 1000000000 }»]', [INVALID]),
    "unknown-property": ('[«{ "key": "a", "value": "1", "ttl": 60 }»]', [DOUBTFUL]),
    "twice": (
        '[{ "key": "a", "value": "1" },\n«{ "key": "a", "value": "2" }»]',
        [DOUBTFUL],
    ),
    "several-lines": (
        '[\r\n  «{\r\n    "key": "a"\r\n  }»,\r\n  «{ "key": "b", "value": "", "meta": 1 }»\r\n]',
        [INVALID, DOUBTFUL],
    ),
}  # fmt: skip


def said(editor: Editor, uri: str, text: str) -> list[tuple[tuple[int, int], str, Any]]:
    """Return the problems that the editor shows: spans, rules, severities."""
    index = LineIndex(text)
    return [
        (
            (
                index.offset(d.range.start.line, d.range.start.character, UTF16),
                index.offset(d.range.end.line, d.range.end.character, UTF16),
            ),
            str(d.code),
            d.severity,
        )
        for d in editor.diagnostics.get(uri, [])
    ]


def open_text(editor: Editor, path: Path, text: str) -> str:
    """Open a file with an unsaved text."""
    item = types.TextDocumentItem(path.as_uri(), "json", 1, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return item.uri


def close(editor: Editor, uri: str) -> None:
    document = types.TextDocumentIdentifier(uri)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


def change(editor: Editor, uri: str, version: int, text: str) -> None:
    document = types.VersionedTextDocumentIdentifier(version, uri)
    whole = types.TextDocumentContentChangeWholeDocument(text)
    editor.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))


@asynccontextmanager
async def open_document(editor: Editor, text: str) -> AsyncIterator[str]:
    """An open and checked seed file next to the workspace's config."""
    uri = open_text(editor, editor.folder / "seeds" / f"case{next(_numbers)}.json", text)
    await until(lambda: uri in editor.diagnostics)
    yield uri
    close(editor, uri)
    await until(lambda: not editor.diagnostics[uri])


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
async def test_a_seed_file_is_checked_when_it_is_opened(
    editor: Editor, text: str, expected: list[tuple[str, Any]]
) -> None:
    plain, spans = marked(text)
    async with open_document(editor, plain) as uri:
        wanted = [(span, *rule) for span, rule in zip(spans, expected, strict=True)]
        assert said(editor, uri, plain) == wanted
        found = check(plain, "x.json")
        assert [d.message for d in editor.diagnostics[uri]] == [p.message for p in found]
        assert all(d.source == "kvlens" for d in editor.diagnostics[uri])
        assert all(d.code_description for d in editor.diagnostics[uri])


async def test_an_object_named_after_a_binding_is_checked(editor: Editor) -> None:
    uri = open_text(editor, editor.folder / "seeds" / "CARTS.json", "{}")
    await until(lambda: [d.code for d in editor.diagnostics.get(uri, [])] == ["seed-invalid"])
    close(editor, uri)
    await until(lambda: not editor.diagnostics[uri])


async def test_problems_follow_the_typing(editor: Editor) -> None:
    text = '[{ "key": "a", "value": "1" }]'
    async with open_document(editor, text) as uri:
        assert not editor.diagnostics[uri]
        change(editor, uri, 2, text.replace('"1"', "1"))
        await until(lambda: [d.code for d in editor.diagnostics[uri]] == ["seed-invalid"])
        change(editor, uri, 3, text)
        await until(lambda: not editor.diagnostics[uri])


async def test_a_save_checks_again_since_time_has_passed(editor: Editor) -> None:
    soon = int(time.time()) + 62
    text = json.dumps([{"key": "a", "value": "1", "expiration": soon}])
    async with open_document(editor, text) as uri:
        assert not editor.diagnostics[uri]
        document = types.TextDocumentIdentifier(uri)

        def late() -> bool:
            editor.text_document_did_save(types.DidSaveTextDocumentParams(document))
            return [d.code for d in editor.diagnostics[uri]] == ["seed-invalid"]

        await until(late)


async def test_the_severity_is_the_users(editor: Editor) -> None:
    text = '[{ "key": "a", "value": "1", "ttl": 60 }]'
    async with open_document(editor, text) as uri:
        for level, severity in (("error", [ERROR]), ("off", []), (None, [WARNING])):
            rules = {"seed-doubtful": level} if level else {}
            settings = {"kvlens": {"store": "memory:", "rules": rules}}
            editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))

            def settled(expected: list[Any] = severity) -> bool:
                return [d.severity for d in editor.diagnostics[uri]] == expected

            await until(settled)


async def test_json_of_others_is_left_alone(editor: Editor, tmp_path: Path) -> None:
    others = [
        open_text(editor, tmp_path / "seeds" / "users.json", "{}"),  # no config next to it
        open_text(editor, editor.folder / "data" / "users.json", "{}"),
        open_text(editor, editor.folder / "seeds" / "deep" / "users.json", "[{}]"),
        open_text(editor, editor.folder / "seeds" / "users.json", "{}"),  # not a binding's name
    ]
    async with open_document(editor, "[{}]") as uri:
        await until(lambda: editor.diagnostics[uri])
        assert not any(editor.diagnostics.get(other) for other in others)
    for other in others:
        close(editor, other)


async def test_a_client_that_pulls_gets_them_too(tmp_path: Path) -> None:
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    able = capabilities()
    able.text_document = types.TextDocumentClientCapabilities(
        diagnostic=types.DiagnosticClientCapabilities()
    )
    options = {"store": "memory:", "autoStart": False}
    async with connected(tmp_path, options, able=able) as client:
        uri = open_text(client, tmp_path / "seeds" / "CARTS.json", '[{ "key": "a" }]')
        asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        codes: list[Any] = []
        for _ in range(200):  # checked during the first responses
            report = await client.text_document_diagnostic_async(asked)
            if codes := [d.code for d in getattr(report, "items", [])]:
                break
        assert codes == ["seed-invalid"]
        whole = await client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        assert {r.uri: [d.code for d in getattr(r, "items", [])] for r in whole.items}[uri] == codes
        assert uri not in client.diagnostics


WRONG = '[{ "key": "a" }]'


async def say(editor: Editor, text: str) -> None:
    """Change the project file."""
    path = editor.folder / "kvlens.toml"
    path.write_text(text, encoding="utf-8")
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def test_seed_files_that_the_project_file_names_are_checked(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    named = 'seeds = { CARTS = ["data/carts.json", "more/**/*.json"] }\n'
    (tmp_path / "kvlens.toml").write_text(named, encoding="utf-8")
    options = {"store": "memory:", "autoStart": False, "push": True}
    async with connected(tmp_path, options) as client:
        uris = [
            open_text(client, tmp_path / name, WRONG)
            for name in ("data/carts.json", "more/x/y.json", "other.json")
        ]

        def codes() -> list[list[Any]]:
            return [[d.code for d in client.diagnostics.get(uri, [])] for uri in uris]

        await until(lambda: codes() == [["seed-invalid"], ["seed-invalid"], []])
        change(client, uris[0], 2, "[]")
        await until(lambda: codes() == [[], ["seed-invalid"], []])
        await say(client, 'seeds = "other.json"\n')
        await until(lambda: codes() == [[], [], ["seed-invalid"]])
