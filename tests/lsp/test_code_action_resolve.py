"""Code actions whose edit is computed when they are chosen: fix all, and conversions."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, capabilities, connected, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = itertools.count(1)
TOML = """\
# the shop
name = "shop"

[[kv_namespaces]]
binding = "A"
previewid = "x" # old
"""
FIXED = TOML.replace("previewid", "preview_id")
JSONC = """\
{
  "$schema": "node_modules/wrangler/config-schema.json",
  // the shop
  "name": "shop",
  "kv_namespaces": [
    {
      "binding": "A",
      "previewid": "x" // old
    }
  ]
}
"""
TO_JSONC = "Convert to wrangler.jsonc"
TO_CODE = "Convert to cloudflare.config.ts"


def able(*properties: str, creates: bool = True) -> types.ClientCapabilities:
    """Return the capabilities of a client that resolves these properties of actions."""
    found = capabilities()
    found.text_document = types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions([*properties])
        )
    )
    found.workspace = types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True,
            resource_operations=[types.ResourceOperationKind.Create] if creates else [],
        )
    )
    return found


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def resolving(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    """A client that asks for the edit of an action when it is chosen."""
    async with connected(tmp_path_factory.mktemp("resolving"), able=able("edit")) as client:
        yield client


@asynccontextmanager
async def did_open(editor: Editor, text: str, name: str = "wrangler.toml") -> AsyncIterator[str]:
    """A file that is open, checked, and on disk too."""
    number = next(_numbers)
    path = written(editor.folder / f"resolved{number}" / name, text)
    async with open_file(editor, path, text) as uri:
        yield uri


def written(path: Path, text: str) -> Path:
    """Write a file in a new folder."""
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


@asynccontextmanager
async def open_file(editor: Editor, path: Path, text: str) -> AsyncIterator[str]:
    """Open a file, and wait until it is checked."""
    uri = path.as_uri()
    number = next(_numbers)
    editor.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", number, text))
    )
    await until(lambda: uri in editor.diagnostics)
    yield uri
    editor.text_document_did_close(
        types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
    )


async def actions(
    editor: Editor,
    uri: str,
    *only: str,
    trigger: types.CodeActionTriggerKind = types.CodeActionTriggerKind.Invoked,
) -> dict[str, types.CodeAction]:
    """Return the code actions at the start of a file, by title."""
    place = types.Range(types.Position(0, 0), types.Position(0, 0))
    context = types.CodeActionContext([], only=[*only] or None, trigger_kind=trigger)
    found = await editor.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    )
    return {one.title: one for one in found or [] if isinstance(one, types.CodeAction)}


async def test_the_server_resolves_actions(resolving: Editor) -> None:
    provider: Any = resolving.initialized_with.capabilities.code_action_provider
    assert provider.resolve_provider


async def test_fix_all_is_computed_when_chosen(resolving: Editor) -> None:
    async with did_open(resolving, TOML) as uri:
        (action,) = (await actions(resolving, uri, "source.fixAll.kvlens")).values()
        assert action.edit is None
        done = await resolving.code_action_resolve_async(action)
        assert done.edit
        assert done.edit.changes
        (edit,) = done.edit.changes[uri]
        assert edit.new_text == "preview_id"


async def test_fix_all_of_a_text_without_problems_changes_nothing(resolving: Editor) -> None:
    async with did_open(resolving, FIXED) as uri:
        (action,) = (await actions(resolving, uri, "source.fixAll.kvlens")).values()
        done = await resolving.code_action_resolve_async(action)
        assert done.edit
        assert not done.edit.changes


async def test_a_client_that_does_not_ask_gets_the_edit_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("at once")
    async with connected(folder, able=able("command")) as editor, did_open(editor, TOML) as uri:
        (action,) = (await actions(editor, uri, "source.fixAll.kvlens")).values()
        assert action.edit
        assert await actions(editor, uri, "refactor") == {}  # it can't be computed later


async def test_a_conversion_creates_a_file(resolving: Editor) -> None:
    async with did_open(resolving, TOML) as uri:
        found = await actions(resolving, uri, "refactor")
        assert [*found] == [TO_JSONC, TO_CODE]
        assert {one.kind for one in found.values()} == {"refactor.rewrite"}
        done = await resolving.code_action_resolve_async(found[TO_JSONC])
        assert done.edit
        assert done.edit.document_changes
        created, written = done.edit.document_changes
        assert isinstance(created, types.CreateFile)
        assert created.uri == uri.replace(".toml", ".jsonc")
        assert created.options
        assert not created.options.overwrite
        assert isinstance(written, types.TextDocumentEdit)
        (edit,) = written.edits
        assert isinstance(edit, types.TextEdit)
        assert edit.new_text == JSONC


async def test_a_file_that_exists_is_not_offered(resolving: Editor) -> None:
    async with did_open(resolving, TOML) as uri:
        (Path(resolving.folder) / uri.split("/")[-2] / "wrangler.jsonc").write_text("{}")
        assert [*await actions(resolving, uri, "refactor")] == [TO_CODE]


async def test_no_conversion_is_offered_unasked(resolving: Editor) -> None:
    automatic = types.CodeActionTriggerKind.Automatic
    async with did_open(resolving, TOML) as uri:
        assert await actions(resolving, uri, trigger=automatic) == {}


async def test_an_invalid_config_is_not_converted(resolving: Editor) -> None:
    async with did_open(resolving, "a = ") as uri:
        assert await actions(resolving, uri, "refactor") == {}


async def test_a_changed_text_is_told(resolving: Editor) -> None:
    async with did_open(resolving, TOML) as uri:
        found = await actions(resolving, uri, "refactor")
        changed = types.TextDocumentContentChangeWholeDocument("a = 1\n")
        resolving.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(9_999, uri), [changed]
            )
        )
        with pytest.raises(JsonRpcException, match="has changed since") as error:
            await resolving.code_action_resolve_async(found[TO_JSONC])
        assert error.value.code == types.LSPErrorCodes.ContentModified


async def test_code_that_is_not_known_is_told(resolving: Editor) -> None:
    code = "export default defineConfig({ worker: { name: process.env.NAME } });\n"
    async with did_open(resolving, code, "cloudflare.config.ts") as uri:
        found = await actions(resolving, uri, "refactor")
        with pytest.raises(JsonRpcException, match=r"line 1: worker\.name"):
            await resolving.code_action_resolve_async(found["Convert to wrangler.toml"])


async def test_foreign_data_is_refused(resolving: Editor) -> None:
    action = types.CodeAction("x", data={"what": 1})
    with pytest.raises(JsonRpcException, match=r'"data" is not that of an action'):
        await resolving.code_action_resolve_async(action)


async def test_the_extension_gets_its_command(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("palette")
    path = written(folder / "worker" / "wrangler.toml", TOML)
    async with (
        connected(folder, {"palette": True}, able=able("edit")) as editor,
        open_file(editor, path, TOML) as uri,
    ):
        place = types.Range(types.Position(0, 0), types.Position(0, 0))
        context = types.CodeActionContext([], only=["refactor"])
        found = await editor.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
        )
        (first, _) = found or ()
        assert first.title == TO_JSONC
        asked = {"config": uri, "to": "jsonc"}
        assert f"'kvlens.convertConfig', 'arguments': [{asked}]" in str(first.command)
        done: Any = await editor.workspace_execute_command_async(
            types.ExecuteCommandParams("kvlens.convertConfig", [asked])
        )
        assert done == {"text": JSONC, "file": uri.replace(".toml", ".jsonc"), "notices": []}
        with pytest.raises(JsonRpcException, match="\"to\" is 'xml'; it takes jsonc, toml, ts"):
            await editor.workspace_execute_command_async(
                types.ExecuteCommandParams("kvlens.convertConfig", [{"config": uri, "to": "xml"}])
            )
