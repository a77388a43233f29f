"""When the client is asked for code lenses again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from kvlens.lsp import lens_refresh
from kvlens.lsp.lens_refresh import LensRefresh
from lsprotocol import types

from tests.lsp.conftest import CONFIG, Editor, capabilities, connected, run, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

CARTS = {"binding": "CARTS", "environment": None}


def able() -> types.ClientCapabilities:
    """Return the capabilities of a client that can be asked for lenses."""
    able = capabilities()
    able.workspace = types.WorkspaceClientCapabilities(
        code_lens=types.CodeLensWorkspaceClientCapabilities(refresh_support=True)
    )
    return able


async def titles(editor: Editor, config: Path) -> list[str]:
    params = types.CodeLensParams(types.TextDocumentIdentifier(config.as_uri()))
    lenses = await editor.text_document_code_lens_async(params)
    shown = await asyncio.gather(*map(editor.code_lens_resolve_async, lenses or []))
    return [one.command.title for one in shown if one.command]


async def test_lenses_are_replaced_only_if_they_would_change(tmp_path: Path) -> None:
    config = tmp_path / "wrangler.toml"
    config.write_text(CONFIG, encoding="utf-8")
    async with connected(tmp_path, {"store": "memory:", "push": True}, able=able()) as editor:
        asked: list[float] = []

        async def refresh(_: Any = None) -> None:
            asked.append(asyncio.get_running_loop().time())

        editor.feature(types.WORKSPACE_CODE_LENS_REFRESH)(refresh)
        document = types.TextDocumentItem(config.as_uri(), "toml", 1, CONFIG)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await until(lambda: config.as_uri() in editor.diagnostics)
        await run(editor, "kvlens.address")

        async def put(key: str, value: str) -> None:
            """Put a key, and wait until the server has handled the change."""
            before = len([method for method, _ in editor.notes if method == "kvlens/changed"])
            await run(editor, "kvlens.put", config=config.as_uri(), key=key, text=value, **CARTS)
            await until(lambda: len([m for m, _ in editor.notes if m == "kvlens/changed"]) > before)
            await run(editor, "kvlens.namespaces")

        await put("a", "1")
        assert "1 key · open" in await titles(editor, config)
        await asyncio.sleep(lens_refresh.PAUSE * 1.5)  # what is still due comes now
        asked.clear()
        for value in "23":
            await put("a", value)
        await put("b", "1")
        await until(lambda: asked)
        assert len(asked) == 1, "an overwritten key changed no title"
        assert "2 keys · open" in await titles(editor, config)


async def test_a_pause_collects_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lens_refresh, "PAUSE", 0.05)
    loop, calls = asyncio.get_running_loop(), list[float]()
    refresh = LensRefresh(lambda: calls.append(loop.time()))
    for _ in range(5):
        refresh()
    assert len(calls) == 1
    await until(lambda: len(calls) == 2)
    assert calls[1] - calls[0] >= 0.04
    await asyncio.sleep(0.15)
    assert len(calls) == 2
