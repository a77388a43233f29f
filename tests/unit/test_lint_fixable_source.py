"""Fixes of sources: what they write, and which of them are applied to a whole file."""

from __future__ import annotations

from itertools import pairwise

import pytest
from kvlens.config.edit import applied
from kvlens.config.reader import load_text
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext
from kvlens.lint.base import Levels
from kvlens.lint.fix_file import fix_file, fixed_text
from kvlens.lint.fixable_source import FixableSource
from kvlens.lint.fixes import fixes_for

CONFIG = load_text('kv_namespaces = [{ binding = "KV" }]', "/shop/wrangler.toml")
NOW = 1_800_000_000.0


def fixable(text: str, name: str) -> FixableSource:
    """Return a source of the project."""
    return FixableSource(read_source(text, f"/shop/src/{name}"), SourceContext([CONFIG]), NOW)


def handler(body: str) -> str:
    """Return a module Worker with this body of fetch."""
    return f"export default {{\n  async fetch(request, env, ctx) {{\n    {body}\n  }},\n}};\n"


LOOP = """const keys = [];
    let cursor;
    do {
      const page = await env.KV.list({ cursor });
      keys.push(...page.keys);
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor);"""

# id: (rule, whether it is safe, file, body of a handler, the body after the first fix of the rule)
FIXES: dict[str, tuple[str, bool, str, str, str]] = {
    "silence-misspelled": (
        "silence-unknown",
        True,
        "a.js",
        "await env.KV.put('', 'v'); // kvlens-disable-line kye-invalid\n",
        "await env.KV.put('', 'v'); // kvlens-disable-line key-invalid\n",
    ),
    "bulk-get": (
        "get-in-loop",
        False,
        "a.js",
        "const a = await Promise.all(ids.map((id) => env.KV.get(id)));",
        "const a = await env.KV.get(ids).then((found) => ids.map((key) => found.get(key) ?? null));",
    ),
    "bulk-get-of-a-type": (
        "get-in-loop",
        False,
        "a.ts",
        'return Promise.all(ids.map(async id => await env.KV.get<Cart>(id, "json")));',
        'return env.KV.get<Cart>(ids, "json").then((found) => ids.map((key) => found.get(key) ?? null));',
    ),
    "get-json": (
        "get-then-parse",
        True,
        "a.js",
        "const a = JSON.parse(await env.KV.get('a'));",
        "const a = await env.KV.get('a', \"json\");",
    ),
    "get-json-with-types": (
        "get-then-parse",
        True,
        "a.ts",
        'const a = JSON.parse((await env.KV.get(key, "text"))!) as Cart;',
        'const a = await env.KV.get<any>(key, "json") as Cart;',
    ),
    "get-json-of-a-member": (
        "get-then-parse",
        True,
        "a.js",
        "return JSON.parse((await env.KV.get(`a:${id}`)) ?? 'null')?.name;",
        'return (await env.KV.get(`a:${id}`, "json"))?.name;',
    ),
    "cursor-loop": (
        "list-without-cursor",
        False,
        "a.js",
        'const page = await env.KV.list({ prefix: "a:" });\n'
        "    return Response.json(page.keys.map((key) => key.name), page.keys.length);",
        """const keys = [];
    let cursor;
    do {
      const page = await env.KV.list({ prefix: "a:", cursor });
      keys.push(...page.keys);
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor);
    return Response.json(keys.map((key) => key.name), keys.length);""",
    ),
    "cursor-loop-with-types": (
        "list-without-cursor",
        False,
        "a.ts",
        "const { keys } = await env.KV.list();\n    for (const key of keys) use(key);",
        """const keys: KVNamespaceListKey<unknown>[] = [];
    let cursor: string | undefined;
    do {
      const page = await env.KV.list({ cursor });
      keys.push(...page.keys);
      cursor = page.list_complete ? undefined : page.cursor;
    } while (cursor);
    for (const key of keys) use(key);""",
    ),
    "cursor-loop-before-a-loop": (
        "list-without-cursor",
        False,
        "a.js",
        "for (const key of (await env.KV.list()).keys) use(key);",
        f"{LOOP}\n    for (const key of keys) use(key);",
    ),
    "cursor-loop-before-a-declaration": (
        "list-without-cursor",
        False,
        "a.js",
        "const names = (await env.KV.list()).keys.map((key) => key.name);",
        f"{LOOP}\n    const names = keys.map((key) => key.name);",
    ),
    "cursor-loop-before-a-call": (
        "list-without-cursor",
        False,
        "a.js",
        "(await env.KV.list()).keys.forEach(use);",
        f"{LOOP}\n    keys.forEach(use);",
    ),
    "cursor-loop-for-keys": (
        "list-without-cursor",
        False,
        "a.js",
        "const keys = (await env.KV.list()).keys;\n    return keys.map(use);",
        f"{LOOP}\n    return keys.map(use);",
    ),
    "cursor-of-the-page-before": (
        "list-cursor-not-passed",
        True,
        "a.js",
        "let page; do { page = await env.KV.list({ prefix }); f(page); } while (!page.list_complete);",
        "let page; do { page = await env.KV.list({ prefix, cursor: page?.cursor }); f(page); } "
        "while (!page.list_complete);",
    ),
    "cursor-of-a-page-with-a-type": (
        "list-cursor-not-passed",
        True,
        "a.ts",
        "let page: Page | undefined;\n    do {\n      page = await env.KV.list();\n"
        "    } while (!page.list_complete);",
        "let page: Page | undefined;\n    do {\n      page = await env.KV.list("
        "{ cursor: page?.list_complete === false ? page.cursor : undefined });\n"
        "    } while (!page.list_complete);",
    ),
    "cursor-of-the-first-page": (
        "list-cursor-not-passed",
        True,
        "a.ts",
        "let page = await env.KV.list();\n    while (!page.list_complete) {\n"
        "      page = await env.KV.list({});\n    }",
        "let page = await env.KV.list();\n    while (!page.list_complete) {\n"
        "      page = await env.KV.list({ cursor: page.cursor });\n    }",
    ),
    "cursor-in-lines": (
        "list-cursor-not-passed",
        True,
        "a.js",
        "let page = null;\n    while (!page || !page.list_complete) {\n      page = await env.KV.list({\n"
        "        prefix: 'a:', // all\n        limit: 100, // at once\n      });\n    }",
        "let page = null;\n    while (!page || !page.list_complete) {\n      page = await env.KV.list({\n"
        "        prefix: 'a:', // all\n        limit: 100,\n        cursor: page?.cursor, // at once\n"
        "      });\n    }",
    ),
    "cursor-of-a-variable": (
        "list-cursor-not-passed",
        True,
        "a.ts",
        "let cursor: string | undefined;\n    do {\n      const page = await env.KV.list({ prefix });\n"
        "      cursor = page.list_complete ? undefined : page.cursor;\n    } while (cursor);",
        "let cursor: string | undefined;\n    do {\n      const page = await env.KV.list("
        "{ prefix, cursor });\n"
        "      cursor = page.list_complete ? undefined : page.cursor;\n    } while (cursor);",
    ),
    "cursor-of-a-pattern": (
        "list-cursor-not-passed",
        True,
        "a.js",
        "let next; do { const { keys, cursor } = await env.KV.list(); f(keys); next = cursor; } while (next);",
        "let next; do { const { keys, cursor } = await env.KV.list({ cursor: next }); f(keys); "
        "next = cursor; } while (next);",
    ),
    "keys-of-a-list": (
        "list-not-array",
        False,
        "a.js",
        "for (const key of await env.KV.list({ limit: 9 })) use(key);",
        "for (const key of (await env.KV.list({ limit: 9 })).keys) use(key);",
    ),
    "keys-of-a-list-not-awaited": (
        "list-not-array",
        False,
        "a.js",
        "for await (const key of env.KV.list({ limit: 9 })) use(key);",
        "for await (const key of (await env.KV.list({ limit: 9 })).keys) use(key);",
    ),
    "keys-of-a-list-with-a-type": (
        "list-not-array",
        False,
        "a.ts",
        "return ((await env.KV.list({ limit: 9 })) as any).map(use);",
        "return ((await env.KV.list({ limit: 9 })) as any).keys.map(use);",
    ),
    "keys-of-a-page": (
        "list-not-array",
        False,
        "a.js",
        "const page = await env.KV.list({ limit: 9 });\n    page.map(use);",
        "const page = await env.KV.list({ limit: 9 });\n    page.keys.map(use);",
    ),
    "method-by-subscript": (
        "method-unknown",
        False,
        "a.js",
        'await env.KV["gett"]("k");',
        'await env.KV["get"]("k");',
    ),
}  # fmt: skip

# id: (rule, body of a handler): reported, without a fix
WITHOUT_FIX: dict[str, tuple[str, str]] = {
    "bulk-get-of-other-keys": (
        "get-in-loop",
        "return Promise.all(ids.map((id) => env.KV.get(`cart:${id}`)));",
    ),
    "bulk-get-that-does-more": (
        "get-in-loop",
        "return Promise.all(ids.map(async (id) => [id, await env.KV.get(id)]));",
    ),
    "bulk-get-of-settled": (
        "get-in-loop",
        "return Promise.allSettled(ids.map((id) => env.KV.get(id)));",
    ),
    "list-that-comes-second": (
        "list-without-cursor",
        "return use(first(), (await env.KV.list()).keys);",
    ),
    "list-in-a-branch": (
        "list-without-cursor",
        "if (request.ok) for (const key of (await env.KV.list()).keys) use(key);",
    ),
    "list-for-a-variable": (
        "list-without-cursor",
        "let keys = (await env.KV.list()).keys; keys = keys.map(use); return keys;",
    ),
    "list-beside-another-cursor": (
        "list-without-cursor",
        "for (const key of (await env.KV.list()).keys) use(key, () => (page) => page);",
    ),
    "list-whose-page-is-handed-on": (
        "list-without-cursor",
        "const page = await env.KV.list(); use(page); return page.keys;",
    ),
    "list-with-more-of-the-page": (
        "list-without-cursor",
        "const { keys, cacheStatus } = await env.KV.list(); return keys.map(f);",
    ),
    "list-beside-the-name": (
        "list-without-cursor",
        "const keys = 1; const page = await env.KV.list(); return page.keys.map(f);",
    ),
    "list-with-a-type": (
        "list-without-cursor",
        "const page = await env.KV.list<Meta>(); return page.keys.map(f);",
    ),
    "keys-outside-of-an-async-function": (
        "list-not-array",
        "function f() { for (const key of env.KV.list({ limit: 9 })) use(key); }",
    ),
    "cursor-that-nothing-holds": (
        "list-cursor-not-passed",
        "let done = false; while (!done) { const page = await env.KV.list(); done = page.list_complete; }",
    ),
    "cursor-of-a-page-in-the-loop": (
        "list-cursor-not-passed",
        "for (;;) { const page = await env.KV.list(); f(page.keys); if (page.list_complete) break; }",
    ),
    "cursor-of-a-page-without-a-type": (
        "list-cursor-not-passed",
        "let page; do { page = await env.KV.list(); f(page); } while (!page.list_complete);",
    ),
    "cursor-of-a-page-that-cannot-be-undefined": (
        "list-cursor-not-passed",
        "let p: Page; do { p = await env.KV.list(); } while (!p.list_complete);",
    ),
    "cursor-that-cannot-be-undefined": (
        "list-cursor-not-passed",
        "let c: string | null; do { const p = await env.KV.list();"
        " c = p.list_complete ? null : p.cursor; } while (c);",
    ),
    "cursor-that-begins-with-null": (
        "list-cursor-not-passed",
        "let c: string | null = null; do { const p = await env.KV.list();"
        " c = p.list_complete ? null : p.cursor; } while (c);",
    ),
    "cursor-of-a-page-that-is-set-again": (
        "list-cursor-not-passed",
        "let p: Page | undefined; do { p = await env.KV.list(); if (x) p = y; } while (!p.list_complete);",
    ),
    "cursor-for-options-elsewhere": (
        "list-cursor-not-passed",
        "const all = { prefix: 'a' }; let p: Page | undefined; do { p = await env.KV.list(all); } "
        "while (!p.list_complete);",
    ),
    "cursor-of-something-else": (
        "list-cursor-not-passed",
        "let next: string; do { const page = await env.KV.list(); next = other.cursor; } while (next);",
    ),
    "bulk-get-beside-the-name": (
        "get-in-loop",
        "const found = 1; return Promise.all(ids.map((id) => env.KV.get(id)));",
    ),
}


@pytest.mark.parametrize(("code", "safe", "name", "body", "after"), FIXES.values(), ids=FIXES)
def test_a_fix_writes_what_a_person_would(
    code: str, safe: bool, name: str, body: str, after: str
) -> None:
    source = fixable(handler(body), name)
    (problem,) = (problem for problem in source.problems if problem.code == code)
    fix = fixes_for(source, problem)[0]
    assert applied(source.file.text, fix.edits) == handler(after)
    assert fix.safe == safe
    once = fixed_text(source, source.problems, {code: "warning"})
    assert once == (handler(after) if safe else None)
    assert once is None or fixed_text(fixable(once, name), fixable(once, name).problems, {}) is None


@pytest.mark.parametrize(("code", "body"), WITHOUT_FIX.values(), ids=WITHOUT_FIX)
def test_what_is_not_certain_has_no_fix(code: str, body: str) -> None:
    source = fixable(handler(body), "a.ts")
    (problem,) = (problem for problem in source.problems if problem.code == code)
    assert fixes_for(source, problem) == []


# id: (body of a handler, the body after the safe fixes)
WHOLE: dict[str, tuple[str, str]] = {
    "await": ('env.KV.put("a", "1");', 'await env.KV.put("a", "1");'),
    "await-in-a-condition": ('if (x) env.KV.delete("a");', 'if (x) await env.KV.delete("a");'),
    "await-after-and": ('x && env.KV.delete("a");', 'x && await env.KV.delete("a");'),
    "await-all": (
        "Promise.all(ids.map((id) => env.KV.delete(id)));",
        "await Promise.all(ids.map((id) => env.KV.delete(id)));",
    ),
    "await-mapped": (
        "ids.map((id) => env.KV.delete(id));",
        "await Promise.all(ids.map((id) => env.KV.delete(id)));",
    ),
    "wait-for-mapped": (
        "ctx.waitUntil(['a', b].map((id) => env.KV.delete(id)));",
        "ctx.waitUntil(Promise.all(['a', b].map((id) => env.KV.delete(id))));",
    ),
    "await-a-value": (
        'if (env.KV.get("a")) use(JSON.parse(env.KV.get("b")).c, env.KV.get("d").length);',
        'if (await env.KV.get("a")) use((await env.KV.get("b", "json")).c, '
        '(await env.KV.get("d")).length);',
    ),
    "await-before-a-power": (
        'use(env.KV.get("a") ** 2, 2 ** env.KV.get("b").length);',
        'use((await env.KV.get("a")) ** 2, 2 ** (await env.KV.get("b")).length);',
    ),
    "await-after-a-line-without-a-semicolon": (
        'use()\n// all\nenv.KV.get("a").length\nlet b = 1;\nenv.KV.get("b").length\n'
        'if (b)\nenv.KV.get("c").length\n{ env.KV.get("d").length }',
        'use()\n// all\n;(await env.KV.get("a")).length\nlet b = 1;\n(await env.KV.get("b")).length\n'
        'if (b)\n(await env.KV.get("c")).length\n{ (await env.KV.get("d")).length }',
    ),
    "await-what-is-read-in-pages": (
        "const { keys } = env.KV.list(); use(keys, env.KV.list().keys);",
        "const { keys } = await env.KV.list(); use(keys, (await env.KV.list()).keys);",
    ),
    "await-a-count": (
        "const n = env.KV.get('n') || 0; await env.KV.put('n', String(Number(n) + 1));",
        "const n = await env.KV.get('n') || 0; await env.KV.put('n', String(Number(n) + 1));",
    ),
    "await-that-leaves-an-error": (
        "return env.KV.list().map(use);",
        "return env.KV.list().map(use);",
    ),
    "await-outside-of-an-async-function": (
        "const f = () => { const { keys } = env.KV.list(); return env.KV.list().keys; };",
        "const f = () => { const { keys } = env.KV.list(); return env.KV.list().keys; };",
    ),
    "await-where-a-class-has-none": (
        'class A { a = env.KV.get("a") ? 1 : 0; static { env.KV.put("b", "1"); } '
        '[env.KV.get("c") ? "d" : "e"]() {} async f() { env.KV.put("g", "1"); } }',
        'class A { a = env.KV.get("a") ? 1 : 0; static { env.KV.put("b", "1"); } '
        '[await env.KV.get("c") ? "d" : "e"]() {} async f() { await env.KV.put("g", "1"); } }',
    ),
    "await-where-parameters-have-none": (
        'const f = async (a = env.KV.get("a") ? 1 : 0, { b = env.KV.get("b") || 1 } = {}) => '
        '{ if (env.KV.get("c")) use(a, b); };',
        'const f = async (a = env.KV.get("a") ? 1 : 0, { b = env.KV.get("b") || 1 } = {}) => '
        '{ if (await env.KV.get("c")) use(a, b); };',
    ),
    "await-a-value-in-a-loop": (
        "for (const id of ids) if (env.KV.get(id)) use(id);",
        "for (const id of ids) if (await env.KV.get(id)) use(id);",
    ),
    "await-inside-what-is-awaited": (
        "await Promise.all(ids.map(async (id) => { env.KV.delete(id); }));",
        "await Promise.all(ids.map(async (id) => { await env.KV.delete(id); }));",
    ),
    "option": (
        "await env.KV.put('a', '1', { expirationTTL: 60, meta_data: 1, ttl: 3600 });",
        "await env.KV.put('a', '1', { expirationTtl: 60, metadata: 1, ttl: 3600 });",
    ),
    "option-of-the-same-name": (
        "const expirationTTL = 60; await env.KV.put('a', '1', { expirationTTL });",
        "const expirationTTL = 60; await env.KV.put('a', '1', { expirationTtl: expirationTTL });",
    ),
    "option-with-a-value-out-of-range": (
        "await env.KV.put('a', '1', { expirationTTL: 5 });",
        "await env.KV.put('a', '1', { expirationTTL: 5 });",
    ),
    "type": ("return env.KV.get('a', 'jsn');", "return env.KV.get('a', 'json');"),
    "type-in-options": (
        "return env.KV.get('a', { type: `arraybufer` });",
        "return env.KV.get('a', { type: `arrayBuffer` });",
    ),
    "type-that-may-be-another": (
        "return env.KV.get('a', 'strings');",
        "return env.KV.get('a', 'strings');",
    ),
    "object": (
        "const cart = { a: 1 }; await env.KV.put('a', cart); await env.KV.put('b', [1]);",
        "const cart = { a: 1 }; await env.KV.put('a', JSON.stringify(cart)); "
        "await env.KV.put('b', JSON.stringify([1]));",
    ),
    "instance": (
        "class Cart {} await env.KV.put('a', new Cart());",
        "class Cart {} await env.KV.put('a', new Cart());",
    ),
    "ttl": (
        "const DAY = 86_400; await env.KV.put('a', '1', 60); await env.KV.put('a', '1', DAY);",
        "const DAY = 86_400; await env.KV.put('a', '1', { expirationTtl: 60 }); "
        "await env.KV.put('a', '1', { expirationTtl: DAY });",
    ),
    "expiration": (
        "await env.KV.put('a', '1', 1900000000);",
        "await env.KV.put('a', '1', { expiration: 1900000000 });",
    ),
    "ttl-out-of-range": (
        "await env.KV.put('a', '1', 5);",
        "await env.KV.put('a', '1', 5);",
    ),
    "milliseconds": (
        "await env.KV.put('a', '1', { expirationTtl: 86400 * 1000 });",
        "await env.KV.put('a', '1', { expirationTtl: 86400 });",
    ),
    "milliseconds-of-a-product": (
        "await env.KV.put('a', '1', { expirationTtl: 60 * 60 * 1000 });",
        "await env.KV.put('a', '1', { expirationTtl: 60 * 60 });",
    ),
    "milliseconds-by-a-thousand-first": (
        "await env.KV.put('a', '1', { expirationTtl: 1000 * 60 * (60 * 24) });",
        "await env.KV.put('a', '1', { expirationTtl: 60 * (60 * 24) });",
    ),
    "milliseconds-in-parentheses": (
        "await env.KV.put('a', '1', { expirationTtl: (60 * 1_000 * 1440) });",
        "await env.KV.put('a', '1', { expirationTtl: (60 * 1440) });",
    ),
    "milliseconds-above-the-limit": (
        "await env.KV.put('a', '1', { expirationTtl: 365 * 24 * 3600 * 1000 });",
        "await env.KV.put('a', '1', { expirationTtl: 365 * 24 * 3600 });",
    ),
    "milliseconds-above-the-limit-in-one-number": (
        "await env.KV.put('a', '1', { expirationTtl: 2592000000 });",
        "await env.KV.put('a', '1', { expirationTtl: 2592000 });",
    ),
    "milliseconds-above-the-limit-as-text": (
        "await env.KV.put('a', '1', { expirationTtl: '2592000000' });",
        "await env.KV.put('a', '1', { expirationTtl: 2592000 });",
    ),
    "a-number-above-the-limit": (
        "await env.KV.put('a', '1', { expirationTtl: 9999999999 });",
        "await env.KV.put('a', '1', { expirationTtl: 9999999999 });",
    ),
    "a-number-that-may-be-meant": (
        "await env.KV.put('a', '1', { expirationTtl: 86400000 });",
        "await env.KV.put('a', '1', { expirationTtl: 86400000 });",
    ),
    "milliseconds-that-leave-too-little": (
        "await env.KV.put('a', '1', { expirationTtl: 30 * 1000 });",
        "await env.KV.put('a', '1', { expirationTtl: 30 * 1000 });",
    ),
    "expiration-in-milliseconds": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 3600_000 });",
        "await env.KV.put('a', '1', { expiration: Math.floor((Date.now() + 3600_000) / 1000) });",
    ),
    "expiration-with-a-product": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 3600 * 1000 });",
        "await env.KV.put('a', '1', { expiration: Math.floor((Date.now() + 3600 * 1000) / 1000) });",
    ),
    "expiration-with-an-unknown-product": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 1000 * ttl });",
        "await env.KV.put('a', '1', { expiration: Math.floor((Date.now() + 1000 * ttl) / 1000) });",
    ),
    "expiration-with-two-periods": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 90 * 1000 + 60_000 });",
        "await env.KV.put('a', '1', { expiration: Math.floor((Date.now() + 90 * 1000 + 60_000) / 1000) });",
    ),
    "expiration-of-a-number": (
        "await env.KV.put('a', '1', { expiration: 1900000000000 });",
        "await env.KV.put('a', '1', { expiration: 1900000000 });",
    ),
    "expiration-that-may-add-seconds": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 86400 });",
        "await env.KV.put('a', '1', { expiration: Date.now() + 86400 });",
    ),
    "expiration-that-adds-what-is-unknown": (
        "await env.KV.put('a', '1', { expiration: Date.now() + ttl });",
        "await env.KV.put('a', '1', { expiration: Date.now() + ttl });",
    ),
    "expiration-that-adds-both": (
        "await env.KV.put('a', '1', { expiration: Date.now() + 60_000 + 86400 });",
        "await env.KV.put('a', '1', { expiration: Date.now() + 60_000 + 86400 });",
    ),
    "milliseconds-of-a-constant": (
        "const TTL = 24 * 3600 * 1000; await env.KV.put('a', '1', { expirationTtl: TTL });",
        "const TTL = 24 * 3600 * 1000; await env.KV.put('a', '1', { expirationTtl: TTL / 1000 });",
    ),
    "milliseconds-by-name": (
        "const DAY_MS = 86400000; await env.KV.put('a', '1', { expirationTtl: DAY_MS });",
        "const DAY_MS = 86400000; await env.KV.put('a', '1', { expirationTtl: DAY_MS / 1000 });",
    ),
    "a-constant-that-may-be-meant": (
        "const TTL = 86400000; await env.KV.put('a', '1', { expirationTtl: TTL });",
        "const TTL = 86400000; await env.KV.put('a', '1', { expirationTtl: TTL });",
    ),
    "expiration-of-a-constant": (
        "const DAY_MS = 86400000, end = Date.now() + 7 * DAY_MS; await env.KV.put('a', '1', { expiration: end });",
        "const DAY_MS = 86400000, end = Date.now() + 7 * DAY_MS; await env.KV.put('a', '1', { expiration: Math.floor(end / 1000) });",
    ),
    "expiration-of-a-constant-that-may-add-seconds": (
        "const end = Date.now() + 86400; await env.KV.put('a', '1', { expiration: end });",
        "const end = Date.now() + 86400; await env.KV.put('a', '1', { expiration: end });",
    ),
    "cache-ttl-in-milliseconds": (
        "return env.KV.get('a', { cacheTtl: 60 * 60 * 1000 });",
        "return env.KV.get('a', { cacheTtl: 60 * 60 });",
    ),
    "cache-ttl-above-the-limit": (
        "return env.KV.get('a', { cacheTtl: 365 * 86400 * 1000 });",
        "return env.KV.get('a', { cacheTtl: 365 * 86400 });",
    ),
    "milliseconds-that-a-function-is-given": (
        "const save = (ttl) => env.KV.put('a', '1', { expirationTtl: ttl }); "
        "await save(365 * 86400 * 1000);",
        "const save = (ttl) => env.KV.put('a', '1', { expirationTtl: ttl }); "
        "await save(365 * 86400 * 1000);",
    ),
    "default-value": ("return env.KV.get('a', 100);", "return env.KV.get('a', 100);"),
    "one-in-another": (
        "env.KV.put('a', { b: env.KV.get('c', 'JSN').d }, 60);",
        "await env.KV.put('a', JSON.stringify({ b: (await env.KV.get('c', 'json')).d }), "
        "{ expirationTtl: 60 });",
    ),
    "beside-what-cannot-be-fixed": (
        "for (const id of ids) env.KV.delete(id); ids.forEach(async (id) => { env.KV.delete(id); });"
        " env.KV.delete('a').catch(log); env.KV.delete('b');",
        "for (const id of ids) env.KV.delete(id); ids.forEach(async (id) => { env.KV.delete(id); });"
        " env.KV.delete('a').catch(log); await env.KV.delete('b');",
    ),
    "function-that-is-not-async": (
        "ids.forEach((id) => { env.KV.delete(id); });",
        "ids.forEach((id) => { env.KV.delete(id); });",
    ),
}  # fmt: skip


LEVELS: Levels = {"get-then-parse": "information"}  # off by default


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("body", "after"), WHOLE.values(), ids=WHOLE)
def test_a_whole_file_is_fixed_at_once_and_for_all(body: str, after: str, end: str) -> None:
    text = handler(body).replace("\n", end)
    source = fixable(text, "a.js")
    fix = fix_file(source, source.problems, LEVELS)
    once = applied(text, fix.edits) if fix else text
    assert once == handler(after).replace("\n", end)
    again = fixable(once, "a.js")
    assert fixed_text(again, again.problems, LEVELS) is None
    spans = sorted(edit.span for edit in fix.edits) if fix else []
    assert all(one.end <= next.start for one, next in pairwise(spans)), "no edits overlap"


def test_what_cannot_be_fixed_does_not_hide_what_can() -> None:
    hopeless = "await env.KV.put(id, '1', { expirationTTL: 5 });\n"
    body = hopeless * 2 + 'env.KV.put("a", "1");\n' * 40 + hopeless * 2
    source = fixable(handler(body), "a.js")
    fixed = fixed_text(source, source.problems, {})
    assert fixed is not None
    assert fixed.count('await env.KV.put("a"') == 40
    assert fixed.count(hopeless) == 4


# id: (a config without namespaces, where the fix adds one, the config after it)
ADDED: dict[str, tuple[str, str, str]] = {
    "empty": ("{}", "kv_namespaces", '{ "kv_namespaces": [{ "binding": "NEW" }] }'),
    "empty-environment": (
        '{\n  // a\n  "env": {\n    "prod": {}, // b\n  },\n}\n',
        "kv_namespaces and env.prod.kv_namespaces",
        '{\n  // a\n  "env": {\n    "prod": { "kv_namespaces": [{ "binding": "NEW" }] }, // b\n  },\n'
        '  "kv_namespaces": [{ "binding": "NEW" }],\n}\n',
    ),
    "empty-environments": (
        '{ "env": { "a": {}, "b": { "kv_namespaces": [] } } }',
        "kv_namespaces, env.a.kv_namespaces and env.b.kv_namespaces",
        '{ "env": { "a": { "kv_namespaces": [{ "binding": "NEW" }] },'
        ' "b": { "kv_namespaces": [{ "binding": "NEW" }] } },'
        ' "kv_namespaces": [{ "binding": "NEW" }] }',
    ),
    "empty-environment-in-toml": (
        "[env.prod]\n",
        "kv_namespaces and env.prod.kv_namespaces",
        '[env.prod]\n\n[[kv_namespaces]]\nbinding = "NEW"\n\n'
        '[[env.prod.kv_namespaces]]\nbinding = "NEW"\n',
    ),
    "namespaces-of-environments-only": (
        '[[env.prod.kv_namespaces]]\nbinding = "KV"\n',
        "env.prod.kv_namespaces",
        '[[env.prod.kv_namespaces]]\nbinding = "KV"\n\n[[env.prod.kv_namespaces]]\nbinding = "NEW"\n',
    ),
}


@pytest.mark.parametrize(("text", "where", "after"), ADDED.values(), ids=ADDED)
def test_a_namespace_is_added_where_code_needs_it(text: str, where: str, after: str) -> None:
    name = "wrangler.jsonc" if text.startswith("{") else "wrangler.toml"
    config = load_text(text, f"/shop/{name}")
    body = handler('await env.KV.get("k");\n    return env.NEW.get("k", "json");')
    source = FixableSource(read_source(body, "/shop/a.js"), SourceContext([config]), NOW)
    (problem,) = (each for each in source.problems if each.code == "binding-undeclared")
    fixes = {fix.title: applied(text, fix.edits) for fix in fixes_for(source, problem)}
    assert fixes == {f'Add "NEW" to {where} in {name}': after}
