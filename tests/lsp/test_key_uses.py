"""Who reads or writes a key: references and call hierarchy over all Workers of a workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from lsprotocol import types

from tests.lsp.conftest import Editor, connected, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARED, OTHER = "0f2ac74b498b48028cb68387c421e279", "1f2ac74b498b48028cb68387c421e270"
LOGIN = """\
import { save } from "./store";
const PREFIX = "session:";
export default {
  async fetch(request: Request, env: Env) {
    await save(env.SESSIONS, "1");
    const key = `${PREFIX}${request.url}`;
    const one = await env.SESSIONS.get(key);
    const root = await env.SESSIONS.get("session:root");
    return new Response(one ?? root);
  },
};
"""
STORE = """\
export async function save(kv: KVNamespace, id: string) {
  await kv.put(`session:${id}`, "1");
  await kv.put("count", "1");
}
export const page = (kv: KVNamespace) => kv.list({ prefix: "session:" });
"""
ADMIN = """\
export default {
  async fetch(request: Request, env: Env) {
    for (const { name } of (await env.LOGINS.list({ prefix: "sess" })).keys) {
      await env.LOGINS.delete(name);
    }
    await env.LOGINS.delete("session:" + request.url);
    await env.ELSE.get("session:root");
    return new Response(JSON.stringify(await env.LOGINS.list()));
  },
};
"""
FILES = {
    "login/wrangler.toml": f'main = "src/index.ts"\n[[kv_namespaces]]\nbinding = "SESSIONS"\n'
    f'id = "{SHARED}"\n',
    "login/src/index.ts": LOGIN,
    "login/src/store.ts": STORE,
    "admin/wrangler.toml": f'main = "index.ts"\n[[kv_namespaces]]\nbinding = "LOGINS"\n'
    f'id = "{OTHER}"\npreview_id = "{SHARED}"\n'
    f'[[kv_namespaces]]\nbinding = "ELSE"\nid = "2f2ac74b498b48028cb68387c421e271"\n',
    "admin/index.ts": ADMIN,
    "admin/index.test.ts": ADMIN,
}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def workers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Editor]:
    folder = tmp_path_factory.mktemp("workers")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    async with connected(folder, {"store": "memory:", "push": True}) as editor:
        for name in FILES:
            if name.endswith(".ts"):
                item = types.TextDocumentItem(
                    (folder / name).as_uri(), "typescript", 1, FILES[name]
                )
                editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
        await until(lambda: (folder / "admin/index.ts").as_uri() in editor.diagnostics)
        yield editor


def place(name: str, word: str) -> types.Position:
    before = FILES[name].partition(word)[0]
    assert before != FILES[name], word
    return types.Position(before.count("\n"), len(before.rsplit("\n", 1)[-1]))


def shown(editor: Editor, uri: str, where: types.Range) -> str:
    name = Path(uri.removeprefix(editor.folder.as_uri())).as_posix().lstrip("/")
    line = FILES[name].split("\n")[where.start.line]
    return f"{name}: {line[where.start.character : where.end.character]}"


PARTS = {
    "login/src/index.ts: key",
    "login/src/store.ts: session:${id}",
    "login/src/store.ts: session:",
    "admin/index.ts: sess",
    'admin/index.ts: "session:" + request.url',
    "admin/index.ts: list",
}
ROOT = "login/src/index.ts: session:root"
REFERENCES: dict[str, tuple[str, str, set[str]]] = {
    # the file, what begins at the position, the keys that can be the same
    "template": ("login/src/store.ts", "session:${id}", {*PARTS, ROOT}),
    "literal": ("login/src/index.ts", "session:root", {*PARTS, ROOT}),
    "variable": ("login/src/index.ts", "key);", {*PARTS, ROOT}),
    "sum": ("admin/index.ts", '"session:" +', {*PARTS, ROOT}),
    "prefix": ("admin/index.ts", 'sess" }', {*PARTS, ROOT}),
    "other-key": (
        "login/src/store.ts",
        'count"',
        {"login/src/store.ts: count", "admin/index.ts: list"},
    ),
    "other-namespace": (
        "admin/index.ts",
        "session:root",
        {"admin/index.ts: session:root"},
    ),
    "unknown-key": ("admin/index.ts", "name);", set()),
}


@pytest.mark.parametrize(("name", "word", "expected"), REFERENCES.values(), ids=REFERENCES)
async def test_references_of_a_key(
    workers: Editor, name: str, word: str, expected: set[str]
) -> None:
    uri = (workers.folder / name).as_uri()
    found = await workers.text_document_references_async(
        types.ReferenceParams(
            types.ReferenceContext(True), types.TextDocumentIdentifier(uri), place(name, word)
        )
    )
    assert {shown(workers, one.uri, one.range) for one in found or []} == expected


async def prepared(editor: Editor, name: str, word: str) -> types.CallHierarchyItem | None:
    uri = types.TextDocumentIdentifier((editor.folder / name).as_uri())
    params = types.CallHierarchyPrepareParams(uri, place(name, word))
    found = await editor.text_document_prepare_call_hierarchy_async(params)
    return found[0] if found else None


ITEMS: dict[str, tuple[str, str, tuple[str, str] | None]] = {
    "template": ("login/src/store.ts", "session:${id}", ("session:*", "SESSIONS")),
    "literal": ("login/src/index.ts", "session:root", ("session:root", "SESSIONS")),
    "prefix": ("admin/index.ts", 'sess" }', ("sess*", "LOGINS")),
    "all-keys": ("admin/index.ts", "list())", ("*", "LOGINS")),
    "no-key": ("admin/index.ts", "Response", None),
    "unknown-key": ("admin/index.ts", "name);", None),
}


@pytest.mark.parametrize(("name", "word", "expected"), ITEMS.values(), ids=ITEMS)
async def test_a_key_is_an_item(
    workers: Editor, name: str, word: str, expected: tuple[str, str] | None
) -> None:
    item = await prepared(workers, name, word)
    assert (item and (item.name, item.detail)) == expected


async def test_functions_call_a_key_and_it_is_found_from_them(workers: Editor) -> None:
    item = await prepared(workers, "login/src/store.ts", "session:${id}")
    assert item
    calls = await workers.call_hierarchy_incoming_calls_async(
        types.CallHierarchyIncomingCallsParams(item)
    )
    found = {(call.from_.name, call.from_.detail, len(call.from_ranges)) for call in calls or []}
    assert found == {
        ("fetch", "reads · index.ts", 2),
        ("save", "writes · store.ts", 1),
        ("page", "lists · store.ts", 1),
        ("fetch", "deletes, lists · index.ts", 3),
    }
    (save,) = (call.from_ for call in calls or [] if call.from_.name == "save")
    keys = await workers.call_hierarchy_outgoing_calls_async(
        types.CallHierarchyOutgoingCallsParams(save)
    )
    assert {(call.to.name, call.to.detail) for call in keys or []} == {
        ("session:*", "writes · SESSIONS"),
        ("count", "writes · SESSIONS"),
    }
    (again,) = (call.to for call in keys or [] if call.to.name == "session:*")
    assert await workers.call_hierarchy_incoming_calls_async(
        types.CallHierarchyIncomingCallsParams(again)
    )
    assert not await workers.call_hierarchy_outgoing_calls_async(
        types.CallHierarchyOutgoingCallsParams(again)
    )


@pytest.mark.parametrize("data", [None, {}, {"key": 1}, {"function": "x"}, [1]], ids=str)
async def test_an_item_of_another_server_has_no_calls(workers: Editor, data: object) -> None:
    where = types.Range(types.Position(0, 0), types.Position(0, 0))
    item = types.CallHierarchyItem(
        "x", types.SymbolKind.Key, "file:///x.ts", where, where, data=data
    )
    incoming = types.CallHierarchyIncomingCallsParams(item)
    outgoing = types.CallHierarchyOutgoingCallsParams(item)
    assert not await workers.call_hierarchy_incoming_calls_async(incoming)
    assert not await workers.call_hierarchy_outgoing_calls_async(outgoing)


async def test_vs_code_keeps_the_call_hierarchy_of_its_language(tmp_path: Path) -> None:
    for options, expected in (({"palette": True}, None), ({}, True)):
        async with connected(tmp_path, {"store": "memory:", **options}) as editor:
            able = editor.initialized_with.capabilities
            assert bool(able.call_hierarchy_provider) == bool(expected)
            assert able.references_provider
