"""Values that are followed from one file to another, and the files of a Worker that are found."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.js.resolution import Resolver, Workspace, workspace_root
from kvlens.js.script_blocks import code_of

from tests.unit.marked_text import marked

CONFIG = 'name = "w"\nmain = "src/index.ts"\nkv_namespaces = [{ binding = "CARTS" }]\n'
TTL = "{ expirationTtl: «5» }"
BAD = f'put("k", "v", {TTL})'
SAME = BAD.replace("«", "").replace("»", "")
FINE = 'put("k", "v", { expirationTtl: 60 })'
OF_WORKER = "export default { async fetch(request, env) {\n  BODY\n} };\n"
ROOT = '{ "private": true, "workspaces": ["packages/*"] }'


def worker(imports: str, body: str) -> str:
    """Return a Worker's entry."""
    return f"{imports}\n{OF_WORKER.replace('BODY', body)}"


# id: the files of a project by their path; problems are exactly at the marks
PROJECTS: dict[str, dict[str, str]] = {
    "global-in-a-file-of-a-module-worker": {
        "src/index.ts": worker('import { read } from "./lib/read";', "return read(env.CARTS);"),
        "src/lib/read.ts": 'import { one } from "./one"; export const read = () => one();',
        "src/lib/one.ts": "declare const CARTS: KVNamespace;\n"
        'export const one = () => «CARTS».get("k");',
    },
    "class-of-the-project-named-as-the-runtimes-type": {
        "src/index.ts": worker('import { save } from "./save"; import { KVNamespace } from "./kv";',
            "await save(new KVNamespace());"),
        "src/save.ts": 'import type { KVNamespace } from "./kv";\n'
        f"export async function save(kv: KVNamespace) {{ await kv.{SAME}; }}",
        "src/kv.ts": "export class KVNamespace { async put(k: string, v: string, o: object) {} }",
    },
    "default-class-of-the-project-named-as-the-runtimes-type": {
        "src/index.ts": 'import KVNamespace from "./kv";\n'
        f"export async function save(kv: KVNamespace) {{ await kv.{SAME}; }}",
        "src/kv.ts": "export default class Memory { async put(k: string, v: string, o: object) {} }",
    },
    "type-of-the-project-like-the-runtimes": {
        "src/index.ts": 'import type { KVNamespace } from "./kv";\n'
        f"export async function save(kv: KVNamespace) {{ await kv.{BAD}; }}",
        "src/kv.ts": "export interface KVNamespace { put(k: string, v: string, o?: object): Promise<void> }",
    },
    "runtimes-type-that-the-project-exports-again": {
        "src/index.ts": 'import type { KVNamespace } from "./kv";\n'
        f"export async function save(kv: KVNamespace) {{ await kv.{BAD}; }}",
        "src/kv.ts": 'export type { KVNamespace } from "@cloudflare/workers-types";',
    },
    "global-in-a-file-of-a-service-worker": {
        "src/index.ts": 'import { one } from "./one"; addEventListener("fetch", (e) => e.respondWith(one()));',
        "src/one.ts": 'export const one = async () => new Response(await CARTS.get("k"));',
    },
    "global-that-another-file-sets": {
        "src/index.ts": worker(
            'import { one } from "./one"; import { set } from "./set";', "set(env); return one();"
        ),
        "src/set.ts": "export const set = (env: Env) => { globalThis.CARTS = env.CARTS; };",
        "src/one.ts": 'export const one = () => CARTS.get("k");',
    },
    "global-in-a-file-that-no-worker-imports": {
        "src/index.ts": worker("", 'return env.CARTS.get("k");'),
        "src/one.ts": 'export const one = () => CARTS.get("k");',
    },
    "methods-that-another-file-adds-to-a-namespace": {
        "src/index.ts": worker('import "./more";', "await env.CARTS.mget([]); await env.CARTS.«has»('k');"),
        "src/more.ts": "declare global { interface KVNamespace { mget(keys: string[]): void } }\n"
        "Object.defineProperty(Object.prototype, 'mget', { value: many });",
    },
    "name-passed-to-another-file": {
        "src/index.ts": worker('import { kv } from "./kv";', f'await kv(env, "CARTS").{BAD};'),
        "src/kv.ts": "export const kv = (env: Env, name: keyof Env) => env[name];",
    },
    "constant-options-in-a-spread": {
        "src/index.ts": worker(
            'import { SHORT } from "./config";',
            'await env.CARTS.put("k", "v", { ...«SHORT», metadata: {} });',
        ),
        "src/config.ts": "export const SHORT = { expirationTtl: 30 } as const;",
    },
    "a-double-that-a-test-passes": {
        "src/index.ts": worker(
            'import { save } from "./store";',
            "await save(env.CARTS);",
        ),
        "src/store.ts": "export interface Store { put(k: string, v: string, o?: object): Promise<void> }"
        f" export async function save(kv: Store) {{ await kv.{BAD}; }}",
        "src/store.test.ts": 'import { save } from "./store"; await save(new Map());',
    },
    "a-double-that-another-source-passes": {
        "src/index.ts": worker(
            'import { save } from "./store"; import { Memory } from "./memory";',
            "await save(env.CARTS); await save(new Memory());",
        ),
        "src/store.ts": "export interface Store { put(k: string, v: string, o?: object): Promise<void> }"
        ' export async function save(kv: Store) { await kv.put("k", "v", { expirationTtl: 5 }); }',
        "src/memory.ts": "export class Memory { async put() {} }",
    },
    "env-that-all-callers-pass-another-object-for": {
        "src/index.js": worker(
            'import { save, keep } from "./save"; import { Memory } from "./memory";',
            "await save({ CARTS: new Memory() }); await keep({ CARTS: env.CARTS });",
        ),
        "src/save.js": 'export const save = async (env) => { await env.CARTS.put("k", "v", { expirationTtl: 5 }); };'
        f" export const keep = async (env) => {{ await env.CARTS.{BAD}; }};",
        "src/memory.js": "export class Memory { async put() {} }",
    },
    "env-that-only-some-callers-pass-another-object-for": {
        "src/index.js": worker(
            'import { save } from "./save"; import { Memory } from "./memory";',
            "await save({ CARTS: new Memory() }); await save(env);",
        ),
        "src/save.js": f"export const save = async (env) => {{ await env.CARTS.{BAD}; }};",
        "src/memory.js": "export class Memory { async put() {} }",
    },
    "env-of-a-method-that-is-named-like-one-of-a-namespace": {
        "src/index.js": worker(
            'import { all } from "./all";', "await all.put(env); await all.get('any', env);"
        ),
        "src/all.js": f"export const all = {{ async put(env) {{ await env.CARTS.{BAD}; }},"
        " async get(env) { await env.CARTS.get(«''»); } };",
    },
    "count-that-functions-of-another-file-read-and-write": {
        "src/index.js": worker(
            'import { getCount, setCount } from "./count"; import { Counter } from "./counter";',
            "const k = request.url; const n = await getCount(env.CARTS, k);"
            " await setCount(env.CARTS, k, n + 1); const counter = new Counter(env);"
            " const all = await counter.read(k); await counter.write(k, all + 1);",
        ),
        "src/count.js": "export const getCount = async (kv, k) => Number(await kv.get(`c:${k}`)) || 0;\n"
        "export async function setCount(kv, k, n) { await kv.«put»(`c:${k}`, String(n)); }",
        "src/counter.js": "export class Counter { constructor(env) { this.kv = env.CARTS; }\n"
        "async read(id) { const text = await this.kv.get('n' + id); return text ? Number(text) : 0; }\n"
        "async write(key, count) { await this.kv.«put»('n' + key, `${count}`); } }",
    },
    "numbers-that-functions-of-another-file-read-and-write": {
        "src/index.js": worker(
            'import { getCount, setCount, setOther } from "./count"; import { of } from "./count";',
            "const k = request.url; const n = await getCount(env.CARTS, k);"
            " await setCount(env.CARTS, k + 1, n + 1); await setOther(env.CARTS, k, n + 1);"
            " await setCount(env.CARTS, k, n); await setCount(env.CARTS, k, of(n) + 1);",
        ),
        "src/count.js": "export const getCount = async (kv, k) => Number(await kv.get(`c:${k}`)) || 0;\n"
        "export async function setCount(kv, k, n) { await kv.put(`c:${k}`, String(n)); }\n"
        "export async function setOther(kv, k, n) { await kv.put(`o:${k}`, String(n)); }",
    },
    "count-in-a-cron-job-with-functions-of-another-file": {
        "src/index.js": 'import { getCount, setCount } from "./count";\n'
        "export default { async scheduled(event, env) { const n = await getCount(env.CARTS, 'k');"
        " await setCount(env.CARTS, 'k', n + 1); } };",
        "src/count.js": "export const getCount = async (kv, k) => Number(await kv.get(k)) || 0;\n"
        "export async function setCount(kv, k, n) { await kv.put(k, String(n)); }",
    },
    "constant-options-under-others": {
        "src/index.ts": worker(
            'import { SHORT } from "./config";',
            'await env.CARTS.put("k", "v", { ...SHORT, expirationTtl: 60 });',
        ),
        "src/config.ts": "export const SHORT = { expirationTtl: 30 } as const;",
    },
    "constant-options-of-a-module": {
        "src/index.ts": worker(
            'import * as config from "./config";',
            'await env.CARTS.put("k", "v", «config.SHORT»);'
            ' await env.CARTS.put("k", "v", «config.all.short»);'
            ' await env.CARTS.put("k", "v", config.LONG);',
        ),
        "src/config.ts": "export const SHORT = { expirationTtl: 30 };"
        " export const all = { short: SHORT }; export const LONG = { expirationTtl: 60 };",
    },
    "constant-options-that-the-importer-changes": {
        "src/index.ts": worker(
            'import { SHORT } from "./config";',
            'SHORT.expirationTtl = 60; await env.CARTS.put("k", "v", SHORT);',
        ),
        "src/config.ts": "export const SHORT = { expirationTtl: 30 };",
    },
    "ttl-of-a-function-of-another-file": {
        "src/index.ts": worker(
            'import * as config from "./config"; import { short, long } from "./config";',
            'await env.CARTS.put("k", "v", { expirationTtl: «short()» });'
            ' await env.CARTS.put("k", "v", { expirationTtl: long() });'
            ' await env.CARTS.put("k", "v", { expirationTtl: «config.short()» });',
        ),
        "src/config.ts": "const TTL = 30; export const short = () => TTL;"
        " export function long() { return TTL * 2; }",
    },
    "constant-prefix-of-keys": {
        "src/index.ts": worker(
            'import * as config from "./config"; import { P } from "./config";',
            'await env.CARTS.get(«`${P}:${id}`»); await env.CARTS.get(«config.P + ":" + id»);'
            ' await env.CARTS.get(config.Q + ":" + id);',
        ),
        "src/config.ts": 'export const P = "k".repeat(512); export let Q = P;'
        ' export const set = () => { Q = ""; };',
    },
    "function-that-writes-not-awaited": {
        "src/index.ts": worker(
            'import { save } from "./save";', 'await env.CARTS.get("a"); «save»(env).catch(() => {});'
        ),
        "src/save.ts": 'export const save = async (env) => { await env.CARTS.put("k", "v"); };',
    },
    "function-that-writes-with-another-name": {
        "src/index.ts": worker(
            'import { save as keep, other } from "./save";',
            'await env.CARTS.get("a"); «keep»(env); await keep(env); ctx.waitUntil(keep(env)); other();',
        ),
        "src/save.ts": 'export async function save(env) { await env.CARTS.put("k", "v"); }\n'
        "export async function other() {}",
    },
    "function-that-writes-in-a-source-without-calls": {
        "src/index.ts": worker('import { save } from "./save";', "«save»(env);"),
        "src/save.ts": 'export async function save(env) { await env.CARTS.put("k", "v"); }',
    },
    "function-that-writes-and-catches": {
        "src/index.ts": worker(
            'import { save, start } from "./save";', 'await env.CARTS.get("a"); «save»(env); start(env);'
        ),
        "src/save.ts": 'export async function save(env) { await env.CARTS.put("k", "v").catch(() => {}); }\n'
        'export function start(env) { void env.CARTS.put("k", "v").catch(() => {}); }',
    },
    "function-that-writes-twice-at-once": {
        "src/index.ts": worker(
            'import { save } from "./save";', 'await env.CARTS.get("a"); «save»(env);'
        ),
        "src/save.ts": "export async function save(env) {"
        ' await Promise.all([env.CARTS.put("k", "v"), env.CARTS.delete("l")]); }',
    },
    "function-that-calls-one-that-writes": {
        "src/index.ts": worker(
            'import { record, start, save } from "./save";',
            "«record»(env).catch(() => {}); start(env); await save(env);",
        ),
        "src/save.ts": 'export async function save(env) { await env.CARTS.put("k", "v"); }\n'
        "const twice = (env) => Promise.all([save(env), save(env)]);\n"
        "export async function record(env) { await twice(env); }\n"
        "export function start(env) { void save(env); }",
    },
    "script-that-calls-a-function-that-writes": {
        "src/index.ts": 'import { save } from "./save"; import { env } from "cloudflare:workers";\n'
        'save(env).catch(console.error); export const read = () => env.CARTS.get("a");',
        "src/save.ts": 'export const save = async (env) => { await env.CARTS.put("k", "v"); };',
    },
    "server-action-called-in-a-browser": {
        "src/form.tsx": '"use client";\nimport { save } from "./save";\n'
        'export const Form = () => <button onClick={() => { save("CARTS"); }} />;',
        "src/page.tsx": 'import { save } from "./save";\n'
        'export const Page = () => { save("CARTS"); return null; };',
        "src/save.ts": '"use server";\nimport { env } from "cloudflare:workers";\n'
        'export async function save(value) { await env.CARTS.put("k", value); }',
    },
    "function-on-a-server-that-writes": {
        "src/page.tsx": 'import { save } from "./save";\n'
        'export const Page = () => { «save»("CARTS"); return null; };',
        "src/save.ts": 'import { env } from "cloudflare:workers";\n'
        'export async function save(value) { await env.CARTS.put("k", value); }',
    },
    "method-of-an-imported-class-that-writes": {
        "src/index.ts": worker(
            'import { Store } from "./store"; import { Shop } from "./shop";',
            "const store = new Store(env.CARTS); «store.save»();"
            " await store.save(); ctx.waitUntil(store.save()); await new Shop(store).close();",
        ),
        "src/shop.ts": 'import type { Store } from "./store";\n'
        "export class Shop { constructor(private store: Store) {}\n"
        "async close() { «this.store.record»(); this.store.start(); this.store.load(); } }",
        "src/store.ts": "export class Store { constructor(private kv: KVNamespace) {}\n"
        'async save() { await this.kv.put("k", "v"); }\n'
        "async record() { await this.save(); }\n"
        "start() { void this.save(); }\n"
        'async load() { return await this.kv.get("k"); } }',
    },
    "method-of-another-class-of-the-same-name": {
        "src/index.ts": worker(
            'import { Store } from "./store"; import { Other } from "./other";',
            "const other = new Other(); other.save(); await new Store(env.CARTS).save();",
        ),
        "src/other.ts": "export class Other { async save() {} }",
        "src/store.ts": "export class Store { constructor(private kv: KVNamespace) {}\n"
        'async save() { await this.kv.put("k", "v"); } }',
    },
    "method-that-handles-the-errors-of-its-write": {
        "src/index.ts": worker(
            'import { Log } from "./log";', 'const log = new Log(env.CARTS); log.info("a");'
        ),
        "src/log.ts": "export class Log { constructor(private kv: KVNamespace) {}\n"
        "async info(text) { await this.write(text); }\n"
        'async write(text) { try { await this.kv.put("k", text); } catch { console.error("no"); } } }',
    },
    "function-that-lets-others-wait": {
        "src/index.ts": worker(
            'import { save } from "./save";', 'await env.CARTS.get("a"); save(env, ctx);'
        ),
        "src/save.ts": 'export const save = (env, ctx) => { ctx.waitUntil(env.CARTS.put("k", "v")); };',
    },
    "ttl-of-callers-that-pass-constants": {
        "src/index.ts": worker(
            'import { keep } from "./keep";\nimport * as all from "./keep";\nimport { DAY } from "./days";',
            'await keep(env, "a", 60); await all.keep(env, "b", 2 * DAY);',
        ),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: ttl }); }',
        "src/days.ts": "export const DAY = 24 * 3600;",
    },
    "ttl-of-a-caller-that-passes-what-it-gets": {
        "src/index.ts": worker(
            'import { keep } from "./keep";',
            'await keep(env, "a", 60); await keep(env, "b", Number(request.url));',
        ),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: «ttl» }); }',
    },
    "ttl-of-a-function-that-nothing-calls": {
        "src/index.ts": worker('import { other } from "./keep";', "other();"),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: ttl }); }\n'
        "export function other() {}",
    },
    "ttl-of-a-function-in-a-file-that-nothing-imports": {
        "src/index.ts": worker("", 'await env.CARTS.get("a");'),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: ttl }); }',
    },
    "ttl-of-a-function-that-the-entry-exports": {
        "src/index.ts": worker("", 'await env.CARTS.get("a");')
        + "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: «ttl» }); }',
    },
    "ttl-of-a-caller-that-passes-too-little": {
        "src/index.ts": worker(
            'import { keep } from "./keep";', 'await keep(env, "a", 3600); await keep(env, "b", 30);'
        ),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: «ttl» }); }',
    },
    "ttl-of-a-class-of-another-file": {
        "src/index.ts": worker(
            'import { Store } from "./store";',
            'const store = new Store(env.CARTS); await store.keep("a", Number(env.TTL));',
        ),
        "src/store.ts": "export class Store { constructor(private kv: KVNamespace) {}\n"
        "  async keep(key: string, ttl: number) {"
        ' await this.kv.put(key, "v", { expirationTtl: «ttl» }); } }',
    },
    "ttl-of-a-class-that-gets-enough": {
        "src/index.ts": worker(
            'import { Store } from "./store";',
            'const store = new Store(env.CARTS); await store.keep("a", 600); await store.keep("b");',
        ),
        "src/store.ts": "export class Store { constructor(private kv: KVNamespace) {}\n"
        "  async keep(key: string, ttl?: number) {"
        ' await this.kv.put(key, "v", { expirationTtl: ttl }); } }',
    },
    "ttl-of-a-function-with-another-name": {
        "src/index.ts": worker(
            'import { keep as save } from "./keep";', 'await save(env, "a", Number(request.url));'
        ),
        "src/keep.ts": "export async function keep(env, key, ttl) {"
        ' await env.CARTS.put(key, "v", { expirationTtl: «ttl» }); }\n'
        'export const day = (env) => keep(env, "d", 86400);',
    },
    "wrapper": {
        "src/index.ts": worker('import { carts } from "./kv";', f"await carts(env).{BAD};"),
        "src/kv.ts": "export const carts = (env) => env.CARTS;",
    },
    "wrapper-of-another-thing": {
        "src/index.ts": worker('import { carts } from "./kv";', f"await carts(env).{FINE};"),
        "src/kv.ts": "export const carts = (env) => new Map();",
    },
    "function-that-takes-it": {
        "src/index.js": worker('import { save } from "./save.js";', "await save(env.CARTS);"),
        "src/save.js": f"export async function save(kv) {{ await kv.{BAD}; }}",
    },
    "function-that-also-takes-a-map": {
        "src/index.js": worker(
            'import { save } from "./save.js";', "await save(env.CARTS); await save(new Map());"
        ),
        "src/save.js": 'export async function save(kv) { await kv.put("k", "v", { expirationTtl: 5 }); }',
    },
    "function-that-takes-env": {
        "src/index.js": worker('import { save } from "./save.js";', "await save(env);"),
        "src/save.js": f"export async function save(b) {{ await b.CARTS.{BAD}; }}",
    },
    "default-export": {
        "src/index.js": worker('import save from "./save.js";', "await save(env.CARTS);"),
        "src/save.js": f"export default async function (kv) {{ await kv.{BAD}; }}",
    },
    "default-export-of-a-name": {
        "src/index.js": worker('import save from "./save.js";', "await save(env.CARTS);"),
        "src/save.js": f"const save = async (kv) => {{ await kv.{BAD}; }};\nexport default save;",
    },
    "export-list": {
        "src/index.js": worker('import { put } from "./save.js";', "await put(env.CARTS);"),
        "src/save.js": f"const save = async (kv) => {{ await kv.{BAD}; }};\nexport {{ save as put }};",
    },
    "namespace-import": {
        "src/index.js": worker('import * as kv from "./kv.js";', f"await kv.open(env).{BAD};"),
        "src/kv.js": "export function open(env) { return env.CARTS; }",
    },
    "re-export": {
        "src/index.js": worker('import { save } from "./all.js";', "await save(env.CARTS);"),
        "src/all.js": 'export * from "./save.js";\nexport * as other from "./other.js";',
        "src/save.js": f"export const save = async (kv) => {{ await kv.{BAD}; }};",
        "src/other.js": "export const x = 1;",
    },
    "re-export-renamed": {
        "src/index.js": worker('import { open } from "./all.js";', f"await open(env).{BAD};"),
        "src/all.js": 'export { carts as open } from "./kv.js";',
        "src/kv.js": "export const carts = (env) => env.CARTS;",
    },
    "class": {
        "src/index.js": worker('import { Store } from "./store.js";', "await new Store(env.CARTS).save();"),
        "src/store.js": f"export class Store {{\n  constructor(kv) {{ this.kv = kv; }}\n"
        f"  async save() {{ await this.kv.{BAD}; }}\n}}",
    },
    "class-field": {
        "src/index.ts": worker('import { Store } from "./store";', f"await new Store(env).kv.{BAD};"),
        "src/store.ts": "export class Store { kv; constructor(env: Env) { this.kv = env.CARTS; } }",
    },
    "class-inherited": {
        "src/index.ts": f'import {{ Base }} from "./base";\nclass S extends Base {{ async f() {{ await this.kv.{BAD}; }} }}',
        "src/base.ts": "export class Base { constructor(protected kv: KVNamespace) {} }",
    },
    "class-method": {
        "src/index.js": worker('import { Store } from "./store.js";', "await new Store().save(env.CARTS);"),
        "src/store.js": f"export class Store {{\n  async save(kv) {{ await kv.{BAD}; }}\n}}",
    },
    "class-super": {
        "src/index.js": 'import { Base } from "./base.js";\n'
        "export class S extends Base { constructor(env) { super(env.CARTS); } }",
        "src/base.js": f"export class Base {{ constructor(kv) {{ this.kv = kv; }}\n  async save() {{ await this.kv.{BAD}; }}\n}}",
    },
    "object-method": {
        "src/index.js": worker('import { repo } from "./repo.js";', "await repo.save(env.CARTS);"),
        "src/repo.js": f"export const repo = {{ async save(kv) {{ await kv.{BAD}; }} }};",
    },
    "object-method-that-also-takes-a-map": {
        "src/index.js": worker('import { repo } from "./repo.js";', "await repo.save(env.CARTS); repo.save(new Map());"),
        "src/repo.js": 'export const repo = { async save(kv) { await kv.put("k", {}); } };',
    },
    "factory": {
        "src/index.js": worker('import { create } from "./deps.js";', f"const {{ kv }} = create(env); await kv.{BAD};"),
        "src/deps.js": "export function create(env) { return { kv: env.CARTS }; }",
    },
    "factory-async": {
        "src/index.js": worker('import { create } from "./deps.js";', f"const d = await create(env); await d.kv.{BAD};"),
        "src/deps.js": "export async function create(env) { return { kv: env.CARTS }; }",
    },
    "context-type": {
        "src/index.ts": f'import type {{ Ctx }} from "./types";\nexport const f = async (c: Ctx) => {{ await c.deps.kv.{BAD}; }};',
        "src/types.ts": "export interface Ctx { deps: { kv: KVNamespace } }",
    },
    "type-re-exported": {
        "src/index.ts": f'import type {{ Ctx as C }} from "./all";\nexport const f = async ({{ kv }}: C) => {{ await kv.{BAD}; }};',
        "src/all.ts": 'export type { Ctx } from "./types";',
        "src/types.ts": "export type Ctx = { kv: KVNamespace };",
    },
    "type-of-another-thing": {
        "src/index.ts": 'import type { KV } from "./types";\nexport const f = async (kv: KV) => { await kv.put("", {}); };',
        "src/types.ts": "export type KV = Map<string, object>;",
    },
    "hono-types": {
        "src/index.ts": 'import { Hono } from "hono";\nimport type { AppEnv } from "./types";\n'
        f'const app = new Hono<AppEnv>();\napp.get("/", async (c) => {{ await c.get("kv").{BAD}; }});\nexport default app;',
        "src/types.ts": "export type AppEnv = { Bindings: Env; Variables: { kv: KVNamespace } };",
    },
    "require": {
        "src/index.js": 'const { open } = require("./kv.js");\n'
        f"module.exports = {{ async fetch(r, env) {{ await open(env).{BAD}; }} }};",
        "src/kv.js": "module.exports = { open: (env) => env.CARTS };",
    },
    "function-of-a-module-that-is-required": {
        "src/index.js": 'const { save } = require("./save");\nmodule.exports = { async fetch(r, env) { await save(env.CARTS); } };',
        "src/save.js": f"async function save(kv) {{ await kv.{BAD}; }}\nmodule.exports = {{ save }};",
    },
    "function-that-exports-has": {
        "src/index.js": 'const all = require("./save.js");\nmodule.exports = { async fetch(r, env) { await all.save("a", env.CARTS); } };',
        "src/save.js": f"exports.save = async (id, kv) => {{ await kv.{BAD}; }};",
    },
    "function-that-is-a-required-module": {
        "src/index.js": 'const keep = require("./save");\nmodule.exports = { async fetch(r, env) { await keep(env.CARTS); } };',
        "src/save.js": f"module.exports = async function (kv) {{ await kv.{BAD}; }};",
    },
    "method-of-an-object-that-is-required": {
        "src/index.js": 'const { save: keep } = require("./save");\nmodule.exports = { async fetch(r, env) { await keep(env.CARTS); } };',
        "src/save.js": f"module.exports = {{ async save(kv) {{ await kv.{BAD}; }} }};",
    },
    "class-that-is-required": {
        "src/index.js": 'const { Store } = require("./save");\nmodule.exports = { async fetch(r, env) { await new Store(env.CARTS).save(); } };',
        "src/save.js": "class Store { constructor(kv) { this.kv = kv; }\n"
        f"async save() {{ await this.kv.{BAD}; }} }}\nmodule.exports = {{ Store }};",
    },
    "function-of-common-js-that-is-imported": {
        "src/index.js": 'import { save } from "./save.js";\nexport default { async fetch(r, env) { await save(env.CARTS); } };',
        "src/save.js": f"async function save(kv) {{ await kv.{BAD}; }}\nexports.save = save;",
    },
    "function-that-is-required-for-something-else-too": {
        "src/index.js": 'const { save } = require("./save");\nmodule.exports = { async fetch(r, env) { await save(env.CARTS); await save(new Map()); } };',
        "src/save.js": f"async function save(kv) {{ await kv.{SAME}; }}\nmodule.exports = {{ save }};",
    },
    "another-function-that-is-required": {
        "src/index.js": 'const { save } = require("./save");\nmodule.exports = { async fetch(r, env) { await save(new Map()); await load(env.CARTS); } };',
        "src/save.js": f"module.exports = {{ save: async (kv) => {{ await kv.{SAME}; }}, load(kv) {{}} }};",
    },
    "import-call": {
        "src/index.js": worker("", f'const {{ open }} = await import("./kv.js"); await open(env).{BAD};'),
        "src/kv.js": "export const open = (env) => env.CARTS;",
    },
    "variable-of-a-module": {
        "src/index.js": worker('import { init } from "./kv.js";\nimport "./job.js";', "init(env);"),
        "src/kv.js": "export let kv;\nexport function init(env) { kv = env.CARTS; }",
        "src/job.js": f'import {{ kv }} from "./kv.js";\nexport const job = async () => {{ await kv.{BAD}; }};',
    },
    "handler-in-another-file": {
        "src/index.js": 'import { handle } from "./handle.js";\nexport default { fetch: handle };',
        "src/handle.js": f"export async function handle(request, b) {{ await b.CARTS.{BAD}; }}",
    },
    "round": {
        "src/index.js": worker('import { a } from "./a.js";', "a(env);"),
        "src/a.js": 'import { b } from "./b.js";\nexport const a = (x) => b(x);\nexport const c = (x) => a(x);',
        "src/b.js": f'import {{ c }} from "./a.js";\nexport const b = async (x) => {{ await x.CARTS.{BAD}; c(x); }};',
    },
    # constants
    "constant": {
        "src/index.ts": worker('import { TTL } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «TTL» });'),
        "src/c.ts": "export const TTL = 5;",
    },
    "constant-that-is-right": {
        "src/index.ts": worker('import { TTL } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: TTL });'),
        "src/c.ts": "export const TTL = 60 * 60;",
    },
    "constant-that-changes": {
        "src/index.ts": worker('import { TTL } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: TTL });'),
        "src/c.ts": "export let TTL = 5;\nexport const set = (x) => { TTL = x; };",
    },
    "constant-default": {
        "src/index.ts": worker('import TTL from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «TTL» });'),
        "src/c.ts": "export default 5 * 6;",
    },
    "constant-through-a-star": {
        "src/index.ts": worker('import { TTL as T } from "./all";', 'await env.CARTS.put("k", "v", { expirationTtl: «T» });'),
        "src/all.ts": 'export * from "./c";',
        "src/c.ts": "const TTL = 5;\nexport { TTL };",
    },
    "constants-in-a-ring": {
        "src/index.ts": worker('import { A } from "./a";\nimport { I } from "./index";\nexport { I };', 'await env.CARTS.put("k", "v", { expirationTtl: A + I });'),
        "src/a.ts": 'import { B } from "./b";\nexport { B as A };\nexport * from "./b";',
        "src/b.ts": 'export { A as B } from "./a";\nexport * from "./a";',
    },
    "constant-made-of-another": {
        "src/index.ts": worker('import { TTL } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «TTL» });'),
        "src/c.ts": 'import { MINUTE } from "./time";\nexport const TTL = MINUTE / 2;',
        "src/time.ts": "export const MINUTE = 60;",
    },
    "constant-of-a-namespace": {
        "src/index.ts": worker('import * as c from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «c.TTL» });'),
        "src/c.ts": "export const TTL = 5;",
    },
    "constant-in-an-object": {
        "src/index.ts": worker('import { TTL } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «TTL.lock» });'),
        "src/c.ts": "export const TTL = { lock: 5, cart: 60 } as const;",
    },
    "constant-of-an-enum": {
        "src/index.ts": worker('import { Ttl } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «Ttl.Lock» });'),
        "src/c.ts": "export enum Ttl { Cart = 60, Lock = 5 }",
    },
    "constant-of-a-class": {
        "src/index.ts": worker('import { C } from "./c";', 'await env.CARTS.put("k", "v", { expirationTtl: «C.TTL» });'),
        "src/c.ts": "export class C { static readonly TTL = 5; }",
    },
    "constant-options": {
        "src/index.ts": worker('import { OPTIONS } from "./c";', 'await env.CARTS.put("k", "v", «OPTIONS»);'),
        "src/c.ts": "export const OPTIONS = { expirationTtl: 5 };",
    },
    "constant-key": {
        "src/index.ts": worker('import { KEY } from "./c";', "await env.CARTS.get(«KEY»);"),
        "src/c.ts": 'export const KEY = "";',
    },
    "constant-binding": {
        "src/index.ts": worker('import { N } from "./c";', f"await env[N].{BAD};"),
        "src/c.ts": 'export const N = "CARTS";',
    },
    # how imports are resolved
    "js-means-ts": {
        "src/index.ts": worker('import { open } from "./kv.js";', f"await open(env).{BAD};"),
        "src/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "folder": {
        "src/index.ts": worker('import { open } from "./kv";', f"await open(env).{BAD};"),
        "src/kv/index.ts": "export const open = (env) => env.CARTS;",
    },
    "tsconfig-paths": {
        "tsconfig.json": '{ // aliases\n "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["./src/lib/*"], } } }',
        "src/index.ts": worker('import { open } from "@lib/kv";', f"await open(env).{BAD};"),
        "src/lib/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "tsconfig-extends": {
        "tsconfig.base.json": '{ "compilerOptions": { "paths": { "~kv": ["./src/kv.ts"] } } }',
        "tsconfig.json": '{ "extends": "./tsconfig.base.json" }',
        "src/index.ts": worker('import { open } from "~kv";', f"await open(env).{BAD};"),
        "src/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "svelte-lib": {
        "src/routes/+page.server.ts": f'import {{ open }} from "$lib/kv";\nexport const load = async ({{ platform }}) => {{ await open(platform.env).{BAD}; }};',
        "src/lib/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "package-imports": {
        "package.json": '{ "imports": { "#kv": "./src/kv.js" } }',
        "src/index.js": worker('import { open } from "#kv";', f"await open(env).{BAD};"),
        "src/kv.js": "export const open = (env) => env.CARTS;",
    },
    # files of frameworks
    "pages-function": {
        "functions/api/[id].ts": f"export const onRequestPut = async ({{ env }}) => {{ await env.CARTS.{BAD}; }};",
        "functions/_middleware.ts": f"export const onRequest = [async (context) => {{ await context.env.CARTS.{BAD}; }}];",
    },
    "astro": {
        "src/pages/index.astro": f'---\nimport {{ open }} from "../kv";\nconst {{ env }} = Astro.locals.runtime;\nawait open(env).{BAD};\n---\n<p>é {{env.CARTS.get("")}}</p>\n',
        "src/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "svelte": {
        "src/a.svelte": f'<p>"é</p>\n<script context="module" lang="ts">\n  export const f = async (kv: KVNamespace) => {{ await kv.{BAD}; }}</script>'
        "<script>let x = 1</script>\n<style>p {}</style>\n",
    },
    "vue": {
        "src/a.vue": '<template>\n  <p>{{ kv.get("") }}</p>\n</template>\r\n<script setup lang="ts" generic="T extends Record<string, X>">\r\n'
        'const f = async (kv: KVNamespace) => await kv.get<T>("k", «"JSN"»);\r\n</script>\n',
    },
}  # fmt: skip

# id: files of a workspace with a Worker in apps/worker
WORKSPACES: dict[str, dict[str, str]] = {
    "folder-beside": {
        "apps/worker/src/index.ts": worker('import { open, save } from "../../../shared/kv";', f"await open(env).{BAD}; await save(env.CARTS);"),
        "shared/kv.ts": f"export const open = (env) => env.CARTS;\nexport const save = async (kv) => {{ await kv.{BAD}; }};",
    },
    "entry": {
        "apps/worker/wrangler.toml": CONFIG.replace("src/index.ts", "../../code/main.ts"),
        "code/main.ts": worker('import { open } from "./kv";', f"await open(env).{BAD};"),
        "code/kv.ts": "export const open = (env) => env.CARTS;",
    },
    "package": {
        "package.json": ROOT,
        "packages/core/package.json": '{ "name": "@shop/core", "exports": { ".": "./src/index.ts" } }',
        "packages/core/src/index.ts": 'export * from "./kv";',
        "packages/core/src/kv.ts": f"export const save = async (kv: KVNamespace) => {{ await kv.{BAD}; }};\nexport const open = (e) => e.CARTS;",
        "apps/worker/src/index.ts": worker('import { open } from "@shop/core";', f"await open(env).{BAD};"),
    },
    "package-built": {
        "package.json": ROOT,
        "packages/core/package.json": '{ "name": "core", "exports": { "./*": { "types": "./dist/*.d.ts", "import": "./dist/*.js" } } }',
        "packages/core/src/kv.ts": "export const open = (e) => e.CARTS;",
        "apps/worker/src/index.ts": worker('import { open } from "core/kv";', f"await open(env).{BAD};"),
    },
    "package-main": {
        "pnpm-workspace.yaml": 'packages:\n  - "packages/**"\n  # a comment\n',
        "packages/libs/core/package.json": '{ "name": "core", "main": "lib/index.js" }',
        "packages/libs/core/src/index.ts": f"export const save = async (kv: KVNamespace) => {{ await kv.{BAD}; }};",
        "apps/worker/src/index.ts": worker('import { save } from "core";', "await save(env.CARTS);"),
    },
    "package-that-nobody-imports": {
        "packages/core/src/index.ts": f"export const save = async (kv: KVNamespace) => {{ await kv.{BAD}; }};",
        "apps/worker/src/index.ts": worker("", "await env.CARTS.get('k');"),
    },
    "of-another-worker": {
        "apps/other/wrangler.toml": 'name = "o"\nmain = "src/index.ts"\n',
        "apps/other/src/index.ts": f"export const save = async (kv: KVNamespace) => {{ await kv.{BAD}; }};",
        "apps/worker/src/index.ts": worker('import { save } from "../../other/src/index";', "await save(env.CARTS);"),
    },
}  # fmt: skip


def problems_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, list[tuple[int, int]]]:
    """Check a folder; return the places of problems in each source, as lines and columns."""
    main(["check", "--output-format", "json", str(folder), "--severity", "binding-unused=off"])
    found: dict[str, list[tuple[int, int]]] = {}
    for problem in json.loads(capsys.readouterr().out):
        path = (Path.cwd() / problem["file"]).resolve().relative_to(folder.resolve())
        start = problem["range"]["start"]
        found.setdefault(path.as_posix(), []).append((start["line"], start["character"]))
    return {path: sorted(places) for path, places in found.items()}


def write(folder: Path, files: dict[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Write files; return the marked places in each."""
    expected = {}
    for name, content in files.items():
        text, spans = marked(content)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        starts = [text[:start] for start, _ in spans]
        places = [(before.count("\n"), len(before.rpartition("\n")[2])) for before in starts]
        if places:
            expected[name] = sorted(places)
    return expected


@pytest.mark.parametrize("files", PROJECTS.values(), ids=PROJECTS)
def test_values_are_followed_from_file_to_file(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = write(tmp_path, {"wrangler.toml": CONFIG, **files})
    assert problems_in(tmp_path, capsys) == expected


@pytest.mark.parametrize("files", WORKSPACES.values(), ids=WORKSPACES)
def test_sources_outside_the_folder_of_a_config(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = write(tmp_path, {"apps/worker/wrangler.toml": CONFIG, **files})
    assert problems_in(tmp_path, capsys) == expected


def test_only_files_in_the_folder_to_check_are_fixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = worker('import { read } from "../../shared/read";', 'await read(env.CARTS, "JSON");')
    shared = 'export const read = (kv, type) => kv.get("k", "JSON");'
    files = {"a/wrangler.toml": CONFIG, "a/src/index.js": entry, "shared/read.js": shared}
    write(tmp_path, {**files, "package.json": ROOT})
    main(["check", "--fix", str(tmp_path / "a")])
    assert "get-type-unknown" in capsys.readouterr().out
    assert (tmp_path / "shared" / "read.js").read_text("utf-8") == shared
    main(["check", "--fix", str(tmp_path)])
    assert (tmp_path / "shared" / "read.js").read_text("utf-8") == shared.replace("JSON", "json")


def test_nothing_outside_the_workspace_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"secret.ts": "export const TTL = 5;"})
    entry = worker(
        'import { TTL } from "../../secret";\nimport { TTL as B } from "./link";',
        'await env.CARTS.put("k", "v", { expirationTtl: TTL }); '
        'await env.CARTS.put("k", "v", { expirationTtl: B });',
    )
    project = tmp_path / "project"
    write(project, {"wrangler.toml": CONFIG, "src/index.ts": entry})
    assert (
        Resolver(Workspace(project)).resolve(str(project / "src/index.ts"), "../../secret") is None
    )
    assert problems_in(project, capsys) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_and_a_link_out_are_no_modules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"outside/kv.ts": "export const open = (env) => env.CARTS;"})
    project = tmp_path / "project"
    body = 'await open(env).put("k", "v", { expirationTtl: 5 });'
    write(
        project,
        {
            "worker/wrangler.toml": CONFIG,
            "worker/src/index.ts": worker('import { open } from "../../shared/kv";', body),
            "worker/src/b.ts": worker('import { open } from "../../pipes/kv";', body),
            "pipes/x": "",
        },
    )
    os.mkfifo(project / "pipes" / "kv.ts")
    (project / "shared").symlink_to(tmp_path / "outside")
    assert problems_in(project, capsys) == {"pipes/kv.ts": [(0, 0)]}  # that it is a pipe


def test_the_root_of_a_workspace(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": ROOT, "packages/a/src/x.ts": "", "other/.git": ""})
    assert workspace_root(tmp_path / "packages" / "a" / "src") == tmp_path
    assert workspace_root(tmp_path / "other") == tmp_path / "other"


LONG = {
    "open tags": "<script" * 100_000,
    "an open attribute": '<script a="' * 80_000,
    "tags that never close": "<script>" * 100_000,
    "comments": "<!--" * 200_000,
    "fences": "---\n" * 200_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("name", ["a.astro", "a.svelte", "a.vue"])
def test_blocks_keep_their_place(text: str, name: str) -> None:
    code = code_of(text, name)
    assert len(code) == len(text)
    assert [at for at, letter in enumerate(text) if letter == "\n"] == [
        at for at, letter in enumerate(code) if letter == "\n"
    ]
