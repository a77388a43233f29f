"""The server on its fast path and on plain pygls: the same session, with the same responses."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from kvlens.lsp.fast_pygls.switch import VARIABLE
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.conftest import Editor, connected, run, until

CONFIG = '[[kv_namespaces]]\nbinding = "CARTS"\nid = "0f2ac74b498b48028cb68387c421e279"\n'

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(params=["0", "1"], ids=["fast path", "plain pygls"], loop_scope="session")
async def session(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Editor]:
    """A server with the project open."""
    (tmp_path / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    env = {**os.environ, VARIABLE: request.param}
    async with connected(tmp_path, {"store": "memory:", "autoStart": False}, env=env) as client:
        yield client


async def test_a_session_is_the_same_both_ways(session: Editor) -> None:
    uri = (session.folder / "wrangler.toml").as_uri()
    session.text_document_did_open(
        types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "toml", 1, CONFIG))
    )

    def codes() -> list[object] | None:
        found = session.diagnostics.get(uri)
        return None if found is None else [one.code for one in found]

    await until(lambda: codes() == [])
    start, end = types.Position(2, 6), types.Position(2, 36)  # in the id
    change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text="x")
    session.text_document_did_change(
        types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [change])
    )
    await until(lambda: codes() == ["id-malformed"])

    hover = await session.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(1, 12))
    )
    assert hover is not None
    (project,) = await run(session, "kvlens.namespaces")
    assert [one["binding"] for one in project["namespaces"]] == ["CARTS"]
    await run(session, "kvlens.put", binding="CARTS", environment=None, key="a", text="1")
    got = await run(session, "kvlens.get", binding="CARTS", environment=None, key="a")
    assert got["text"] == "1"
    with pytest.raises(JsonRpcException, match="NOBODY"):
        await run(session, "kvlens.get", binding="NOBODY", key="a")
