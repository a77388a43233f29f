"""How code gets at a namespace: each form with a mistake that is found, and a twin without one.

A form has the mistake at the marks. Its twin is written alike, but what it calls isn't certainly a
namespace: it must stay silent.
"""

from __future__ import annotations

import re

import pytest
from kvlens.config.reader import load_text
from kvlens.js.reader import SourceReader, read_source
from kvlens.lint.base import Problem
from kvlens.lint.check_source import check

from tests.unit.marked_text import marked

CONFIG = load_text(
    'name = "shop"\nmain = "src/index.ts"\n'
    '[[kv_namespaces]]\nbinding = "CARTS"\n[[kv_namespaces]]\nbinding = "USERS"\n'
    '[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n',
    "/shop/wrangler.toml",
)
BAD = 'put("k", "v", { expirationTtl: «5» })'
LOST = ("method-unbound", "promise-not-awaited")  # in forms that are mistakes by themselves
SAME = BAD.replace("«", "").replace("»", "")

# id: (a form with marks around the mistake, its twin); PUT is the call
FORMS: dict[str, tuple[str, str]] = {
    # calls with type arguments
    "await-generic": (
        'const f = async (env: Env) => await env.CARTS.get<T>("k", «"JSN"»);',
        'const f = async (env: Env) => await env.FILES.get<T>("k", "JSN");',
    ),
    "await-generic-metadata": (
        'const f = async (env: Env) => (await env.CARTS.getWithMetadata<T, M>("k", «"JSN"»)).value;',
        'const f = async (env: Env) => (await env.CARTS.getWithMetadata<T, M>("k", "json")).value;',
    ),
    "await-generic-alias": (
        'async function f(env: Env) { const kv = env.CARTS; const v = await kv.get<T>("k", «"JSN"»); }',
        'async function f(m: Map<string, T>) { const v = await m.get<T>("k", "JSN"); }',
    ),
    "await-generic-this": (
        'class A extends DurableObject<Env> { async f() { return await this.env.CARTS.get<T>("k", «"JSN"»); } }',
        'class A extends DurableObject<Env> { async f() { return await this.cache.CARTS.get<T>("k", "JSN"); } }',
    ),
    "await-generic-then": (
        'async function f(env: Env) { return await env.CARTS.get<T>("k", «"JSN"»).then(g); }',
        'async function f(env: Env) { return await env.CARTS.get<T>("k", "json").then(g); }',
    ),
    "await-generic-non-null": (
        'async function f(env: Env) { return await env.CARTS!.get<T>("k", «"JSN"»); }',
        'async function f(env: Env) { return await env.CARTS!.get<T>("k"); }',
    ),
    "not-generic": (
        'async function f(env: Env) { if (!(await env.CARTS.get<T>("k", «"JSN"»))) return; }',
        'async function f(env: Env) { if (!(await env.CARTS.get<T>("k", "text"))) return; }',
    ),
    "nullish-await-generic": (
        'async function f(env: Env) { return cached ?? await env.CARTS.get<T>("k", «"JSN"»); }',
        'async function f(env: Env) { return cached ?? await cache.get<T>("k", "JSN"); }',
    ),
    # types that are named like the runtime's
    "type-of-the-same-name": (
        "interface KVNamespace { put(k: string, v: string, o?: object): Promise<void> }\nasync function f(kv: KVNamespace) { await kv.PUT; }",
        "class KVNamespace { async put(k: string, v: string, o?: object) {} }\nasync function f(kv: KVNamespace) { await kv.PUT; }",
    ),
    "class-of-the-same-name-that-is-only-declared": (
        "declare abstract class KVNamespace { put(k: string, v: string): Promise<void> }\nasync function f(kv: KVNamespace) { await kv.PUT; }",
        "abstract class KVNamespace { abstract put(k: string, v: string): Promise<void> }\nasync function f(kv: KVNamespace) { await kv.PUT; }",
    ),
    "alias-of-the-same-name": (
        "type KVNamespace = { put(k: string, v: string): Promise<void> };\nasync function f(kv: KVNamespace) { await kv.PUT; }",
        "class Memory { async put() {} }\ntype KVNamespace = Memory;\nasync function f(kv: KVNamespace) { await kv.PUT; }",
    ),
    "package-with-a-type-of-the-same-name": (
        'import type { KVNamespace } from "@cloudflare/workers-types/experimental";\nasync function f(kv: KVNamespace) { await kv.PUT; }',
        'import type { KVNamespace } from "memory-kv";\nasync function f(kv: KVNamespace) { await kv.PUT; }',
    ),
    "comment-with-a-type-of-the-same-name": (
        "/** @param {KVNamespace} kv */\nasync function f(kv) { await kv.PUT; }",
        "class KVNamespace { async put() {} }\n/** @param {KVNamespace} kv */\nasync function f(kv) { await kv.PUT; }",
    ),
    # destructured parameters
    "destructured-typed": (
        "export async function save({ kv }: { kv: KVNamespace }) { await kv.PUT; }",
        "export async function save({ kv }: { kv: R2Bucket }) { await kv.PUT; }",
    ),
    "destructured-named-type": (
        "interface Options { kv: KVNamespace }\nconst save = async ({ kv }: Options) => { await kv.PUT; };",
        "interface Options { kv: Map<string, string> }\nconst save = async ({ kv }: Options) => { await kv.PUT; };",
    ),
    "destructured-renamed": (
        "async function save({ kv: store }: { kv: KVNamespace }) { await store.PUT; }",
        "async function save({ kv: store }: { kv: Store }) { await store.PUT; }",
    ),
    "destructured-nested": (
        "async function save({ deps: { kv } }: { deps: { kv: KVNamespace } }) { await kv.PUT; }",
        "async function save({ deps: { kv } }: { deps: { kv: Cache } }) { await kv.PUT; }",
    ),
    "destructured-later": (
        "interface O { kv: KVNamespace }\nasync function save(o: O) { const { kv } = o; await kv.PUT; }",
        "interface O { kv: object }\nasync function save(o: O) { const { kv } = o; await kv.PUT; }",
    ),
    "destructured-default": (
        "async function save({ kv = null }: { kv?: KVNamespace } = {}) { await kv.PUT; }",
        "async function save({ kv = null }: { kv?: Memory } = {}) { await kv.PUT; }",
    ),
    "destructured-rest": (
        "async function f(env: Env) { const { MODE, ...rest } = env; await rest.CARTS.PUT; }",
        "async function f(other: Other) { const { MODE, ...rest } = other; await rest.CARTS.PUT; }",
    ),
    "destructured-env-of-context": (
        "const onRequest = async ({ env: { CARTS } }) => { await CARTS.PUT; };",
        "const onRequest = async ({ files: { CARTS } }) => { await CARTS.PUT; };",
    ),
    # helpers
    "helper-typed": (
        "function getKV(): KVNamespace { return pick(); }\nasync function f() { await getKV().PUT; }",
        "function getKV(): Store { return pick(); }\nasync function f() { await getKV().PUT; }",
    ),
    "helper-typed-variable": (
        "declare function getKV(e: unknown): KVNamespace;\nasync function f(env) { const kv = getKV(env); await kv.PUT; }",
        "declare function getKV(e: unknown): Store;\nasync function f(env) { const kv = getKV(env); await kv.PUT; }",
    ),
    "helper-by-value": (
        "const getKV = (env) => env.CARTS;\nasync function f(env) { const kv = getKV(env); await kv.PUT; }",
        "const getKV = (env) => wrap(env.CARTS);\nasync function f(env) { const kv = getKV(env); await kv.PUT; }",
    ),
    "helper-async": (
        "async function open(env) { return env.CARTS; }\nasync function f(env) { await (await open(env)).PUT; }",
        "async function open(env) { return wrap(env.CARTS); }\nasync function f(env) { await (await open(env)).PUT; }",
    ),
    "helper-with-branches": (
        "function pick(env, old) { if (old) { return env.USERS; } return env.CARTS; }\n"
        "async function f(env) { await pick(env, 1).PUT; }",
        "function pick(env, old) { if (old) { return new Map(); } return env.CARTS; }\n"
        "async function f(env) { await pick(env, 1).PUT; }",
    ),
    "helper-of-env": (
        'import { getEnv } from "x";\nasync function f() { await getEnv().CARTS.PUT; }',
        'import { getEnv } from "x";\nasync function f() { await getEnv().OTHER.PUT; }',
    ),
    "helper-env-variable": (
        'import { getEnv } from "x";\nasync function f() { const env = getEnv(); await env.CARTS.PUT; }',
        'import { getEnv } from "x";\nasync function f() { const env = getEnv(); await env.STORE.PUT; }',
    ),
    "helper-destructured": (
        'import { useBindings } from "x";\nasync function f() { const { CARTS } = useBindings(); await CARTS.PUT; }',
        'import { useStores } from "x";\nasync function f() { const { CARTS } = useStores(); await CARTS.PUT; }',
    ),
    "helper-object": (
        "function open(env) { return { kv: env.CARTS }; }\nasync function f(env) { const { kv } = open(env); await kv.PUT; }",
        "function open(env) { return { kv: fake(env) }; }\nasync function f(env) { const { kv } = open(env); await kv.PUT; }",
    ),
    "helper-array": (
        "const open = (env) => [env.CARTS, 1];\nasync function f(env) { const [kv] = open(env); await kv.PUT; }",
        "const open = (env) => [1, env.CARTS];\nasync function f(env) { const [kv] = open(env); await kv.PUT; }",
    ),
    "helper-promise-type": (
        "declare function open(): Promise<KVNamespace>;\nasync function f() { const kv = await open(); await kv.PUT; }",
        "declare function open(): Promise<Store>;\nasync function f() { const kv = await open(); await kv.PUT; }",
    ),
    "helper-curried": (
        "const store = (env) => () => env.CARTS;\nasync function f(env) { await store(env)().PUT; }",
        "const store = (env) => () => open(env.CARTS);\nasync function f(env) { await store(env)().PUT; }",
    ),
    "helper-identity": (
        "const same = (kv) => kv;\nasync function f(env) { await same(env.CARTS).PUT; }",
        "const same = (kv) => kv;\nasync function f(env) { await same(env.CARTS).PUT; same(new Map()); }",
    ),
    "immediately-called": (
        "async function f(env) { await (() => env.CARTS)().PUT; }",
        "async function f(env) { await (() => env.FILES)().PUT; }",
    ),
    # types
    "type-lookup": (
        'async function f(kv: Env["CARTS"]) { await kv.PUT; }',
        'async function f(kv: Env["FILES"]) { await kv.PUT; }',
    ),
    "type-alias": (
        "type KV = KVNamespace;\nasync function f(kv: KV) { await kv.PUT; }",
        "type KV = Map<string, string>;\nasync function f(kv: KV) { await kv.PUT; }",
    ),
    "type-import-renamed": (
        'import type { KVNamespace as KV } from "@cloudflare/workers-types";\nasync function f(kv: KV) { await kv.PUT; }',
        'import type { R2Bucket as KV } from "@cloudflare/workers-types";\nasync function f(kv: KV) { await kv.PUT; }',
    ),
    "type-pick": (
        'async function f(kv: Pick<KVNamespace, "put">) { await kv.PUT; }',
        'async function f(kv: Pick<Store, "put">) { await kv.PUT; }',
    ),
    "type-of-a-part-of-kv": (
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "async function f(kv: Store) { await kv.PUT; }\n"
        "const g = async (env: Env) => f(env.CARTS);",
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "async function f(kv: Store) { await kv.PUT; }\n"
        "const g = async (env: Env) => { await f(env.CARTS); await f(new Remembered()); };\n"
        "class Remembered { async put() {} }",
    ),
    "type-with-other-methods": (
        "interface Store { put(key: string, value: string): Promise<void>; list(): Promise<object> }\n"
        "async function f(kv: Store | undefined) { await kv?.PUT; }\n"
        "const g = async (env: Env) => f(env.CARTS);",
        "interface Store { put(key: string, value: string): Promise<void>; clear(): Promise<void> }\n"
        "async function f(kv: Store) { await kv.PUT; }\n"
        "const g = async (env: Env) => f(env.CARTS);",
    ),
    "type-of-a-part-in-a-class": (
        "type Store = { put: (key: string, value: string, options?: object) => Promise<void> };\n"
        "class A { constructor(private readonly kv: Store) {} async a() { await this.kv.PUT; } }\n"
        "class B { kv: Store; constructor(kv: Store) { this.kv = kv; } async b() { await this.kv.PUT; } }\n"
        "const g = async (env: Env) => { await new A(env.CARTS).a(); await new B(env.CARTS).b(); };",
        "type Store = { put: (key: string, value: string, options?: object) => Promise<void> };\n"
        "class A { constructor(private readonly kv: Store) {} async a() { await this.kv.PUT; } }\n"
        "const g = async (env: Env) => { await new A(env.FILES).a(); };\n"
        "const h = async (kv: Store) => { await kv.PUT; };",
    ),
    "type-of-a-part-in-options": (
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "interface Options { readonly kv: Store; ttl: number }\n"
        "async function f({ kv }: Options) { await kv.PUT; }\n"
        "const g = async (env: Env) => f({ kv: env.CARTS, ttl: 3 });",
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "interface Options { readonly kv: Store; ttl: number }\n"
        "async function f({ kv }: Options) { await kv.PUT; }\n"
        "const g = async (env: Env) => f({ kv: env.FILES, ttl: 3 });",
    ),
    "type-of-a-part-asserted": (
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "const g = async (env: Env) => { const kv: Store = env.CARTS; await kv.PUT; await (env.CARTS as Store).PUT; };",
        "interface Store { put(key: string, value: string, options?: object): Promise<void> }\n"
        "const g = async (env: Env) => { const kv: Store = env.FILES; await kv.PUT; await (env.FILES as Store).PUT; };",
    ),
    "type-omit-alias": (
        'type Writer = Omit<KVNamespace, "list">;\nasync function f(kv: Writer) { await kv.PUT; }',
        'type Writer = Omit<Storage, "list">;\nasync function f(kv: Writer) { await kv.PUT; }',
    ),
    "type-of-value": (
        "async function f(env: Env) { const a = env.CARTS; const g = async (kv: typeof a) => { await kv.PUT; }; }",
        "async function f(env: Env) { const a = env.FILES; const g = async (kv: typeof a) => { await kv.PUT; }; }",
    ),
    "type-return-of": (
        "declare function getKV(): KVNamespace;\nasync function f(kv: ReturnType<typeof getKV>) { await kv.PUT; }",
        "declare function getKV(): Store;\nasync function f(kv: ReturnType<typeof getKV>) { await kv.PUT; }",
    ),
    "type-intersection": (
        "type A = { kv: KVNamespace } & { name: string };\nasync function f(a: A) { await a.kv.PUT; }",
        "type A = { kv: Cache } & { name: string };\nasync function f(a: A) { await a.kv.PUT; }",
    ),
    "type-extends": (
        "interface Base { kv: KVNamespace }\ninterface O extends Base { n: 1 }\nasync function f(o: O) { await o.kv.PUT; }",
        "interface Base { kv: Disk }\ninterface O extends Base { n: 1 }\nasync function f(o: O) { await o.kv.PUT; }",
    ),
    "type-extends-namespace": (
        "interface Sessions extends KVNamespace { name: string }\nasync function f(kv: Sessions) { await kv.PUT; }",
        "interface Sessions extends Store { name: string }\nasync function f(kv: Sessions) { await kv.PUT; }",
    ),
    "type-record": (
        "async function f(all: Record<string, KVNamespace>, n: string) { await all[n].PUT; }",
        "async function f(all: Record<string, R2Bucket>, n: string) { await all[n].PUT; }",
    ),
    "type-map": (
        'async function f(all: Map<string, KVNamespace>) { await all.get("a").PUT; }',
        'async function f(all: Map<string, Store>) { await all.get("a").PUT; }',
    ),
    "type-array": (
        "async function f(all: KVNamespace[]) { await all[0].PUT; }",
        "async function f(all: Store[]) { await all[0].PUT; }",
    ),
    "type-tuple": (
        "async function f([kv, n]: [KVNamespace, number]) { await kv.PUT; }",
        "async function f([n, kv]: [KVNamespace, Store]) { await kv.PUT; }",
    ),
    "type-nullable-alias": (
        "type Maybe2 = KVNamespace | null;\nasync function f(kv: Maybe2) { await kv!.PUT; }",
        "type Maybe2 = KVNamespace | Map<string, string>;\nasync function f(kv: Maybe2) { await kv!.PUT; }",
    ),
    "type-parameter": (
        "async function f<K extends KVNamespace>(kv: K) { await kv.PUT; }",
        "async function f<K extends Store>(kv: K) { await kv.PUT; }",
    ),
    "type-import-expression": (
        'async function f(kv: import("@cloudflare/workers-types").KVNamespace) { await kv.PUT; }',
        'async function f(kv: import("@cloudflare/workers-types").R2Bucket) { await kv.PUT; }',
    ),
    "type-function-member": (
        "interface Ctx { kv(): KVNamespace }\nasync function f(c: Ctx) { await c.kv().PUT; }",
        "interface Ctx { kv(): Store }\nasync function f(c: Ctx) { await c.kv().PUT; }",
    ),
    "type-callback": (
        "declare function withKV(f: (kv: KVNamespace) => Promise<void>): void;\nwithKV(async (kv) => { await kv.PUT; });",
        "declare function withKV(f: (kv: Store) => Promise<void>): void;\nwithKV(async (kv) => { await kv.PUT; });",
    ),
    "type-of-variable-function": (
        "type Save = (kv: KVNamespace) => Promise<void>;\nconst save: Save = async (kv) => { await kv.PUT; };",
        "type Save = (kv: Store) => Promise<void>;\nconst save: Save = async (kv) => { await kv.PUT; };",
    ),
    "satisfies": (
        "const kv = open() satisfies KVNamespace;\nawait kv.PUT;",
        "const kv = open() satisfies Store;\nawait kv.PUT;",
    ),
    "angle-cast": (
        "async function f(x: any) { await (<KVNamespace>x).PUT; }",
        "async function f(x: any) { await (<Store>x).PUT; }",
    ),
    "cast-unknown": (
        "async function f(x: any) { const kv = x.kv as unknown as KVNamespace; await kv.PUT; }",
        "async function f(x: any) { const kv = x.kv as unknown as Store; await kv.PUT; }",
    ),
    # computed names
    "template-name": (
        "async function f(env) { await env[`CARTS`].PUT; }",
        "async function f(env) { await env[`FILES`].PUT; }",
    ),
    "constant-name": (
        'const N = "CARTS";\nasync function f(env) { await env[N].PUT; }',
        'const N = "FILES";\nasync function f(env) { await env[N].PUT; }',
    ),
    "joined-name": (
        'async function f(env) { await env["CAR" + "TS"].PUT; }',
        'async function f(env, n) { await env["CAR" + n].PUT; }',
    ),
    "computed-in-pattern": (
        'const N = "CARTS";\nasync function f(env) { const { [N]: kv } = env; await kv.PUT; }',
        "async function f(env, n) { const { [n]: kv } = env; await kv.PUT; }",
    ),
    "computed-method": (
        'async function f(env) { await env.CARTS["put"]("k", "v", { expirationTtl: «5» }); }',
        'async function f(env) { await env.FILES["put"]("k", "v", { expirationTtl: 5 }); }',
    ),
    "reflect": (
        'async function f(env) { await Reflect.get(env, "CARTS").PUT; }',
        "async function f(env, n) { await Reflect.get(env, n).PUT; }",
    ),
    # global objects
    "global-this": (
        "async function f() { await globalThis.CARTS.PUT; }",
        "async function f() { await globalThis.OTHER.PUT; }",
    ),
    "global-this-cast": (
        "async function f() { await (globalThis as any).CARTS.PUT; }",
        "async function f() { await (globalThis as any).caches.PUT; }",
    ),
    "global-self": (
        "async function f() { await self.CARTS.PUT; }",
        "async function f() { const self = this; await self.CARTS.PUT; }",
    ),
    "global-destructured": (
        "async function f() { const { CARTS } = globalThis; await CARTS.PUT; }",
        "async function f() { const { other } = globalThis; await other.PUT; }",
    ),
    "global-string": (
        'async function f() { await globalThis["CARTS"].PUT; }',
        'globalThis.CARTS = new Map();\nasync function f() { await globalThis["CARTS"].PUT; }',
    ),
    "global-var": (
        "declare global { var STORE: KVNamespace }\nasync function f() { await globalThis.STORE.PUT; }",
        "declare global { var STORE: Store }\nasync function f() { await globalThis.STORE.PUT; }",
    ),
    # Hono
    "hono-get-typed": (
        "const app = new Hono<{ Bindings: Env; Variables: { kv: KVNamespace } }>();\n"
        'app.get("/", async (c) => { await c.get("kv").PUT; });',
        "const app = new Hono<{ Bindings: Env; Variables: { kv: Store } }>();\n"
        'app.get("/", async (c) => { await c.get("kv").PUT; });',
    ),
    "hono-var-typed": (
        "type AppEnv = { Bindings: Env; Variables: { kv: KVNamespace } };\nconst app = new Hono<AppEnv>();\n"
        'app.post("/", async (c) => { await c.var.kv.PUT; });',
        "type AppEnv = { Bindings: Env; Variables: { kv: Store } };\nconst app = new Hono<AppEnv>();\n"
        'app.post("/", async (c) => { await c.var.kv.PUT; });',
    ),
    "hono-variables-named": (
        "type Variables = { kv: KVNamespace };\nconst app = new Hono<{ Variables: Variables }>();\n"
        'app.use("*", async (c, next) => { await c.var.kv.PUT; await next(); });',
        "type Variables = { kv: Cache };\nconst app = new Hono<{ Variables: Variables }>();\n"
        'app.use("*", async (c, next) => { await c.var.kv.PUT; await next(); });',
    ),
    "hono-context-typed": (
        "type E = { Bindings: Env; Variables: { kv: KVNamespace } };\n"
        'async function save(c: Context<E>) { await c.get("kv").PUT; }',
        "type E = { Bindings: Env; Variables: { kv: Memory } };\n"
        'async function save(c: Context<E>) { await c.get("kv").PUT; }',
    ),
    "hono-set": (
        'app.use(async (c, next) => { c.set("kv", c.env.CARTS); await next(); });\n'
        'app.get("/", async (c) => { await c.get("kv").PUT; });',
        'app.use(async (c, next) => { c.set("kv", wrap(c.env.CARTS)); await next(); });\n'
        'app.get("/", async (c) => { await c.get("kv").PUT; });',
    ),
    "hono-middleware-typed": (
        "type E = { Variables: { kv: KVNamespace } };\n"
        "export const m: MiddlewareHandler<E> = async (c, next) => { await c.var.kv.PUT; await next(); };",
        "type E = { Variables: { kv: Store } };\n"
        "export const m: MiddlewareHandler<E> = async (c, next) => { await c.var.kv.PUT; await next(); };",
    ),
    "hono-create-middleware": (
        "type E = { Variables: { kv: KVNamespace } };\n"
        "export const m = createMiddleware<E>(async (c, next) => { await c.var.kv.PUT; await next(); });",
        "type E = { Variables: { kv: Store } };\n"
        "export const m = createMiddleware<E>(async (c, next) => { await c.var.kv.PUT; await next(); });",
    ),
    "hono-chained": (
        "const app = new Hono<{ Variables: { kv: KVNamespace } }>()\n"
        '  .get("/a", (c) => c.text("a")).get("/b", async (c) => { await c.var.kv.PUT; });',
        "const app = new Hono<{ Variables: { kv: Store } }>()\n"
        '  .get("/a", (c) => c.text("a")).get("/b", async (c) => { await c.var.kv.PUT; });',
    ),
    "hono-env-adapter": (
        'import { env } from "hono/adapter";\napp.get("/", async (c) => { const { CARTS } = env(c); await CARTS.PUT; });',
        'import { env } from "hono/adapter";\napp.get("/", async (c) => { const { FILES } = env(c); await FILES.PUT; });',
    ),
    # classes
    "class-getter": (
        "class S { constructor(private env: Env) {}\n get kv() { return this.env.CARTS; }\n async f() { await this.kv.PUT; } }",
        "class S { constructor(private env: Env) {}\n get kv() { return this.env.FILES; }\n async f() { await this.kv.PUT; } }",
    ),
    "class-getter-typed": (
        "class S { get kv(): KVNamespace { return find(); }\n async f() { await this.kv.PUT; } }",
        "class S { get kv(): Store { return find(); }\n async f() { await this.kv.PUT; } }",
    ),
    "class-inherited": (
        "class B { constructor(protected kv: KVNamespace) {} }\nclass S extends B { async f() { await this.kv.PUT; } }",
        "class B { constructor(protected kv: Store) {} }\nclass S extends B { async f() { await this.kv.PUT; } }",
    ),
    "class-inherited-field": (
        "abstract class B { protected kv!: KVNamespace }\nclass S extends B { async f() { await this.kv.PUT; } }",
        "abstract class B { protected kv!: Store }\nclass S extends B { async f() { await this.kv.PUT; } }",
    ),
    "class-options": (
        "interface O { kv: KVNamespace }\nclass S { constructor(private options: O) {}\n async f() { await this.options.kv.PUT; } }",
        "interface O { kv: Store }\nclass S { constructor(private options: O) {}\n async f() { await this.options.kv.PUT; } }",
    ),
    "class-plain-js": (
        "class S { constructor(kv) { this.kv = kv; }\n async f() { await this.kv.PUT; } }\nconst f = (env) => new S(env.CARTS);",
        "class S { constructor(kv) { this.kv = kv; }\n async f() { await this.kv.PUT; } }\nconst f = (env) => [new S(env.CARTS), new S(new Map())];",
    ),
    "class-plain-js-env": (
        "class S { constructor(env) { this.bindings = env; }\n async f() { await this.bindings.CARTS.PUT; } }",
        "class S { constructor(files) { this.bindings = files; }\n async f() { await this.bindings.CARTS.PUT; } }",
    ),
    "class-static": (
        "class S { static kv: KVNamespace; static async f() { await S.kv.PUT; } }",
        "class S { static kv: Store; static async f() { await S.kv.PUT; } }",
    ),
    "class-static-set": (
        "class S { static set(env) { S.kv = env.CARTS; } static async f() { await S.kv.PUT; } }",
        "class S { static set(env) { S.kv = env.CARTS; } static fake() { S.kv = new Map(); } static async f() { await S.kv.PUT; } }",
    ),
    "class-static-this": (
        "class S { static kv = null; static init(env) { this.kv = env.CARTS; } static async f() { await this.kv.PUT; } }",
        "class S { static kv = new Map(); static init(env) { this.kv = env.CARTS; } static async f() { await this.kv.PUT; } }",
    ),
    "class-private": (
        "class S { #kv; constructor(env) { this.#kv = env.CARTS; }\n async f() { await this.#kv.PUT; } }",
        "class S { #kv; constructor(env) { this.#kv = env.FILES; }\n async f() { await this.#kv.PUT; } }",
    ),
    "class-method": (
        "class S { constructor(private env: Env) {}\n store() { return this.env.CARTS; }\n async f() { await this.store().PUT; } }",
        "class S { constructor(private env: Env) {}\n store() { return this.env.FILES; }\n async f() { await this.store().PUT; } }",
    ),
    "class-instance": (
        "class S { constructor(public kv: KVNamespace) {} }\nasync function f(env) { const s = new S(env.CARTS); await s.kv.PUT; }",
        "class S { constructor(public kv: Store) {} }\nasync function f(env) { const s = new S(env.CARTS); await s.kv.PUT; }",
    ),
    "class-instance-typed": (
        "class S { kv!: KVNamespace }\nasync function f(s: S) { await s.kv.PUT; }",
        "class S { kv!: Store }\nasync function f(s: S) { await s.kv.PUT; }",
    ),
    "class-destructured": (
        "class S { constructor({ kv }) { this.kv = kv; }\n async f() { await this.kv.PUT; } }\nconst f = (env) => new S({ kv: env.CARTS });",
        "class S { constructor({ kv }) { this.kv = kv; }\n async f() { await this.kv.PUT; } }\nconst f = (env) => new S({ kv: env.FILES });",
    ),
    "class-super": (
        "class B { constructor(kv) { this.kv = kv; } }\nclass S extends B { constructor(env) { super(env.CARTS); }\n async f() { await this.kv.PUT; } }",
        "class B { constructor(kv) { this.kv = kv; } }\nclass S extends B { constructor(env) { super(env.FILES); }\n async f() { await this.kv.PUT; } }",
    ),
    "class-field-arrow": (
        "class S { kv = null; constructor(env) { this.kv = env.CARTS; }\n f = async () => { await this.kv.PUT; }; }",
        "class S { kv = null; constructor(env) { this.kv = env.FILES; }\n f = async () => { await this.kv.PUT; }; }",
    ),
    "class-durable-object": (
        "export class Room extends DurableObject { constructor(ctx, b) { super(ctx, b); this.b = b; }\n async f() { await this.b.CARTS.PUT; } }",
        "export class Room extends Base { constructor(ctx, b) { super(ctx, b); this.b = b; }\n async f() { await this.b.CARTS.PUT; } }",
    ),
    "class-method-parameter": (
        "class S { async save(kv) { await kv.PUT; }\n async f(env) { await this.save(env.CARTS); } }",
        "class S { async save(kv) { await kv.PUT; }\n async f(env) { await this.save(env.CARTS); await this.save(new Map()); } }",
    ),
    "class-singleton": (
        "class S { static #one; constructor(kv) { this.kv = kv; }\n static of(env) { return new S(env.CARTS); } }\n"
        "async function f(env) { await S.of(env).kv.PUT; }",
        "class S { static #one; constructor(kv) { this.kv = kv; }\n static of(env) { return new S(env.FILES); } }\n"
        "async function f(env) { await S.of(env).kv.PUT; }",
    ),
    # nested objects
    "nested": (
        "async function f(env) { const ctx = { deps: { kv: env.CARTS } }; await ctx.deps.kv.PUT; }",
        "async function f(env) { const ctx = { deps: { kv: new Map() } }; await ctx.deps.kv.PUT; }",
    ),
    "nested-typed": (
        "interface Ctx { deps: { kv: KVNamespace } }\nasync function f(ctx: Ctx) { await ctx.deps.kv.PUT; }",
        "interface Ctx { deps: { kv: Store } }\nasync function f(ctx: Ctx) { await ctx.deps.kv.PUT; }",
    ),
    "nested-shorthand": (
        "async function f(env) { const kv = env.CARTS; const deps = { kv }; await deps.kv.PUT; }",
        "async function f(env) { const kv = env.FILES; const deps = { kv }; await deps.kv.PUT; }",
    ),
    "nested-set": (
        "async function f(env) { const deps = {}; deps.kv = env.CARTS; await deps.kv.PUT; }",
        "async function f(env) { const deps = {}; deps.kv = env.CARTS; deps.kv = wrap(deps.kv); await deps.kv.PUT; }",
    ),
    "nested-spread": (
        "async function f(env) { const base = { kv: env.CARTS }; const deps = { ...base, n: 1 }; await deps.kv.PUT; }",
        "async function f(env) { const base = { kv: env.CARTS }; const deps = { ...base, kv: fake }; await deps.kv.PUT; }",
    ),
    "nested-spread-env": (
        "async function f(env) { const e = { ...env, NOW: 1 }; await e.CARTS.PUT; }",
        "async function f(env) { const e = { ...env, CARTS: wrap(env.CARTS) }; await e.CARTS.PUT; }",
    ),
    "nested-getter": (
        "const f = async (env) => { const o = { get kv() { return env.CARTS; } }; await o.kv.PUT; };",
        "const f = async (env) => { const o = { get kv() { return env.FILES; } }; await o.kv.PUT; };",
    ),
    "nested-method": (
        "const f = async (env) => { const o = { kv: () => env.CARTS }; await o.kv().PUT; };",
        "const f = async (env) => { const o = { kv: () => fake }; await o.kv().PUT; };",
    ),
    "nested-passed": (
        "async function save(deps) { await deps.kv.PUT; }\nconst f = (env) => save({ kv: env.CARTS });",
        "async function save(deps) { await deps.kv.PUT; }\nconst f = (env) => [save({ kv: env.CARTS }), save(other)];",
    ),
    "nested-passed-destructured": (
        "async function save({ kv, key }) { await kv.PUT; }\nconst f = (env) => save({ kv: env.CARTS, key: 1 });",
        "async function save({ kv, key }) { await kv.PUT; }\nconst f = (env) => save({ kv: env.FILES, key: 1 });",
    ),
    "nested-by-name": (
        "async function f(env, n) { const all = { a: env.CARTS, b: env.USERS }; await all[n].PUT; }",
        "async function f(env, n) { const all = { a: env.CARTS, b: new Map() }; await all[n].PUT; }",
    ),
    "object-assign": (
        "async function f(env) { const deps = Object.assign({}, { kv: env.CARTS }); await deps.kv.PUT; }",
        "async function f(env) { const deps = Object.assign({}, { kv: env.CARTS }, { kv: env.FILES }); await deps.kv.PUT; }",
    ),
    "object-freeze": (
        "async function f(env) { const deps = Object.freeze({ kv: env.CARTS }); await deps.kv.PUT; }",
        "async function f(env) { const deps = Object.freeze({ kv: fake }); await deps.kv.PUT; }",
    ),
    # plain JavaScript
    "passed": (
        "async function save(kv) { await kv.PUT; }\nexport default { async fetch(r, env) { await save(env.CARTS); } };",
        "async function save(kv) { await kv.PUT; }\nexport default { async fetch(r, env) { await save(new Map()); } };",
    ),
    "passed-arrow": (
        "const save = async (key, kv) => { await kv.PUT; };\nconst f = (env) => save('k', env.CARTS);",
        "const save = async (key, kv) => { await kv.PUT; };\nconst f = (env) => { save('k', env.CARTS); save('k', fake); };",
    ),
    "passed-env": (
        "async function save(bindings) { await bindings.CARTS.PUT; }\nconst f = (env) => save(env);",
        "async function save(bindings) { await bindings.CARTS.PUT; }\nconst f = (env) => save(env.stores);",
    ),
    "passed-on": (
        "async function a(kv) { await kv.PUT; }\nconst b = (kv) => a(kv);\nconst f = (env) => b(env.CARTS);",
        "async function a(kv) { await kv.PUT; }\nconst b = (kv) => a(kv);\nconst f = (env) => b(fake);",
    ),
    "passed-recursively": (
        "async function a(kv, n) { await kv.PUT; if (n) await a(kv, n - 1); }\nconst f = (env) => a(env.CARTS, 3);",
        "async function a(kv, n) { await kv.PUT; if (n) await a(fake, n - 1); }\nconst f = (env) => a(env.CARTS, 3);",
    ),
    "passed-or-default": (
        "async function save(env, kv = env.CARTS) { await kv.PUT; }",
        "async function save(env, kv = env.FILES) { await kv.PUT; }",
    ),
    "jsdoc-param": (
        "/** @param {KVNamespace} kv */\nasync function save(kv) { await kv.PUT; }",
        "/** @param {Map} kv */\nasync function save(kv) { await kv.PUT; }",
    ),
    "jsdoc-param-import": (
        '/**\n * @param {string} key\n * @param {import("@cloudflare/workers-types").KVNamespace} kv\n */\nexport const save = async (key, kv) => { await kv.PUT; };',
        '/**\n * @param {string} kv\n * @param {import("@cloudflare/workers-types").KVNamespace} key\n */\nexport const save = async (key, kv) => { await kv.PUT; };',
    ),
    "jsdoc-object": (
        "/** @param {{ kv: KVNamespace, n: number }} deps */\nasync function save({ kv }) { await kv.PUT; }",
        "/** @param {{ kv: Store, n: KVNamespace }} deps */\nasync function save({ kv }) { await kv.PUT; }",
    ),
    "jsdoc-type": (
        "/** @type {KVNamespace} */\nconst kv = open();\nawait kv.PUT;",
        "/** @type {Store} */\nconst kv = open();\nawait kv.PUT;",
    ),
    "jsdoc-returns": (
        "/** @returns {KVNamespace} */\nfunction open() { return find(); }\nconst f = async () => { await open().PUT; };",
        "/** @returns {Store} */\nfunction open() { return find(); }\nconst f = async () => { await open().PUT; };",
    ),
    "jsdoc-env": (
        "/** @param {Env} bindings */\nasync function save(bindings) { await bindings.CARTS.PUT; }",
        "/** @param {Files} bindings */\nasync function save(bindings) { await bindings.CARTS.PUT; }",
    ),
    "jsdoc-typedef": (
        '/** @typedef {import("@cloudflare/workers-types").KVNamespace} KV */\n'
        "/** @param {KV} kv */\nasync function save(kv) { await kv.PUT; }",
        '/** @typedef {import("@cloudflare/workers-types").R2Bucket} KV */\n'
        "/** @param {KV} kv */\nasync function save(kv) { await kv.PUT; }",
    ),
    "jsdoc-typedef-of-others": (
        "/** @typedef {KVNamespace} KV */\n/** @typedef {{ kv: KV, n: number }} Deps */\n"
        "/** @param {Deps} deps */\nasync function save(deps) { await deps.kv.PUT; }",
        "/** @typedef {KVNamespace} KV */\n/** @typedef {{ kv: Store, KV: number }} Deps */\n"
        "/** @param {Deps} deps */\nasync function save(deps) { await deps.kv.PUT; }",
    ),
    "jsdoc-properties": (
        "/**\n * @typedef {Object} Deps\n * @property {KVNamespace} kv\n */\n"
        "/** @param {Deps} deps */\nasync function save(deps) { await deps.kv.PUT; }",
        "/**\n * @typedef {Object} Deps\n * @property {Store} kv\n * @property {KVNamespace} n\n */\n"
        "/** @param {Deps} deps */\nasync function save(deps) { await deps.kv.PUT; }",
    ),
    "jsdoc-members-of-a-parameter": (
        "/**\n * @param {Object} deps\n * @param {KVNamespace} deps.kv\n * @param {string} id\n */\n"
        "async function save({ kv }, id) { await kv.PUT; }",
        "/**\n * @param {Object} deps\n * @param {Store} deps.kv\n * @param {KVNamespace} id\n */\n"
        "async function save({ kv }, id) { await kv.PUT; }",
    ),
    "jsdoc-type-of-a-function": (
        "/** @type {(id: string, kv: KVNamespace) => Promise<void>} */\n"
        "const save = async (id, kv) => { await kv.PUT; };",
        "/** @type {(id: KVNamespace, kv: Store) => Promise<void>} */\n"
        "const save = async (id, kv) => { await kv.PUT; };",
    ),
    "common-js": (
        "module.exports = { async fetch(request, b) { await b.CARTS.PUT; } };",
        "module.exports = { async other(request, b) { await b.CARTS.PUT; } };",
    ),
    # handlers
    "router-destructured": (
        'const router = Router();\nrouter.get("/", async (req, { CARTS }) => { await CARTS.PUT; });',
        'const app = express();\napp.get("/", async (req, { CARTS }) => { await CARTS.PUT; });',
    ),
    "router-second": (
        'const router = AutoRouter();\nrouter.post("/", async (req, b) => { await b.CARTS.PUT; });',
        'const app = express();\napp.post("/", async (req, res) => { await res.CARTS.PUT; });',
    ),
    "handler-by-name": (
        "async function handle(req, e) { await e.CARTS.PUT; }\nexport default { fetch: handle };",
        "async function handle(req, e) { await e.CARTS.PUT; }\nexport default { other: handle };",
    ),
    "handler-shorthand": (
        "async function fetch(req, e) { await e.CARTS.PUT; }\nexport default { fetch };",
        "async function fetch(req, e) { await e.CARTS.PUT; }\nfetch(1, other);",
    ),
    "handler-typed": (
        "const h: ExportedHandler<Env> = { async fetch(r, e2) { await e2.CARTS.PUT; } };\nexport default h;",
        "const h: Handler<Env> = { async fetch(r, e2) { await e2.CARTS.PUT; } };\nother(h);",
    ),
    "handler-satisfies": (
        "const worker = { async fetch(r, e2) { await e2.CARTS.PUT; } } satisfies ExportedHandler<Env>;",
        "const worker = { async fetch(r, e2) { await e2.CARTS.PUT; } } satisfies Fetcher;",
    ),
    "handler-exported-later": (
        "const worker = { async fetch(r, e) { await e.CARTS.PUT; } };\nexport default worker;",
        "const worker = { async fetch(r, e) { await e.CARTS.PUT; } };\nexport { worker };",
    ),
    "handler-exported-as": (
        "const worker = { async scheduled(r, e) { await e.CARTS.PUT; } };\nexport { worker as default };",
        "const worker = { async scheduled(r, e) { await e.CARTS.PUT; } };\nexport { worker as jobs };",
    ),
    "handler-wrapped": (
        "export default withSentry((env) => ({}), { async fetch(r, e) { await e.CARTS.PUT; } });",
        "export const x = withSentry((env) => ({}), { async get(r, e) { await e.CARTS.PUT; } });",
    ),
    "handler-destructured": (
        "export default { async queue(batch, { CARTS }) { await CARTS.PUT; } };",
        "export default { async other(batch, { CARTS }) { await CARTS.PUT; } };",
    ),
    "handler-called": (
        "async function handle(req, b) { await b.CARTS.PUT; }\nexport default { fetch: (req, env) => handle(req, env) };",
        "async function handle(req, b) { await b.CARTS.PUT; }\nexport default { fetch: (req, env) => handle(req, env.x) };",
    ),
    # variables
    "let-later": (
        "let kv;\nasync function f(env) { kv = env.CARTS; await kv.PUT; }",
        "let kv;\nasync function f(env) { kv = env.CARTS; kv = other(); await kv.PUT; }",
    ),
    "let-null": (
        "let kv = null;\nconst init = (env) => { kv ??= env.CARTS; };\nasync function f() { await kv.PUT; }",
        "let kv = new Map();\nconst init = (env) => { kv ??= env.CARTS; };\nasync function f() { await kv.PUT; }",
    ),
    "let-typed": (
        "let kv: KVNamespace | undefined;\nasync function f() { await kv!.PUT; }",
        "let kv: Store | undefined;\nasync function f() { await kv!.PUT; }",
    ),
    "ternary": (
        "async function f(env, a) { await (a ? env.CARTS : env.USERS).PUT; }",
        "async function f(env, a) { await (a ? env.CARTS : fake).PUT; }",
    ),
    "ternary-alias": (
        "async function f(env, a) { const kv = a ? env.CARTS : env.USERS; await kv.PUT; }",
        "async function f(env, a) { const kv = a ? env.CARTS : env.FILES; await kv.PUT; }",
    ),
    "fallback": (
        "async function f(env) { const kv = env.CARTS ?? env.USERS; await kv.PUT; }",
        "async function f(env) { const kv = env.OTHER ?? env.CARTS; await kv.PUT; }",
    ),
    "and": (
        "async function f(env) { await (env.MODE && env.CARTS).PUT; }",
        "async function f(env) { await (env.CARTS && env.FILES).PUT; }",
    ),
    "for-of": (
        "async function f(env) { for (const kv of [env.CARTS, env.USERS]) { await kv.PUT; } }",
        "async function f(env) { for (const kv of [env.CARTS, env.FILES]) { await kv.PUT; } }",
    ),
    "for-of-variable": (
        "async function f(env) { const all = [env.CARTS]; for (const kv of all) { await kv.PUT; } }",
        "async function f(env) { const all = [env.CARTS, x]; for (const kv of all) { await kv.PUT; } }",
    ),
    "for-of-pairs": (
        'async function f(env) { for (const [name, kv] of [["a", env.CARTS]]) { await kv.PUT; } }',
        'async function f(env) { for (const [kv, name] of [["a", env.CARTS]]) { await kv.PUT; } }',
    ),
    "for-of-values": (
        "async function f(env) { const all = { a: env.CARTS }; for (const kv of Object.values(all)) { await kv.PUT; } }",
        "async function f(env) { const all = { a: fake }; for (const kv of Object.values(all)) { await kv.PUT; } }",
    ),
    "for-of-entries": (
        "async function f(env) { const all = { a: env.CARTS }; for (const [n, kv] of Object.entries(all)) { await kv.PUT; } }",
        "async function f(env) { const all = { a: env.CARTS }; for (const [kv, n] of Object.entries(all)) { await kv.PUT; } }",
    ),
    "for-each": (
        "const f = (env) => [env.CARTS, env.USERS].forEach(async (kv) => { await kv.PUT; });",
        "const f = (env) => [env.CARTS, env.FILES].forEach(async (kv) => { await kv.PUT; });",
    ),
    "map": (
        "const f = (env) => Promise.all([env.CARTS].map((kv) => kv.PUT));",
        "const f = (env) => Promise.all([fake].map((kv) => kv.PUT));",
    ),
    "map-of-map": (
        "const f = (env) => Promise.all([{ kv: env.CARTS }].map((x) => x.kv).map((kv) => kv.PUT));",
        "const f = (env) => Promise.all([{ kv: env.FILES }].map((x) => x.kv).map((kv) => kv.PUT));",
    ),
    "find": (
        "async function f(env) { const kv = [env.CARTS, env.USERS].find(Boolean); await kv.PUT; }",
        "async function f(env) { const kv = [env.CARTS, fake].find(Boolean); await kv.PUT; }",
    ),
    "then": (
        "async function open(env) { return env.CARTS; }\nconst f = (env) => open(env).then((kv) => kv.PUT);",
        "async function open(env) { return fake; }\nconst f = (env) => open(env).then((kv) => kv.PUT);",
    ),
    "then-resolved": (
        "const f = (env) => Promise.resolve(env.CARTS).then((kv) => kv.PUT);",
        "const f = (env) => Promise.resolve(env.CARTS).then(wrap).then((kv) => kv.PUT);",
    ),
    "then-named": (
        "const save = (kv) => kv.PUT;\nconst f = (env) => Promise.resolve(env.CARTS).then(save);",
        "const save = (kv) => kv.PUT;\nconst f = (env) => Promise.resolve(env.FILES).then(save);",
    ),
    "promise-all": (
        "async function f(env) { const [a, kv] = await Promise.all([1, Promise.resolve(env.CARTS)]); await kv.PUT; }",
        "async function f(env) { const [kv, a] = await Promise.all([1, Promise.resolve(env.CARTS)]); await kv.PUT; }",
    ),
    "method-destructured": (
        'async function f(env) { const { put } = env.CARTS; await put("k", "v", { expirationTtl: «5» }); }',
        'async function f(env) { const { put } = env.FILES; await put("k", "v", { expirationTtl: 5 }); }',
    ),
    "method-bound": (
        'async function f(env) { const put = env.CARTS.put.bind(env.CARTS); await put("k", "v", { expirationTtl: «5» }); }',
        'async function f(env) { const put = env.FILES.put.bind(env.FILES); await put("k", "v", { expirationTtl: 5 }); }',
    ),
    "method-renamed": (
        'async function f(env) { const { put: save } = env.CARTS; await save("k", "v", { expirationTtl: «5» }); }',
        'async function f(env) { const { put: save } = cache; await save("k", "v", { expirationTtl: 5 }); }',
    ),
    "pattern-assignment": (
        "let CARTS;\nasync function f(env) { ({ CARTS } = env); await CARTS.PUT; }",
        "let CARTS;\nasync function f(env) { ({ CARTS } = env.x); await CARTS.PUT; }",
    ),
    "array-pattern": (
        "async function f(env) { const [a, kv] = [1, env.CARTS]; await kv.PUT; }",
        "async function f(env) { const [a, kv] = [env.CARTS, 1]; await kv.PUT; }",
    ),
    "assigned-inside": (
        "let kv;\nasync function f(env) { await (kv = env.CARTS).PUT; }",
        "let kv;\nasync function f(env) { await (kv = env.FILES).PUT; }",
    ),
    "comma": (
        "async function f(env) { await (0, env.CARTS).PUT; }",
        "async function f(env) { await (env.CARTS, 0).PUT; }",
    ),
    "module-variable": (
        "let bindings;\nexport default { async fetch(r, env) { bindings = env; await g(); } };\nasync function g() { await bindings.CARTS.PUT; }",
        "let bindings;\nexport default { async fetch(r, env) { bindings = env.x; await g(); } };\nasync function g() { await bindings.CARTS.PUT; }",
    ),
    "callback-of-own": (
        "const withKV = (env, run) => run(env.CARTS);\nconst f = (env) => withKV(env, (kv) => kv.PUT);",
        "const withKV = (env, run) => run(wrap(env.CARTS));\nconst f = (env) => withKV(env, (kv) => kv.PUT);",
    ),
    "kept-in-map": (
        'const f = async (env) => { const all = new Map(); all.set("a", env.CARTS); await all.get("a").PUT; };',
        'const f = async (env) => { const all = new Map(); all.set("a", fake); await all.get("a").PUT; };',
    ),
    "async-storage": (
        "const storage = new AsyncLocalStorage<Env>();\nasync function f() { await storage.getStore()!.CARTS.PUT; }",
        "const storage = new AsyncLocalStorage<Stores>();\nasync function f() { await storage.getStore()!.CARTS.PUT; }",
    ),
    "async-storage-object": (
        "const storage = new AsyncLocalStorage<{ kv: KVNamespace }>();\nasync function f() { await storage.getStore()?.kv.PUT; }",
        "const storage = new AsyncLocalStorage<{ kv: Store }>();\nasync function f() { await storage.getStore()?.kv.PUT; }",
    ),
    # names that functions get
    "key-of-env-passed": (
        "const kv = <K extends keyof Env>(env: Env, name: K) => env[name];\n"
        'const f = async (env: Env) => { await kv(env, "CARTS").PUT; await kv(env, "USERS").get("k"); };',
        "const kv = <K extends keyof Env>(env: Env, name: K) => env[name];\n"
        'const f = async (env: Env) => { await kv(env, "CARTS").PUT; await kv(env, "FILES").get("k"); };',
    ),
    "name-passed": (
        'const kv = (env, name) => env[name];\nconst f = async (env) => { await kv(env, "CARTS").PUT; };',
        'const kv = (env, name) => env[name];\nconst f = async (env, x) => { await kv(env, "CARTS").PUT; kv(env, x); };',
    ),
    # functions that pass on what they get
    "react-cache": (
        'import { cache } from "react";\nconst kv = cache(() => getCloudflareContext().env.CARTS);\nconst f = async () => { await kv().PUT; };',
        'import { cache } from "react";\nconst kv = cache(() => new Cache());\nconst f = async () => { await kv().PUT; };',
    ),
    "react-cache-member": (
        'import * as React from "react";\nconst kv = React.cache(() => getCloudflareContext().env.CARTS);\nconst f = async () => { await kv().PUT; };',
        'import * as React from "react";\nconst kv = React.wrap(() => getCloudflareContext().env.CARTS);\nconst f = async () => { await kv().PUT; };',
    ),
    "react-cache-async": (
        'import { cache } from "react";\nconst all = cache(async () => (await getCloudflareContext({ async: true })).env);\n'
        "const f = async () => { const { CARTS } = await all(); await CARTS.PUT; };",
        'import { cache } from "react";\nconst all = cache(async () => (await getCloudflareContext({ async: true })).cf);\n'
        "const f = async () => { const { CARTS } = await all(); await CARTS.PUT; };",
    ),
    "lodash-once": (
        'import once from "lodash/once";\nimport { env } from "cloudflare:workers";\nconst kv = once(() => env.CARTS);\nconst f = async () => { await kv().PUT; };',
        'import run from "lodash/run";\nimport { env } from "cloudflare:workers";\nconst kv = run(() => env.CARTS);\nconst f = async () => { await kv().PUT; };',
    ),
    "generic-function-returned": (
        'import { env } from "cloudflare:workers";\nfunction lazy<T>(make: () => T): () => T { let v: T; return () => (v ??= make()); }\n'
        "const kv = lazy(() => env.CARTS);\nconst other = lazy(() => new Map());\nconst f = async () => { await kv().PUT; };",
        'import { env } from "cloudflare:workers";\nfunction lazy<T>(make: () => T): () => T { let v: T; return () => (v ??= make()); }\n'
        "const kv = lazy(() => env.CARTS);\nconst other = lazy(() => new Map());\nconst f = async () => { await other().PUT; };",
    ),
    "generic-result-returned": (
        'import { env } from "cloudflare:workers";\nconst run = <T>(name: string, make: () => T): T => trace(name, make);\n'
        'const f = async () => { await run("a", () => env.CARTS).PUT; };',
        'import { env } from "cloudflare:workers";\nconst run = <T>(name: string, make: () => T): Wrapped<T> => trace(name, make);\n'
        'const f = async () => { await run("a", () => env.CARTS).PUT; };',
    ),
    # frameworks
    "svelte-kit": (
        "export const load = async ({ platform }) => { await platform.env.CARTS.PUT; };",
        "export const load = async ({ platform }) => { await platform.files.CARTS.PUT; };",
    ),
    "nitro": (
        "export default eventHandler(async (event) => { const { CARTS } = event.context.cloudflare.env; await CARTS.PUT; });",
        "export default eventHandler(async (event) => { const { CARTS } = event.context.files; await CARTS.PUT; });",
    ),
    "remix": (
        "export async function loader({ context }) { await context.cloudflare.env.CARTS.PUT; }",
        "export async function loader({ context }) { await context.cloudflare.cf.CARTS.PUT; }",
    ),
    "astro-locals": (
        "export const GET = async ({ locals }) => { const { env } = locals.runtime; await env.CARTS.PUT; };",
        "export const GET = async ({ locals }) => { const { cf } = locals.runtime; await cf.CARTS.PUT; };",
    ),
    "platform-proxy": (
        "const { env } = await getPlatformProxy<Env>();\nawait env.CARTS.PUT;",
        "const { cf } = await getPlatformProxy<Env>();\nawait cf.CARTS.PUT;",
    ),
    "open-next": (
        "async function f() { const ctx = await getCloudflareContext({ async: true }); await ctx.env.CARTS.PUT; }",
        "async function f() { const ctx = await getCloudflareContext({ async: true }); await ctx.cf.CARTS.PUT; }",
    ),
    "pages-function": (
        "export const onRequestGet: PagesFunction<Env> = async (context) => { await context.env.CARTS.PUT; };",
        "export const onRequestGet: PagesFunction<Env> = async (context) => { await context.data.CARTS.PUT; };",
    ),
    "workers-module": (
        'import { env } from "cloudflare:workers";\nexport const save = () => env.CARTS.PUT;',
        'import { env } from "node:process";\nexport const save = () => env.CARTS.PUT;',
    ),
    "workers-namespace": (
        'import * as cf from "cloudflare:workers";\nexport const save = () => cf.env.CARTS.PUT;',
        'import * as node from "node:process";\nexport const save = () => node.files.CARTS.PUT;',
    ),
}

# more forms; the twin of each takes an R2 bucket instead
MORE = [
    "const f = async (env) => { const kv = (env as any).CARTS; await kv.PUT; };",
    "const f = async (c) => { const { env: { CARTS: kv } } = c; await kv.PUT; };",
    "const o = { bindings: null, get kv() { return this.b.CARTS; }, b: env }; await o.kv.PUT;",
    "class S { static kv: KVNamespace; static { this.kv = open(); } static async f() { await this.kv.PUT; } }",
    "async function f(env) { for await (const kv of [env.CARTS]) { await kv.PUT; } }",
    "async function f(env) { const all = { a: env.CARTS }; for (const n in all) { await all[n].PUT; } }",
    "let kv; async function f(env) { [kv] = [env.CARTS]; await kv.PUT; }",
    "async function f(env, x) { let kv; switch (x) { case 1: kv = env.CARTS; break; default: kv = env.USERS; } await kv.PUT; }",
    'async function f(env) { await env.CARTS?.put?.("k", "v", { expirationTtl: 5 }); }',
    'async function f(env) { await env.CARTS.put.call(env.CARTS, "k", "v", { expirationTtl: 5 }); }',
    "async function f(env, { kv = env.CARTS } = {}) { await kv.PUT; }",
    "async function* g(kv: KVNamespace) { yield await kv.PUT; }",
    "async function f(kv: KVNamespace<string>) { await kv.PUT; }",
    "async function f(kv?: KVNamespace) { await kv?.PUT; }",
    "let kv!: KVNamespace; async function f() { await kv.PUT; }",
    "declare const bindings: Env; await bindings.CARTS.PUT;",
    'async function f(env) { const kv = env?.["CARTS"]; await kv?.PUT; }',
    "async function f(env) { await Object.values({ a: env.CARTS })[0].PUT; }",
    "const f = (env) => Promise.all([Promise.resolve(env.CARTS)]).then(([kv]) => kv.PUT);",
    "type WithKV<T> = T & { kv: KVNamespace }; async function f(c: WithKV<Other>) { await c.kv.PUT; }",
    "const fetch = async (r: Request, e) => { await e.CARTS.PUT; }; export const h = { fetch } satisfies ExportedHandler<Env>;",
    "const h: ExportedHandlerFetchHandler<Env> = async (r, e) => { await e.CARTS.PUT; };",
    'addEventListener("fetch", (e) => save(CARTS)); async function save(kv) { await kv.PUT; }',
    "/** @type {ExportedHandler<Env>} */ const worker = { async fetch(r, e) { await e.CARTS.PUT; } };",
    '/** @type {import("x").ExportedHandler<Env>} */ export default { async fetch(r, e) { await e.CARTS.PUT; } };',
    "const f = async (x) => { await (/** @type {KVNamespace} */ (x)).PUT; };",
    'app.use((c, next) => { c.set("store", create(c.env)); }); const create = (env) => ({ kv: env.CARTS }); app.get("/", async (c) => { await c.get("store").kv.PUT; });',
    "const factory = createFactory<{ Variables: { kv: KVNamespace } }>(); const hs = factory.createHandlers(async (c) => { await c.var.kv.PUT; });",
    'import { env as cfEnv } from "cloudflare:workers"; const { CARTS } = cfEnv; await CARTS.PUT;',
    "const S = class { constructor(kv) { this.kv = kv; } async f() { await this.kv.PUT; } }; const g = (env) => new S(env.CARTS);",
    "function S(kv) { this.kv = kv; } S.prototype.save = async function () { await this.kv.PUT; }; const g = (env) => new S(env.CARTS);",
    "const repo = { kv: null, init(env) { this.kv = env.CARTS; }, async save() { await this.kv.PUT; } };",
    "function createRepo(kv) { return { async save() { await kv.PUT; } }; } const f = (env) => createRepo(env.CARTS);",
    "async function f(env) { const kv = env.CARTS as unknown as MyKV; await kv.PUT; }",
    'async function f(kv: NonNullable<Env["CARTS"]>) { await kv.PUT; }',
    'import { env } from "cloudflare:workers"; const open = (): Env["CARTS"] => env.CARTS; async function f() { await open().PUT; }',
    'async function f(kv: Cloudflare.Env["CARTS"] | undefined) { await kv!.PUT; }',
    'async function f(env, n) { await env[n as "CARTS"].PUT; }',
    'async function f(env, n: "CARTS") { await env[n].PUT; }',
    'async function f(env, n: "CARTS" | "USERS") { await env[n].PUT; }',
    "async function f(...[kv]: [KVNamespace]) { await kv.PUT; }",
    "async function f(...args: [string, KVNamespace]) { await args[1].PUT; }",
    "export default class extends WorkerEntrypoint<Env> { kv = this.env.CARTS; async f() { await this.kv.PUT; } }",
    "async function f(env) { const kv = await Promise.resolve(env.CARTS); await kv.PUT; }",
    "async function f(env) { const all = new Set([env.CARTS]); for (const kv of all) { await kv.PUT; } }",
    'async function f(env) { const all = new Map([["a", env.CARTS]]); await all.get("a").PUT; }',
    'async function f(env) { const all = Object.fromEntries([["a", env.CARTS]]); await all.a.PUT; }',
    'async function f(env) { for (const n of ["CARTS", "USERS"]) { await env[n].PUT; } }',
    'async function f(env, b) { await env[b ? "CARTS" : "USERS"].PUT; }',
    'const N = { carts: "CARTS" } as const; async function f(env) { await env[N.carts].PUT; }',
    'enum N { Carts = "CARTS" } async function f(env) { await env[N.Carts].PUT; }',
    "class S { private readonly deps: { kv: KVNamespace }; async f() { const { kv } = this.deps; await kv.PUT; } }",
    "class S { constructor(private readonly env: Env) {} async f() { const { CARTS: kv } = this.env; await kv.PUT; } }",
    "class S { private get store() { return this.open(); } private open(): KVNamespace { return x(); } async f() { await this.store.PUT; } }",
    "class A { protected kv(): KVNamespace { return x(); } } class B extends A { async f() { await super.kv().PUT; } }",
    "interface Repo { kv: KVNamespace } class S implements Repo { kv; async f() { await this.kv.PUT; } }",
    "export const load: PageServerLoad = async ({ platform }) => { await platform!.env.CARTS.PUT; };",
    "export const load = async (event) => { await event.platform?.env?.CARTS.PUT; };",
    "export const GET: APIRoute = async (ctx) => { await ctx.locals.runtime.env.CARTS.PUT; };",
    "const { CARTS } = Astro.locals.runtime.env; await CARTS.PUT;",
    "export default defineEventHandler(async (event) => { await event.context.cloudflare.env.CARTS.PUT; });",
    "const e = getRequestContext().env; await e.CARTS.PUT;",
    'export const onGet = async ({ platform }) => { await platform.env["CARTS"].PUT; };',
    "export async function action({ context }: ActionFunctionArgs) { const { env } = context.cloudflare; await env.CARTS.PUT; }",
    "export async function loader({ context: { cloudflare: { env } } }) { await env.CARTS.PUT; }",
    "const event = getRequestEvent(); await event?.nativeEvent.context.cloudflare.env.CARTS.PUT;",
    'import { env, SELF } from "cloudflare:test"; await env.CARTS.PUT;',
    'const mf = new Miniflare({}); const kv = await mf.getKVNamespace("CARTS"); await kv.PUT;',
    "const { env } = await getPlatformProxy(); await env.CARTS.PUT;",
    "const proxy = await getPlatformProxy<Env>(); await proxy.env.CARTS.PUT;",
    "const env = await getPlatformProxy().then((p) => p.env); await env.CARTS.PUT;",
    'async function f(env) { const { CARTS: { put } } = env; await put("k", "v", { expirationTtl: 5 }); }',
    'async function f(env) { const save = env.CARTS.put; await save("k", "v", { expirationTtl: 5 }); }',
    "const save = (kv: KVNamespace, o) => kv.PUT;",
    "const save: (kv: KVNamespace) => Promise<void> = (kv) => kv.PUT;",
    "export const save = ((kv) => kv.PUT) as (kv: KVNamespace) => Promise<void>;",
    "export const save = async function (this: Env) { await this.CARTS.PUT; };",
    "const run = <T,>(kv: KVNamespace, f: (kv: KVNamespace) => T) => f(kv); run(x, (kv) => kv.PUT);",
    "const kvs: { [name: string]: KVNamespace } = {}; await kvs.a.PUT;",
    'const kvs: Partial<Record<"a" | "b", KVNamespace>> = {}; await kvs.a!.PUT;',
    "async function f(env: Env & { EXTRA: KVNamespace }) { await env.CARTS.PUT; }",
    "async function f(env: { CARTS: KVNamespace }) { await env.CARTS.PUT; }",
    "async function f(e: { CARTS: KVNamespace }) { await e.CARTS.PUT; }",
    'async function f({ CARTS }: Pick<Env, "CARTS">) { await CARTS.PUT; }',
    'async function f(e: Pick<Env, "CARTS">) { await e.CARTS.PUT; }',
    'async function f(e: Omit<Env, "X">) { await e.CARTS.PUT; }',
    "async function f(c: Context<{ Bindings: Env }>) { const kv = c.env.CARTS; await kv.PUT; }",
    "let cache: { kv?: KVNamespace } = {}; async function f() { await cache.kv!.PUT; }",
    "const state = { kv: undefined as KVNamespace | undefined }; await state.kv!.PUT;",
    "const state = { kv: undefined }; function init(env) { state.kv = env.CARTS; } async function f() { await state.kv.PUT; }",
    "export function init(env) { globalThis.store = env.CARTS; } async function f() { await globalThis.store.PUT; }",
    "const f = async (env) => { const kv = [env.CARTS, env.USERS].at(0); await kv.PUT; };",
    "const f = async (env) => { const kv = [env.CARTS][0]; await kv.PUT; };",
    "const f = async (env) => { const [first, ...rest] = [env.CARTS, env.USERS]; await rest[0].PUT; };",
    "const f = async (env) => { try { await env.CARTS.PUT; } catch {} };",
    "const f = async (env) => { const get = () => ({ store: { kv: env.CARTS } }); const { store: { kv } } = get(); await kv.PUT; };",
    "const f = async (env) => { const kv = env.CARTS || env.USERS; await kv.PUT; };",
    "const f = async ({ env: bindings }) => { await bindings.CARTS.PUT; };",
    "function once(fn) { let v; return (...a) => (v ??= fn(...a)); } const getKV = once((env) => env.CARTS); const f = async (env) => { await getKV(env).PUT; };",
    "const ctx = new AsyncLocalStorage(); const run = (env, f) => ctx.run({ kv: env.CARTS }, f); const g = async () => { await ctx.getStore().kv.PUT; };",
    "const ctx = new AsyncLocalStorage(); const run = (env, f) => ctx.run(env, f); const g = async () => { await ctx.getStore().CARTS.PUT; };",
    'const k = "CARTS" as keyof Env; async function f(env: Env) { await env[k].PUT; }',
]


def text_of(form: str, call: str) -> str:
    """Return a form with its call."""
    return form.replace("PUT", call) + "\nexport {};\n"


def problems_of(text: str, path: str = "/shop/src/a.ts") -> list[Problem]:
    """Return the problems of a source, except of methods and promises that are lost."""
    found = check(text, path, [CONFIG], now=1.8e9)
    return [problem for problem in found if problem.code not in LOST]


@pytest.mark.parametrize("form", [form for form, _ in FORMS.values()], ids=FORMS)
def test_the_mistake_is_found_in_every_form(form: str) -> None:
    text, spans = marked(text_of(form, BAD))
    found = problems_of(text)
    assert [tuple(problem.span) for problem in found] == spans, [p.message for p in found]
    assert spans
    assert {p.code for p in found} <= {"ttl-out-of-range", "get-type-unknown"}


# those that are JavaScript too, which has another grammar
PLAIN = {
    name: form
    for name, (form, _) in FORMS.items()
    if not read_source(text_of(form, SAME), "/shop/src/a.js").root.has_error
    and not re.search(r"<T>|: (Env|KVNamespace)", form)
}


@pytest.mark.parametrize("form", PLAIN.values(), ids=PLAIN)
def test_the_mistake_is_found_in_javascript(form: str) -> None:
    text, spans = marked(text_of(form, BAD))
    assert [tuple(problem.span) for problem in problems_of(text, "/shop/src/a.js")] == spans


def test_half_typed_javascript_is_read_as_such() -> None:
    text, spans = marked(text_of("const f = async (env) => { await (env.CARTS).PUT; };", BAD))
    broken = "class { let = ;\n"
    assert read_source(text + broken, "/shop/src/a.js").root.has_error
    reader = SourceReader("/shop/src/a.js")
    for version in (text, text + broken, text, text.replace("await (", "await("), "await (a"):
        assert str(reader.read(version).root) == str(read_source(version, reader.path).root)
    assert [tuple(problem.span) for problem in problems_of(text, reader.path)] == spans


@pytest.mark.parametrize(
    ("receiver", "title"),
    [
        pytest.param("(a ? env.CARTS : env.USERS)", "(a ? env.CARTS : env.USERS)", id="ternary"),
        pytest.param("(env.CARTS ?? env.USERS)", "(env.CARTS ?? env.USERS)", id="binary"),
        pytest.param("(env.CARTS)", "env.CARTS", id="needless"),
    ],
)
def test_a_receiver_has_the_parentheses_that_it_needs(receiver: str, title: str) -> None:
    found = problems_of(text_of(f"async function f(env, a) {{ await {receiver}.PUT; }}", SAME))
    assert [title + ".put() throws" in problem.message for problem in found] == [True]


@pytest.mark.parametrize("twin", [twin for _, twin in FORMS.values()], ids=FORMS)
def test_what_is_not_certainly_a_namespace_is_left_alone(twin: str) -> None:
    text = text_of(twin, SAME)
    assert "«" not in text
    assert check(text, "/shop/src/a.ts", [CONFIG], now=1.8e9) == []


@pytest.mark.parametrize("form", MORE)
def test_more_forms(form: str) -> None:
    text, spans = marked(text_of(form, BAD).replace("Ttl: 5", "Ttl: «5»"))
    found = problems_of(text)
    assert [tuple(problem.span) for problem in found] == spans
    assert spans


@pytest.mark.parametrize("form", MORE)
def test_the_same_forms_with_a_bucket(form: str) -> None:
    twin = re.sub("CARTS|USERS", "FILES", form).replace("KVNamespace", "R2Bucket")
    assert check(text_of(twin, SAME), "/shop/src/a.ts", [CONFIG], now=1.8e9) == []
