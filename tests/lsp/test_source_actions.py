"""Quick fixes in a Worker's code, in an editor."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from kvlens.text import LineIndex
from lsprotocol import types

from tests.lsp.conftest import Editor, until

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = itertools.count(1)
CONFIG = """\
name = "fixes"
main = "src/index.ts"

[[kv_namespaces]]
binding = "KV"

[[kv_namespaces]]
binding = "SESSIONS"

[[env.prod.kv_namespaces]]
binding = "SESSIONS"
"""
# `KV` is also in production, so only the case's own rule reports
EVERYWHERE = CONFIG + '\n[[env.prod.kv_namespaces]]\nbinding = "KV"\n'

# id: (rule, code in a handler, title of the fix, the code after it, whether it is preferred)
FIXES: dict[str, tuple[str, str, str, str, bool]] = {
    "ttl-too-short": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: 30 });',
        "Change to 60",
        'await env.KV.put("k", "v", { expirationTtl: 60 });',
        False,
    ),
    "ttl-of-a-variable": (
        "ttl-out-of-range",
        'const expirationTtl = 30;\n    await env.KV.put("k", "v", { expirationTtl });',
        "Change to 60",
        'const expirationTtl = 30;\n    await env.KV.put("k", "v", { expirationTtl: 60 });',
        False,
    ),
    "ttl-in-milliseconds": (
        "ttl-not-in-seconds",
        'await env.KV.put("😀", "v", { expirationTtl: 3600000 });',
        "Change to 3600",
        'await env.KV.put("😀", "v", { expirationTtl: 3600 });',
        False,
    ),
    "ttl-product": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: 60 * 60 * 1000 });',
        "Remove * 1000",
        'await env.KV.put("k", "v", { expirationTtl: 60 * 60 });',
        True,
    ),
    "ttl-constant": (
        "ttl-not-in-seconds",
        'const DAY = 24 * 3600 * 1000;\n    await env.KV.put("k", "v", { expirationTtl: DAY });',
        "Divide by 1000",
        'const DAY = 24 * 3600 * 1000;\n    await env.KV.put("k", "v", { expirationTtl: DAY / 1000 });',
        True,
    ),
    "ttl-far-too-long": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: 2592000000 });',
        "Change to 2592000",
        'await env.KV.put("k", "v", { expirationTtl: 2592000 });',
        True,
    ),
    "expiration-in-milliseconds": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: Date.now() + 3600_000 });',
        "Divide by 1000",
        'await env.KV.put("k", "v", { expiration: Math.floor((Date.now() + 3600_000) / 1000) });',
        True,
    ),
    "ttl-infinite": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: Infinity });',
        "Remove expirationTtl",
        'await env.KV.put("k", "v", {  });',
        False,
    ),
    "ttl-infinite-before-another": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: Infinity, metadata: 1 });',
        "Remove expirationTtl",
        'await env.KV.put("k", "v", { metadata: 1 });',
        False,
    ),
    "ttl-infinite-after-another": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { metadata: 1, expirationTtl: Infinity });',
        "Remove expirationTtl",
        'await env.KV.put("k", "v", { metadata: 1 });',
        False,
    ),
    "expiration-infinite": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: Infinity });',
        "Remove expiration",
        'await env.KV.put("k", "v", {  });',
        False,
    ),
    "ttl-infinite-on-its-line": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", {\n  expirationTtl: Infinity,\n  metadata: 1,\n});',
        "Remove expirationTtl",
        'await env.KV.put("k", "v", {\n  metadata: 1,\n});',
        False,
    ),
    "cache-too-short": (
        "cache-ttl-out-of-range",
        'await env.KV.get("k", { cacheTtl: 5 });',
        "Change to 60",
        'await env.KV.get("k", { cacheTtl: 60 });',
        False,
    ),
    "cache-far-too-long": (
        "cache-ttl-out-of-range",
        'await env.KV.get("k", { cacheTtl: 86400000 * 100 });',
        "Divide by 1000",
        'await env.KV.get("k", { cacheTtl: (86400000 * 100) / 1000 });',
        True,
    ),
    "ttl-as-argument": (
        "options-not-object",
        'await env.KV.put("k", "v", 60 * 60);',
        "Change to { expirationTtl: … }",
        'await env.KV.put("k", "v", { expirationTtl: 60 * 60 });',
        True,
    ),
    "time-as-argument": (
        "options-not-object",
        'await env.KV.put("k", "v", 2000000000);',
        "Change to { expiration: … }",
        'await env.KV.put("k", "v", { expiration: 2000000000 });',
        True,
    ),
    "prefix-as-argument": (
        "options-not-object",
        'await env.KV.list("user:");',
        "Change to { prefix: … }",
        'await env.KV.list({ prefix: "user:" });',
        True,
    ),
    "delete-two": (
        "delete-extra-key",
        'await env.KV.delete("a", b);',
        "Call delete() once for each key",
        'await Promise.all(["a", b].map((key) => env.KV.delete(key)));',
        False,
    ),
    "limit": (
        "list-limit-out-of-range",
        "await env.KV.list({ limit: 5000 });",
        "Change to 1000",
        "await env.KV.list({ limit: 1000 });",
        False,
    ),
    "option": (
        "option-unknown",
        'await env.KV.put("k", "v", { ttl: 60 });',
        "Change to expirationTtl",
        'await env.KV.put("k", "v", { expirationTtl: 60 });',
        False,
    ),
    "option-of-a-variable": (
        "option-unknown",
        'const ttl = 60;\n    await env.KV.put("k", "v", { ttl });',
        "Change to expirationTtl",
        'const ttl = 60;\n    await env.KV.put("k", "v", { expirationTtl: ttl });',
        False,
    ),
    "type-in-another-case": (
        "get-type-unknown",
        "await env.KV.get('k', 'arraybuffer');",
        'Change to "arrayBuffer"',
        "await env.KV.get('k', 'arrayBuffer');",
        True,
    ),
    "type-mistyped": (
        "get-type-unknown",
        'await env.KV.get("k", { type: "jsn" });',
        'Change to "json"',
        'await env.KV.get("k", { type: "json" });',
        True,
    ),
    "object": (
        "put-value-type",
        'await env.KV.put("k", { a: 1 });',
        "Wrap in JSON.stringify()",
        'await env.KV.put("k", JSON.stringify({ a: 1 }));',
        True,
    ),
    "number": (
        "put-value-not-text",
        'await env.KV.put("k", 5);',
        "Wrap in String()",
        'await env.KV.put("k", String(5));',
        True,
    ),
    "write-not-awaited": (
        "promise-not-awaited",
        'env.KV.delete("k");',
        "Add await",
        'await env.KV.delete("k");',
        True,
    ),
    "read-not-awaited": (
        "promise-not-awaited",
        'const size = env.KV.get("k").length;',
        "Add await",
        'const size = (await env.KV.get("k")).length;',
        True,
    ),
    "delete-of-several": (
        "delete-array",
        'await env.KV.delete(["a", "b"]);',
        "Call delete() once for each key",
        'await Promise.all(["a", "b"].map((key) => env.KV.delete(key)));',
        False,
    ),
    "binding-mistyped": (
        "binding-undeclared",
        'await env.SESSION.getWithMetadata("k");\n    await env.SESSION.get("l");',
        'Change to "SESSIONS"',
        'await env.SESSIONS.getWithMetadata("k");\n    await env.SESSIONS.get("l");',
        False,
    ),
    "binding-taken-apart": (
        "binding-undeclared",
        'const { SESSION } = env;\n    await SESSION.getWithMetadata("k");',
        'Change to "SESSIONS"',
        'const { SESSIONS: SESSION } = env;\n    await SESSION.getWithMetadata("k");',
        False,
    ),
    "method-of-another-store": (
        "method-unknown",
        'await env.KV.set("k", "v");',
        "Change to put()",
        'await env.KV.put("k", "v");',
        True,
    ),
    "method-mistyped": (
        "method-unknown",
        'await env.KV.deletee("k");',
        "Change to delete()",
        'await env.KV.delete("k");',
        False,
    ),
    "method-destructured": (
        "method-unbound",
        'const { get } = env.KV;\n    return await get("k");',
        "Change to env.KV.get",
        'const { get } = env.KV;\n    return await env.KV.get("k");',
        True,
    ),
    "method-mapped": (
        "method-unbound",
        "return await Promise.all(names.map(env.KV.get));",
        "Change to (key) => env.KV.get(key)",
        "return await Promise.all(names.map((key) => env.KV.get(key)));",
        True,
    ),
    "global-in-a-module-worker": (
        "binding-not-in-scope",
        'return new Response(await SESSIONS.get("k"));',
        "Change to env.SESSIONS",
        'return new Response(await env.SESSIONS.get("k"));',
        True,
    ),
    "binding-in-lower-case": (
        "binding-undeclared",
        'await env.sessions.get("k");',
        'Change to "SESSIONS"',
        'await env.SESSIONS.get("k");',
        False,
    ),
    "text-not-awaited": (
        "put-value-type",
        'await env.KV.put("k", request.text());',
        "Add await",
        'await env.KV.put("k", await request.text());',
        True,
    ),
    "json-put-back": (
        "put-value-parsed",
        'const v = await env.KV.get("k", "json");\n    await env.KV.put("k", v);',
        "Wrap in JSON.stringify()",
        'const v = await env.KV.get("k", "json");\n    await env.KV.put("k", JSON.stringify(v));',
        False,
    ),
    "expiration-of-a-date": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: end.getTime() });',
        "Divide by 1000",
        'await env.KV.put("k", "v", { expiration: Math.floor(end.getTime() / 1000) });',
        True,
    ),
    "expiration-date": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: new Date(end) });',
        "Divide by 1000",
        'await env.KV.put("k", "v", { expiration: Math.floor(new Date(end).getTime() / 1000) });',
        True,
    ),
    "chain-not-awaited": (
        "promise-not-awaited",
        'env.KV.delete("k").catch(() => {});',
        "Add await",
        'await env.KV.delete("k").catch(() => {});',
        False,
    ),
    "all-not-awaited": (
        "promise-not-awaited",
        "Promise.all(keys.map((key) => env.KV.delete(key)));",
        "Add await",
        "await Promise.all(keys.map((key) => env.KV.delete(key)));",
        True,
    ),
    "map-not-awaited": (
        "promise-not-awaited",
        "keys.map((key) => env.KV.delete(key));",
        "Wrap in Promise.all()",
        "await Promise.all(keys.map((key) => env.KV.delete(key)));",
        True,
    ),
    "map-awaited": (
        "promise-not-awaited",
        "await keys.map((key) => env.KV.delete(key));",
        "Wrap in Promise.all()",
        "await Promise.all(keys.map((key) => env.KV.delete(key)));",
        True,
    ),
    "map-for-wait-until": (
        "promise-not-awaited",
        "ctx.waitUntil(keys.map<Promise<void>>((key) => env.KV.delete(key)));",
        "Wrap in Promise.all()",
        "ctx.waitUntil(Promise.all(keys.map<Promise<void>>((key) => env.KV.delete(key))));",
        True,
    ),
    "function-for-wait-until": (
        "promise-not-awaited",
        'ctx.waitUntil(async () => { await env.KV.delete("k"); });',
        "Call the function",
        'ctx.waitUntil((async () => { await env.KV.delete("k"); })());',
        True,
    ),
    "in-a-response": (
        "promise-not-awaited",
        'return new Response(env.KV.get("k"));',
        "Add await",
        'return new Response(await env.KV.get("k"));',
        True,
    ),
    "ttl-without-a-bound": (
        "ttl-unbounded",
        'await env.KV.put("k", "v", { expirationTtl: (end - Date.now()) / 1000 });',
        "Wrap in Math.max(60, …)",
        'await env.KV.put("k", "v", { expirationTtl: Math.max(60, (end - Date.now()) / 1000) });',
        False,
    ),
    "silenced": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: 30 });',
        "Turn off ttl-out-of-range for this line",
        'await env.KV.put("k", "v", { expirationTtl: 30 }); // kvlens-disable-line ttl-out-of-range',
        False,
    ),
    "silenced-beside-a-comment": (
        "key-invalid",
        'await env.KV.get(""); // why not',
        "Turn off key-invalid for this line",
        '// kvlens-disable-next-line key-invalid\n    await env.KV.get(""); // why not',
        False,
    ),
    "silenced-behind-another-rule": (
        "key-invalid",
        'await env.KV.get(""); // kvlens-disable-line option-unknown',
        "Turn off key-invalid for this line",
        'await env.KV.get(""); // kvlens-disable-line option-unknown, key-invalid',
        False,
    ),
}  # fmt: skip


def handler(body: str) -> str:
    """Return a Worker with this body of its handler."""
    return f"export default {{\n  async fetch(request, env, ctx) {{\n    {body}\n  }},\n}};\n"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def project(editor: Editor) -> AsyncIterator[Path]:
    """A separate project without sources on disk."""
    folder = editor.folder / "fixes"
    folder.mkdir()
    turned_on = '[rules]\nbinding-not-everywhere = "warning"\n'
    (folder / "kvlens.toml").write_text(turned_on, encoding="utf-8")
    await save(editor, folder, EVERYWHERE)
    yield folder
    shutil.rmtree(folder)
    did_change_watched_files(editor, folder, types.FileChangeType.Deleted)
    await until(lambda: not editor.diagnostics[(folder / "wrangler.toml").as_uri()])


def did_change_watched_files(editor: Editor, folder: Path, kind: types.FileChangeType) -> None:
    event = types.FileEvent((folder / "wrangler.toml").as_uri(), kind)
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


async def save(editor: Editor, folder: Path, text: str) -> None:
    """Write the config, and wait until the server has read it."""
    config = folder / "wrangler.toml"
    config.write_text(text, encoding="utf-8")
    editor.diagnostics.pop(config.as_uri(), None)
    did_change_watched_files(editor, folder, types.FileChangeType.Created)
    await until(lambda: config.as_uri() in editor.diagnostics)


@asynccontextmanager
async def open_document(editor: Editor, folder: Path, text: str, code: str) -> AsyncIterator[str]:
    """An open and checked source with one problem, or none if `code` is empty."""
    uri = (folder / "src" / f"case{next(_numbers)}.ts").as_uri()
    item = types.TextDocumentItem(uri, "typescript", 1, text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    expected = [code] if code else []
    await until(
        lambda: uri in editor.diagnostics and [d.code for d in editor.diagnostics[uri]] == expected
    )
    yield uri
    document = types.TextDocumentIdentifier(uri)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


async def actions(editor: Editor, uri: str, *only: str) -> dict[str, types.CodeAction]:
    """Return the code actions at the first problem, by title."""
    (problem, *_) = editor.diagnostics[uri]
    context = types.CodeActionContext([problem], only=list(only) or None)
    found = await editor.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), problem.range, context)
    )
    return {one.title: one for one in found or [] if isinstance(one, types.CodeAction)}


def applied(action: types.CodeAction, uri: str, text: str) -> str:
    """Return a text after an action's edits, which must not edit anything else."""
    assert action.edit
    changes = action.edit.changes or {}
    assert list(changes) == [uri]
    index = LineIndex(text)
    places = [
        (
            index.offset(e.range.start.line, e.range.start.character),
            index.offset(e.range.end.line, e.range.end.character),
            e.new_text,
        )
        for e in changes[uri]
    ]
    for start, end, new in sorted(places, reverse=True):
        text = text[:start] + new + text[end:]
    return text


@pytest.mark.parametrize(("code", "body", "title", "after", "preferred"), FIXES.values(), ids=FIXES)
async def test_a_fix_of_a_call(
    editor: Editor, project: Path, code: str, body: str, title: str, after: str, preferred: bool
) -> None:
    async with open_document(editor, project, handler(body), code) as uri:
        found = await actions(editor, uri)
        fix = found[title]
        assert fix.kind == types.CodeActionKind.QuickFix
        assert bool(fix.is_preferred) == preferred
        assert [d.code for d in fix.diagnostics or []] == [code]
        assert applied(fix, uri, handler(body)) == handler(after)


async def test_a_namespace_is_added_to_the_config_for_the_code_that_uses_it(
    editor: Editor, project: Path
) -> None:
    config = (project / "wrangler.toml").as_uri()
    text = handler('await env.LINKS.getWithMetadata("k");')
    async with open_document(editor, project, text, "binding-undeclared") as uri:
        found = await actions(editor, uri)
        fix = found['Add "LINKS" to kv_namespaces and env.prod.kv_namespaces in wrangler.toml']
        after = applied(fix, config, EVERYWHERE)
        assert after.count('binding = "LINKS"') == 2
        assert '[[kv_namespaces]]\nbinding = "LINKS"\n\n[[env.prod' in after
        assert after.endswith('[[env.prod.kv_namespaces]]\nbinding = "LINKS"\n')


async def test_a_namespace_is_added_where_an_environment_lacks_it(
    editor: Editor, project: Path
) -> None:
    config = (project / "wrangler.toml").as_uri()
    await save(editor, project, CONFIG)
    text = handler('await env.KV.get("k");')
    async with open_document(editor, project, text, "binding-not-everywhere") as uri:
        found = await actions(editor, uri)
        fix = found['Add "KV" to env.prod.kv_namespaces in wrangler.toml']
        assert applied(fix, config, CONFIG) == EVERYWHERE
    await save(editor, project, EVERYWHERE)


async def test_only_what_nobody_has_to_think_about_is_fixed_in_a_whole_file(
    editor: Editor, project: Path
) -> None:
    body = 'await env.KV.put("k", 5);\n    await env.KV.put("k", true);\n    env.KV.delete("k");'
    uri = (project / "src" / "whole.ts").as_uri()
    item = types.TextDocumentItem(uri, "typescript", 1, handler(body))
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await until(lambda: len(editor.diagnostics.get(uri, [])) == 3)
    found = await actions(editor, uri, "source.fixAll")
    assert [one.kind for one in found.values()] == ["source.fixAll.kvlens"]
    (whole,) = found.values()
    after = body.replace("5", "String(5)").replace("true", "String(true)")
    after = after.replace("env.KV.delete", "await env.KV.delete")
    assert applied(whole, uri, handler(body)) == handler(after)
    assert "Fix all 2 problems of put-value-not-text in this file" in await actions(editor, uri)
    document = types.TextDocumentIdentifier(uri)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


async def test_a_namespace_that_nothing_uses_is_removed(editor: Editor, project: Path) -> None:
    config = (project / "wrangler.toml").as_uri()
    source = project / "src" / "index.ts"
    source.parent.mkdir(exist_ok=True)
    source.write_text(handler('return new Response(await env.KV.get("k"));'), encoding="utf-8")
    item = types.TextDocumentItem(config, "toml", 1, EVERYWHERE)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await until(lambda: {d.code for d in editor.diagnostics[config]} == {"binding-unused"})
    found = await actions(editor, config)
    after = applied(found['Remove "SESSIONS" from the config'], config, EVERYWHERE)
    assert "SESSIONS" not in after
    assert after.count('binding = "KV"') == 2
    document = types.TextDocumentIdentifier(config)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(document))


async def test_open_code_follows_a_config_that_changes_on_disk(
    editor: Editor, project: Path
) -> None:
    text = handler('await env.KV.get("k");')
    async with open_document(editor, project, text, "") as uri:
        await save(editor, project, CONFIG)
        await until(lambda: [d.code for d in editor.diagnostics[uri]] == ["binding-not-everywhere"])
        await save(editor, project, EVERYWHERE)
        await until(lambda: not editor.diagnostics[uri])


async def test_a_prefix_of_keys_is_extracted(editor: Editor, project: Path) -> None:
    text = handler("await env.KV.get(`user:${id}`);\n    await env.KV.delete(`user:${id}`);")
    async with open_document(editor, project, text, "") as uri:
        at = types.Position(2, text.split("\n")[2].index("user:"))
        context = types.CodeActionContext([], only=["refactor"])
        (found,) = (
            await editor.text_document_code_action_async(
                types.CodeActionParams(
                    types.TextDocumentIdentifier(uri), types.Range(at, at), context
                )
            )
            or ()
        )
        assert isinstance(found, types.CodeAction)
        assert found.title == 'Extract the key prefix "user:" to USER_PREFIX'
        assert found.kind == types.CodeActionKind.RefactorExtract
        after = text.replace("user:", "${USER_PREFIX}")
        assert applied(found, uri, text) == f'const USER_PREFIX = "user:";\n\n{after}'
