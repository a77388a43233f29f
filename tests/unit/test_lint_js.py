"""Every rule on sources, on texts in which « and » mark the places to underline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext
from kvlens.lint.base import Problem, ProjectRule
from kvlens.lint.check_source import check
from kvlens.lint.check_sources import check_with_sources
from kvlens.lint.fix_file import fixed_text
from kvlens.lint.fixable_source import FixableSource
from kvlens.lint.registry import rules, rules_of

from tests.unit.marked_text import marked

SOURCE_RULES = rules_of("js")
ID = "0f2ac74b498b48028cb68387c421e279"
NOW = 1_800_000_000.0
CONFIG = (
    f'name = "shop"\nmain = "src/index.ts"\n[[kv_namespaces]]\nbinding = "KV"\nid = "{ID}"\n'
    '[[kv_namespaces]]\nbinding = "SESSIONS"\n'
    '[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n'
    '[vars]\nMODE = "x"\n'
)
TWO_ENVIRONMENTS = CONFIG + '[env.staging]\n[[env.staging.kv_namespaces]]\nbinding = "KV"\n'


def handler(body: str) -> str:
    """Return a module Worker with this body of fetch."""
    return f"export default {{ async fetch(request, env, ctx) {{ {body} }} }};\n"


def config_of(text: str) -> Config:
    """Return the text as the config of a project at /shop."""
    return load_text(text, "/shop/wrangler.toml")


def problems_of(text: str, config: str = CONFIG, name: str = "/shop/src/index.ts") -> list[Problem]:
    """Check a source of the project."""
    return check(text, name, [config_of(config)], now=NOW)


# id: (code expected at every mark, statements of a fetch handler with marks)
IN_HANDLER: dict[str, tuple[str, str]] = {
    "list-of-what-tags-have": (
        "list-without-cursor",
        'const page = await env.KV.«list»({ prefix: "tag:cart:" }); use(page.keys.map(name));',
    ),
    "list-named-keys-of-which-all-count": (
        "list-without-cursor",
        "const keys = await env.KV.«list»({ prefix: 'token:' });"
        " use(keys.keys.slice(0, 100)); use(keys.keys.length);",
    ),
    "list-of-which-not-only-the-first-counts": (
        "list-without-cursor",
        'const page = await env.KV.«list»({ prefix: "token:" }); use(page.keys[0].name);'
        " if (!page.keys || page.keys.length === 0) return; await save(page.keys);",
    ),
    # options
    "key-repeated": ("key-invalid", 'await env.KV.get(«"x".repeat(600)»);'),
    "key-repeated-with-more": (
        "key-invalid",
        'await env.KV.put(«"x".repeat(511) + "::" + id», "v");',
    ),
    "key-filled": ("key-invalid", "await env.KV.get(«id.padEnd(1000)»);"),
    "key-filled-in-front": ("key-invalid", 'await env.KV.delete(«id.padStart(513, "0")»);'),
    "key-joined": (
        "key-invalid",
        f'await env.KV.get(«["{"k" * 300}", id, "{"k" * 211}"].join(":")»);',
    ),
    "key-template-with-a-long-part": (
        "key-invalid",
        f"await env.KV.get(«`{'k' * 500}${{id}}{'k' * 13}`»);",
    ),
    "key-constant-repeated": (
        "key-invalid",
        'const P = "ab".repeat(300); await env.KV.get(«`${P}:${id}`»);',
    ),
    "ttl-as-argument": ("options-not-object", 'await env.KV.put("k", "v", «3600»);'),
    "ttl-as-text": ("options-not-object", 'await env.KV.put("k", "v", «"3600"»);'),
    "options-true": ("options-not-object", 'await env.KV.put("k", "v", «true»);'),
    "prefix-as-argument": ("options-not-object", 'await env.KV.list(«"user:"»);'),
    "limit-as-argument": ("options-not-object", "await env.KV.list(«10»);"),
    "cache-ttl-as-argument": ("options-not-object", 'await env.KV.get("k", «60»);'),
    "ttl-constant-as-argument": (
        "options-not-object",
        'const TTL = 3600; await env.KV.put("k", "v", «TTL»);',
    ),
    "counter-of-several": (
        "counter-not-atomic",
        'const [n] = await Promise.all([env.KV.get("n")]); await env.KV.«put»("n", String(+n + 1));',
    ),
    "counter-of-a-bulk-get": (
        "counter-not-atomic",
        "const found = await env.KV.get(keys); for (const k of keys) {"
        " const n = Number(found.get(k) ?? 0); await env.KV.«put»(k, String(n + 1)); }",
    ),
    "counter-in-an-object-of-a-bulk-get": (
        "counter-not-atomic",
        "const found = await env.KV.get(['a', 'b'], 'json'); const o = found.get('a'); o.n++;"
        " await env.KV.«put»('a', JSON.stringify(o));",
    ),
    "counter-second-of-several": (
        "counter-not-atomic",
        'const [a, n = "0"] = await Promise.all([f(), env.KV.get("n")]); await env.KV.«put»("n", `${Number(n) + 1}`);',
    ),
    "counter-by-index-of-several": (
        "counter-not-atomic",
        'const all = await Promise.all([f(), env.KV.get("n")]); await env.KV.«put»("n", String(Number(all[1] ?? 0) + 1));',
    ),
    "counter-of-several-settled": (
        "counter-not-atomic",
        'const [n] = await Promise.allSettled([env.KV.get("n")]); await env.KV.«put»("n", String(Number(n.value) + 1));',
    ),
    "counter-in-an-object-of-several": (
        "counter-not-atomic",
        'const [o] = await Promise.all([env.KV.get("n", "json")]); o.n += 1; await env.KV.«put»("n", JSON.stringify(o));',
    ),
    "counter-put-with-several": (
        "counter-not-atomic",
        'const [n] = await Promise.all([env.KV.get("n")]); await Promise.all([f(), env.KV.«put»("n", String(+n + 1))]);',
    ),
    "all-of-pushed": (
        "promise-not-awaited",
        "const all = []; for (const k of keys) all.push(env.KV.delete(k)); «Promise.all»(all); await g();",
    ),
    "all-of-mapped-before": (
        "promise-not-awaited",
        "const all = keys.map((k) => env.KV.delete(k)); «Promise.allSettled»(all); await g();",
    ),
    "all-of-variables": (
        "promise-not-awaited",
        'const a = env.KV.delete("k"); «Promise.all»([a, g()]); await g();',
    ),
    "variable-caught": (
        "promise-not-awaited",
        'const a = env.KV.delete("k"); «a.catch»(log); await g();',
    ),
    "array-in-all": (
        "promise-not-awaited",
        "await Promise.all([f(), «keys.map»((k) => env.KV.delete(k))]);",
    ),
    # spread arguments
    "spread-array": ("delete-extra-key", 'await env.KV.delete(...["a", «"b"»]);'),
    "spread-variable": (
        "delete-extra-key",
        'const keys = ["a", "b"]; await env.KV.delete(«...keys»);',
    ),
    "spread-constants": (
        "ttl-out-of-range",
        'const args = ["k", v, { expirationTtl: «30» }] as const; await env.KV.put(...args);',
    ),
    "spread-rest": (
        "ttl-out-of-range",
        'const rest = [v, { expirationTtl: «30» }]; await env.KV.put("k", ...rest);',
    ),
    "spread-too-few": ("put-value-missing", 'const args = ["k"]; await env.KV.«put»(...args);'),
    "spread-unknown": ("promise-not-awaited", "«env.KV.put(...args)»; await g();"),
    "delete-two": ("delete-extra-key", 'await env.KV.delete("a", «"b"»);'),
    "delete-three": ("delete-extra-key", 'await env.KV.delete("a", «b», "c");'),
    # expirationTtl
    "ttl-30": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «30» });'),
    "ttl-0": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «0» });'),
    "ttl-negative": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «-1» });'),
    "ttl-string": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «"30"» });'),
    "ttl-word": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «"1h"» });'),
    "ttl-nan": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «NaN» });'),
    "ttl-product": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «5 * 10» });'),
    "ttl-quoted-name": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { "expirationTtl": «59» });',
    ),
    "ttl-constant": (
        "ttl-out-of-range",
        'const TTL = 10; await env.KV.put("k", "v", { expirationTtl: «TTL» });',
    ),
    "ttl-shorthand": (
        "ttl-out-of-range",
        'const expirationTtl = 10; await env.KV.put("k", "v", { «expirationTtl» });',
    ),
    "ttl-let-never-set": (
        "ttl-out-of-range",
        'let ttl = 10; await env.KV.put("k", "v", { expirationTtl: «ttl» });',
    ),
    "ttl-member": (
        "ttl-out-of-range",
        'const T = { lock: 15 }; await env.KV.put("k", "v", { expirationTtl: «T.lock» });',
    ),
    "ttl-options-constant": (
        "ttl-out-of-range",
        'const options = { expirationTtl: «30» }; await env.KV.put("k", "v", options);',
    ),
    "ttl-set-on-the-options": (
        "ttl-out-of-range",
        'const o = {}; o.expirationTtl = «30»; await env.KV.put("k", "v", o);',
    ),
    "ttl-set-on-options-with-more": (
        "ttl-out-of-range",
        "const o: any = { metadata: {} }; o.metadata.a = 1; o.expirationTtl = «30»;"
        ' await env.KV.put("k", "v", o);',
    ),
    "ttl-set-again": (
        "ttl-out-of-range",
        'const o = { expirationTtl: 60 }; o.expirationTtl = «10»; await env.KV.put("k", "v", o);',
    ),
    "ttl-set-on-a-condition": (
        "ttl-out-of-range",
        'const o = {}; if (short) { o.expirationTtl = «30»; } await env.KV.put("k", "v", o);',
    ),
    "ttl-set-in-ms": (
        "ttl-not-in-seconds",
        'const o = {}; o.expirationTtl = «3600000»; await env.KV.put("k", "v", o);',
    ),
    "ttl-spread": (
        "ttl-out-of-range",
        'const A = { expirationTtl: «30» } as const; await env.KV.put("k", "v", { ...A });',
    ),
    "ttl-spread-with-more": (
        "ttl-out-of-range",
        'const A = { expirationTtl: «30» }; await env.KV.put("k", "v", { ...A, metadata: {} });',
    ),
    "ttl-over-a-spread": (
        "ttl-out-of-range",
        "const A = { expirationTtl: 60 };"
        ' await env.KV.put("k", "v", { ...A, expirationTtl: «30» });',
    ),
    "ttl-of-the-last-spread": (
        "ttl-out-of-range",
        "const A = { expirationTtl: 60 }; const B = { ...A, expirationTtl: «30» };"
        ' await env.KV.put("k", "v", { ...A, ...B });',
    ),
    "option-in-a-spread": (
        "option-unknown",
        'const A = { «ttl»: 30 }; await env.KV.put("k", "v", { ...A });',
    ),
    "no-key-in-spreads": (
        "bulk-get-size",
        "const A = []; await env.KV.get(«[...A]»);",
    ),
    "constant-of-several-calls": (
        "ttl-out-of-range",
        "const A = { expirationTtl: «30» };"
        ' await env.KV.put("k", "v", A); await env.KV.put("l", "v", { ...A });',
    ),
    "options-that-functions-only-read": (
        "ttl-out-of-range",
        "function save(key, options) { if (options.metadata) log(options.expirationTtl);"
        ' return env.KV.put(key, "v", options); }'
        " const o = { expirationTtl: «30» }; await save('k', o); console.log(JSON.stringify(o));"
        ' logger.info("saved", o); await env.KV.put("l", "v", o);',
    ),
    "options-with-another-name": (
        "ttl-out-of-range",
        'const o = { expirationTtl: «30» }; const p = o; await env.KV.put("k", "v", p);',
    ),
    "options-in-other-options": (
        "ttl-out-of-range",
        "const o = { expirationTtl: «30» }; const all = { first: o };"
        ' await env.KV.put("k", "v", all.first);',
    ),
    "constant-options-of-an-unknown-function": (
        "ttl-out-of-range",
        'const o = { expirationTtl: «30» } as const; log(o); await env.KV.put("k", "v", o);',
    ),
    "frozen-options-of-an-unknown-function": (
        "ttl-out-of-range",
        "const o = Object.freeze({ expirationTtl: «30» }); log(o);"
        ' await env.KV.put("k", "v", { ...o });',
    ),
    "only-metadata-changes": (
        "ttl-out-of-range",
        "const o = { expirationTtl: «30», metadata: {} }; fill(o.metadata);"
        ' await env.KV.put("k", "v", o);',
    ),
    "limit-set-on-the-options": (
        "list-limit-out-of-range",
        "const o = {}; o.limit = «5000»; await env.KV.list(o);",
    ),
    "option-set-on-the-options": (
        "option-unknown",
        'const o = {}; o.«ttl» = 60; await env.KV.put("k", "v", o);',
    ),
    "ttl-year-in-ms": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «365 * 24 * 60 * 60 * 1000» });',
    ),
    "ttl-day-in-ms": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «24 * 60 * 60 * 1000» });',
    ),
    "ttl-whole-days-in-ms": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «7 * 86_400_000» });'
        ' await env.KV.put("k", "v", { expirationTtl: 365 * 86_400 * 20 });'
        ' await env.KV.put("k", "v", { expirationTtl: 60 * 60_000 });',
    ),
    "ttl-ms-first": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «1000 * 60 * 5» });',
    ),
    "ttl-of-a-function": (
        "ttl-out-of-range",
        'function ttl() { return 5; } await env.KV.put("k", "v", { expirationTtl: «ttl()» });',
    ),
    "ttl-of-an-arrow-function": (
        "ttl-out-of-range",
        'const ttl = (x) => 5 * 10; await env.KV.put("k", "v", { expirationTtl: «ttl(1)» });',
    ),
    "ttl-of-an-async-function": (
        "ttl-out-of-range",
        "async function ttl() { log(); return 5; }"
        ' await env.KV.put("k", "v", { expirationTtl: «await ttl()» });',
    ),
    "ttl-in-options-of-a-function": (
        "ttl-out-of-range",
        'const options = () => ({ expirationTtl: «5» }); await env.KV.put("k", "v", options());',
    ),
    "ttl-ms-bare": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «86400000» });',
    ),
    "ttl-ms-underscores": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «3_600_000» });',
    ),
    "ttl-ms-name": (
        "ttl-not-in-seconds",
        'const LOCK_MS = 90500; await env.KV.put("k", "v", { expirationTtl: «LOCK_MS» });',
    ),
    "ttl-is-a-time": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «Math.floor(Date.now() / 1000) + 3600» });',
    ),
    "ttl-is-a-time-in-ms": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «Date.now() + 60000» });',
    ),
    "cache-ttl-in-ms": (
        "ttl-not-in-seconds",
        'await env.KV.get("k", { cacheTtl: «60 * 60 * 1000» });',
    ),
    # expiration
    "expiration-ms": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «Date.now() + 3600 * 1000» });',
    ),
    "expiration-ms-unknown": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «Date.now() + ttl()» });',
    ),
    "expiration-get-time": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «new Date().getTime() + 5» });',
    ),
    "expiration-unary-plus": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «+new Date()» });',
    ),
    "expiration-of-a-date-of-now": (
        "expiration-out-of-range",
        "const at = new Date(); log(`${at}`, at.getDate());"
        'await env.KV.put("k", "v", { expiration: «Math.floor(at.getTime() / 1000)» });',
    ),
    "expiration-text-of-a-date": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «new Date().toISOString()» });',
    ),
    "expiration-text-of-a-date-kept": (
        "expiration-out-of-range",
        'const until = end.toISOString();await env.KV.put("k", "v", { expiration: «until» });',
    ),
    "expiration-date": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «new Date()» });',
    ),
    "expiration-literal-ms": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «1900000000000» });',
    ),
    "expiration-past": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «1578435000» });',
    ),
    "expiration-duration": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «3600» });',
    ),
    "expiration-text": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «"2030-01-01"» });',
    ),
    "expiration-too-near": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «Math.floor(Date.now() / 1000) + 30» });',
    ),
    "expiration-too-near-constant": (
        "expiration-out-of-range",
        "const now = Math.floor(Date.now() / 1000);"
        'await env.KV.put("k", "v", { expiration: «now + 10» });',
    ),
    "expiration-truncated-by-or": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «((Date.now() / 1000) | 0) + 10» });',
    ),
    "expiration-get-time-of-a-date": (
        "expiration-out-of-range",
        "const date = new Date(request.url); date.setDate(5);"
        'await env.KV.put("k", "v", { expiration: «date.getTime()» });',
    ),
    "expiration-get-time-of-anything": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «session.expires.getTime()» });',
    ),
    "expiration-parsed-date": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «Date.parse(session.expires)» });',
    ),
    "expiration-of-another-date-object": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «new Date(session.expires)» });',
    ),
    "expiration-plus-a-date": (
        "expiration-out-of-range",
        'const date = new Date(request.url);await env.KV.put("k", "v", { expiration: «+date» });',
    ),
    "ttl-default-in-milliseconds": (
        "ttl-not-in-seconds",
        'await env.KV.put("k", "v", { expirationTtl: «o.ttl ?? 86400000» });',
    ),
    "ttl-default-in-milliseconds-by-name": (
        "ttl-not-in-seconds",
        "const DAY_MS = 90061000; const ttl = o.ttl || DAY_MS;"
        ' await env.KV.put("k", "v", { expirationTtl: «Math.floor(ttl)» });',
    ),
    "ttl-default-in-milliseconds-too-large": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «o.ttl ?? 30 * 86400 * 1000» });',
    ),
    "ttl-default": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «ttl ?? 30» });',
    ),
    "ttl-or": ("ttl-out-of-range", 'await env.KV.put("k", "v", { expirationTtl: «o.ttl || 30» });'),
    "ttl-at-most": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «Math.min(ttl, 30)» });',
    ),
    "ttl-on-both-sides": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «short ? 10 : 30» });',
    ),
    "ttl-default-parameter": (
        "ttl-out-of-range",
        'const f = (key, ttl = 10) => env.KV.put(key, "v", { expirationTtl: «ttl» }); await f("k");',
    ),
    "ttl-of-one-of-two-options": (
        "ttl-unbounded",
        "const options = until ? { expirationTtl: «Math.max(1, (until - Date.now()) / 1000)» } : {};"
        " await env.KV.put('k', 'v', options);",
    ),
    "ttl-of-options-or-none": (
        "ttl-out-of-range",
        "await env.KV.put('k', 'v', temporary ? { expirationTtl: «30» } : undefined);",
    ),
    "ttl-left": (
        "ttl-unbounded",
        'await env.KV.put("k", "v", { expirationTtl: «Math.floor((expiresAt - Date.now()) / 1000)» });',
    ),
    "ttl-left-of-a-token": (
        "ttl-unbounded",
        "const now = Math.floor(Date.now() / 1000);"
        'await env.KV.put("k", "v", { expirationTtl: «payload.exp - now» });',
    ),
    "ttl-left-in-a-variable": (
        "ttl-unbounded",
        "const ttl = Math.round((Number(expiresAt) - Date.now()) / 1000);"
        'if (ttl) await env.KV.put("k", "v", { expirationTtl: «ttl» });',
    ),
    "ttl-left-that-is-positive": (
        "ttl-unbounded",
        "const ttl = Math.ceil((record.expiresAt - Date.now()) / 1000);"
        'if (ttl > 0) await env.KV.put("k", "v", { expirationTtl: «ttl» });',
    ),
    "ttl-left-that-is-not-0": (
        "ttl-unbounded",
        "const ttl = Math.ceil((record.expiresAt - Date.now()) / 1000); if (1 > ttl) return;"
        'await env.KV.put("k", "v", { expirationTtl: «ttl» });',
    ),
    "ttl-left-of-two-keys": (
        "ttl-unbounded",
        "const ttl = Math.ceil((record.expiresAt - Date.now()) / 1000);"
        'await env.KV.put("k", "v", { expirationTtl: «ttl» });'
        'await env.KV.put("l", "v", { expirationTtl: ttl });',
    ),
    "ttl-raised-to-1": (
        "ttl-unbounded",
        "const ttl = Math.max(1, exp - now); await env.KV.put('k', 'v', { expirationTtl: «ttl» });",
    ),
    "ttl-raised-to-0": (
        "ttl-unbounded",
        "await env.KV.put('k', 'v', { expirationTtl: «Math.max(0, Math.floor(left))» });",
    ),
    "ttl-left-of-a-date-that-is-passed": (
        "ttl-unbounded",
        "const save = (until) => env.KV.put('k', 'v', { expirationTtl: "
        "«Math.floor((until.getTime() - Date.now()) / 1000)» }); await save(request.until);",
    ),
    "ttl-left-of-a-date-that-is-parsed": (
        "ttl-unbounded",
        "const end = new Date(session.expiresAt);"
        "await env.KV.put('k', 'v', { expirationTtl: «Math.ceil((end.getTime() - Date.now()) / 1000)» });",
    ),
    # cacheTtl, limit
    "cache-ttl-10": ("cache-ttl-out-of-range", 'await env.KV.get("k", { cacheTtl: «10» });'),
    "cache-ttl-0": ("cache-ttl-out-of-range", 'await env.KV.get("k", { cacheTtl: «0» });'),
    "cache-ttl-metadata": (
        "cache-ttl-out-of-range",
        'await env.KV.getWithMetadata("k", { type: "json", cacheTtl: «29» });',
    ),
    "limit-1001": ("list-limit-out-of-range", "await env.KV.list({ limit: «1001» });"),
    "limit-0": ("list-limit-out-of-range", "await env.KV.list({ limit: «0» });"),
    "limit-negative": ("list-limit-out-of-range", "await env.KV.list({ limit: «-5» });"),
    "limit-word": ("list-limit-out-of-range", 'await env.KV.list({ limit: «"all"» });'),
    # keys
    "key-empty": ("key-invalid", 'await env.KV.get(«""»);'),
    "key-template-empty": ("key-invalid", "await env.KV.get(«``»);"),
    "key-dot": ("key-invalid", 'await env.KV.delete(«"."»);'),
    "key-dots": ("key-invalid", "await env.KV.put(«'..'», 'v');"),
    "key-long": ("key-invalid", f'await env.KV.get(«"{"k" * 513}"»);'),
    "key-long-in-bytes": ("key-invalid", f'await env.KV.get(«"{"é" * 257}"»);'),
    "key-long-at-least": ("key-invalid", f"await env.KV.get(«`{'k' * 513}${{request.url}}`»);"),
    "key-constant": ("key-invalid", 'const K = ""; await env.KV.get(«K»);'),
    "key-concatenated": ("key-invalid", 'await env.KV.get(«"." + "."»);'),
    "key-undefined": ("key-invalid", "await env.KV.get(«undefined»);"),
    "key-null": ("key-invalid", "await env.KV.delete(«null»);"),
    "key-object": ("key-invalid", "await env.KV.get(«{ name: 'k' }»);"),
    "key-missing": ("key-invalid", "await env.KV.«get»();"),
    "key-array-in-put": ("key-invalid", "await env.KV.put(«['a', 'b']», 'v');"),
    "key-in-bulk": ("key-invalid", "await env.KV.get(['a', «''»]);"),
    # bulk get
    "bulk-none": ("bulk-get-size", "await env.KV.get(«[]»);"),
    "bulk-101": (
        "bulk-get-size",
        "await env.KV.get(«[" + ", ".join(f'"k{n}"' for n in range(101)) + "]»);",
    ),
    "bulk-constant": (
        "bulk-get-size",
        "const keys = []; await env.KV.getWithMetadata(«keys»);",
    ),
    "bulk-number": ("bulk-get-lost-key", "await env.KV.get([«'1'», 'a', «'20'»]);"),
    "bulk-proto": ("bulk-get-lost-key", "await env.KV.get(['a', «'__proto__'»]);"),
    # types
    "type-buffer": ("get-type-unknown", 'await env.KV.get("k", «"buffer"»);'),
    "type-case": ("get-type-unknown", 'await env.KV.get("k", { type: «"JSON"» });'),
    "type-bulk": ("get-type-unknown", 'await env.KV.get(["a", "b"], «"arrayBuffer"»);'),
    # delete
    "delete-literal": ("delete-array", 'await env.KV.delete(«["a", "b"]»);'),
    "delete-mapped": ("delete-array", "await env.KV.delete(«page.keys.map((key) => key.name)»);"),
    "delete-constant": (
        "delete-array",
        "const names = Object.keys(stale); await env.KV.delete(«names»);",
    ),
    "delete-filled": (
        "delete-array",
        "const names: string[] = []; names.push(request.url); await env.KV.delete(«names»);",
    ),
    # values
    "value-object": ("put-value-type", 'await env.KV.put("k", «{ a: 1 }»);'),
    "value-array": ("put-value-type", 'await env.KV.put("k", «[1, 2]»);'),
    "value-constant": ("put-value-type", 'const cart = { items }; await env.KV.put("k", «cart»);'),
    "value-filtered": ("put-value-type", 'await env.KV.put("k", «list.filter(Boolean)»);'),
    "value-map": ("put-value-type", 'await env.KV.put("k", «new Map()»);'),
    "value-date": ("put-value-type", 'await env.KV.put("k", «new Date()»);'),
    "value-function": ("put-value-type", 'await env.KV.put("k", «() => "v"»);'),
    "value-text-not-awaited": ("put-value-type", 'await env.KV.put("k", «request.text()»);'),
    "value-buffer-not-awaited": (
        "put-value-type",
        'await env.KV.put("k", «request.arrayBuffer()»);',
    ),
    "value-fetch": ("put-value-type", 'await env.KV.put("k", «fetch(request.url)»);'),
    "value-fetched": ("put-value-type", 'await env.KV.put("k", «await fetch(request.url)»);'),
    "value-response-variable": (
        "put-value-type",
        'const response = await fetch(request.url); await env.KV.put("k", «response»);',
    ),
    "value-response-text-not-awaited": (
        "put-value-type",
        'const response = await fetch(request.url); await env.KV.put("k", «response.text()»);',
    ),
    "value-form": ("put-value-type", 'await env.KV.put("k", «await request.formData()»);'),
    "value-form-variable": (
        "put-value-type",
        'const form = await request.formData(); await env.KV.put("k", «form»);',
    ),
    "value-blob": ("put-value-type", 'await env.KV.put("k", «await request.blob()»);'),
    "value-request": ("put-value-type", 'await env.KV.put("k", «request»);'),
    "value-headers": ("put-value-type", 'await env.KV.put("k", «request.headers»);'),
    "value-headers-of-a-clone": (
        "put-value-type",
        'const copy = request.clone().headers; await env.KV.put("k", «copy»);',
    ),
    "value-headers-of-a-response": (
        "put-value-type",
        'const r = await fetch("x"); await env.KV.put("k", «r.headers»);',
    ),
    "value-cf": ("put-value-type", 'await env.KV.put("k", «request.cf»);'),
    "value-parameters-of-a-url": (
        "put-value-type",
        'await env.KV.put("k", «new URL(request.url).searchParams»);',
    ),
    "value-set": ("put-value-type", 'await env.KV.put("k", «new Set(names)»);'),
    "value-regex": ("put-value-type", 'await env.KV.put("k", «/a/»);'),
    "value-own-function-of-an-object": (
        "put-value-type",
        'const cart = () => ({ items: 1 }); await env.KV.put("k", «cart()»);',
    ),
    "metadata-repeated": (
        "metadata-size",
        'await env.KV.put("k", "v", { metadata: «{ a: 1, preview: "x".repeat(2000) }» });',
    ),
    "metadata-text": (
        "metadata-size",
        'await env.KV.put("k", "v", { metadata: «`${id}${"é".repeat(512)}`» });',
    ),
    "metadata-constant": (
        "metadata-size",
        'const meta = { list: ["x".repeat(600), id.padEnd(600)] };'
        ' await env.KV.put("k", "v", { metadata: «meta» });',
    ),
    "metadata-one-byte-too-long": (
        "metadata-size",
        'await env.KV.put("k", "v", { metadata: «"x".repeat(1023)» });',
    ),
    "value-clone": ("put-value-type", 'await env.KV.put("k", «request.clone()»);'),
    "value-new-response": ("put-value-type", 'await env.KV.put("k", «new Response("v")»);'),
    "value-parameters": ("put-value-type", 'await env.KV.put("k", «new URLSearchParams("a=1")»);'),
    "value-date-of": ("put-value-type", 'await env.KV.put("k", «new Date(request.url)»);'),
    "value-own-async": (
        "put-value-type",
        'async function load() { return "v"; } await env.KV.put("k", «load()»);',
    ),
    "value-own-async-arrow": (
        "put-value-type",
        'const load = async () => "v"; await env.KV.put("k", «load()»);',
    ),
    "value-own-class": (
        "put-value-type",
        'class Cart { items = []; } const cart = new Cart(); await env.KV.put("k", «cart»);',
    ),
    "value-from-entries": ("put-value-type", 'await env.KV.put("k", «Object.fromEntries(rows)»);'),
    "value-json-not-awaited": ("put-value-type", 'await env.KV.put("k", «request.json()»);'),
    "value-json": ("put-value-parsed", 'await env.KV.put("k", «await request.json()»);'),
    "value-json-typed": (
        "put-value-parsed",
        'await env.KV.put("k", «await request.json<Cart>()»);',
    ),
    "value-json-variable": (
        "put-value-parsed",
        'const cart = (await request.json()) as Cart; await env.KV.put("k", «cart»);',
    ),
    "value-parsed": ("put-value-parsed", 'await env.KV.put("k", «JSON.parse(text)»);'),
    "value-put-back": (
        "put-value-parsed",
        'const cart = await env.KV.get("k", "json"); cart.count = 1; await env.KV.put("k", «cart»);',
    ),
    "value-put-back-by-option": (
        "put-value-parsed",
        'const cart = await env.KV.get<Cart>("k", { type: "json" }); await env.KV.put("k", «cart»);',
    ),
    "value-count": (
        "put-value-not-text",
        'const count = Number(await env.KV.get("n")); await env.KV.put("m", «count + 1»);',
    ),
    "value-counted": (
        "put-value-not-text",
        'let n = parseInt(await env.KV.get("n")); n++; await env.KV.put("m", «n»);',
    ),
    "value-difference": ("put-value-not-text", 'await env.KV.put("n", «stock - 1»);'),
    "value-comparison": ("put-value-not-text", 'await env.KV.put("n", «stock > 1»);'),
    "value-undefined": ("put-value-missing", 'await env.KV.put("k", «undefined»);'),
    "value-null": ("put-value-missing", 'await env.KV.put("k", «null»);'),
    "value-missing": ("put-value-missing", 'await env.KV.«put»("k");'),
    "value-number": ("put-value-not-text", 'await env.KV.put("k", «1»);'),
    "value-now": ("put-value-not-text", 'await env.KV.put("k", «Date.now()»);'),
    "value-boolean": ("put-value-not-text", 'await env.KV.put("k", «true»);'),
    # options
    "option-case": (
        "option-unknown",
        'await env.KV.put("k", "v", { «expirationTTL»: 3600 });',
    ),
    "option-snake": (
        "option-unknown",
        'await env.KV.put("k", "v", { «"expiration_ttl"»: 3600 });'.replace('«"', '"«').replace(
            '"»', '»"'
        ),
    ),
    "option-ttl": ("option-unknown", 'await env.KV.put("k", "v", { «ttl»: 60 });'),
    "option-of-r2": ("option-unknown", 'await env.KV.put("k", "v", { «httpMetadata»: {} });'),
    "option-list": ("option-unknown", "await env.KV.list({ limit: 5, «startsWith»: 'a' });"),
    # pages
    "list-first-thousands-or-none": (
        "list-without-cursor",
        "const p = await env.KV.«list»(); return (p.keys ?? []).slice(0, 5000);",
    ),
    "list-or-none": (
        "list-without-cursor",
        "const p = await env.KV.«list»(); return (p.keys ?? []).map((key) => key.name);",
    ),
    "promise-for-one-callback-only": (
        "promise-not-awaited",
        "const read = (k, log) => { «env.KV.get(k)».then(use).catch(log); }; read(k, log);"
        " const write = (k, v) => { «env.KV.put(k, k)».then(() => v.trim()).catch((e) => e.log()); };"
        " let done; done = use; «env.KV.put(k, k)».then(done); write(k, k);",
    ),
    "promise-after-a-stream-is-closed": (
        "promise-not-awaited",
        "const { readable, writable } = new TransformStream(); const w = writable.getWriter();"
        " «(async () => { await w.write('a'); await w.close(); await env.KV.put('b', 'c'); })»();"
        " return new Response(readable);",
    ),
    "promise-that-writes-to-no-stream": (
        "promise-not-awaited",
        "«env.KV.get('a')».then((v) => file.write(v)); return new Response();",
    ),
    "list-up-to-thousands": (
        "list-without-cursor",
        "const p = await env.KV.«list»({ prefix: 'cart:' }); return p.keys.length >= 5000;"
        " const q = await env.KV.«list»({ prefix: 'cart:' }); return q.keys.length < 2 * limit;",
    ),
    "list-of-each-prefix-that-is-emptied": (
        "list-without-cursor",
        "for (const prefix of prefixes) { const p = await env.KV.«list»({ prefix });"
        " await Promise.all(p.keys.map((key) => env.KV.delete(key.name))); }",
    ),
    "list-first-page": (
        "list-without-cursor",
        "const page = await env.KV.«list»(); return Response.json(page.keys);",
    ),
    "list-prefix": (
        "list-without-cursor",
        'const { keys } = await env.KV.«list»({ prefix: "a" }); return keys.length;',
    ),
    "list-of-a-kind": (
        "list-without-cursor",
        "const { keys } = await env.KV.«list»({ prefix: `id:${kind}:` }); return keys.map(String);",
    ),
    "list-of-a-variable": (
        "list-without-cursor",
        "const p = await env.KV.«list»({ prefix: grid + paid }); return p.keys;",
    ),
    "list-tested-and-read": (
        "list-without-cursor",
        "const p = await env.KV.«list»(); if (p.keys.length > 0) return p.keys.map(String);",
    ),
    "list-from-the-fifth": (
        "list-without-cursor",
        "const p = await env.KV.«list»(); return p.keys.slice(5);",
    ),
    "list-with-another-at-once": (
        "list-without-cursor",
        "const [a, , b] = await Promise.all([env.KV.«list»({ prefix: 'mail:' }), f(), env.KV.list()]);"
        " return a.keys.map(String).concat(b.keys[0].name);",
    ),
    "list-in-brackets": (
        "list-without-cursor",
        "for (const key of (await env.KV.«list»()).keys) console.log(key.name);",
    ),
    # promises
    "dropped": ("promise-not-awaited", '«env.KV.put("k", "v")»;'),
    "dropped-delete": ("promise-not-awaited", 'if (request.ok) «env.KV.delete("k")»;'),
    "dropped-and": ("promise-not-awaited", 'request.ok && «env.KV.delete("k")»;'),
    "dropped-chain": ("promise-not-awaited", '«env.KV?.put("k", "v")»;'),
    "condition": ("promise-not-awaited", 'if («env.KV.get("k")») return;'),
    "not": ("promise-not-awaited", 'if (!«env.KV.get("k")») return;'),
    "member": ("promise-not-awaited", "return «env.KV.list({ limit: 1 })».keys;"),
    "and-in-a-condition": ("promise-not-awaited", 'if (request && «env.KV.get("k")») return;'),
    "or-not": ("promise-not-awaited", 'while (request.ok || !«env.KV.get("k")») await sleep(5);'),
    "until": ("promise-not-awaited", 'do await sleep(5); while («env.KV.get("k")»);'),
    "switched": ("promise-not-awaited", 'switch («env.KV.get("k")») { case "a": return; }'),
    "typeof": ("promise-not-awaited", 'return typeof «env.KV.get("k")» === "string";'),
    "negative": ("promise-not-awaited", 'return -«env.KV.get("k")»;'),
    "spread": ("promise-not-awaited", 'return { ...«env.KV.get("k", "json")» };'),
    "array-pattern": ("promise-not-awaited", 'const [first] = «env.KV.get("k", "json")»;'),
    "filtered": ("promise-not-awaited", 'return «["a"].filter»((key) => env.KV.get(key));'),
    "filtered-async": (
        "promise-not-awaited",
        'return «["a"].some»(async (key) => (await env.KV.get(key)) !== null);',
    ),
    "parsed": ("promise-not-awaited", 'return JSON.parse(«env.KV.get("k")»);'),
    "destructured": (
        "promise-not-awaited",
        'const { value } = «env.KV.getWithMetadata("k")»; return value;',
    ),
    "variable": (
        "promise-not-awaited",
        'const v = «env.KV.get("k")»; if (!v) return null; return JSON.parse(v);',
    ),
    "in-template": ("promise-not-awaited", 'return `have ${«env.KV.get("k")»}`;'),
    "compared": ("promise-not-awaited", 'if («env.KV.get("k")» === null) return;'),
    "compared-later": (
        "promise-not-awaited",
        'const v = «env.KV.get("k")»; if (!v) return null; return v;',
    ),
    "compared-with-null-later": (
        "promise-not-awaited",
        'const v = «env.KV.get("k")»; if (v === null) return null; return v;',
    ),
    "dropped-handler-of-a-call": (
        "promise-not-awaited",
        '«fetch»(url).catch(async (e) => { await env.KV.put("k", e.message); });',
    ),
    "dropped-catch": ("promise-not-awaited", '«env.KV.put("k", "v")».catch(() => {});'),
    "dropped-then": ("promise-not-awaited", '«env.KV.put("k", "v")».then(done);'),
    "dropped-then-and-catch": (
        "promise-not-awaited",
        '«env.KV.get("k")».then((v) => use(v)).catch(console.error);',
    ),
    "in-response": ("promise-not-awaited", 'return new Response(«env.KV.get("k")»);'),
    "in-response-json": ("promise-not-awaited", 'return Response.json({ a: «env.KV.get("k")» });'),
    "in-response-of-a-variable": (
        "promise-not-awaited",
        'const v = «env.KV.get("k")»; return new Response(v);',
    ),
    "in-shorthand": (
        "promise-not-awaited",
        'const v = «env.KV.get("k")»; return Response.json({ v });',
    ),
    "in-hono-json": ("promise-not-awaited", 'return c.json({ a: [«env.KV.get("k")»] });'),
    "in-hono-text": ("promise-not-awaited", 'return c.text(«env.KV.get("k")»);'),
    "as-value": ("promise-not-awaited", 'await env.KV.put("k", «env.KV.get("l")»);'),
    "wait-until-function": (
        "promise-not-awaited",
        '«ctx.waitUntil»(async () => { await env.KV.put("k", "v"); });',
    ),
    "wait-until-arrow": ("promise-not-awaited", '«ctx.waitUntil»(() => env.KV.put("k", "v"));'),
    "for-each": (
        "promise-not-awaited",
        '«keys.forEach»(async (key) => { await env.KV.put(key, "v"); await env.KV.delete(key); });',
    ),
    "for-each-arrow": ("promise-not-awaited", "«keys.forEach»((key) => env.KV.delete(key));"),
    "all-dropped": (
        "promise-not-awaited",
        '«Promise.all»([env.KV.put("a", "v"), env.KV.put("b", "v")]);',
    ),
    "all-of-map-dropped": (
        "promise-not-awaited",
        "«Promise.all»(keys.map((key) => env.KV.delete(key)));",
    ),
    "map-dropped": (
        "promise-not-awaited",
        "«keys.map»(async (key) => { await env.KV.delete(key); });",
    ),
    "in-a-new-promise": (
        "promise-not-awaited",
        'await new Promise((done) => { «env.KV.put("k", "v")»; done(); });',
    ),
    "promise-or-else": (
        "promise-not-awaited",
        'const theme = «env.KV.get("theme")» || "dark"; return page(theme);',
    ),
    "promise-and": ("promise-not-awaited", 'return page(«env.KV.get("on")» && "on");'),
    "promise-kept-or-else": (
        "promise-not-awaited",
        'const theme = «env.KV.get("theme")»; return page(theme ?? "dark");',
    ),
    "map-awaited": (
        "promise-not-awaited",
        'await «["a", "b"].map»((key) => env.KV.delete(key));',
    ),
    "map-awaited-with-a-type": (
        "promise-not-awaited",
        "await «Object.keys(all).map»<Promise<void>>(async (key) => { await env.KV.delete(key); });",
    ),
    "map-for-wait-until": (
        "promise-not-awaited",
        "ctx.waitUntil(«page.keys.map»(({ name }) => env.KV.delete(name)));",
    ),
    "timer": ("promise-not-awaited", '«setTimeout»(() => env.KV.put("k", "v"), 1000);'),
    "timer-async": (
        "promise-not-awaited",
        '«setTimeout»(async () => { await env.KV.put("k", "v"); }, 1000);',
    ),
    "timer-after-a-websocket": (
        "promise-not-awaited",
        "const [client, server] = Object.values(new WebSocketPair()); server.accept();"
        " «setTimeout»(async () => { await env.KV.put('k', 'v'); }, 1000);",
    ),
    "iife-dropped": ("promise-not-awaited", '«(async () => { await env.KV.put("k", "v"); })»();'),
    "own-async-function-dropped": (
        "promise-not-awaited",
        'async function save() { await env.KV.put("k", "v"); } «save»();',
    ),
    "own-async-arrow-dropped": (
        "promise-not-awaited",
        'const save = async () => { await env.KV.put("k", "v"); }; await save(); «save»();',
    ),
    "then-in-a-callback": (
        "promise-not-awaited",
        '«request.text»().then((text) => env.KV.put("k", text));',
    ),
    "own-async-function-with-catch": (
        "promise-not-awaited",
        'async function save() { await env.KV.put("k", "v"); } «save»().catch(log).finally(end);',
    ),
    # methods
    "set": ("method-unknown", 'await env.KV.«set»("k", "v");'),
    "has": ("method-unknown", 'if (await env.KV.«has»("k")) return;'),
    "keys": ("method-unknown", "for (const key of await env.KV.«keys»()) use(key);"),
    "keys-beside-those-of-a-list": (
        "method-unknown",
        "const page = await env.KV.list({ limit: 1 }); use(page.keys, page['keys']);"
        " return env.KV.«keys»();",
    ),
    "get-all": ("method-unknown", 'return env.KV.«getAll»(["a", "b"]);'),
    "put-many": ("method-unknown", "await env.KV.«putMany»(entries);"),
    "expire": ("method-unknown", 'await env.KV.«expire»("k", 60);'),
    "another-case": ("method-unknown", 'await env.KV.«getWithMetaData»("k");'),
    "mistyped-method": ("method-unknown", 'await env.KV.«lst»({ prefix: "a" });'),
    "unheard-of": ("method-unknown", 'await env.KV.«compareAndSwap»("k", "a", "b");'),
    "has-by-subscript": ("method-unknown", 'if (await env.KV["«has»"]("k")) return;'),
    "mistyped-by-subscript": ("method-unknown", "await env['KV']['«gett»']('k');"),
    "mistyped-by-subscript-too": (
        "method-unknown",
        "const kv = env.KV; await kv.get('k'); await kv['«gett»']('k'); await kv.«gett»('k');",
    ),
    "list-iterated": (
        "list-not-array",
        "for (const key of «await env.KV.list({ limit: 9 })») use(key);",
    ),
    "list-iterated-with-await": (
        "list-not-array",
        "for await (const key of «env.KV.list({ limit: 9 })») use(key);",
    ),
    "list-in-a-variable": (
        "list-not-array",
        "const page = await env.KV.list({ limit: 9 }); for (const key of «page») use(key);"
        " use(«page».length, «page»[0], [...«page»], page.keys.length); «page».forEach(use);",
    ),
    "list-mapped": ("list-not-array", "return «(await env.KV.list({ limit: 9 }))».map(use);"),
    "list-taken-apart": ("list-not-array", "const [first] = «await env.KV.list({ limit: 1 })»;"),
    "list-in-a-set": ("list-not-array", "use(new Set(«await env.KV.list({ limit: 9 })»));"),
    "loop-without-cursor": (
        "list-cursor-not-passed",
        "let page; do { page = await env.KV.«list»({ prefix: 'a' }); use(page.keys); }"
        " while (!page.list_complete);",
    ),
    "loop-without-cursor-by-a-variable": (
        "list-cursor-not-passed",
        "let done = false; while (!done) { const page = await env.KV.«list»(); use(page.keys);"
        " done = page.list_complete; }",
    ),
    "loop-without-cursor-by-the-cursor": (
        "list-cursor-not-passed",
        "let next; do { const { keys, cursor } = await env.KV.«list»({ prefix }); use(keys);"
        " next = cursor; } while (next);",
    ),
    "loop-without-cursor-until-a-break": (
        "list-cursor-not-passed",
        "for (;;) { const page = await env.KV.«list»(); use(page.keys);"
        " if (page.list_complete) break; }",
    ),
    "set-of-an-alias": ("method-unknown", 'const kv = env.KV; await kv.«set»("k", "v");'),
    "mistyped-of-an-alias": (
        "method-unknown",
        'const kv = env.KV; await kv.put("k", "v"); await kv.«deletee»("k");',
    ),
    # gets in loops
    "get-in-a-loop": (
        "get-in-loop",
        "for (const k of keys) { const v = await «env.KV.get(k)»; use(k, v); }",
    ),
    "get-in-a-loop-of-a-part": (
        "get-in-loop",
        "for (const { name } of page.keys) out.push(await «env.KV.get(`a:${name}`, 'json')»);",
    ),
    "get-for-each": (
        "get-in-loop",
        "const a = await Promise.all(keys.map((k) => «env.KV.get(k)»));",
    ),
    "get-for-each-in-a-block": (
        "get-in-loop",
        "await Promise.all(keys.map(async (k) => { const v = await «env.KV.get(k.name)»; return [k, v]; }));",
    ),
    "get-for-each-returned": (
        "get-in-loop",
        "return Promise.allSettled(ids.map((id) => «env.KV.getWithMetadata(`a:${id}`, { type: 'text' })»));",
    ),
    # get, then parse
    "parsed-after-get": (
        "get-then-parse",
        "const a = «JSON.parse(await env.KV.get('a'))»; use(a);",
    ),
    "parsed-after-get-or-null": (
        "get-then-parse",
        "return «JSON.parse((await env.KV.get('a')) ?? 'null')»;",
    ),
    # comments that silence
    "silence-misspelled": (
        "silence-unknown",
        "await env.KV.put('a', 'b'); // kvlens-disable-line «kye-invalid»\n",
    ),
    "silence-another-word": (
        "silence-unknown",
        "/* «kvlens-disable» key-invalid */\nawait env.KV.put('a', 'b');",
    ),
    "silence-nothing": (
        "silence-unknown",
        "// «kvlens-disable-next-line»\nawait env.KV.put('a', 'b');",
    ),
    "list-of-all-devices": (
        "list-without-cursor",
        "const page = await env.KV.«list»({ prefix: `${DEVICE_PREFIX}:` }); use(page.keys);",
    ),
    "list-of-the-referrers-of-one-link": (
        "list-without-cursor",
        "const page = await env.KV.«list»({ prefix: `${REFERRERS}${code}:` }); use(page.keys);",
    ),
    "list-of-which-a-comment-says-something-else": (
        "list-without-cursor",
        "const page = await env.KV.«list»({ prefix });\n// Only one request at a time.\n"
        "for (const key of page.keys) await env.KV.delete(key.name);\n// usually just one key\n",
    ),
    # counters
    "count-above-a-comment-that-something-is-enough": (
        "counter-not-atomic",
        'const n = Number(await env.KV.get("n"));\nawait env.KV.«put»("n", String(n + 1));\n'
        "// That's good enough.\nuse(n);",
    ),
    "count": (
        "counter-not-atomic",
        "const n = await env.KV.get('n'); await env.KV.«put»('n', n + 1);",
    ),
    "count-below-a-comment-that-failures-pass": (
        "counter-not-atomic",
        "// A limit by address. Best-effort: a failure lets it pass.\n"
        "const n = Number(await env.KV.get('n')); await env.KV.«put»('n', String(n + 1));",
    ),
    "count-beside-a-place": (
        "counter-not-atomic",
        "const session = await env.KV.get('s', 'json'); session.step++; session.misstep++;"
        " await env.KV.«put»('s', JSON.stringify(session));",
    ),
    "count-of-a-key-that-a-switch-sets": (
        "counter-not-atomic",
        "let key; switch (type) { case 1: key = `a:${id}`; break; default: key = `b:${id}`; }"
        " const n = Number(await env.KV.get(key)); await env.KV.«put»(key, String(n + 1));",
    ),
    "count-as-text": (
        "counter-not-atomic",
        "const n = Number(await env.KV.get('n')); await env.KV.«put»('n', String(n + 1));",
    ),
    "count-with-a-default": (
        "counter-not-atomic",
        "const n = parseInt((await env.KV.get(key)) || '0', 10);"
        " await env.KV.«put»(key, (n - 1).toString(), { expirationTtl: 3600 });",
    ),
    "count-of-a-variable": (
        "counter-not-atomic",
        "let n = +(await env.KV.get(`c:${id}`) ?? 0); n++; await env.KV.«put»(`c:${id}`, `${n}`);",
    ),
    "count-that-is-added-to": (
        "counter-not-atomic",
        "let n = (await env.KV.get('n', 'json')) ?? 0; n += 2; await env.KV.«put»('n', JSON.stringify(n));",
    ),
    "count-of-a-missing-key": (
        "counter-not-atomic",
        "const raw = await env.KV.get('n'); const n = raw === null ? 0 : Number(raw);"
        " const next = n + 1; ctx.waitUntil(env.KV.«put»('n', next.toString()));",
    ),
    "count-with-a-comment-on-something-else": (
        "counter-not-atomic",
        "const n = Number(await env.KV.get('n')); // KV is eventually consistent\n"
        "await env.KV.«put»('n', String(n + 1)); /* increment atomically, as others run concurrently */",
    ),
    "time-left-of-a-window-that-is-open": (
        "ttl-unbounded",
        "const w = await env.KV.get('w', 'json'); const now = Date.now();"
        " if (!w || w.until <= now || now >= w.until) return;"
        " await env.KV.put('w', w.text, { expirationTtl: «Math.ceil((w.until - now) / 1000)» });",
    ),
    "count-that-a-function-reads": (
        "counter-not-atomic",
        "async function read() { return JSON.parse((await env.KV.get('all')) ?? '{}'); }"
        " const all = await read(); all[id] += 1; await env.KV.«put»('all', JSON.stringify(all));",
    ),
    "count-in-a-callback": (
        "counter-not-atomic",
        "await env.KV.get(k).then(async (text) => { const n = text ? Number(text) : 0;"
        " await env.KV.«put»(k, String(n + 1)); });",
    ),
    "page-in-a-callback": (
        "list-without-cursor",
        "await env.KV.«list»({ prefix: 'mail:' }).then((page) => page.keys.map(f));",
    ),
    "page-in-a-callback-of-a-type": (
        "list-without-cursor",
        "return env.KV.«list»().then(async (page: Page) => { for (const key of page.keys) await f(key); });",
    ),
    "count-of-either": (
        "counter-not-atomic",
        "const text = await env.KV.get(k); const n = text ? parseInt(text, 10) + 1 : 1;"
        " await env.KV.«put»(k, String(n));",
    ),
    "count-of-a-number-or-a-first-one": (
        "counter-not-atomic",
        "const n = Number((await env.KV.get(k)) ?? 0);"
        " await env.KV.«put»(k, String(Number.isNaN(n) ? 1 : n + 1));",
    ),
    "sum-of-any-amount": (
        "counter-not-atomic",
        "const sum = parseFloat((await env.KV.get('sum')) ?? '0') + amount;"
        " await env.KV.«put»('sum', sum.toFixed(6));",
    ),
    "sum-of-a-text-that-may-be-missing": (
        "counter-not-atomic",
        "const text = await env.KV.get('sum'); const sum = text ? +text : 0;"
        " await env.KV.«put»('sum', String(sum - cost));",
    ),
    "count-with-a-comment-on-users": (
        "counter-not-atomic",
        "// the cache is in KV\n// for 1,000 concurrent users\n"
        "const n = Number(await env.KV.get('n')); await env.KV.«put»('n', String(n + 1));",
    ),
    "count-with-a-comment-and-another-below-a-line": (
        "counter-not-atomic",
        "// KV\nconst n = Number(await env.KV.get('n'));\n// not atomic\n"
        "await env.KV.«put»('n', String(n + 1));",
    ),
    "count-of-a-pattern": (
        "counter-not-atomic",
        "const text = await env.KV.get(k); const { count, until } = JSON.parse(text);"
        " await env.KV.«put»(k, JSON.stringify({ count: count + 1, until }));",
    ),
    "count-beside-a-version": (
        "counter-not-atomic",
        "const o = await env.KV.get(k, 'json'); o.version++; o.revenue += 1;"
        " await env.KV.«put»(k, JSON.stringify(o)); const p = await env.KV.get('p', 'json');"
        " await env.KV.«put»('p', JSON.stringify({ rev: p.rev + 1, n: p.n + 1 }));",
    ),
    "count-of-what-begins-like-a-place": (
        "counter-not-atomic",
        "const n = Number(await env.KV.get('offset:errors')); await env.KV.«put»('offset:errors', String(n + 1));",
    ),
    "count-of-what-ends-like-version": (
        "counter-not-atomic",
        "const n = Number(await env.KV.get('conversion')); const conversions = n + 1;"
        " await env.KV.«put»('conversion', String(conversions));",
    ),
    "count-in-an-object": (
        "counter-not-atomic",
        "const s = await env.KV.get('a', 'json'); s.count++; await env.KV.«put»('a', JSON.stringify(s));",
    ),
    "count-in-an-object-with-a-default": (
        "counter-not-atomic",
        "const raw = await env.KV.get(k); const s = raw ? JSON.parse(raw) : { by: {} };"
        " s.by[page] = (s.by[page] || 0) + 1; await env.KV.«put»(k, JSON.stringify(s));",
    ),
    "count-in-a-new-object": (
        "counter-not-atomic",
        "const s = (await env.KV.get(k, 'json')) ?? { count: 0, since: now };"
        " await env.KV.«put»(k, JSON.stringify({ ...s, count: s.count + 1 }));",
    ),
    "count-of-a-member": (
        "counter-not-atomic",
        "const s = await env.KV.get(k, 'json'); const count = s.count ?? 0;"
        " await env.KV.«put»(k, JSON.stringify({ count: count + 1 }));",
    ),
    "count-that-a-member-is-added-to": (
        "counter-not-atomic",
        "const s = JSON.parse((await env.KV.get(k)) ?? '{}'); s.left -= 1;"
        " const text = JSON.stringify(s); await env.KV.«put»(k, text);",
    ),
    "count-in-several-branches": (
        "counter-not-atomic",
        "const s = await env.KV.get(k, 'json'); if (s.off) { await env.KV.«put»(k, JSON.stringify({ ...s,"
        " blocked: s.blocked + 1 })); return; } s.used++; await env.KV.put(k, JSON.stringify(s));",
    ),
    "count-after-an-empty-text": (
        "counter-not-atomic",
        "let n = Number(await env.KV.get('n')); n += 1; await env.KV.«put»('n', '' + n);"
        " let m = Number(await env.KV.get('m')); m += 1; await env.KV.put('m', 'x' + m);",
    ),
    "count-in-an-update": (
        "counter-not-atomic",
        "const kv = env.KV; let n = Number(await kv.get('n')); await kv.«put»('n', String(++n));",
    ),
    "set-of-a-member-beside-another": (
        "method-unknown",
        "const s = { kv: env.KV }; Object.assign(s, { a: wrap() }); s.kv.«set»('a');",
    ),
    "set-of-an-assigned-member": (
        "method-unknown",
        "const s = {}; Object.assign(s, { kv: env.KV }); s.kv.«set»('a');",
    ),
    "set-beside-another-binding": (
        "method-unknown",
        "Object.assign(env, { MINE: wrap() }); env.KV.«set»('a');",
    ),
    "pages-that-a-function-only-reads": (
        "list-cursor-not-passed",
        "const take = async (keys) => { for (const k of keys) await show(k.name); };"
        " let page; do { page = await env.KV.«list»(); await take(page.keys); }"
        " while (!page.list_complete);",
    ),
    "set-that-a-type-does-not-add": (
        "method-unknown",
        "type Kv = KVNamespace & { has(key: string): boolean }; const kv: Kv = make();"
        ' await kv.«set»("k", "v");',
    ),
    "value-of-a-bound-put": (
        "put-value-type",
        'const put = env.KV.put.bind(env.KV); await put("k", «{}»);',
    ),
    "set-destructured": ("method-unknown", 'const { KV } = env; await KV.«set»("k", "v");'),
    "unknown-method-destructured": (
        "method-unknown",
        'const { «set» } = env.KV; await set("k", "v");',
    ),
    "mistyped-method-destructured": (
        "method-unknown",
        'const { «gett»: read } = env.KV; await read("k");',
    ),
    "method-kept-in-an-object": (
        "method-unbound",
        'const h = { read: env.KV.get }; await «h.read»("x");',
    ),
    "destructured-get": ("method-unbound", 'const { get } = env.KV; await «get»("x");'),
    "destructured-renamed": (
        "method-unbound",
        'const { put: save } = env.KV; await «save»("x", "v");',
    ),
    "method-kept": ("method-unbound", 'const put = env.KV.put; await «put»("x", "v");'),
    "method-mapped": ("method-unbound", "await Promise.all(names.map(«env.KV.get»));"),
    "method-kept-and-mapped": (
        "method-unbound",
        "const remove = env.KV.delete; await Promise.all(names.map(«remove»));",
    ),
    "method-for-then": ("method-unbound", "return key().then(«env.KV.get»);"),
    "timer-beside-what-settles-a-promise": (
        "promise-not-awaited",
        'await new Promise((done) => { «setTimeout»(() => env.KV.put("k", "v"), 5); done(); });',
    ),
    "ttl-on-one-side": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «short ? 10 : 3600» });'
        'const ttl = long ? 3600 : 30; await env.KV.put("k", "v", { expirationTtl: «ttl» });'
        'await env.KV.put("k", "v", { expirationTtl: «o.ttl ? o.ttl : 30» });',
    ),
    "ttl-on-one-side-of-two": (
        "ttl-out-of-range",
        'const ttl = a === 1 ? 60 : a === 2 ? 10 : 600; await env.KV.put("k", "v", { expirationTtl: «ttl» });'
        ' const other = b ? ttl : 60; await env.KV.put("k", "v", { expirationTtl: «other» });'
        ' await env.KV.put("k", "v", b ? {} : { expirationTtl: «ttl» });',
    ),
    "ttl-on-one-side-among-other-conditions": (
        "ttl-out-of-range",
        'const ttl = short ? 10 : 3600; if (a) return g(ttl); if (short) log("short");'
        ' if (b) await env.KV.put("k", "v", { expirationTtl: «ttl» });'
        ' const other = c ? -1 : 60; if (other) await env.KV.put("k", "v", { expirationTtl: «other» });',
    ),
    "ttl-by-name": (
        "ttl-out-of-range",
        'const TTL = { short: 30 } as const; await env.KV.put("k", "v", { expirationTtl: «TTL["short"]» });'
        'const NAME = "short"; await env.KV.put("k", "v", { expirationTtl: «TTL[NAME]» });'
        'await env.KV.put("k", "v", { expirationTtl: «[30, 60][0]» });',
    ),
    "ttl-of-text": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «parseInt("30", 10)» });'
        'await env.KV.put("k", "v", { expirationTtl: «Number("30") || 60» });',
    ),
    "ttl-null": (
        "ttl-out-of-range",
        'await env.KV.put("k", "v", { expirationTtl: «null» });'
        'const ttl = null; await env.KV.put("k", "v", { expirationTtl: «ttl» });',
    ),
    "expiration-null": (
        "expiration-out-of-range",
        'await env.KV.put("k", "v", { expiration: «null» });',
    ),
    "cache-ttl-null": ("cache-ttl-out-of-range", 'await env.KV.get("k", { cacheTtl: «null» });'),
    "options-of-another-number": (
        "options-not-object",
        'await env.KV.put("k", "v", «Number(request.url)»); await env.KV.put("k", "v", «Date.now()»);'
        'await env.KV.list(«`user:${id}`»); await env.KV.list(«"user:" + id»);',
    ),
    "value-of-a-list": (
        "put-value-type",
        'await env.KV.put("k", «await env.KV.list({ limit: 9 })»);'
        'const page = await env.KV.list({ limit: 9 }); await env.KV.put("k", «page»);'
        'const { keys } = await env.KV.list({ limit: 9 }); await env.KV.put("k", «keys»);',
    ),
    "value-with-its-metadata": (
        "put-value-type",
        'await env.KV.put("k", «await env.KV.getWithMetadata("l")»);'
        'const both = await env.KV.get(["a", "b"]); await env.KV.put("k", «both»);',
    ),
    "value-that-is-a-made-response": (
        "put-value-type",
        'await env.KV.put("k", «Response.json({})»); await env.KV.put("k", «Promise.resolve("v")»);'
        'await env.KV.put("k", «await Promise.all([fetch("a")])»);',
    ),
    "expiration-that-moves-a-date": (
        "expiration-out-of-range",
        'const date = new Date();await env.KV.put("k", "v", { expiration: «date.setHours(24)» });',
    ),
    "key-of-a-list": (
        "key-invalid",
        "const { keys } = await env.KV.list({ limit: 9 }); const page = await env.KV.list({ limit: 9 });"
        " for (const key of keys) await env.KV.delete(«key»);"
        " await Promise.all(page.keys.map((key) => env.KV.delete(«key»)));",
    ),
}

TTL = '"k", "v", { expirationTtl: «30» }'
STORE = (
    "class Store { constructor(private kv: KVNamespace) {}\n async set(key: string, ttl: number)"
    ' { await this.kv.put(key, "v", { expirationTtl: «ttl» }); }'
)

# id: (code, whole source with marks): every way to access a namespace
READ_AND_WRITE = (
    "interface Env { KV: KVNamespace }"
    " async function read(env: Env, k: string) { return Number(await env.KV.get(k)) || 0; }"
    " async function write(env: Env, k: string, n: number) { await env.KV.«put»(k, String(n)); } "
)
WHOLE: dict[str, tuple[str, str]] = {
    "count-by-functions": (
        "counter-not-atomic",
        READ_AND_WRITE + "export default { async fetch(r: Request, env: Env) {"
        " await write(env, 'steps', (await read(env, 'steps')) + 1); } };",
    ),
    "count-that-a-function-reads-by-what-is-passed": (
        "counter-not-atomic",
        "async function read(env, id) { const text = await env.KV.get(`n:${id}`);"
        " const n = text ? parseInt(text, 10) : 0; return n >= 0 ? n : 0; }\n"
        "export default { async fetch(request, env) { const slug = request.url;"
        " const n = await read(env, slug); const next = n + 1;"
        " await env.KV.«put»(`n:${slug}`, String(next)); } };",
    ),
    "list-below-another-comment": (
        "list-without-cursor",
        "// every key\nexport async function all(env) {"
        " return (await env.KV.«list»()).keys.map((key) => key.name); }",
    ),
    "dropped-in-a-class": (
        "promise-not-awaited",
        "export class Store { constructor(env) { this.env = env; } save() {"
        ' «this.env.KV.put("k", "v")»; } }',
    ),
    "function-for-wait-until-in-a-durable-object": (
        "promise-not-awaited",
        "export class Room extends DurableObject { fetch() {"
        ' «this.ctx.waitUntil»(async () => { await this.env.KV.put("k", "v"); }); } }',
    ),
    "env-with-a-type-in-place": (
        "method-unknown",
        "export const f = (env: { KV: KVNamespace; N: number }) => env.KV.«has»('k');",
    ),
    "wrapper": (
        "ttl-out-of-range",
        'async function save(env, key, ttl) { await env.KV.put(key, "v", { expirationTtl: ttl }); }\n'
        'export default { async fetch(r, env) { await save(env, "k", «30»); await save(env, "k", 60); } };',
    ),
    "wrapper-arrow-with-a-constant": (
        "ttl-out-of-range",
        "const T = 10;\nconst save = async (kv: KVNamespace, ttl: number) =>"
        ' kv.put("k", "v", { expirationTtl: ttl });\nexport const f = (env: Env) => save(env.KV, «T»);',
    ),
    "wrapper-with-a-default": (
        "ttl-out-of-range",
        'async function save(env, expirationTtl = 90) { await env.KV.put("k", "v", { expirationTtl }); }\n'
        "export default { async fetch(r, env) { await save(env); await save(env, «5 * 10»); } };",
    ),
    "module": (
        "ttl-out-of-range",
        f"export default {{ async fetch(request, env) {{ await env.KV.put({TTL}); }} }};",
    ),
    "handlers-parameter-of-any-name": (
        "ttl-out-of-range",
        f"export default {{ async scheduled(event, b) {{ await b.KV.put({TTL}); }} }};",
    ),
    "handler-arrow": (
        "ttl-out-of-range",
        f"export default {{ fetch: async (request, e) => {{ await e.KV.put({TTL}); }} }};",
    ),
    "handler-destructures": (
        "ttl-out-of-range",
        f"export default {{ async queue(batch, {{ KV }}) {{ await KV.put({TTL}); }} }};",
    ),
    "satisfies": (
        "ttl-out-of-range",
        f"export default {{ async fetch(r, x) {{ await x.KV.put({TTL}); }} }} "
        "satisfies ExportedHandler<Env>;",
    ),
    "typed-parameter": (
        "ttl-out-of-range",
        f"async function save(bindings: Env) {{ await bindings.KV.put({TTL}); }}",
    ),
    "typed-pattern": (
        "ttl-out-of-range",
        f"async function save({{ KV }}: Bindings) {{ await KV.put({TTL}); }}",
    ),
    "hono": (
        "ttl-out-of-range",
        f'app.get("/", async (c) => {{ await c.env.KV.put({TTL}); }});',
    ),
    "hono-adapter": (
        "ttl-out-of-range",
        f'app.get("/", async (c) => {{ const {{ KV }} = env<Env>(c); await KV.put({TTL}); }});',
    ),
    "hono-adapter-renamed": (
        "ttl-out-of-range",
        'import { env as bindings } from "hono/adapter";\n'
        f'app.get("/", async (c) => {{ const {{ KV }} = bindings<Env>(c); await KV.put({TTL}); }});',
    ),
    "context-renamed": (
        "ttl-out-of-range",
        'import { getCloudflareContext as context } from "@opennextjs/cloudflare";\n'
        f"export async function GET() {{ const {{ env: b }} = context(); await b.KV.put({TTL}); }}",
    ),
    "pages-function": (
        "ttl-out-of-range",
        f"export async function onRequest({{ request, env }}) {{ await env.KV.put({TTL}); }}",
    ),
    "functions-by-name-where-promises-get-lost": (
        "promise-not-awaited",
        "export default { async fetch(r, env, ctx) { const keys = ['a'];"
        " const save = async (k) => { await env.KV.put(k, 'v'); };"
        " «ctx.waitUntil»(save); «keys.forEach»(save); «setTimeout»(save, 5);"
        " await Promise.all(keys.map(save)); retry(save); ctx.waitUntil(save('a')); } };",
    ),
    "constants-that-a-pattern-takes": (
        "ttl-out-of-range",
        "const limits = { short: 10, long: 100 };\n"
        "const deep = { opts: { expirationTtl: «7» }, ttl: { min: 5 } } as const;\n"
        "const { short, long: renamed, none = 70 } = limits, { short: soon = 60 } = limits;\n"
        "let { short: replaced } = limits; replaced = 60;\n"
        "const { opts, ttl: { min } } = deep;\n"
        "const set = { t: 5 }; set.t = 70; const { t } = set;\n"
        "export async function f(env) {"
        " await env.KV.put('k', 'v', { expirationTtl: «short» });"
        " await env.KV.put('k', 'v', { expirationTtl: «min» });"
        " await env.KV.put('k', 'v', { expirationTtl: «soon» });"
        " await env.KV.put('k', 'v', opts);"
        " for (const expirationTtl of [renamed, none, replaced, t])"
        " await env.KV.put('k', 'v', { expirationTtl });"
        " await env.KV.put('k', 'v', { expirationTtl: renamed });"
        " await env.KV.put('k', 'v', { expirationTtl: none });"
        " await env.KV.put('k', 'v', { expirationTtl: replaced });"
        " await env.KV.put('k', 'v', { expirationTtl: t }); }",
    ),
    "readonly-fields": (
        "ttl-out-of-range",
        "class S { readonly a = 5; constructor(env) { this.kv = env.KV; }"
        " async f() { await this.kv.put('k', 'v', { expirationTtl: «this.a» }); } }\n"
        "abstract class T { private readonly b = 5; constructor(env) { this.kv = env.KV; }"
        " async f() { await this.kv.put('k', 'v', { expirationTtl: «this.b» }); } }\n",
    ),
    "computed-name-of-an-option": (
        "ttl-out-of-range",
        "const NAME = 'expirationTtl';\n"
        "export async function f(env, name) {"
        " await env.KV.put('k', 'v', { ['expirationTtl']: «5» });"
        " await env.KV.put('k', 'v', { [NAME]: «5» });"
        " await env.KV.put('k', 'v', { [name]: 5 });"
        " await env.KV.put('k', 'v', { expirationTtl: 5, [name]: 70 });"
        " await env.KV.put('k', 'v', { [name]: 70, expirationTtl: «5» }); }",
    ),
    "pages-request-of-the-context": (
        "put-value-parsed",
        "export const onRequestPost: PagesFunction<Env> = async (ctx) => {"
        ' const body = await ctx.request.json(); await ctx.env.KV.put("k", «body»);'
        ' await ctx.env.KV.put("k", await ctx.data.json()); };',
    ),
    "remix-request": (
        "put-value-type",
        "export async function action({ request, context }: Route.ActionArgs) {"
        ' await context.cloudflare.env.KV.put("k", «await request.formData()»); }\n'
        "export async function act({ request, context }: Route.ActionArgs) {"
        ' await context.cloudflare.env.KV.put("k", await request.formData()); }',
    ),
    "sveltekit-request-of-the-event": (
        "put-value-type",
        "export const POST = async (event) => {"
        ' await event.platform.env.KV.put("k", «event.request.formData()»); };\n'
        "export const send = async (event) => {"
        ' await event.platform.env.KV.put("k", event.request.formData()); };',
    ),
    "pages-function-with-a-global": (
        "binding-not-in-scope",
        "export async function onRequestGet(ctx) { await «KV».get('k'); await ctx.env.KV.get('k'); }",
    ),
    "nested-pattern": (
        "ttl-out-of-range",
        f"export const onRequest = async ({{ env: {{ KV }} }}) => {{ await KV.put({TTL}); }};",
    ),
    "renamed-env": (
        "ttl-out-of-range",
        f"const handle = async ({{ env: b }}) => {{ await b.KV.put({TTL}); }};",
    ),
    "this": (
        "ttl-out-of-range",
        'import { WorkerEntrypoint } from "cloudflare:workers";\n'
        f"export class Api extends WorkerEntrypoint<Env> {{ async save() {{ "
        f"await this.env.KV.put({TTL}); }} }}",
    ),
    "import": (
        "ttl-out-of-range",
        f'import {{ env }} from "cloudflare:workers";\nawait env.KV.put({TTL});',
    ),
    "import-alias": (
        "ttl-out-of-range",
        f'import {{ env as b }} from "cloudflare:workers";\nawait b.KV.put({TTL});',
    ),
    "context-of-a-framework": (
        "ttl-out-of-range",
        f"const {{ env }} = getCloudflareContext();\nawait env.KV.put({TTL});",
    ),
    "context-awaited": (
        "ttl-out-of-range",
        f"const e = (await getCloudflareContext({{ async: true }})).env;\nawait e.KV.put({TTL});",
    ),
    "alias": (
        "ttl-out-of-range",
        f"export async function f(env) {{ const kv = env.KV; await kv.put({TTL}); }}",
    ),
    "alias-of-alias": (
        "ttl-out-of-range",
        "export async function f(env) { const e = env; const { KV: a } = e; const b = a;"
        f" await b.put({TTL}); }}",
    ),
    "quoted": (
        "ttl-out-of-range",
        f'export async function f(env) {{ await env["KV"].put({TTL}); }}',
    ),
    "not-null": (
        "ttl-out-of-range",
        f"export async function f(env) {{ await env.KV!.put({TTL}); }}",
    ),
    "optional": (
        "ttl-out-of-range",
        f"export async function f(env) {{ await env.KV?.put({TTL}); }}",
    ),
    "cast-env": (
        "ttl-out-of-range",
        f"export async function f(env) {{ await (env as Env).KV.put({TTL}); }}",
    ),
    "cast-namespace": (
        "ttl-out-of-range",
        f"export async function f(x) {{ await (x.store as KVNamespace).put({TTL}); }}",
    ),
    "typed-namespace": (
        "ttl-out-of-range",
        f"export async function save(kv: KVNamespace) {{ await kv.put({TTL}); }}",
    ),
    "typed-or-nothing": (
        "ttl-out-of-range",
        f"export async function save(kv: KVNamespace | undefined) {{ await kv?.put({TTL}); }}",
    ),
    "parameter-property": (
        "ttl-out-of-range",
        "class Store { constructor(private readonly kv: KVNamespace) {}\n"
        f" async save() {{ await this.kv.put({TTL}); }} }}",
    ),
    "field": (
        "ttl-out-of-range",
        "class Store { kv: KVNamespace; constructor(env: Env) { this.kv = env.OTHER; }\n"
        f" async save() {{ await this.kv.put({TTL}); }} }}",
    ),
    "field-set": (
        "ttl-out-of-range",
        "class Store { constructor(env) { this.kv = env.KV; }\n"
        f" async save() {{ await this.kv.put({TTL}); }} }}",
    ),
    "typed-options": (
        "ttl-out-of-range",
        "interface Options { kv: KVNamespace }\n"
        f"async function save(options: Options) {{ await options.kv.put({TTL}); }}",
    ),
    "service-worker": (
        "ttl-out-of-range",
        'addEventListener("fetch", (event) => event.respondWith(handle()));\n'
        f"async function handle() {{ await KV.put({TTL}); }}",
    ),
    "global-by-shape": (
        "ttl-out-of-range",
        f"async function handle() {{ await LINKS.put({TTL}); }}",
    ),
    "declared-global": (
        "ttl-out-of-range",
        f"declare const KV: KVNamespace;\nasync function handle() {{ await KV.put({TTL}); }}",
    ),
    "declared-global-block": (
        "ttl-out-of-range",
        "declare global { const KV: KVNamespace }\n"
        f"async function handle() {{ await KV.put({TTL}); }}",
    ),
    "typed-by-env": (
        "ttl-out-of-range",
        "interface Env { LINKS?: KVNamespace }\n"
        f"async function f(env: Env) {{ await env.LINKS?.put({TTL}); }}",
    ),
    "known-by-another-call": (
        "ttl-out-of-range",
        'async function f(env) { if (env.X) { await env.X.getWithMetadata("k");'
        f" await env.X.put({TTL}); }} }}",
    ),
    "beyond-ascii": (
        "ttl-out-of-range",
        "// é 😀 漢字\nexport async function f(env) {\n"
        f'  const s = "😀漢"; await env.KV.put({TTL}); // 😀\n}}',
    ),
    "ttl-of-callers-elsewhere": (
        "ttl-unbounded",
        "export async function save(env, key, ttl) {"
        ' await env.KV.put(key, "v", { expirationTtl: «ttl» }); }',
    ),
    "ttl-of-callers-of-a-method-elsewhere": ("ttl-unbounded", f"{STORE} }}"),
    "ttl-of-callers-that-pass-a-constant": (
        "ttl-out-of-range",
        "const SHORT = 30, SOON = 20;\n"
        "async function save(env, ttl) { await env.KV.put('k', 'v', { expirationTtl: ttl }); }\n"
        "export default { async fetch(r, env) { await save(env, «SHORT»); await save(env, SHORT);"
        " await save(env, «SOON»); await save(env, «30»); await save(env, «30»); } };",
    ),
    "ttl-of-callers-of-a-method": (
        "ttl-unbounded",
        f"{STORE} async reset(request: Request) {{ const {{ ttl }} = await request.json();"
        " await this.set('k', ttl); } }",
    ),
    "ttl-of-callers-of-an-instance": (
        "ttl-unbounded",
        f"{STORE} }}\nexport default {{ async fetch(request: Request, env: any) {{"
        " const store = new Store(env.KV); const body = await request.json();"
        " await store.set('k', body.ttl); } };",
    ),
    "ttl-of-a-caller-of-a-caller": (
        "ttl-unbounded",
        "const save = (env, ttl) => env.KV.put('k', 'v', { expirationTtl: «ttl» });\n"
        "const later = async (env, seconds) => { await save(env, seconds); };\n"
        "app.post('/', async (c) => { await later(c.env, Number(c.req.query('s'))); });",
    ),
    "ttl-of-a-response": (
        "ttl-unbounded",
        "export async function token(env) { const answer = await (await fetch(url)).json();\n"
        ' await env.KV.put("t", answer.token, { expirationTtl: «answer.expires_in» }); }',
    ),
    "ttl-of-a-response-less-a-minute": (
        "ttl-unbounded",
        "const EARLY = 60; export async function token(env) {"
        " const answer = await (await fetch(url)).json(); const left = answer.expires_in || 3600;\n"
        ' await env.KV.put("t", answer.token, { expirationTtl: «left - EARLY» }); }',
    ),
    "ttl-of-a-header": (
        "ttl-unbounded",
        "export async function wait(env) { const answer = await fetch(url);\n"
        ' await env.KV.put("w", "1", { expirationTtl: «Number(answer.headers.get("Retry-After"))» }); }',
    ),
    "ttl-of-a-variable-of-no-config": (
        "ttl-unbounded",
        "export default { async fetch(request, env) {"
        ' const ttl = parseInt(env.CACHE_TTL ?? "3600", 10);'
        ' await env.KV.put("k", "v", { expirationTtl: «ttl» }); } };',
    ),
    "ttl-of-a-destructured-variable": (
        "ttl-unbounded",
        "export default { async fetch(request, env) { const { CACHE_TTL } = env;"
        ' await env.KV.put("k", "v", { expirationTtl: «Number(CACHE_TTL)» }); } };',
    ),
    "ttl-of-a-request-up-to-a-limit": (
        "ttl-unbounded",
        "export default { async fetch(request, env) { const input = await validate(request, Schema);"
        ' await env.KV.put("k", "v", { expirationTtl: «Math.min(input.data.ttl || 300, 600)» }); } };',
    ),
    "ttl-of-a-caller-that-computes-it": (
        "ttl-unbounded",
        "async function save(env, key, ttl) {"
        ' await env.KV.put(key, "v", { expirationTtl: «ttl» }); }\n'
        "export default { async fetch(r, env) { await save(env, 'k', Number(r.url)); } };",
    ),
    # bindings
    "undeclared-by-shape": (
        "binding-undeclared",
        'async function f(env) { return env.«LINKS».get("k", "json"); }',
    ),
    "undeclared-by-type": (
        "binding-undeclared",
        "interface Env { LINKS: KVNamespace }\n"
        'async function f(env: Env) { await env.«LINKS».get("a"); await env.LINKS.delete("a"); }',
    ),
    "guarded-by-an-error": (
        "binding-undeclared",
        "async function f(env) { if (!env.LINKS) throw new Error('no LINKS'); return env.«LINKS».get('k', 'json'); }",
    ),
    "guarded-by-an-error-after-others": (
        "binding-undeclared",
        "async function f(env) { if (env.KV == null || env.LINKS == null) { console.error('no'); throw new TypeError('no'); }\n return env.«LINKS».get('k', 'json'); }",
    ),
    "guarded-by-an-error-as-a-variable": (
        "binding-undeclared",
        "async function f(env) { const kv = env.«LINKS»; if (!kv) throw new ConfigError('no'); return kv.get('k', 'json'); }",
    ),
    "guarded-by-an-error-in-a-pattern": (
        "binding-undeclared",
        "async function f({ env: { «LINKS» } }) { if (LINKS === undefined) throw Error('no'); return LINKS.get('k', 'json'); }",
    ),
    "undeclared-destructured": (
        "binding-undeclared",
        "interface Env { LINKS: KVNamespace }\n"
        'async function f({ «LINKS» }: Env) { await LINKS.get("a"); }',
    ),
    "undeclared-quoted": (
        "binding-undeclared",
        'async function f(env) { return env["«LINKS»"].getWithMetadata("k"); }',
    ),
    "undeclared-near": (
        "binding-undeclared",
        'async function f(env) { return env.«SESSION».getWithMetadata("k"); }',
    ),
    "one-letter-less": (
        "binding-undeclared",
        'async function f(env) { await env.«SESSION».put("k", "v"); await env.SESSION.get("k"); }',
    ),
    "env-type-with-a-namespace": (
        "key-invalid",
        "interface ShopEnv { KV: KVNamespace }\n"
        'export const f = async (x: ShopEnv) => { await x.KV.get(«""»); };',
    ),
    "env-type-that-extends-one": (
        "key-invalid",
        "interface ShopEnv { KV: KVNamespace }\ninterface SubEnv extends ShopEnv { A: string }\n"
        'export const f = async (x: SubEnv) => { await x.KV.get(«""»); };',
    ),
    "env-type-of-a-handler": (
        "binding-undeclared",
        "interface ShopEnv { KV: any; SESSIONS: any }\n"
        'const f = async (x: ShopEnv) => { await x.«SESSION».get("k"); };\n'
        "export default { fetch(request, x) { return f(x); } } satisfies ExportedHandler<ShopEnv>;",
    ),
    "env-type-with-the-methods-it-needs": (
        "key-invalid",
        "interface Store { get(key: string): Promise<string | null> }\ninterface Env { KV: Store }\n"
        'export const f = async (x: Env) => { await x.KV.get(«""»); };',
    ),
    "env-type-of-the-runtime-in-a-comment": (
        "key-invalid",
        "/** @param {Readonly<Env>} e */\nexport async function f(e) { await e.KV.get(«''»); }",
    ),
    "env-type-in-a-comment": (
        "key-invalid",
        "/** @typedef {{ KV: KVNamespace }} ShopEnv */\n"
        "/** @param {ShopEnv} e */\nexport async function f(e) { await e.KV.get(«''»); }",
    ),
    "env-type-of-another-package": (
        "key-invalid",
        'import type { PkgEnv } from "some-pkg";\n'
        'export const f = async (x: PkgEnv) => { await x.KV.get(«""»); };',
    ),
    "short-name-with-a-letter-more": (
        "binding-undeclared",
        'async function f(env) { await env.«KVV».get("k"); }',
    ),
    "short-name-with-letters-swapped": (
        "binding-undeclared",
        'async function f(env) { const kv = env.«VK»; await kv.put("k", "v"); }',
    ),
    "one-letter-more": (
        "binding-undeclared",
        'async function f(env) { await env.«SESSIONSS».delete("k"); }',
    ),
    "another-letter": (
        "binding-undeclared",
        'async function f(env) { await env.«SESSIOMS».get("k"); }',
    ),
    "swapped-letters": (
        "binding-undeclared",
        'async function f(env) { await env.«SESSOINS».get("k"); }',
    ),
    "in-lower-case": (
        "binding-undeclared",
        'async function f(env) { await env.«sessions».get("k"); }',
    ),
    "in-lower-case-and-short": (
        "binding-undeclared",
        'app.get("/", async (c) => c.text(await c.env.«kv».get("k")));',
    ),
    "with-underscores": (
        "binding-undeclared",
        'async function f({ «SES_SIONS» }: Env) { await SES_SIONS.get("k"); }',
    ),
    "right-of-or": (
        "binding-undeclared",
        'async function f(env, K) { const kv = env[K] || env.«LINKS»; await kv.get("a");'
        ' await env.LINKS.get("k", "json"); }',
    ),
    "declared-global-undeclared": (
        "binding-undeclared",
        'declare const LINKS: KVNamespace;\naddEventListener("fetch", (event) =>'
        ' event.respondWith(handle()));\nasync function handle() { await «LINKS».get("a"); }',
    ),
    # scope
    "global-in-a-module-worker": (
        "binding-not-in-scope",
        'export default { async fetch(request, env) { await «SESSIONS».get("x"); } };',
    ),
    "global-in-a-function-beside": (
        "binding-not-in-scope",
        'async function read() { return «SESSIONS».get("x"); }\n'
        "export default { async fetch(request, env) { return new Response(await read()); } };",
    ),
    "ambient-in-a-module-worker": (
        "binding-not-in-scope",
        "declare const SESSIONS: KVNamespace;\n"
        'export default { async fetch() { await «SESSIONS».get("x"); } };',
    ),
    "global-handed-on-in-an-entry": (
        "binding-not-in-scope",
        'import { Hono } from "hono";\nconst app = new Hono();\n'
        "app.use(session(«SESSIONS»));\nexport default app;",
    ),
    "env-in-a-function-without": (
        "binding-not-in-scope",
        'async function read(key) { return «env».KV.get("x" + key); }\n'
        "export default { async fetch(request, env) { return read(request.url); } };",
    ),
    "env-in-a-handler-without": (
        "binding-not-in-scope",
        'export default { async fetch(request) { return «env».KV.get("x"); } };',
    ),
    "env-in-a-pages-function-without": (
        "binding-not-in-scope",
        'export const onRequest = async ({ request }) => new Response(await «env».KV.get("x"));',
    ),
    "own-method-dropped": (
        "promise-not-awaited",
        "class Store { constructor(env) { this.kv = env.KV; }"
        ' async save() { await this.kv.put("k", "v"); } f() { «this.save»(); }'
        " later = async () => { await this.kv.delete('k'); }; g() { «this.later»(); }"
        " #own() { return this.kv.delete('k'); } h() { «this.#own»().catch(() => {}); } }",
    ),
    "method-of-an-object-dropped": (
        "promise-not-awaited",
        'const carts = { async save(env) { await env.KV.put("k", "v"); },'
        ' log: async (env) => { await env.KV.put("k", "v"); } };\n'
        "export default { async fetch(request, env) { «carts.save»(env); «carts.log»(env); } };",
    ),
    "method-of-an-instance-dropped": (
        "promise-not-awaited",
        "class Store { constructor(private kv: KVNamespace) {}"
        ' async save() { await this.kv.put("k", "v"); } }\n'
        "export const f = (env: Env) => { const store = new Store(env.KV); «store.save»(); };",
    ),
    "field-that-is-a-parameter-with-a-default": (
        "ttl-out-of-range",
        "export class S { constructor(private kv: KVNamespace, private ttl = 30) {}"
        " async f() { await this.kv.put('k', 'v', { expirationTtl: «this.ttl» }); } }",
    ),
    "readonly-field-whose-default-one-new-uses": (
        "ttl-out-of-range",
        "class S { constructor(private kv: KVNamespace, readonly ttl: number = 30) {}"
        " async f() { await this.kv.put('k', 'v', { expirationTtl: «this.ttl» }); } }\n"
        "export const save = (env: Env) => new S(env.KV).f();",
    ),
    "private-field": (
        "ttl-out-of-range",
        "class S { private ttl = 5; #short = 6; constructor(env) { this.kv = env.KV; }"
        " async f() { await this.kv.put('k', 'v', { expirationTtl: «this.ttl» });"
        " await this.kv.put('k', 'v', { expirationTtl: «this.#short» }); } }",
    ),
    "body-that-hono-parses": (
        "put-value-type",
        'app.post("/", async (c) => { await c.env.KV.put("k", «await c.req.parseBody()»); });',
    ),
    "body-of-a-request-by-any-name": (
        "put-value-type",
        'export default { async fetch(r, env) { await env.KV.put("k", «r.text()»); '
        'await env.KV.put("k", «r.headers»); } } satisfies ExportedHandler<Env>;\n'
        "export class Room extends DurableObject { async fetch(r) {"
        ' await this.env.KV.put("k", «r.json()»); } }',
    ),
}

# Nothing is wrong with these, or it is uncertain.
CLEAN_IN_HANDLER: dict[str, str] = {
    "bound-with-a-key": "const put = env.KV.put.bind(env.KV, 'k'); await put('v', { metadata: {} });",
    "taken-and-bound-with-a-key": "const { put } = env.KV; const p = put.bind(env.KV, 'k'); await p('v');",
    "pages-that-a-function-of-the-file-removes": (
        "const take = async (keys) => { for (const k of keys) await env.KV.delete(k.name); };"
        " let page; do { page = await env.KV.list({ prefix: 'tmp:' }); await take(page.keys); }"
        " while (!page.list_complete);"
    ),
    "pages-removed-by-a-subscript": (
        "let page; do { page = await env.KV.list({ prefix: 'tmp:' });"
        " await Promise.all(page.keys.map((k) => env.KV['delete'](k.name))); }"
        " while (!page.list_complete);"
    ),
    "pages-removed-by-a-bound-method": (
        "let page; do { page = await env.KV.list(); const take = env.KV.delete.bind(env.KV);"
        " for (const k of page.keys) await take(k.name); } while (!page.list_complete);"
    ),
    "pages-removed-by-a-function": (
        "let page; do { page = await env.KV.list({ prefix: 'tmp:' }); await purgeAll(page.keys); }"
        " while (!page.list_complete);"
    ),
    "counter-of-another-key-of-a-bulk-get": "const found = await env.KV.get(keys);"
    " for (const k of keys) { await env.KV.put(k, String(Number(found.get(first)) + 1)); }",
    "counter-of-a-map": "const found = new Map();"
    " for (const k of keys) { await env.KV.put(k, String(Number(found.get(k)) + 1)); }",
    "counter-of-another-of-several": 'const [n, a] = await Promise.all([f(), env.KV.get("n")]); await env.KV.put("n", String(+n + 1));',
    "counter-of-the-rest-of-several": 'const [a, ...n] = await Promise.all([f(), env.KV.get("n")]); await env.KV.put("n", String(+n + 1));',
    "counter-of-a-function-of-several": 'const [n] = await merge([env.KV.get("n")]); await env.KV.put("n", String(n + 1));',
    "all-of-pushed-awaited": "const all = []; for (const k of keys) all.push(env.KV.delete(k)); await Promise.all(all);",
    "all-of-pushed-returned": "const all = []; for (const k of keys) all.push(env.KV.delete(k)); return Promise.all(all);",
    "all-of-pushed-waited-for": "const all = []; for (const k of keys) all.push(env.KV.delete(k)); ctx.waitUntil(Promise.all(all));",
    "pushed-to-others": "const all = []; for (const k of keys) all.push(env.KV.delete(k)); await run(all);",
    "all-of-a-variable-awaited-elsewhere": 'const a = env.KV.delete("k"); if (x) { Promise.all([a]); } await a;',
    "spread-array-in-all": "await Promise.all([f(), ...keys.map((k) => env.KV.delete(k))]);",
    "spread-array": 'await env.KV.delete(...["a"]); await env.KV.get(...["k", "json"]);',
    "spread-of-a-call": 'const keys = ["a", "b"]; await env.KV.delete(...names(keys));',
    "spread-constants": 'const args = ["k", v, { expirationTtl: 60 }] as const; await env.KV.put(...args);',
    "spread-that-others-get": "const rest = [v, { expirationTtl: 30 }]; later(...rest);"
    ' await env.KV.put("k", ...rest);',
    "spread-of-a-changed-array": 'const args = ["k"]; args.push(v); await env.KV.put(...args);',
    "spread-unknown": 'await env.KV.put(...args); await env.KV.put("k", ...args);',
    "list-of-what-people-enter": (
        'const page = await env.KV.list({ prefix: "shop:tags:" }); use(page.keys.map(name));'
    ),
    "list-of-which-only-the-first-counts-beside-another": (
        "const few = await env.KV.list({ limit: 5 }); use(few.keys.map(name));"
        ' const page = await env.KV.list({ prefix: "token:" });'
        " if (!page.keys || page.keys.length === 0) return; use(page.keys[0].name);"
    ),
    "list-that-is-passed-on": (
        "try { return await env.KV.list({ prefix }); } catch { return { keys: [] }; }"
    ),
    "options-of-unknown-kind": 'await env.KV.put("k", "v", request.cf);',
    "options-undefined": 'await env.KV.put("k", "v", undefined); await env.KV.list(undefined);',
    "options-null": 'await env.KV.put("k", "v", null);',
    "type-as-argument": 'await env.KV.get("k", "text");',
    "delete-spread": "await env.KV.delete(...keys);",
    "another-delete": 'params.delete("a", "b"); new URLSearchParams().delete("a", "b");',
    "ttl-60": 'await env.KV.put("k", "v", { expirationTtl: 60 });',
    "ttl-month": 'await env.KV.put("k", "v", { expirationTtl: 60 * 60 * 24 * 30 });',
    "ttl-year": 'await env.KV.put("k", "v", { expirationTtl: 31536000 });',
    "ttl-hundred-days": 'await env.KV.put("k", "v", { expirationTtl: 8640000 });',
    "ttl-1000": 'await env.KV.put("k", "v", { expirationTtl: 1000 });',
    "ttl-500-days": 'await env.KV.put("k", "v", { expirationTtl: 60 * 60 * 24 * 500 });',
    "ttl-back-to-seconds": 'const A_MS = 3600000; await env.KV.put("k", "v", { expirationTtl: A_MS / 1000 });',
    "ttl-by-a-thousandth": 'const A_MS = 3600000; await env.KV.put("k", "v", { expirationTtl: A_MS * 0.001 });',
    "ttl-in-minutes": 'const A_MS = 360e4, M_MS = 6e4; await env.KV.put("k", "v", { expirationTtl: A_MS / M_MS * 60 });',
    "ttl-seconds-name": 'const T_SECONDS = 3600000; await env.KV.put("k", "v", { expirationTtl: T_SECONDS });',
    "ttl-unknown": 'await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-parameter": 'const f = (ttl = 10) => env.KV.put("k", "v", { expirationTtl: ttl }); await f(60);',
    "ttl-set-later": 'let ttl = 10; ttl = 60; await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-counted": 'let ttl = 10; for (; ttl < 60; ttl++); await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-max": 'await env.KV.put("k", "v", { expirationTtl: Math.max(60, left) });',
    "ttl-undefined": 'await env.KV.put("k", "v", { expirationTtl: undefined });',
    "ttl-either": 'await env.KV.put("k", "v", { expirationTtl: short ? 600 : 60 });',
    "ttl-either-tested": 'const ttl = forever ? 0 : 60; await env.KV.put("k", "v", ttl ? { expirationTtl: ttl } : {});',
    "ttl-either-marked": 'const ttl = keep ? -1 : 60; if (ttl !== -1) await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-either-left": 'const ttl = short ? 10 : 60; if (short) return g(ttl); await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-either-around": 'const ttl = o.short ? 10 : 60; if (!o.short && a) { await g(ttl); await env.KV.put("k", "v", { expirationTtl: ttl }); }',
    "ttl-either-switched": 'const ttl = mode === "short" ? 10 : 60; switch (mode) { case "long": await env.KV.put("k", "v", { expirationTtl: ttl }); }',
    "ttl-either-in-options": 'const ttl = mode === "none" ? 0 : 60;'
    ' await env.KV.put("k", "v", mode === "none" ? undefined : { expirationTtl: ttl });'
    ' await env.KV.put("k", "v", { ...(mode !== "none" ? { expirationTtl: ttl } : {}) });',
    "ttl-either-twice": 'const ttl = mode === "none" ? 0 : 60;'
    ' await env.KV.put("k", "v", { expirationTtl: mode === "none" ? undefined : ttl });'
    ' await env.KV.put("k", "v", { expirationTtl: ttl > 0 ? ttl : undefined });'
    ' const eff = mode === "none" ? 60 : ttl; await env.KV.put("k", "v", { expirationTtl: eff });',
    "ttl-either-guarded-in-place": 'if (!short && a) await env.KV.put("k", "v", { expirationTtl: short ? 10 : 60 });',
    "ttl-either-compared": 'const ttl = short ? 10 : 60; if (ttl >= 60) await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-by-an-unknown-name": 'const TTL = { a: 30, b: 60 }; await env.KV.put("k", "v", { expirationTtl: TTL[name] });',
    "ttl-of-a-changed-list": 'const ttls = [30]; ttls[0] = 60; await env.KV.put("k", "v", { expirationTtl: ttls[0] });',
    "ttl-of-another-radix": 'await env.KV.put("k", "v", { expirationTtl: parseInt("30", 36) });',
    "options-of-a-text": 'await env.KV.get("k", `${type}`); await env.KV.list(options[`${name}`]);',
    "ttl-changed-object": 'const o = { expirationTtl: 10 }; o.expirationTtl = 60; await env.KV.put("k", "v", o);',
    "ttl-set-after-the-call": 'const o = {}; await env.KV.put("k", "v", o); o.expirationTtl = 30;',
    "ttl-set-in-the-other-branch": "const o = {}; if (a) { o.expirationTtl = 30; use(o); }"
    ' else { await env.KV.put("k", "v", o); }',
    "ttl-set-and-deleted": 'const o = {}; o.expirationTtl = 30; delete o.expirationTtl; await env.KV.put("k", "v", o);',
    "ttl-over-another-spread": "const A = { expirationTtl: 30 };"
    ' await env.KV.put("k", "v", { ...A, expirationTtl: 60 });',
    "ttl-under-an-unknown-spread": 'await env.KV.put("k", "v", { expirationTtl: 30, ...given });',
    "ttl-of-a-spread-that-changes": "const A = { expirationTtl: 30 }; fix(A);"
    ' await env.KV.put("k", "v", { ...A });',
    "ttl-of-a-spread-under-a-condition": "const A = { expirationTtl: 30 };"
    ' await env.KV.put("k", "v", { ...A, ...(long && { expirationTtl: 60 }) });',
    "options-of-an-unknown-function": 'const o = { expirationTtl: 30 }; fix(o); await env.KV.put("k", "v", o);',
    "options-of-a-function-that-changes-them": "function fix(x, { a }) { x.expirationTtl = 60; }"
    ' const o = { expirationTtl: 30 }; fix(o, {}); await env.KV.put("k", "v", o);',
    "options-of-a-function-that-hands-them-on": "const fix = (x) => { const y = x; change(y); };"
    ' const o = { expirationTtl: 30 }; fix(o); await env.KV.put("k", "v", o);',
    "options-of-a-method": 'const o = { expirationTtl: 30 }; this.fix(o); await env.KV.put("k", "v", o);',
    "options-of-a-constructor": 'const o = { expirationTtl: 30 }; new Fixer(o); await env.KV.put("k", "v", o);',
    "options-assigned-over": "const o = { expirationTtl: 30 }; Object.assign(o, given);"
    ' await env.KV.put("k", "v", o);',
    "options-in-another-object": "const o = { expirationTtl: 30 }; const all = { o };"
    ' all.o.expirationTtl = 60; await env.KV.put("k", "v", o);',
    "options-in-another-object-of-a-function": "const o = { expirationTtl: 30 }; fix({ o });"
    ' await env.KV.put("k", "v", o);',
    "options-in-a-field": 'const o = { expirationTtl: 30 }; this.o = o; await env.KV.put("k", "v", o);',
    "options-in-a-list": 'const o = { expirationTtl: 30 }; all.push(o); await env.KV.put("k", "v", o);',
    "options-with-another-name-that-changes-them": "const o = { expirationTtl: 30 }; const p = o;"
    ' p.expirationTtl = 60; await env.KV.put("k", "v", o);',
    "options-changed-in-a-closure": "const o = { expirationTtl: 30 };"
    ' const fix = () => { o.expirationTtl = 60; }; fix(); await env.KV.put("k", "v", o);',
    "options-returned-by-a-closure": "const o = { expirationTtl: 30 }; const all = () => o;"
    ' all().expirationTtl = 60; await env.KV.put("k", "v", o);',
    "options-with-a-method": "const o = { expirationTtl: 30, fix() { this.expirationTtl = 60; } };"
    ' o.fix(); await env.KV.put("k", "v", o);',
    "list-of-keys-of-an-unknown-function": "const keys = []; fill(keys); await env.KV.get(keys);",
    "list-of-keys-with-a-spread": "await env.KV.get([...given]);",
    "ttl-of-a-function-with-branches": "function ttl() { if (x) return 60; return 5; }"
    ' await env.KV.put("k", "v", { expirationTtl: ttl() });',
    "ttl-of-a-function-by-its-argument": "function ttl(x = 5) { return x; } ttl();"
    ' await env.KV.put("k", "v", { expirationTtl: ttl(60) });',
    "ttl-of-a-function-that-is-replaced": "function ttl() { return 5; } ttl = () => 60;"
    ' await env.KV.put("k", "v", { expirationTtl: ttl() });',
    "ttl-of-a-function-of-itself": "const ttl = () => ttl();"
    ' await env.KV.put("k", "v", { expirationTtl: ttl() });',
    "ttl-of-a-generator": "function* ttl() { return 5; }"
    ' await env.KV.put("k", "v", { expirationTtl: ttl() });',
    "value-of-a-request": 'await env.KV.put("k", request.body); await env.KV.put("l", request.url);',
    "value-of-another-request": "function f(r) { return r.headers; }"
    ' await env.KV.put("k", f(request)); await env.KV.put("l", page.headers);',
    "metadata-that-fits": 'await env.KV.put("k", "v", { metadata: "x".repeat(1022) });',
    "metadata-that-may-be-short": 'await env.KV.put("k", "v", { metadata: { list, name: id.repeat(2000) } });',
    "metadata-with-what-json-leaves-out": 'await env.KV.put("k", "v",'
    ' { metadata: { f() { return "' + "x" * 1100 + '"; }, u: undefined } });',
    "metadata-that-changes": 'const meta = { a: "x".repeat(2000) }; shorten(meta);'
    ' await env.KV.put("k", "v", { metadata: meta });',
    "ttl-set-and-raised": 'const o = {}; o.expirationTtl = 30; o.expirationTtl += 60; await env.KV.put("k", "v", o);',
    "ttl-set-and-assigned-over": 'const o = {}; o.expirationTtl = 30; Object.assign(o, more); await env.KV.put("k", "v", o);',
    "ttl-assigned-over": 'const o = { expirationTtl: 10 }; Object.assign(o, more); await env.KV.put("k", "v", o);',
    "ttl-set-in-a-branch-that-returns": 'const o = {}; if (a) { o.expirationTtl = 30; return; } await env.KV.put("k", "v", o);',
    "ttl-set-in-both-branches": "const o = {}; if (a) o.expirationTtl = 30; else o.expirationTtl = 60;"
    ' await env.KV.put("k", "v", o);',
    "ttl-set-by-another-function": 'const o = {}; const f = () => { o.expirationTtl = 30; }; await env.KV.put("k", "v", o);',
    "ttl-spread-after": 'await env.KV.put("k", "v", { expirationTtl: 10, ...options });',
    "ttl-half-typed": 'await env.KV.put("k", "v", { expirationTtl: 3',
    "expiration-hour": 'await env.KV.put("k", "v", { expiration: Math.floor(Date.now() / 1000) + 3600 });',
    "expiration-60": 'await env.KV.put("k", "v", { expiration: Math.floor(Date.now() / 1000) + 60 });',
    "expiration-ceil": 'await env.KV.put("k", "v", { expiration: Math.ceil(Date.now() / 1000) + 59 });',
    "expiration-all-in-ms": 'await env.KV.put("k", "v", { expiration: Math.floor((Date.now() + 3600e3) / 1000) });',
    "expiration-plus-unknown": 'await env.KV.put("k", "v", { expiration: Math.floor(Date.now() / 1000) + ttl });',
    "expiration-less-unknown": 'await env.KV.put("k", "v", { expiration: Date.now() - start });',
    "expiration-future": 'await env.KV.put("k", "v", { expiration: 1900000000 });',
    "expiration-of-a-date-that-is-moved": "const at = new Date(); at.setDate(at.getDate() + 1);"
    'await env.KV.put("k", "v", { expiration: Math.floor(at.getTime() / 1000) });',
    "expiration-of-a-date-that-is-passed": "const at = new Date(); later(at, 3);"
    'await env.KV.put("k", "v", { expiration: Math.floor(+at / 1000) });',
    "expiration-of-a-date-with-two-names": "const at = new Date(), end = at; end.setHours(30);"
    'await env.KV.put("k", "v", { expiration: Math.floor(at.valueOf() / 1000) });',
    "expiration-of-another-date": 'await env.KV.put("k", "v", { expiration: new Date(x).getTime() / 1000 });',
    "cache-ttl-30": 'await env.KV.get("k", { cacheTtl: 30 });',
    "limit-1000": "await env.KV.list({ limit: 1000 });",
    "limit-1": "await env.KV.list({ limit: 1 });",
    "key-512": f'await env.KV.get("{"k" * 512}");',
    "key-blank": 'await env.KV.get(" ");',
    "key-three-dots": 'await env.KV.get("...");',
    "key-repeated-512": 'await env.KV.get("x".repeat(512));',
    "key-repeated-unknown": 'await env.KV.get(id.repeat(600)); await env.KV.get("x".repeat(n));',
    "key-filled-512": 'await env.KV.get(id.padEnd(512)); await env.KV.get(id.padStart(n, "0"));',
    "key-filled-with-nothing": 'await env.KV.get(id.padEnd(600, "")); await env.KV.get(id.padEnd(600, fill));',
    "key-joined-512": f'await env.KV.get(["{"k" * 300}", id, "{"k" * 210}"].join(""));',
    "key-joined-by-others": 'await env.KV.get(path.join("x".repeat(600)));',
    "key-that-throws-before": 'await env.KV.get("x".repeat(-1)); await env.KV.get("x".repeat(Infinity));',
    "key-template-of-512": f"await env.KV.get(`{'k' * 512}${{id}}`);",
    "key-unknown": "await env.KV.get(key);",
    "key-template": "await env.KV.get(`${prefix}`);",
    "key-number": "await env.KV.get(5);",
    "key-spread": "await env.KV.get(...args);",
    "bulk-100": "await env.KV.get([" + ", ".join(f'"k{n}"' for n in range(100)) + "]);",
    "bulk-filled": "const keys = []; keys.push('a'); await env.KV.get(keys);",
    "bulk-unknown": "await env.KV.get(keys.map(String));",
    "bulk-leading-zero": "await env.KV.get(['01', '1a', '-1']);",
    "bulk-json": "await env.KV.get(['a'], 'json');",
    "one-number": "await env.KV.get('1');",
    "types": 'await env.KV.get("k", "json"); await env.KV.get("k", { type: "arrayBuffer" });',
    "type-undefined": 'await env.KV.get("k", { type: undefined });',
    "delete-one": "await env.KV.delete(names[0]);",
    "delete-unknown": "await env.KV.delete(names);",
    "value-string": 'await env.KV.put("k", "");',
    "value-json": 'await env.KV.put("k", JSON.stringify({ a: 1 }));',
    "value-bytes": 'await env.KV.put("k", new Uint8Array(4)); await env.KV.put("k", buffer);',
    "value-stream": 'await env.KV.put("k", request.body);',
    "value-String": 'await env.KV.put("k", String(1)); await env.KV.put("k", `${Date.now()}`);',
    "value-own-class": 'class Map { } await env.KV.put("k", new Map());',
    "value-text": 'await env.KV.put("k", await request.text());',
    "value-text-variable": 'const text = await request.text(); await env.KV.put("k", text);',
    "value-buffer": 'await env.KV.put("k", await request.arrayBuffer());',
    "value-body": 'const r = await fetch(request.url); await env.KV.put("k", r.body);',
    "value-text-of-others": 'await env.KV.put("k", $(node).text()); await env.KV.put("k", node.text());',
    "value-own-fetch": 'const fetch = () => "v"; await env.KV.put("k", fetch("x"));',
    "value-own-async-awaited": 'const load = async () => "v"; await env.KV.put("k", await load());',
    "value-own-function": 'const load = () => "v"; await env.KV.put("k", load());',
    "value-then": 'await request.text().then((text) => env.KV.put("k", text));',
    "value-form-field": 'const form = await request.formData(); await env.KV.put("k", form.get("a"));',
    "value-own-bytes": 'class Bytes extends Uint8Array { } await env.KV.put("k", new Bytes(4));',
    "value-of-a-class-as-text": 'class Cart { } await env.KV.put("k", new Cart().toString());',
    "value-json-as-text": 'const cart = await request.json(); await env.KV.put("k", JSON.stringify(cart));',
    "value-json-field": 'const cart = await request.json(); await env.KV.put("k", cart.name);',
    "value-json-string": 'await env.KV.put("k", (await request.json()) as string);',
    "value-json-typed-string": 'const name: string = await request.json(); await env.KV.put("k", name);',
    "value-json-tested": 'const v = JSON.parse(t); if (typeof v === "string") await env.KV.put("k", v);',
    "value-put-back-as-text": 'const v = await env.KV.get("k"); await env.KV.put("l", v);',
    "value-parsed-by-others": 'await env.KV.put("k", YAML.parse(text)); await env.KV.put("k", qs.parse(a));',
    "value-own-json": 'const JSON = { parse: String }; await env.KV.put("k", JSON.parse(text));',
    "value-of-an-unknown-map": 'await env.KV.put("k", effect.map((value) => value.text));',
    "value-of-mapped-bytes": 'await env.KV.put("k", bytes.map((byte) => byte ^ 1));',
    "value-of-a-reassigned-parameter": 'const f = (v = 1) => { v = String(v); return env.KV.put("k", v); }; await f();',
    "value-sum-of-unknowns": 'await env.KV.put("k", a + b); await env.KV.put("k", name + 1);',
    "value-let-that-becomes-text": 'let n = 1; n = String(n); await env.KV.put("k", n);',
    "value-let-that-is-added-to": 'let n = 1; n += suffix; await env.KV.put("k", n);',
    "value-count-as-text": 'const n = Number(await env.KV.get("n")); await env.KV.put("m", String(n + 1));',
    "value-either": 'await env.KV.put("k", text || "none"); await env.KV.put("k", text ? text : "");',
    "expiration-get-time-in-seconds": 'await env.KV.put("k", "v", { expiration: Math.floor(date.getTime() / 1000) });',
    "expiration-parsed-in-seconds": 'await env.KV.put("k", "v", { expiration: Date.parse(end) / 1000 });',
    "expiration-value-of": 'await env.KV.put("k", "v", { expiration: date.valueOf() });',
    "expiration-in-seconds-by-method": 'await env.KV.put("k", "v", { expiration: dayjs(end).unix() });',
    "expiration-plus-text": 'await env.KV.put("k", "v", { expiration: +session.expires });',
    "ttl-default-in-milliseconds-divided": 'await env.KV.put("k", "v", { expirationTtl: (o.ttl ?? 3600000) / 1000 });'
    ' const ttl = o.ttl ?? 86400000; await env.KV.put("k", "v", { expirationTtl: Math.floor(ttl / 1000) });',
    "ttl-at-most-milliseconds": 'await env.KV.put("k", "v", { expirationTtl: Math.min(ttl, 86400000) });'
    ' await env.KV.put("k", "v", { expirationTtl: Math.min(ttl, 2 ** 40) });',
    "lists-at-once-of-which-one-page-is-enough": "const [a, b] = await Promise.all("
    "[env.KV.list({ prefix: 'mail:' }), env.KV.list({ limit: 9 })]);"
    " return a.keys.length > 0 ? b.keys : b.keys[0];",
    "lists-at-once-that-go-elsewhere": "const [...all] = await Promise.all([env.KV.list(), f()]);"
    " const [c] = await Promise.all([...all, env.KV.list()]); use(c.keys, all);",
    "ttl-default-60": 'await env.KV.put("k", "v", { expirationTtl: ttl ?? 60 });',
    "ttl-default-raised": 'await env.KV.put("k", "v", { expirationTtl: Math.max(60, ttl ?? 30) });',
    "ttl-at-most-a-day": 'await env.KV.put("k", "v", { expirationTtl: Math.min(ttl, 86400) });',
    "ttl-none-by-default": 'await env.KV.put("k", "v", { expirationTtl: ttl || undefined });',
    "ttl-default-parameter-raised": "const f = (ttl = 10) => { ttl = Math.max(ttl, 60);"
    ' return env.KV.put("k", "v", { expirationTtl: ttl }); }; await f();',
    "ttl-left-raised": 'await env.KV.put("k", "v", { expirationTtl: Math.max(60, Math.floor((end - Date.now()) / 1000)) });',
    "ttl-left-raised-before": 'const ttl = Math.max(60, (end - Date.now()) / 1000); await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-left-compared-with-59": 'const ttl = (end - Date.now()) / 1000; if (59 < ttl) await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-left-compared-with-a-product": 'const ttl = (end - Date.now()) / 1000; if (ttl > 5 * 60) await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-left-compared-with-a-constant": 'const ttl = (end - Date.now()) / 1000; if (ttl > LEAST) await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-left-compared": 'const ttl = (end - Date.now()) / 1000; if (ttl < 60) return; await env.KV.put("k", "v", { expirationTtl: ttl });',
    "ttl-left-of-what-is-compared": "const left = end - Date.now(); if (left > 60_000)"
    ' await env.KV.put("k", "v", { expirationTtl: left / 1000 });',
    "ttl-raised-to-1-and-compared": "const ttl = Math.max(1, exp - now); if (ttl < 60) return;"
    " await env.KV.put('k', 'v', { expirationTtl: ttl });",
    "ttl-raised-to-a-minute-twice": "const ttl = Math.max(Math.max(1, exp - now), 60);"
    " await env.KV.put('k', 'v', { expirationTtl: ttl });",
    "ttl-left-of-a-date-that-is-compared": "const save = (until) => { if (until <= new Date()) return;"
    " return env.KV.put('k', 'v', { expirationTtl: (until.getTime() - Date.now()) / 1000 }); };",
    "ttl-left-of-a-date-that-is-moved": "const end = new Date(start); end.setDate(end.getDate() + 7);"
    "await env.KV.put('k', 'v', { expirationTtl: (end.getTime() - Date.now()) / 1000 });",
    "ttl-left-of-a-date-of-now": "const end = new Date(); end.setHours(24);"
    "await env.KV.put('k', 'v', { expirationTtl: (end.getTime() - Date.now()) / 1000 });",
    "ttl-left-and-a-minute": 'await env.KV.put("k", "v", { expirationTtl: (end - Date.now()) / 1000 + 60 });',
    "ttl-of-a-known-caller": "const save = (ttl) => env.KV.put('k', 'v', { expirationTtl: ttl }); await save(3600);",
    "ttl-of-an-option": 'await env.KV.put("k", "v", { expirationTtl: options.ttl });',
    "ttl-difference-of-unknowns": 'await env.KV.put("k", "v", { expirationTtl: end - start });',
    "value-unknown-slice": 'await env.KV.put("k", text.slice(1));',
    "options-unknown": 'await env.KV.put("k", "v", options);',
    "option-type": 'await env.KV.put("k", "v", { expirationTtl: 60, metadata: { ttl: 1 } });',
    "list-loop": "let cursor; do { const p = await env.KV.list({ cursor }); use(p.keys);"
    " cursor = p.cursor; } while (cursor);",
    "list-complete": "const p = await env.KV.list(); if (!p.list_complete) throw new Error(p.keys);",
    "list-limited": "const p = await env.KV.list({ limit: 10 }); return p.keys;",
    "list-to-see-whether-there-are-any": "const p = await env.KV.list({ prefix: 'a' }); return p.keys.length > 0;",
    "list-to-see-whether-there-are-none": "const { keys } = await env.KV.list(); if (keys.length === 0) return;",
    "list-negated": "const p = await env.KV.list(); if (!p.keys.length) return;",
    "list-named-keys-first-hundred": "const keys = await env.KV.list({ prefix: 'token:' });"
    " for (const key of keys.keys.slice(0, 100)) use(key);",
    "timer-that-sends-on-a-websocket": "const [client, server] = Object.values(new WebSocketPair());"
    " server.accept(); setInterval(async () => { server.send(await env.KV.get('k')); }, 1000);",
    "time-left-of-a-window-that-is-open-for-a-minute": "const w = await env.KV.get('w', 'json');"
    " const now = Date.now(); if (!w || w.until <= now + 60_000) return;"
    " await env.KV.put('w', w.text, { expirationTtl: Math.ceil((w.until - now) / 1000) });",
    "time-left-that-is-compared": "const w = await env.KV.get('w', 'json'); const now = Date.now();"
    " if (w.until < now) return; const ttl = Math.ceil((w.until - now) / 1000); if (ttl < 60) return;"
    " await env.KV.put('w', w.text, { expirationTtl: ttl });",
    "list-of-policies": "const page = await env.KV.list({ prefix: 'scaling:policy:' });"
    " use(page.keys.map(name));",
    "length-of-a-pattern": "const { length } = await env.KV.get(k, 'json');"
    " await env.KV.put(k, String(length + 1));",
    "count-of-a-pattern-of-another-key": "const { count } = await env.KV.get('old', 'json');"
    " await env.KV.put('new', JSON.stringify({ count: count + 1 }));",
    "count-that-is-a-version": "const n = Number(await env.KV.get('cache:version')) + 1;"
    " await env.KV.put('cache:version', String(n));"
    " const current = await env.KV.get(key); const nextVersion = Number(current) + 1;"
    " await env.KV.put(key, String(nextVersion));",
    "count-that-is-a-version-of-a-record": "const o = await env.KV.get(k, 'json'); o.version++; o.cacheRevision += 1;"
    " await env.KV.put(k, JSON.stringify(o)); const p = await env.KV.get('p', 'json');"
    " await env.KV.put('p', JSON.stringify({ ...p, rev: p.rev + 1 }));",
    "count-that-is-a-place": "const n = Number(await env.KV.get('sync:cursor')) + 1;"
    " await env.KV.put('sync:cursor', String(n));"
    " const o = Number(await env.KV.get(`${job}_offset`)); await env.KV.put(`${job}_offset`, String(o + 100));",
    "methods-of-a-bucket-that-nothing-declares": 'await env.CHUNKS.put("k", "v", { metadata: {} });'
    ' await env.CHUNKS.head("k");',
    "list-first-fifty": "const p = await env.KV.list(); return p.keys.slice(0, 50);",
    "list-of-one-user": "const { keys } = await env.KV.list({ prefix: `cart:${userId}:` }); return keys.map(String);",
    "list-of-one-record": "const prefix = 'cart:' + cart.id;"
    " return (await env.KV.list({ prefix })).keys.map((key) => key.name);",
    "list-of-one-user-by-a-function": "const p = await env.KV.list({ prefix: keyOf(user_id, '') }); return p.keys;",
    "promise-for-a-node-callback": "const read = (k, done) => { env.KV.get(k).then((v) => done(null, v)).catch(done); };"
    " const write = (k, done) => { env.KV.put(k, k).then(() => done(), (e) => done(e)); }; use(read, write);",
    "promise-for-a-job": "const run = (job) => { env.KV.get('k').then(job.done, job.failed); }; use(run);",
    "promise-for-a-kept-resolve": "let done, failed; const all = new Promise((r, f) => { done = r; failed = f; });"
    " env.KV.put('a', 'b').then(done, failed); env.KV.put('a', 'b').finally(() => done()); await all;",
    "promise-for-a-controller": "return new Response(new ReadableStream({ start(c) {"
    " env.KV.get('a').then((v) => { c.enqueue(v); c.close(); }); } }));",
    "promise-for-a-writer": "const { readable, writable } = new TransformStream(); (async () => {"
    " const w = writable.getWriter(); await w.write(await env.KV.get('a')); await env.KV.put('b', 'c');"
    " await w.close(); })(); return new Response(readable);",
    "list-in-a-variable-that-is-declared-again": "var l = [1]; l.map(f);"
    " var l = await env.KV.list({ limit: 9 }); var l = l.keys; l.map(f);",
    "list-up-to-a-limit": "const p = await env.KV.list({ prefix: `rate:${ip}:` }); return p.keys.length >= 10;",
    "list-up-to-a-constant": "const { keys } = await env.KV.list(); if (keys.length >= MAX_SLOTS) throw new Error();",
    "list-that-is-emptied": "let p; do { p = await env.KV.list({ prefix });"
    " await Promise.all(p.keys.map((key) => env.KV.delete(key.name))); } while (p.keys.length);",
    "list-first-five-or-none": "const p = await env.KV.list();"
    "return (p.keys ?? []).slice(0, 5).map((key) => key.name);",
    "list-first-key": "const p = await env.KV.list(); return p.keys[0];",
    "list-elsewhere": "return env.KV.list();",
    "list-no-keys": "await env.KV.list();",
    "list-options": "const p = await env.KV.list(options); return p.keys;",
    "awaited": 'await env.KV.put("k", "v");',
    "returned": 'return env.KV.put("k", "v");',
    "void": 'void env.KV.put("k", "v");',
    "wait-until": 'ctx.waitUntil(env.KV.put("k", "v"));',
    "then": 'await env.KV.put("k", "v").then(done);',
    "catch": 'ctx.waitUntil(env.KV.put("k", "v").catch(() => {}));',
    "then-returned": 'return env.KV.get("k").then((v) => new Response(v));',
    "catch-void": 'void env.KV.put("k", "v").catch(() => {});',
    "then-kept": 'const job = env.KV.put("k", "v").then(done); await job;',
    "in-response-awaited": 'return new Response(await env.KV.get("k"));',
    "in-json-awaited": 'return Response.json({ a: await env.KV.get("k"), b: [await env.KV.get("b")] });',
    "in-an-object-for-later": 'const jobs = { a: env.KV.get("k") }; return Response.json(await jobs.a);',
    "in-an-own-json": 'await repository.json({ a: env.KV.get("k") });',
    "in-html": "return c.html(env.KV.get('k'));",
    "wait-until-iife": 'ctx.waitUntil((async () => { await env.KV.put("k", "v"); })());',
    "wait-until-own-function": 'const save = async () => { await env.KV.put("k", "v"); }; ctx.waitUntil(save());',
    "for-each-with-wait-until": 'keys.forEach((key) => ctx.waitUntil(env.KV.put(key, "v")));',
    "for-each-pushing": 'keys.forEach((key) => jobs.push(env.KV.put(key, "v")));',
    "for-each-pushing-in-block": 'keys.forEach((key) => { jobs.push(env.KV.put(key, "v")); });',
    "for-of": 'for (const key of keys) await env.KV.put(key, "v");',
    "map-kept": 'const jobs = keys.map((key) => env.KV.put(key, "v")); await Promise.all(jobs);',
    "settles-a-new-promise": 'await new Promise((done, fail) => { env.KV.get("k").then(done, fail); });',
    "tag-of-a-template": "await env.KV.get`a`;",
    "options-without-a-prototype": 'await env.KV.put("k", "v", { __proto__: null, expirationTtl: 60 });',
    "settles-a-promise-that-was-kept": 'const job = queue.shift(); env.KV.get("k").then(job.resolve).catch(job.reject);',
    "settles-a-new-promise-in-a-callback": "await new Promise(done => {"
    ' env.KV.get("k").then((text) => done(text + "!")).catch(() => done("")); });',
    "promise-of-an-optional-namespace": 'return page(await (env.KV?.get("k") ?? null));',
    "promise-of-an-optional-namespace-kept": 'const found = env.KV?.get("k"); return page(await (found ?? null));',
    "promise-after-another": 'const found = cached ?? env.KV.get("k"); return page(await found);',
    "promise-if-bound": 'const found = (env.KV && env.KV.get("k")) || null; return page(await found);',
    "expiration-text-of-a-number": 'await env.KV.put("k", "v", { expiration: until.toFixed() });',
    "map-awaited-of-another-class": "await result.map(async (key) => { await env.KV.delete(key); });",
    "map-in-all-for-wait-until": "ctx.waitUntil(Promise.all(keys.map((key) => env.KV.delete(key))));",
    "map-returned": "return keys.map((key) => env.KV.get(key));",
    "all-returned": "return Promise.all(keys.map((key) => env.KV.delete(key)));",
    "all-in-wait-until": "ctx.waitUntil(Promise.all(keys.map(async (key) => { await env.KV.delete(key); })));",
    "all-awaited-later": 'const all = Promise.all([env.KV.get("a")]); const [a] = await all;',
    "timer-in-a-promise": "await new Promise((resolve) => setTimeout(resolve, 5)); await env.KV.get('k');",
    "own-timer": 'const setTimeout = (f) => f(); await setTimeout(() => env.KV.put("k", "v"));',
    "own-async-function-awaited": 'async function save() { await env.KV.put("k", "v"); } await save();',
    "own-async-function-void": 'async function save() { await env.KV.put("k", "v"); } void save();',
    "own-function-that-drops-another": 'async function save() { await env.KV.get("k"); } async function other() {} other(); await save();',
    "iife-awaited": '(await (async () => { await env.KV.put("k", "v"); })());',
    "promise-tested-for-being-set": 'let job; if (fast) job = env.KV.get("k"); if (job) await job;',
    "all": 'await Promise.all([env.KV.put("a", "v"), env.KV.put("b", "v")]);',
    "pushed": 'jobs.push(env.KV.put("k", "v"));',
    "kept": 'const job = env.KV.put("k", "v"); await job;',
    "kept-and-tested": 'const job = env.KV.get("k"); if (job) jobs.push(job);',
    "assigned": 'job = env.KV.put("k", "v");',
    "arrow": 'ctx.waitUntil(retry(() => env.KV.put("k", "v")));',
    "mapped": "await Promise.all(names.map((n) => env.KV.delete(n)));",
    "awaited-in-brackets": 'const v = (await env.KV.get("k"))?.length;',
    "either-awaited": 'const v = await (fast ? env.KV.get("a") : env.KV.get("b"));',
    "variable-of-a-promise": 'const p = env.KV.get("k"); return (await p) ?? p.then(String);',
    "asserted": 'await expect(env.KV.put("", "v")).rejects.toThrow();',
    "asserted-function": 'assert.rejects(() => env.KV.get(""));',
    # methods
    "list-of-keys-iterated": "for (const key of (await env.KV.list({ limit: 9 })).keys) use(key);",
    "list-that-may-be-an-array": "const page = await env.KV.list({ limit: 9 });"
    " if (Array.isArray(page)) for (const key of page) use(key);",
    "list-that-is-set-again": "let page = await env.KV.list({ limit: 9 }); page = page.keys; page.map(use);",
    "list-of-names": "for (const key in await env.KV.list({ limit: 9 })) use(key); use({ ...await env.KV.list() });",
    "loop-with-cursor": "let cursor; do { const page = await env.KV.list({ cursor }); use(page.keys);"
    " cursor = page.cursor; } while (cursor);",
    "loop-with-cursor-in-options": "const options = { prefix: 'a' }; let page;"
    " do { page = await env.KV.list(options); use(page.keys); options.cursor = page.cursor; }"
    " while (!page.list_complete);",
    "pages-with-unknown-options": "let page; do { page = await env.KV.list({ ...given }); use(page.keys); }"
    " while (!page.list_complete);",
    "loop-that-deletes": "let page; do { page = await env.KV.list();"
    " for (const key of page.keys) await env.KV.delete(key.name); } while (!page.list_complete);",
    "loop-with-another-prefix": "let page; do { page = await env.KV.list({ prefix }); use(page.keys);"
    " prefix = next(); } while (!page.list_complete);",
    "loop-over-prefixes": "for (const prefix of prefixes) { const page = await env.KV.list({ prefix });"
    " use(page.keys); if (!page.list_complete) return; }",
    "loop-over-the-pages-of-another": "let page; do { page = await env.SESSIONS.list({ cursor: page?.cursor });"
    " use(page.keys, await env.KV.list({ limit: 1 })); } while (!page.list_complete);",
    "loop-that-waits": "while (true) { const page = await env.KV.list({ limit: 1 });"
    " if (page.keys.length) break; await sleep(100); }",
    "promise-or-another": 'const job = request.ok && env.KV.get("k"); return await job;',
    "promise-for-a-default": 'return cached ?? env.KV.get("k");',
    "promises-spread": 'return Promise.all([...["a"].map((key) => env.KV.get(key))]);',
    "filtered-by-what-waits": "return stream.filter(async (key) => await env.KV.get(key));",
    "filtered-by-values": 'const on = await env.KV.get("k"); return ["a"].filter((key) => on === key);',
    "method-tested": 'await env.KV.has?.("k");',
    "method-looked-for": 'if (typeof env.KV.has === "function") await env.KV.has("k");',
    "keys-looked-for": "if (env.KV.keys) return await env.KV.keys();",
    "keys-looked-for-by-subscript": "if (env.KV['keys']) return await env.KV.keys();",
    "method-by-subscript-looked-for": 'if (env.KV["has"]) await env.KV["has"]("k");',
    "method-by-a-variable": 'await env.KV[name]("k"); await env.KV["get"]("k");',
    "method-in": 'if ("has" in env.KV) await env.KV.has("k");',
    "method-set": "env.KV.has = has; await env.KV.has('k');",
    "method-of-objects": "env.KV.hasOwnProperty('k'); env.KV.toString();",
    "method-of-a-flag": 'await env.KV.deleteBulk(["a", "b"]);',
    "method-of-the-result": 'const seen = new Set(await env.KV.get("k", "json")); seen.has("a");',
    "methods-of-a-map": 'const cache = new Map(); cache.set("k", await env.KV.get("k")); cache.has("k");',
    "methods-of-a-bulk-get": 'const found = await env.KV.get(["a"]); found.has("a"); found.keys();',
    "methods-of-a-wrapper": 'const kv = wrap(env.KV); await kv.set("k", "v"); await kv.has("k");',
    "methods-of-an-object": 'const kv = { ...env.KV, set() {} }; kv.set("k");',
    "methods-of-either": 'const kv = test ? env.KV : new Map(); await kv.set("k", "v");',
    "methods-of-an-r2-bucket": 'await env.FILES.head("k"); await env.FILES.has("k");',
    "methods-of-the-unknown": 'await env.OTHER.set("k", "v"); await store.kv.set("k", "v");',
    "member-assigned-over": "const s = { kv: env.KV }; Object.assign(s, { kv: wrap() }); s.kv.set('a');",
    "member-assigned-over-by-the-unknown": "const s = { kv: env.KV }; Object.assign(s, more); s.kv.set('a');",
    "member-of-a-member-assigned-over": "const s = { a: { kv: env.KV } };"
    " Object.assign(s.a, { kv: wrap() }); s.a.kv.set('a');",
    "member-hidden": "const s = Object.assign({ kv: env.KV }, { kv: wrap() }); s.kv.set('a');",
    "method-assigned": "Object.assign(env.KV, { set() {} }); await env.KV.set('a');",
    "binding-assigned-over": "Object.assign(env, { KV: wrap(env.KV) }); await env.KV.set('a');",
    "binding-set": "env.KV = wrap(env.KV); await env.KV.set('a', {});",
    "method-bound": 'const put = env.KV.put.bind(env.KV); await put("x", "v");',
    "method-with-its-namespace": 'const put = env.KV.put; await put.call(env.KV, "x", "v");',
    "method-mapped-with-its-namespace": "await Promise.all(names.map(env.KV.get, env.KV));",
    "method-mapped-bound": "await Promise.all(names.map(env.KV.get.bind(env.KV)));",
    "method-in-an-arrow": "await Promise.all(names.map((name) => env.KV.delete(name)));",
    "method-of-a-map": 'const { get } = new Map(); get("x");',
    "method-of-an-r2-bucket": 'const { get } = env.FILES; await get("x");',
    "method-for-an-own-function": "await retry(env.KV.get);",
    "method-tested-only": "const { get } = env.KV; if (!get) throw new Error();",
    "method-reassigned": 'let put = env.KV.put; put = save; await put("x", "v");',
    # get, then parse
    "parsed-with-a-default": "return JSON.parse((await env.KV.get('a')) ?? '{}');",
    "parsed-with-null-for-empty": "return JSON.parse((await env.KV.get('a')) || 'null');",
    "parsed-with-a-reviver": "return JSON.parse(await env.KV.get('a'), dates);",
    "parsed-with-options": "return JSON.parse(await env.KV.get('a', { cacheTtl: 60 }));",
    "parsed-by-others": "const JSON = { parse: (a) => a }; return JSON.parse(await env.KV.get('a'));",
    "parsed-later": "const a = await env.KV.get('a'); return a ? JSON.parse(a) : null;",
    "parsed-buffer": "return JSON.parse(decode(await env.KV.get('a', 'arrayBuffer')));",
    "silence-of-a-rule": "await env.KV.put('a', 'b'); // kvlens-disable-line key-invalid, ttl-unbounded\n",
    # counters
    "count-that-says-it-is-not-atomic": "// Note: KV put is not atomic; acceptable at this scale\n"
    "const n = Number(await env.KV.get('n')); await env.KV.put('n', String(n + 1));",
    "count-that-says-it-may-race": "/* KV read-modify-write:\n * concurrent requests may race */"
    "const n = Number(await env.KV.get('n')); await env.KV.put('n', String(n + 1));",
    "count-that-belongs-elsewhere": "// exact counts need a Durable Object, not KV\n"
    "const n = Number(await env.KV.get('n')); await env.KV.put('n', String(n + 1));",
    "count-of-another-key": "const n = Number(await env.KV.get('a')); await env.KV.put('b', String(n + 1));",
    "count-of-another-namespace": "const n = Number(await env.SESSIONS.get('a')); await env.KV.put('a', String(n + 1));",
    "count-of-another-key-by-then": "let k = 'a'; const n = Number(await env.KV.get(k)); k = next();"
    " await env.KV.put(k, String(n + 1));",
    "text-that-is-added-to": "const s = await env.KV.get('a'); await env.KV.put('a', s + 'x');",
    "unknown-that-is-added": "const s = await env.KV.get('a'); await env.KV.put('a', s + suffix);",
    "number-put-back": "const n = Number(await env.KV.get('a')); await env.KV.put('a', String(n));",
    "number-multiplied": "const n = Number(await env.KV.get('a')); await env.KV.put('a', String(n * 2));",
    "number-set-again": "let n = Number(await env.KV.get('a')); n = 0; await env.KV.put('a', String(n));",
    "number-counted-after": "let n = Number(await env.KV.get('a')); await env.KV.put('a', String(n)); n++;",
    "number-of-the-clock": "const now = Date.now(); await env.KV.put('a', String(now + 1));",
    "time-in-an-object": "const s = await env.KV.get('a', 'json');"
    " await env.KV.put('a', JSON.stringify({ ...s, until: s.since + 3600 }));",
    "length-in-an-object": "const s = await env.KV.get('a', 'json');"
    " await env.KV.put('a', JSON.stringify({ length: s.list.length + 1 }));",
    "member-set-in-an-object": "const s = await env.KV.get('a', 'json'); s.count = 1; s.name += '!';"
    " await env.KV.put('a', JSON.stringify(s));",
    "member-counted-after": "const s = await env.KV.get('a', 'json');"
    " await env.KV.put('a', JSON.stringify(s)); s.count++;",
    "member-of-another-object": "const s = { count: 0 }; s.count++; await env.KV.put('a', JSON.stringify(s));",
    "member-counted-under-another-key": "const s = await env.KV.get('a', 'json'); s.count++;"
    " await env.KV.put('b', JSON.stringify(s));",
    # gets in loops
    "loop-that-returns": "for (const k of keys) { const v = await env.KV.get(k); if (v) return v; }",
    "loop-that-breaks": "for (const k of keys) { if (await env.KV.get(k)) break; }",
    "loop-with-a-condition": "for (const k of keys) { if (fresh(k)) use(await env.KV.get(k)); }",
    "loop-with-a-default": "for (const k of keys) { use(cache[k] ?? (await env.KV.get(k))); }",
    "loop-that-catches": "for (const k of keys) { try { use(await env.KV.get(k)); } catch {} }",
    "loop-that-computes-the-key": "for (const k of keys) { const id = await other(k); use(await env.KV.get(id)); }",
    "loop-with-one-key": "for (const k of keys) { use(k, await env.KV.get('fixed')); }",
    "loop-with-a-changing-key": "let c = ''; for (const k of keys) { use(await env.KV.get(c + k)); c = next(c); }",
    "loop-of-streams": "for (const k of keys) { use(await env.KV.get(k, 'stream')); }",
    "loop-of-buffers": "for (const k of keys) { use(await env.KV.get(k, { type: 'arrayBuffer' })); }",
    "loop-with-unknown-options": "for (const k of keys) { use(await env.KV.get(k, options)); }",
    "loop-of-chunks": "for (const part of chunks(keys, 100)) { use(await env.KV.get(part)); }",
    "loop-of-groups": "for (const ids of all) { use(await env.KV.get(ids)); }",
    "loop-of-chunks-at-once": "await Promise.all(chunked.map((each) => env.KV.get(each)));",
    "loop-without-await": "for (const k of keys) { jobs.push(env.KV.get(k)); }",
    "loop-of-promises": "for await (const k of keys) { use(await env.KV.get(k)); }",
    "loop-of-puts": "for (const k of keys) { await env.KV.put(k, 'v'); }",
    "loop-in-a-loop": "for (const k of keys) { while (more()) use(await env.KV.get(k)); }",
    "each-that-returns-early": "await Promise.all(keys.map(async (k) => {"
    " if (seen.has(k)) return; return env.KV.get(k); }));",
    "each-of-two": "const [a, b] = await Promise.all([env.KV.get('a'), env.KV.get('b')]);",
    # other bindings
    "r2": 'await env.FILES.put("k", { a: 1 }, { expirationTtl: 1 }); await env.FILES.delete(["a"]);',
    "var": 'env.MODE.get("k", "json");',
    "durable-object": "const id = env.ROOM.idFromName('a'); env.ROOM.get(id).fetch(request);",
    "other-r2": 'await env.BUCKET.delete(["a", "b"]); env.BUCKET.get(""); env.BUCKET.list({ limit: 0 });',
    "undeclared-unsure": 'await env.OTHER.get("k"); await env.OTHER.put("k", "v");',
    "undeclared-tested": 'if (env.LINKS) { await env.LINKS.get("k", "json"); }',
    "undeclared-in": 'if ("LINKS" in env) await env.LINKS.get("k", "json");',
    "undeclared-chained": 'await env.LINKS?.get("k", "json");',
    "undeclared-fallback": 'const kv = env.LINKS ?? env.KV; await kv.get("k", "json");',
    "undeclared-alias-tested": 'const kv = env.LINKS; if (!kv) return; await kv.get("k", "json");',
    "undeclared-reserved": 'await env.__STATIC_CONTENT.get("k", "stream");',
    "map": 'const KV = new Map(); KV.get(""); KV.delete([1]); KV.put;',
    "headers": 'request.headers.get(""); url.searchParams.delete("");',
    "cache": "await caches.default.put(request, response);",
    "storage": 'this.ctx.storage.put("k", { a: 1 }); state.storage.delete(["a", "b"]);',
    "unknown-method-destructured-and-tested": 'const { set } = env.KV; if (set) await set("k", "v");'
    ' const { has } = env.KV; has?.("k"); const { del = drop } = env.KV; del("k");',
    "method-destructured-of-something-else": 'const { set } = cache; await set("k", "v");'
    " const { keys } = await env.KV.list({ limit: 9 }); keys.map(String);",
    "method-bound-or-wrapped-in-an-object": "const h = { get: env.KV.get.bind(env.KV), put: (k) => env.KV.put(k, k) };"
    ' await h.get("x"); await h.put("k");',
    "method-in-an-object-bound-later": "const h = { get: env.KV.get }; h.get = h.get.bind(env.KV);"
    ' await h.get("x"); const other = { get: cache.get }; await other.get("x");',
    "process-env": 'process.env.KV.get(""); import.meta.env.KV.get("");',
    "shadowed": 'const env = { KV: new Map() }; env.KV.get("");',
    "timer-that-settles-a-promise": "await new Promise((done) => setTimeout(async () => {"
    ' await env.KV.put("k", "v"); done(); }, 5));',
    "call-in-a-timer-that-settles-a-promise": "await new Promise((done) => {"
    ' setTimeout(() => { env.KV.put("k", "v").then(done, done); }, 5); });',
    "value-out-of-its-metadata": 'const { value } = await env.KV.getWithMetadata("l"); await env.KV.put("k", value);'
    'await env.KV.put("k", (await env.KV.getWithMetadata("l")).value); const text = await env.KV.get("m");'
    ' await env.KV.put("k", text); await env.KV.put("k", await Promise.resolve("v"));',
    "expiration-that-something-else-sets": 'await env.KV.put("k", "v", { expiration: clock.setHours(24) });',
    "name-of-a-listed-key": "const { keys } = await env.KV.list({ limit: 9 });"
    " for (const { name } of keys) await env.KV.delete(name); for (const key of keys) await env.KV.delete(key.name);"
    " await Promise.all(keys.map((key, at) => env.KV.put(at, key.name)));"
    " const names = keys.map((key) => key.name); for (const key of names) await env.KV.delete(key);"
    " for (const key of Object.keys(page.keys)) await env.KV.delete(key);",
}

CLEAN: dict[str, str] = {
    "places-and-versions-by-functions": READ_AND_WRITE.replace("«put»", "put")
    + "export default { async fetch(r: Request, env: Env) {"
    " await write(env, 'sync:offset', (await read(env, 'sync:offset')) + 100);"
    " await write(env, 'version', (await read(env, 'version')) + 1); } };",
    "type-that-adds-to-a-namespace": (
        "interface Base extends KVNamespace { has(key: string): Promise<boolean> }\n"
        "interface Kv extends Base { keys(): Promise<string[]> }\n"
        "async function f(kv: Kv) { if (await kv.has('k')) return kv.keys(); }"
    ),
    "type-with-some-methods-and-more": (
        "type Kv = Pick<KVNamespace, 'get'> & { incr(key: string): Promise<number> };\n"
        "class C { constructor(private kv: Kv) {} async f() { await this.kv.incr('k'); } }"
    ),
    "asserted-to-be-of-a-type-that-adds": (
        "type Kv = KVNamespace & { mget(keys: string[]): Promise<string[]> };\n"
        "async function f(env) { const kv = extend(env.KV) as Kv; await kv.mget([]); }"
    ),
    "guarded-by-a-return": "async function f(env) { if (!env.LINKS) return null; return env.LINKS.get('k', 'json'); }",
    "guarded-by-an-error-with-another": "async function f(env) { if (!env.LINKS && !env.KV) throw new Error('no'); return env.LINKS.get('k', 'json'); }",
    "guarded-by-an-answer": "async function f(env) { if (!env.LINKS) throw redirect(302, '/setup'); return env.LINKS.get('k', 'json'); }",
    "guarded-by-an-error-that-is-caught": "async function f(env) { try { if (!env.LINKS) throw new Error('no'); return env.LINKS.get('k', 'json'); } catch { return null; } }",
    "guarded-by-an-error-or-else": "async function f(env) { if (!env.LINKS) throw new Error('no'); else g(); return env.LINKS.get('k', 'json'); }",
    "guarded-twice": "async function f(env) { if (!env.LINKS) throw new Error('no'); await env.LINKS?.get('k', 'json'); }",
    "used-with-a-fallback": "async function f(env) { const kv = env.LINKS ?? env.KV; return kv.get('k', 'json'); }",
    "env-in-a-module-that-is-no-worker": 'export const read = () => env.KV.get("x");',
    "env-of-a-loop-with-var": (
        "export default { async fetch(request, bindings) {"
        ' for (var env of [bindings]) {} return env.KV.get("x"); } };'
    ),
    "env-that-an-import-may-set": (
        'import "./globals";\n'
        'export default { async fetch(request) { return new Response(await env.KV.get("x")); } };'
    ),
    "env-imported-into-a-worker": (
        'import { env } from "./bindings";\n'
        'export default { async fetch(request) { return new Response(await env.KV.get("x")); } };'
    ),
    "list-below-a-comment-on-pages": "/** At most 36 keys: no pagination needed. */\n"
    "export async function all(env) { return (await env.KV.list()).keys.map((key) => key.name); }",
    "list-of-which-a-comment-says-that-it-is-short": handler(
        "const page = await env.KV.list({ prefix });\n// There should typically be just one key.\n"
        "for (const key of page.keys) await env.KV.delete(key.name);"
    ),
    "list-of-the-days-of-one-link": "async function f(env, code) {"
    " const page = await env.KV.list({ prefix: `${STATS}${code}:daily:` }); return page.keys; }",
    "list-of-the-countries-of-one-link": "async function f(env, code) {"
    " const page = await env.KV.list({ prefix: `${COUNTRY_PREFIX}${code}:` }); return page.keys; }",
    "env-of-a-double": "export const f = (env: { KV: Map<string, string> }) => env.KV.has('k');",
    "env-of-a-double-by-its-type": "interface Doubles { KV: Stub; OTHER: string }\n"
    "class Stub { has(key: string) { return true; } }\n"
    "export class T { constructor(private env: Doubles) {} f() { return this.env.KV.has('k'); } }",
    "script-that-runs-when-it-is-started": (
        "async function main(env) { await env.KV.put('k', 'v'); }\n"
        "main(process.env).catch(console.error);"
    ),
    "ttl-of-options-if-it-is-one": "const options = (ttl) => ttl > 0 ? { expirationTtl: ttl } : undefined;\n"
    "export default { async fetch(request, env) { await env.KV.put('k', 'v', options(0)); } };",
    "ttl-of-options-if-there-is-one": "async function save(env, expirationTtl) {"
    " await env.KV.put('k', 'v', expirationTtl ? { expirationTtl } : undefined); }\n"
    "export default { async fetch(request, env) { await save(env, 0); } };",
    "ttl-of-options-or-others": "async function save(env, options, temporary) {"
    " await env.KV.put('k', 'v', temporary ? options : { metadata: { at: 1 } }); }",
    "list-with-a-cursor-or-no-options": "async function all(env, cursor) {"
    " const page = await env.KV.list(cursor ? { cursor } : {}); return page.keys; }",
    "ttl-without-callers": "async function save(env, key, ttl) {"
    ' await env.KV.put(key, "v", { expirationTtl: ttl }); }',
    "ttl-of-callers-that-calculate": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(request, env) { await save(env, hours * 3600);"
    " await save(env, Number(request.headers.get('minutes')) * 60 + 60);"
    " await save(env, ttlOf(request)); } };",
    "ttl-of-a-caller-that-compares": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(request, env) { const { ttl } = await request.json();"
    " if (ttl > 60) await save(env, ttl); } };",
    "ttl-of-a-variable-of-the-config": "export default { async fetch(request, env) {"
    ' await env.KV.put("k", "v", { expirationTtl: Number(env.MODE) }); } };',
    "ttl-of-a-field-of-other-data": "async function save(env, options) {"
    ' await env.KV.put("k", "v", { expirationTtl: options.ttl });'
    ' const row = await env.DB.prepare(sql).first(); await env.KV.put("l", "v", { expirationTtl: row.ttl }); }',
    "ttl-of-callers-raised": "export async function save(env, ttl) {"
    ' ttl = Math.max(ttl, 60); await env.KV.put("k", "v", { expirationTtl: ttl }); }',
    "ttl-of-callers-compared": "export async function save(env, ttl) {"
    ' if (ttl >= 60) await env.KV.put("k", "v", { expirationTtl: ttl }); }',
    "ttl-of-callers-clamped": "export async function save(env, ttl) { const clamped = clamp(ttl);"
    ' await env.KV.put("k", "v", { expirationTtl: clamped }); }',
    "ttl-of-callers-with-few-choices": "export async function save(env: Env, ttl: 60 | 3600) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }',
    "wrapper-that-raises": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: Math.max(60, ttl) }); }\n'
    "export default { async fetch(r, env) { await save(env, 30); } };",
    "wrapper-that-compares": "async function save(env, ttl) { if (ttl < 60) return;"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(r, env) { await save(env, 30); } };",
    "wrapper-that-sets": "async function save(env, ttl) { ttl = ttl * 60;"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(r, env) { await save(env, 30); } };",
    "wrapper-in-minutes": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl * 60 }); }\n'
    "export default { async fetch(r, env) { await save(env, 30); } };",
    "wrapper-with-the-unknown": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(r, env) { await save(env, options.ttl); await save(...r, 30); } };",
    "wrapper-of-another-name": "async function save(env, ttl) {"
    ' await env.KV.put("k", "v", { expirationTtl: ttl }); }\n'
    "export default { async fetch(r, env) { const save = console.log; save(env, 30); } };",
    "timer-of-a-websocket-that-a-function-gets": "class Progress { constructor(env) { this.env = env; }"
    " follow(socket: WebSocket) { const timer = setInterval(async () => {"
    " const job = await this.env.KV.get('job'); socket.send(job); }, 1000);"
    " socket.addEventListener('close', () => clearInterval(timer)); } }",
    "count-of-a-cron-job": "export default { async scheduled(event, env) {"
    " const n = Number(await env.KV.get('n')); await env.KV.put('n', String(n + 1)); } };",
    "count-of-what-a-cron-job-calls": "async function count(env) {"
    " const n = Number(await env.KV.get('n')); await env.KV.put('n', String(n + 1)); }\n"
    "const work = async (env) => { await count(env); };\n"
    "export default { async scheduled(event, env, ctx) { ctx.waitUntil(work(env)); } };",
    "dropped-in-a-durable-object": "export class Room extends DurableObject { async fetch() {"
    ' this.env.KV.put("k", "v").catch(() => {}); setTimeout(async () => { await this.env.KV.delete("k"); }); } }',
    "dropped-in-an-agent": "export class Chat extends McpAgent<Env> { async init() {"
    ' this.env.KV.put("k", "v"); } }',
    "handler-of-a-bot": "export function setUp(bot, env) {"
    ' bot.catch(async (error) => { await env.KV.put("k", error.message); }); }',
    "handler-of-a-made-bot": "export function setUp(env) { const bot = new Bot(env.TOKEN);"
    ' bot.catch(async (error) => { await env.KV.put("k", error.message); }); }',
    "count-that-is-a-soft-cap": "// KV is eventually consistent: this is a soft cap\n"
    + handler('const n = Number(await env.KV.get("n")); await env.KV.put("n", String(n + 1));'),
    "count-with-a-comment-of-several-lines": "// The increment is not atomic: some may get\n"
    "// lost, as KV has no transactions.\n"
    + handler('const n = Number(await env.KV.get("n")); await env.KV.put("n", String(n + 1));'),
    "count-with-a-comment-broken-in-a-term": "/**\n * KV will do here. Move this to a Durable\n"
    " * Object if it's gamed.\n */\n"
    + handler('const n = Number(await env.KV.get("n")); await env.KV.put("n", String(n + 1));'),
    "count-with-a-comment-in-japanese": "// KV の read→write は非アトミックだが許容する\n"
    + handler('const n = Number(await env.KV.get("n")); await env.KV.put("n", String(n + 1));'),
    "count-with-a-comment-that-it-is-fine": "// KV is eventually consistent. This is fine here.\n"
    + handler('const n = Number(await env.KV.get("n")); await env.KV.put("n", String(n + 1));'),
    "count-below-a-comment-that-it-is-enough": handler(
        'const n = Number(await env.KV.get("n"));\n'
        "// A window of ten minutes.\n// It's good enough against a flood.\n"
        'await env.KV.put("n", String(n + 1));'
    ),
    "count-in-a-function-that-is-best-effort": "/** Best-effort count of readers. */\n"
    "export async function count(env) { const n = Number(await env.KV.get('n'));"
    " await env.KV.put('n', String(n + 1)); }",
    "place-of-a-member": handler(
        "const session = await env.KV.get('s', 'json'); session.currentIndex++;"
        " await env.KV.put('s', JSON.stringify(session));"
    ),
    "count-at-random": handler(
        "const n = Number(await env.KV.get('n')); if (Math.random() < 0.1) {"
        " await env.KV.put('n', String(n + 1)); }"
    ),
    "days-in-a-row": handler(
        "const user = await env.KV.get('u', 'json'); user.currentStreak += 1;"
        " await env.KV.put('u', JSON.stringify(user));"
    ),
    "count-of-a-key-that-changes": handler(
        "let key = 'a'; const n = Number(await env.KV.get(key)); if (n > 9) key = 'b';"
        " await env.KV.put(key, String(n + 1));"
    ),
    "page-in-a-callback-that-reads-on": handler(
        "return env.KV.list().then((page) => page.list_complete ? page.keys : more(page.cursor));"
    ),
    "first-key-in-a-callback": handler(
        "return env.KV.list().then((page) => page.keys.length > 0);"
    ),
    "number-that-a-callback-gets-of-another-promise": handler(
        'await count().then(async (n) => { await env.KV.put("n", String(n + 1)); });'
    ),
    "count-that-a-function-reads-elsewhere": "const read = (env, key) => env.KV.get(key, 'json');\n"
    + handler("const n = await read(env, 'a'); n.all++; await env.KV.put('b', JSON.stringify(n));"),
    "count-that-a-function-reads-by-any-key": "const read = async (env, key) => await env.KV.get(key);\n"
    + handler("const n = Number(await read(env, b)); await env.KV.put(key, String(n + 1));"),
    "count-that-a-function-reads-by-another-key": "const read = async (env, id) => Number(await env.KV.get(`n:${id}`));\n"
    + handler("const n = await read(env, a); await env.KV.put(`n:${b}`, String(n + 1));"),
    "count-that-a-function-reads-by-a-key-of-its-own": "const read = async (env, id) => { const k = hash(id);"
    " return Number(await env.KV.get(`n:${k}`)); };\n"
    + handler("const n = await read(env, k); await env.KV.put(`n:${k}`, String(n + 1));"),
    "count-of-one-of-several-keys": "async function read(env) {"
    " return [await env.KV.get('a'), await env.KV.get('b')]; }\n"
    + handler("const n = await read(env); n.all++; await env.KV.put('a', JSON.stringify(n));"),
    "reflection": handler(
        'const data = await env.KV.get("k", "arrayBuffer");'
        ' return typeof Reflect.get(request, "arrayBuffer") === "function";'
    ),
    "text-that-is-longer": handler(
        'const log = await env.KV.get("log"); await env.KV.put("log", log + line);'
    ),
    "number-of-something-else": handler(
        'const n = await env.KV.get("n"); await env.KV.put("n", String(Number(size) + amount));'
    ),
    "count-in-a-durable-object": "export class Counter extends DurableObject { async add() {"
    " const n = Number(await this.env.KV.get('n')); await this.env.KV.put('n', String(n + 1)); } }",
    "options-of-callers": "export async function save(env, options) { await env.KV.put('k', 'v', options); }",
    "named-by-another-number": 'async function f(env) { await env.SESSIONS2.get("k"); }',
    "two-letters-off": 'async function f(env) { await env.MISSIONS.get("k"); }',
    "short-names": 'async function f(env) { await env.KW.get("k"); await env.K.get("k"); }',
    "short-names-with-a-part": 'async function f(env) { await env.KV_A.get("k"); await env.KV2.get("k"); }',
    "short-name-of-a-type": "interface Env { KVV: DurableObjectNamespace }\n"
    'async function f(env: Env) { return env.KVV.get("k"); }',
    "short-name-of-another-object": 'async function f(shop) { await shop.KVV.get("k"); }',
    "short-name-that-is-tested": 'async function f(env) { if (env.KVV) await env.KVV.get("k"); }',
    "short-name-without-calls": "async function f(env) { use(env.KVV); }",
    "another-word": 'async function f(env) { await env.DB.get("k"); await env.FILE.get("k"); }',
    "slip-that-is-tested": 'async function f(env) { if (env.SESSION) await env.SESSION.get("k"); }',
    "slip-of-another-type": "interface Env { SESSION: DurableObjectNamespace }\n"
    'async function f(env: Env) { return env.SESSION.get("k"); }',
    "slip-without-methods-of-kv": "async function f(env) { env.SESSION.idFromName('a'); use(env.SESSION); }",
    "slip-of-another-object": 'async function f(shop) { await shop.SESSION.get("k"); }',
    "left-of-or": "async function f(env) { const kv = env.LINKS || env.KV;"
    ' await kv.get("k"); await env.LINKS.get("k", "json"); }',
    "right-of-or-and-tested": "async function f(env) { const kv = env.A || env.LINKS;"
    ' if (!kv) return; await env.LINKS.get("k", "json"); }',
    "right-of-or-and-left-of-another": "async function f(env) { const kv = env.A || env.LINKS || 0;"
    ' use(kv); await env.LINKS.get("k", "json"); }',
    "ambient-global-tested": "declare const LINKS: KVNamespace;\n"
    'async function f() { if (typeof LINKS !== "undefined") await LINKS.get("a"); }',
    "ambient-global-that-may-be-missing": "declare const LINKS: KVNamespace | undefined;\n"
    'async function f() { await LINKS!.get("a"); }',
    "ambient-global-of-another-type": "declare const LINKS: Cache;\nasync function f() { await LINKS.put('', ''); }",
    "ambient-global-only-declared": "declare const LINKS: KVNamespace;\nexport const a = 1;",
    "global-in-a-service-worker": 'addEventListener("fetch", (event) =>'
    ' event.respondWith(SESSIONS.get("x")));',
    "global-in-a-file-of-functions": "export async function read() { return SESSIONS.get('x'); }",
    "global-set-by-the-code": "export default { async fetch(request, env) {"
    ' globalThis.SESSIONS = env.SESSIONS; await SESSIONS.get("x"); } };',
    "global-tested": "export default { async fetch(request, env) {"
    ' const kv = typeof SESSIONS === "undefined" ? env.SESSIONS : SESSIONS; await kv.get("x"); } };',
    "global-that-is-a-variable": "let SESSIONS; export default { async fetch(request, env) {"
    ' SESSIONS = env.SESSIONS; await SESSIONS.get("x"); } };',
    "global-that-is-destructured": "export default { async fetch(request, { SESSIONS }) {"
    ' await SESSIONS.get("x"); } };',
    "global-as-a-name": "export default { fetch(request, env) { return use({ SESSIONS: env.SESSIONS }); } };",
    "env-of-the-runtime": 'import { env } from "cloudflare:workers";\n'
    "async function read() { return env.KV.get('x'); }\n"
    "export default { async fetch(request, env) { return read(); } };",
    "env-of-the-file": "let env; async function read() { return env.KV.get('x'); }\n"
    "export default { async fetch(request, e) { env = e; return read(); } };",
    "env-set-as-a-global": "async function read() { return env.KV.get('x'); }\n"
    "export default { async fetch(request, env) { globalThis.env = env; return read(); } };",
    "env-declared-elsewhere": "declare const env: Env;\nasync function read() { return env.KV.get('x'); }\n"
    "export default { async fetch(request, env) { return read(); } };",
    "env-of-the-unknown": "async function read() { return env.KV.get('x'); }",
    "own-type-of-the-name": "interface KVNamespace { set(key: string, value: string): void }\n"
    "async function f(kv: KVNamespace) { await kv.set('k', 'v'); }",
    "extended-type": "declare global { interface KVNamespace { has(key: string): boolean } }\n"
    "async function f(kv: KVNamespace) { await kv.has('k'); }",
    "wrapped-again": "export default { async fetch(request, env) {"
    " env = { ...env, KV: wrap(env.KV) }; await env.KV.put('k', {}); await env.KV.set('k', {}); } };",
    "global-shadowed": "const KV = new Map(); function f() { KV.get(''); }",
    "global-imported": 'import { KV } from "./store"; KV.get("");',
    "let-alias": "async function f(env) { let kv = env.KV; kv = other; await kv.put('k', {}); }",
    "typed-otherwise": "interface Env { X: R2Bucket }\nasync function f(env: Env) {"
    " await env.X.put('k', 'v', { expirationTtl: 1 }); }",
    "double-of-env": "interface TestEnv { KV: Map<string, string>; SESSION: Map<string, string> }\n"
    'export function f(e: TestEnv) { e.KV.set("k", "v"); e.SESSION.get("k"); }\n'
    'export function g(env: TestEnv) { env.KV.set("k", "v"); env.SESSION.get("k"); }',
    "double-of-env-with-a-namespace": "interface TestEnv { KV: KVNamespace; SESSIONS: Map<string, string> }\n"
    'export async function f(e: TestEnv) { await e.KV.get("k"); e.SESSIONS.set("k", "v"); }\n'
    'export async function g(env: TestEnv) { await env.KV.get("k"); env.SESSIONS.set("k", "v"); }',
    "double-of-env-by-its-usual-name": "interface Env { KV: Map<string, string> }\n"
    'export function f(e: Env) { e.KV.set("k", "v"); }',
    "env-of-a-build": "interface BuildEnv { KV: { read(key: string): string; set(key: string): void } }\n"
    'export const f = (x: BuildEnv) => x.KV.set("");',
    "env-of-a-process": "type ProcEnv = { MODE: string };\n"
    'export const f = (x: ProcEnv) => x.SESSION.get("k");',
    "env-of-the-unknown-by-its-name": 'import type { PkgEnv } from "some-pkg";\n'
    'export const f = (x: PkgEnv) => x.SESSION.get("k");',
    "double-in-a-comment": "/** @typedef {{ KV: Map<string, string> }} TestEnv */\n"
    "/** @param {TestEnv} e */\nexport function f(e) { e.KV.set('k', 'v'); e.SESSION.get('k'); }",
    "optional-type": "interface Env { LINKS?: KVNamespace }\nasync function f(env: Env) {"
    " const kv = env.LINKS; await kv.get('k'); }",
    "undefined-type": "interface Env { LINKS: KVNamespace | undefined }\n"
    "async function f(env: Env) { await env.LINKS.get('k'); }",
    "assigned-on": "interface Env { LINKS: KVNamespace }\nclass L { static kv: KVNamespace | null;"
    " static set(env: Env) { L.kv = env.LINKS; } }",
    "own-wrapper": "class Cache { put(key: string, value: unknown) {} }\n"
    "const cache = new Cache(); cache.put('', {});",
    "field-set-twice": "class S { constructor(env) { this.kv = env.KV; this.kv = wrap(env.KV); }\n"
    " async f() { await this.kv.put('k', {}); } }",
    "readonly-field-of-an-abstract-class": "export abstract class S { protected readonly ttl = 5;"
    " constructor(env) { this.kv = env.KV; }"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }",
    "readonly-field-that-a-subclass-has": "class S { readonly ttl = 5; constructor(env) { this.kv = env.KV; }"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }\n"
    "class T extends S { override readonly ttl = 60; }\nclass U extends S { get ttl() { return 70; } }",
    "readonly-field-that-the-constructor-sets": "class S { readonly ttl = 5;"
    " constructor(env, ttl?: number) { this.kv = env.KV; if (ttl) this.ttl = ttl; }"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }",
    "global-in-what-is-no-pages-function": "export async function onRequested(ctx) {"
    " await KV.get('k'); await ctx.env.KV.get('k'); }",
    "request-of-what-no-framework-calls": "export async function act({ request, env }) {"
    " await env.KV.put('k', await request.formData()); }",
    "empty": "",
    "binary": "\0\1\2",
    "own-method-awaited": "class Store { constructor(env) { this.kv = env.KV; }"
    ' async save() { await this.kv.put("k", "v"); } async f() { await this.save(); void this.save(); }'
    " g(ctx) { ctx.waitUntil(this.save()); return this.save(); } }",
    "method-of-another-class": "class Store { constructor(env) { this.kv = env.KV; }"
    ' async save() { await this.kv.put("k", "v"); } }\n'
    "class Log { save() {} f() { this.save(); } }\n"
    "export const f = () => { const log = new Log(); log.save(); };",
    "own-method-dropped-in-a-durable-object": "export class Room extends DurableObject {"
    ' async save() { await this.env.KV.put("k", "v"); } f() { this.save(); } }',
    "method-of-a-variable": 'const carts = { async save(env) { await env.KV.put("k", "v"); } };\n'
    "export const f = (carts, env) => { carts.save(env); };",
    "field-whose-default-no-new-uses": "class S { constructor(private kv: KVNamespace, private ttl = 30) {}"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }\n"
    "export const save = (env: Env) => new S(env.KV, 90).f();",
    "field-with-a-default-that-others-may-set": "export class S { constructor(public kv: KVNamespace, public ttl = 30) {}"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }",
    "field-with-a-default-that-is-set-or-bounded": "export class S {"
    " constructor(private kv: KVNamespace, private ttl = 30, private n = 5) { this.ttl = Math.max(60, ttl); }"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl });"
    " await this.kv.put('k', 'v', { expirationTtl: Math.max(60, this.n) });"
    " if (this.n >= 60) await this.kv.put('k', 'v', { expirationTtl: this.n }); } }",
    "field-with-a-default-that-is-tested": "export class S {"
    " constructor(private kv: KVNamespace, private ttl = 0) {}"
    " async f() { await this.kv.put('k', 'v', this.ttl ? { expirationTtl: this.ttl } : {});"
    " if (this.ttl) await this.kv.put('k', 'v', { expirationTtl: this.ttl }); } }",
    "private-field-set-later": "class S { private ttl = 5; constructor(env) { this.kv = env.KV; }"
    " slow() { this.ttl = 60; } count() { this.n++; } private n = 5;"
    " async f() { await this.kv.put('k', 'v', { expirationTtl: this.ttl });"
    " await this.kv.put('k', 'v', { expirationTtl: this.n }); } }",
    "fetch-of-a-class-of-its-own": "class Api { constructor(env) { this.kv = env.KV; }"
    ' async fetch(page) { await this.kv.put("k", page.text()); } }\n'
    'const api = { async fetch(page, env) { await env.KV.put("k", page.text()); } };',
}


@pytest.mark.parametrize(
    ("call", "way_out"),
    [
        pytest.param('get("k", "jsn")', 'Did you mean "json"?', id="near"),
        pytest.param('get("k", "xml")', 'Use "text", "json", "arrayBuffer" or "stream".', id="far"),
        pytest.param('get(["k"], "stream")', 'Use "text" or "json".', id="bulk"),
    ],
)
def test_an_unknown_type_has_a_way_out(call: str, way_out: str) -> None:
    (problem,) = problems_of(handler(f"await env.KV.{call};"))
    assert problem.message.endswith(f"so env.KV.get() throws. {way_out}")


@pytest.mark.parametrize(("code", "body"), IN_HANDLER.values(), ids=IN_HANDLER)
def test_rule_underlines_the_very_place(code: str, body: str) -> None:
    assert_marks(code, handler(body))


@pytest.mark.parametrize(("code", "text"), WHOLE.values(), ids=WHOLE)
def test_namespaces_are_known_however_code_gets_at_them(code: str, text: str) -> None:
    assert_marks(code, text)


def assert_marks(code: str, text: str) -> None:
    """Check that only this rule reports problems, and only at the marks."""
    plain, spans = marked(text)
    found = problems_of(plain)
    assert [(p.code, plain[slice(*p.span)]) for p in found] == [
        (code, plain[slice(*span)]) for span in spans
    ]
    assert [tuple(p.span) for p in found] == spans
    assert {p.severity for p in found} == {rules()[code].severity}


@pytest.mark.parametrize("body", CLEAN_IN_HANDLER.values(), ids=CLEAN_IN_HANDLER)
def test_what_is_right_or_unsure_is_left_alone(body: str) -> None:
    assert problems_of(handler(body)) == []


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN)
def test_what_is_no_namespace_is_left_alone(text: str) -> None:
    assert problems_of(text) == []


@pytest.mark.parametrize("name", ["a.js", "a.mjs", "a.cjs", "a.jsx", "a.ts", "a.mts", "a.tsx"])
def test_every_kind_of_source_is_read(name: str) -> None:
    text = handler('await env.KV.get("");')
    assert [p.code for p in problems_of(text, name=f"/shop/src/{name}")] == ["key-invalid"]


@pytest.mark.parametrize("name", ["a.jsx", "a.tsx"])
def test_jsx_is_no_obstacle(name: str) -> None:
    text = 'export const P = async ({ env }) => <p title="a">{await env.KV.get("")}</p>;\n'
    assert [p.code for p in problems_of(text, name=f"/shop/src/{name}")] == ["key-invalid"]


TESTS = (
    "/shop/e2e-tests/a.ts",
    "/shop/src/test-utils/a.ts",
    "/shop/src/a.test.ts",
    "/shop/test/a.ts",
    "/shop/src/__tests__/deep/a.ts",
    "/x/tests/a.ts",
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "{ async fetch(r: Request, env: Env) { return env.KV.get('k'); } };", id="type"
        ),
        pytest.param(
            "{ async fetch(r, env: {| KV: any |}) { return env.KV.get('k'); } };", id="exact"
        ),
        pytest.param(
            "{ async fetch(r, env) {} };\nconst env: Env = open(); await env.KV.get('k');", id="var"
        ),
        pytest.param("{ fetch() {} };\nconst KV: any = open();\nawait KV.get('k');", id="global"),
    ],
)
def test_what_is_in_scope_is_unsure_with_types_of_flow(text: str) -> None:
    assert problems_of(f"// @flow\nexport default {text}", name="/shop/src/index.js") == []


@pytest.mark.parametrize("name", TESTS)
def test_tests_do_wrong_on_purpose(name: str) -> None:
    assert problems_of(handler('await env.KV.get("");'), name=name) == []


def test_a_project_in_a_folder_named_test_is_checked() -> None:
    config = load_text(CONFIG, "/home/me/test/shop/wrangler.toml")
    text = handler('await env.KV.get("");')
    assert check(text, "/home/me/test/shop/src/index.js", [config]) != []


# id: (config, source, codes)
ROOM = (
    "export class {} {{ constructor(state, env) {{ this.env = env; }}"
    ' fetch() {{ this.env.KV.put("k", "v"); }} }}'
)
OBJECTS = '[durable_objects]\nbindings = [{ name = "ROOMS", class_name = "Room" }]\n'
WITH_CONFIG: dict[str, tuple[str, str, list[str]]] = {
    "durable-object-of-the-config": (CONFIG + OBJECTS, ROOM.format("Room"), []),
    "another-class": (CONFIG + OBJECTS, ROOM.format("Store"), ["promise-not-awaited"]),
    "environment-lacks-it": (
        TWO_ENVIRONMENTS,
        handler('await env.SESSIONS.get("k"); await env.SESSIONS.get("l");'),
        ["binding-not-everywhere"],
    ),
    "all-have-it": (TWO_ENVIRONMENTS, handler('await env.KV.get("k");'), []),
    "tested-for": (TWO_ENVIRONMENTS, handler('await env.SESSIONS?.get("k");'), []),
    "global-lacks-it": (
        TWO_ENVIRONMENTS,
        'addEventListener("fetch", async () => { await SESSIONS.get("k"); });',
        ["binding-not-everywhere"],
    ),
    "top-level-without-any": (
        '[env.a]\nkv_namespaces = [{ binding = "KV" }]\n[env.b]\nkv_namespaces = [{ binding = "KV" }]\n',
        handler('await env.KV.get("k"); await env.KV.get("l");'),
        ["binding-only-in-environments"],
    ),
    "top-level-without-any-since-its-list-is-in-a-table": (
        '[assets]\ndirectory = "a"\nkv_namespaces = [{ binding = "KV" }]\n'
        '[env.a]\nkv_namespaces = [{ binding = "KV" }]\n',
        handler('await env.KV.get("k");'),
        [],
    ),
    "top-level-without-any-tested-for": (
        '[env.a]\nkv_namespaces = [{ binding = "KV" }]\n',
        handler('if (env.KV) await env.KV.get("k");'),
        [],
    ),
    "no-top-level-and-one-environment-lacks-it": (
        '[env.a]\nkv_namespaces = [{ binding = "KV" }]\n[env.b]\nkv_namespaces = [{ binding = "A" }]\n',
        handler('await env.KV.get("k");'),
        ["binding-not-everywhere", "binding-only-in-environments"],
    ),
    "top-level-lacks-it": (
        'kv_namespaces = [{ binding = "A" }]\n[env.a]\nkv_namespaces = [{ binding = "KV" }]\n',
        handler('await env.KV.get("k");'),
        ["binding-not-everywhere"],
    ),
    "half-typed-config": (
        '[[kv_namespaces]]\nbinding = "K',
        handler('await env.KV.get("k", "json");'),
        [],
    ),
    "methods-of-kv-alone": (
        CONFIG,
        handler('await env.CHUNKS.put("k", "v", { metadata: {} }); await env.CHUNKS.has("k");'),
        ["binding-undeclared", "method-unknown"],
    ),
    "methods-of-a-bucket-and-a-namespace-of-the-config": (
        CONFIG,
        handler('await env.KV.head("k");'),
        ["method-unknown"],
    ),
    "no-kv-in-config": (
        'name = "x"\n',
        handler('await env.KV.get("k", "json");'),
        ["binding-undeclared"],
    ),
    "in-a-comment": (
        '# [[kv_namespaces]]\n# binding = "KV"\n',
        handler('await env.KV.get("k", "json");'),
        [],
    ),
    "another-binding": (
        '[[services]]\nbinding = "KV"\nservice = "cache"\n',
        handler('await env.KV.put({}, "v", { expirationTtl: 1 });'),
        [],
    ),
    "a-secret": (
        '[secrets]\nrequired = ["KV"]\n',
        handler('await env.KV.get("k", "json");'),
        [],
    ),
    "a-variable-of-an-environment": (
        '[env.a.vars]\nKV = "x"\n',
        handler('await env.KV.get("k", "json");'),
        [],
    ),
    "ttl-of-a-variable": (
        CONFIG + 'TTL = 30\nTEXT = "45"\n',
        handler(
            'await env.KV.put("k", "v", { expirationTtl: env.TTL });'
            'await env.KV.put("k", "v", { expirationTtl: Number(env["TEXT"]) });'
            'const { TEXT } = env; await env.KV.put("k", "v", { expirationTtl: parseInt(TEXT, 10) });'
        ),
        ["ttl-out-of-range"] * 3,
    ),
    "ttl-of-a-variable-of-one-environment": (
        CONFIG + 'TTL = "60"\n[env.a]\nvars = { TTL = "30" }\n'
        'kv_namespaces = [{ binding = "KV" }, { binding = "SESSIONS" }]\n',
        handler('await env.KV.put("k", "v", { expirationTtl: Number(env.TTL) });'),
        ["ttl-out-of-range"],
    ),
    "ttl-of-a-variable-that-fits": (
        CONFIG + "TTL = 60\nMINUTES = 1\n",
        handler(
            'await env.KV.put("k", "v", { expirationTtl: env.TTL });'
            'await env.KV.put("k", "v", { expirationTtl: env.MINUTES * 60 });'
            'await env.KV.put("k", "v", { expirationTtl: Math.max(60, env.MINUTES) });'
        ),
        [],
    ),
    "ttl-of-a-member-of-something-else": (
        CONFIG + "TTL = 30\n",
        handler('await env.KV.put("k", "v", { expirationTtl: options.TTL });'),
        [],
    ),
}


@pytest.mark.parametrize(("config", "text", "codes"), WITH_CONFIG.values(), ids=WITH_CONFIG)
def test_bindings_are_held_against_the_config(config: str, text: str, codes: list[str]) -> None:
    assert [p.code for p in problems_of(text, config)] == codes


def test_without_a_config_bindings_are_not_held_against_one() -> None:
    text = handler('await env.LINKS.get("k", "json"); await env.LINKS.get("", "json");')
    assert [p.code for p in check(text, "/shop/src/index.js")] == ["key-invalid"]


def test_types_of_other_files_say_what_is_a_namespace() -> None:
    text = handler('await env.LINKS.get("");')
    configs = [config_of(CONFIG)]
    path = "/shop/src/index.ts"
    assert check(text, path, configs) == []
    assert [p.code for p in check(text, path, configs, {"LINKS": "kv"})] == [
        "binding-undeclared",
        "key-invalid",
    ]
    assert [p.code for p in check(text, path, configs, {"LINKS": "maybe"})] == ["key-invalid"]
    assert check(text, path, configs, {"LINKS": "other"}) == []


def test_other_configs_beside_keep_a_binding_quiet() -> None:
    text = handler('await env.LINKS.getWithMetadata("k");')
    configs = [config_of(CONFIG)]
    assert check(text, "/shop/a.ts", configs, other_texts=frozenset({"LINKS"})) == []


def test_one_of_several_configs_is_enough() -> None:
    other = load_text('kv_namespaces = [{ binding = "LINKS" }]', "/shop/wrangler.jsonc.toml")
    text = handler('await env.LINKS.getWithMetadata("k");')
    assert check(text, "/shop/a.ts", [config_of(CONFIG), other]) == []


WORDS = {
    "method-in-a-variable": (
        'const put = env.KV.put.bind(env.KV); put("k", "v"); const { get: read } = env.KV; read("k");',
        "put() isn't awaited: the runtime may stop before the write is done, and errors are lost. "
        "Add await before it, or pass it to ctx.waitUntil(). | env.KV.get is called without",
    ),
    "method-of-a-namespace": ('env.KV.put("k", "v");', "env.KV.put() isn't awaited"),
    "ttl-limit": ('await env.KV.put("k","v",{expirationTtl:30})', "is 30, and the minimum is 60"),
    "ttl-name": ('const T=5; await env.KV.put("k","v",{expirationTtl:T})', "expirationTtl (T) is 5"),
    "ms-way-out": ('await env.KV.put("k","v",{expirationTtl:86400000})', "For 1 day write 86400."),
    "ms-as-is": ('await env.KV.put("k","v",{expirationTtl:86400000})', "this is 1000 days"),
    "duration": ('await env.KV.put("k","v",{expiration:600})', "use expirationTtl: 600"),
    "year-2100": ('await env.KV.put("k","v",{expiration:4102444800})', "the maximum is 2147483647, in the year 2038"),
    "in-ms": ('await env.KV.put("k","v",{expiration:Date.now()})', "divide by 1000"),
    "near": ('await env.KV.put("k","v",{expiration:Math.floor(Date.now()/1000)+30})', "only 30 seconds from now"),
    "cache": ('await env.KV.get("k",{cacheTtl:5})', "the minimum is 30 seconds"),
    "limit": ("await env.KV.list({limit:5000})", "is 5000, and the maximum is 1000"),
    "key-size": (f'await env.KV.get("{"é" * 300}")', "600 bytes in UTF-8, and the limit is 512"),
    "bulk": ("await env.KV.get([])", "its array of keys is empty"),
    "type": ('await env.KV.get("k","arraybuffer")', 'Did you mean "arrayBuffer"?'),
    "option": ('await env.KV.put("k","v",{ttl:60})', "Did you mean expirationTtl?"),
    "option-none": ('await env.KV.get("k",{zzz:1})', "It has type and cacheTtl: remove it."),
    "value": ('await env.KV.put("k",{})', "JSON.stringify()"),
    "body": ('await env.KV.put("k",new Response())', "arrayBuffer() or text()"),
    "call": ('await env.KV.put("","v")', "env.KV.put() throws"),
    "near-binding": ('await env.SESSION.getWithMetadata("k")', 'Did you mean "SESSIONS"?'),
}  # fmt: skip


OF_PAGES = 'pages_build_output_dir = "dist"\n'
DECLARED = '[env.{}]\nkv_namespaces = [{{ binding = "KV" }}]\n'
# id: (a config without namespaces at its top level, words of the message)
ONLY_THERE = {
    "several": (
        "".join(map(DECLARED.format, "abc")),
        "Only env.a, env.b and env.c declare the KV binding",
    ),
    "worker": (DECLARED.format("a"), "`wrangler dev` without `--env`. Run `wrangler dev --env a`"),
    "pages-production": (
        OF_PAGES + DECLARED.format("production"),
        "undefined in `wrangler pages dev` and in previews. Add it to",
    ),
    "pages-preview": (
        OF_PAGES + DECLARED.format("preview"),
        "undefined in `wrangler pages dev` and in production. Add it to",
    ),
    "pages-both": (
        OF_PAGES + DECLARED.format("preview") + DECLARED.format("production"),
        "undefined in `wrangler pages dev`. Add it to",
    ),
}


@pytest.mark.parametrize(("config", "words"), ONLY_THERE.values(), ids=ONLY_THERE)
def test_a_binding_of_environments_names_what_lacks_it(config: str, words: str) -> None:
    (problem,) = check(handler('await env.KV.get("k");'), "/shop/a.ts", [config_of(config)])
    assert words in problem.message


@pytest.mark.parametrize(("body", "words"), WORDS.values(), ids=WORDS)
def test_message_names_the_way_out(body: str, words: str) -> None:
    assert words in " | ".join(problem.message for problem in problems_of(handler(body)))


def test_messages_are_short_sentences_for_any_value() -> None:
    long = "x" * 5_000
    texts = [handler(marked(body)[0]) for _, body in IN_HANDLER.values()]
    texts += [
        handler(f'await env.KV.get("k", "{long}"); await env.KV.put("k", "v", {{ {long}: 1 }});'),
        handler(f'await env["{long}"].getWithMetadata("");'),
        handler(f"const {long} = 1; await env.KV.put('k', 'v', {{ expirationTtl: {long} }});"),
    ]
    for text in texts:
        for problem in problems_of(text):
            assert problem.message.endswith((".", "?"))
            assert "\n" not in problem.message
            assert len(problem.message) < 400


# the data for quick fixes
# id: (option, what the message says; Miniflare makes 0 of these: tests/interop/test_same_answers.py)
NOT_FINITE: dict[str, tuple[str, str]] = {
    "ttl": (
        "expirationTtl: Infinity",
        "expirationTtl is Infinity, which counts as 0: env.KV.put() throws. "
        "To keep the key forever, leave expirationTtl out.",
    ),
    "ttl-nan": (
        "expirationTtl: NaN",
        "expirationTtl is NaN, which counts as 0: env.KV.put() throws. "
        "Pass the lifetime of the key in seconds, 60 or more.",
    ),
    "ttl-by-default": (
        "expirationTtl: request.cf.ttl ?? Infinity",
        "expirationTtl is Infinity here in some cases, which counts as 0: env.KV.put() throws then. "
        "To keep a key forever, leave expirationTtl out.",
    ),
    "expiration": (
        "expiration: Infinity * 2",
        "expiration (Infinity * 2) is Infinity, which counts as 0. "
        "To keep the key forever, leave expiration out. env.KV.put() throws.",
    ),
}


@pytest.mark.parametrize(("option", "message"), NOT_FINITE.values(), ids=NOT_FINITE)
def test_what_counts_as_zero_is_said(option: str, message: str) -> None:
    found = problems_of(handler(f'await env.KV.put("k", "v", {{ {option} }});'))
    assert message in [problem.message for problem in found]


DATA: dict[str, tuple[str, dict[str, object]]] = {
    "ttl": ('await env.KV.put("k","v",{expirationTtl:30})', {"replace": "60"}),
    "ms": (
        'await env.KV.put("k","v",{expirationTtl:3600000})',
        {"replace": "3600", "divide": 1000},
    ),
    "limit": ("await env.KV.list({limit:5000})", {"replace": "1000"}),
    "option": ('await env.KV.put("k","v",{ttl:60})', {"nearest": "expirationTtl"}),
    "value": ('await env.KV.put("k",{})', {"wrap": "JSON.stringify"}),
    "number": ('await env.KV.put("k",5)', {"wrap": "String"}),
    "await": ('env.KV.delete("k")', {"await": True}),
    "no-async": ('[1].forEach(() => { env.KV.delete("k") })', {"await": False}),
    "binding": (
        'await env.SESSION.getWithMetadata("k")',
        {"binding": "SESSION", "nearest": "SESSIONS"},
    ),
}


@pytest.mark.parametrize(("body", "data"), DATA.values(), ids=DATA)
def test_problem_brings_what_a_fix_needs(body: str, data: dict[str, object]) -> None:
    (problem,) = problems_of(handler(body))
    assert problem.data == data


def test_undeclared_binding_is_one_problem_with_its_other_places() -> None:
    text = handler('await env.X.getWithMetadata("a"); await env.X.get("b"); await env.X.get("c");')
    (problem,) = problems_of(text)
    assert [text[slice(*other.span)] for other in problem.related] == ["X", "X"]


# id: (config, sources by path, bindings reported as unused)
USED = 'export default { async fetch(r, env) { return env.KV.get("k"); } };'
UNUSED: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "one": (CONFIG, {"src/index.ts": USED}, ["SESSIONS"]),
    "by-a-type-alone": (
        CONFIG,
        {"src/index.ts": f"interface Env {{ KV: KVNamespace; SESSIONS: KVNamespace }}\n{USED}"},
        ["SESSIONS"],
    ),
    "by-a-comment-alone": (CONFIG, {"src/index.ts": f"// SESSIONS\n{USED}"}, ["SESSIONS"]),
    "by-generated-types-alone": (
        CONFIG,
        {"src/index.ts": USED, "worker.d.ts": "interface Env { SESSIONS: KVNamespace }"},
        ["SESSIONS"],
    ),
    "in-another-file": (
        CONFIG,
        {"src/index.ts": f'import "./b";\n{USED}', "src/b.ts": "export const f = (c) => c.env.SESSIONS;"},
        [],
    ),
    "in-a-string": (CONFIG, {"src/index.ts": f'const N = "SESSIONS";\n{USED}'}, []),
    "computed": (CONFIG, {"src/index.ts": f"const g = (env, n) => env[n];\n{USED}"}, []),
    "spread": (CONFIG, {"src/index.ts": f"const g = (env) => ({{ ...env }});\n{USED}"}, []),
    "rest": (CONFIG, {"src/index.ts": f"const g = ({{ env }}) => {{ const {{ KV, ...r }} = env; }};\n{USED}"}, []),
    "looked-through": (CONFIG, {"src/index.ts": f"const g = (env) => Object.keys(env);\n{USED}"}, []),
    "handed-to-a-package": (
        CONFIG,
        {"src/index.ts": f'import {{ run }} from "pkg";\nconst g = (env) => run(env);\n{USED}'},
        [],
    ),
    "handed-to-own-code": (
        CONFIG,
        {"src/index.ts": f'import {{ run }} from "./b.js";\nconst g = (env) => run(env);\n{USED}', "src/b.ts": "export const run = (x) => x.KV;"},
        ["SESSIONS"],
    ),
    "handed-to-a-package-in-an-object": (
        CONFIG,
        {"src/index.ts": f'import {{ make }} from "pkg";\nconst run = make();\nconst g = (r, env) => {{ const load = {{ env }}; return run(r, load); }};\n{USED}'},
        [],
    ),
    "handed-to-a-package-in-a-literal": (
        CONFIG,
        {"src/index.ts": f'import {{ run }} from "pkg";\nconst g = (r, env) => run(r, {{ bindings: env }});\n{USED}'},
        [],
    ),
    "handed-to-own-code-in-an-object": (
        CONFIG,
        {"src/index.ts": f'import {{ run }} from "./b.js";\nconst g = (r, env) => {{ const load = {{ env }}; return run(r, load); }};\n{USED}', "src/b.ts": "export const run = (r, x) => x.env.KV;"},
        ["SESSIONS"],
    ),
    **{
        f"handed-to-a-package-{name}": (
            CONFIG,
            {"src/index.ts": f'import {{ run }} from "pkg";\n{code}\n{USED}'},
            [],
        )
        for name, code in {
            "in-an-object": "const g = (env) => run({ env });",
            "deep-inside": "const g = (env) => run({ a: [{ b: env }] });",
            "by-a-variable": "const g = (env) => { const context = { env }; return run(1, context); };",
            "by-a-function": "const g = (env) => run(() => env);",
            "by-a-member": "const g = (request, env) => { request.env = env; return run(request); };",
            "with-the-rest": "const worker = { fetch: (request, ...rest) => run(request, ...rest) };",
            "with-all-arguments": "const worker = { fetch() { return run(...arguments); } };",
        }.items()
    },
    **{
        f"kept-by-own-code-{name}": (CONFIG, {"src/index.ts": f"{code}\n{USED}"}, ["SESSIONS"])
        for name, code in {
            "in-an-object": "const run = (c) => c; const g = (env) => { const c = { env }; return run(c); };",
            "in-a-field": "class A { constructor(env) { this.env = env; } }",
            "in-a-member": "app.use((c, next) => { c.env = env; return next(); });",
            "with-the-rest": "const log = (...rest) => console.log(...rest);",
        }.items()
    },
    "worker-of-a-package": (
        CONFIG,
        {"src/index.ts": 'import { Provider } from "pkg";\nexport default new Provider({ KV: 1 });'},
        [],
    ),
    "class-of-a-package": (
        CONFIG,
        {"src/index.ts": f'import {{ Agent }} from "pkg";\nexport class A extends Agent {{}}\n{USED}'},
        [],
    ),
    "hono": (
        CONFIG,
        {"src/index.ts": 'import { Hono } from "hono";\nconst app = new Hono();\napp.get("/", (c) => c.env.KV.get("k"));\nexport default app;'},
        ["SESSIONS"],
    ),
    "app-of-a-package": (
        CONFIG,
        {"src/index.ts": f'import {{ createCms }} from "cms";\napp.route("/", createCms());\n{USED}'},
        [],
    ),
    "middleware-of-a-package": (
        CONFIG,
        {"src/index.ts": f'import {{ pkg }} from "cms";\napp.use("*", pkg());\n{USED}'},
        [],
    ),
    "handler-of-a-package": (
        CONFIG,
        {"src/index.ts": f'import handler from "cms";\napp.mount("/x", handler);\n{USED}'},
        [],
    ),
    "middleware-of-hono": (
        CONFIG,
        {"src/index.ts": f'import {{ cors }} from "hono/cors";\napp.use("*", cors());\n{USED}'},
        ["SESSIONS"],
    ),
    "worker-made-of-itself": (
        CONFIG,
        {"src/index.ts": "const app = app.get(env.KV);\nexport default app;"},
        [],
    ),
    "worker-made-of-others-in-a-ring": (
        CONFIG,
        {"src/index.ts": "const a = b(env.KV), b = new a();\nexport default a;"},
        [],
    ),
    "worker-at-the-end-of-a-long-row": (
        CONFIG,
        {"src/index.ts": "".join(f"const a{n + 1} = a{n}(env.KV);\n" for n in range(5000)) + "export default a5000;"},
        [],
    ),
    "import-from-elsewhere": (
        CONFIG,
        {"src/index.ts": f'import {{ a }} from "../../shared/a";\n{USED}'},
        [],
    ),
    "data-import": (CONFIG, {"src/index.ts": f'import page from "./page.html";\n{USED}'}, ["SESSIONS"]),
    "worker-in-rust": (
        CONFIG.replace("src/index.ts", "build/worker/shim.mjs"),
        {"build/worker/shim.mjs": USED},
        [],
    ),
    "built-from-rust": (CONFIG + '[build]\ncommand = "worker-build"\n', {"src/index.ts": USED}, []),
    "output-of-wasm-bindgen": (
        CONFIG,
        {"src/index.ts": f'import wasm from "./index_bg.wasm";\n{USED}'},
        [],
    ),
    "another-wasm": (CONFIG, {"src/index.ts": f'import wasm from "./resize.wasm";\n{USED}'}, ["SESSIONS"]),
    "entry-not-read": (CONFIG, {"src/other.ts": USED}, []),
    "no-entry-named": (CONFIG.replace("main =", "# main ="), {"src/index.ts": USED}, []),
    "half-typed": (CONFIG + "[[kv_namespaces]]\nbinding =", {"src/index.ts": USED}, []),
    "reserved": (
        CONFIG + '[[kv_namespaces]]\nbinding = "__STATIC_CONTENT"\n',
        {"src/index.ts": USED},
        ["SESSIONS"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "sources", "names"), UNUSED.values(), ids=UNUSED)
def test_a_namespace_that_no_source_names(
    config: str, sources: dict[str, str], names: list[str]
) -> None:
    texts = {f"/shop/{name}": text for name, text in sources.items()}
    found = check_with_sources(config_of(config), texts)
    assert [config[slice(*problem.span)] for problem in found] == [f'"{name}"' for name in names]
    assert {problem.code for problem in found} <= {"binding-unused"}


PAGES = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("code", SOURCE_RULES)
def test_every_rule_has_its_page(code: str) -> None:
    rule = SOURCE_RULES[code]
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {code}\n\n{rule.summary}. Severity: {rule.level}.\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["What", "Why", "Example", "Fix"]
    overview = (PAGES / "README.md").read_text(encoding="utf-8")
    assert f"| [{code}]({code}.md) | {rule.level} | {rule.summary} |" in overview


def shown(code: str, heading: str) -> list[str]:
    """Return the codes for the config and source under a heading of a page."""
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    blocks = dict(re.findall(r"```(toml|ts|js)\n(.*?)```", section, re.DOTALL))
    config = config_of(blocks.get("toml", CONFIG))
    ending = "ts" if "ts" in blocks else "js"
    path = f"/shop/src/index.{ending}"
    return [
        problem.code
        for problem in (
            *check(blocks[ending], path, [config], now=NOW),
            *(
                check_with_sources(config, {path: blocks[ending]})
                if isinstance(SOURCE_RULES[code], ProjectRule)
                else ()
            ),
        )
    ]


@pytest.mark.parametrize("code", SOURCE_RULES)
def test_examples_of_the_pages_show_their_rule(code: str) -> None:
    assert set(shown(code, "Example")) == {code}


# the example of the page has more than one answer; code that has one
FIXED_IN_OTHER_CODE = {
    "ttl-out-of-range": ("{ expirationTtl: 30 }", "{ expirationTtl: 1e3 * 9e7 }")
}


@pytest.mark.parametrize("code", SOURCE_RULES)
def test_pages_say_what_is_fixed_in_whole_files(code: str) -> None:
    page = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    section = page.split("## Example\n")[1].split("\n## ")[0]
    section = section.replace(*FIXED_IN_OTHER_CODE.get(code, ("", "")))
    blocks = dict(re.findall(r"```(toml|ts|js)\n(.*?)```", section, re.DOTALL))
    ending = "ts" if "ts" in blocks else "js"
    source = read_source(blocks[ending], f"/shop/src/index.{ending}")
    project = SourceContext([config_of(blocks.get("toml", CONFIG))])
    fixable = FixableSource(source, project, NOW)
    fixed = fixed_text(fixable, fixable.problems, {})
    assert (fixed is not None) == ("`kvlens check --fix`" in page)


@pytest.mark.parametrize("code", SOURCE_RULES)
def test_fixes_of_the_pages_are_clean(code: str) -> None:
    assert shown(code, "Fix") == []
