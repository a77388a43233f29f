"""What frameworks pass from one file to another: shared objects, and functions without an import.

The files of a project by their path; problems are exactly at the marks.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.config.edit import applied
from kvlens.config.reader import load_text
from kvlens.js.extract_prefix import extract_prefix
from kvlens.js.files import SourceFiles
from kvlens.js.reader import read_source
from kvlens.js.resolution import Workspace
from kvlens.js.source_context import SourceContext, read
from kvlens.text import Span

from tests.unit.test_js_modules import BAD, CONFIG, problems_in, write

SAME = BAD.replace("«", "").replace("»", "")

# objects that handlers get: `locals` of SvelteKit and Astro, `context` of Remix and Nitro
SHARED: dict[str, dict[str, str]] = {
    "sveltekit-locals": {
        "src/app.d.ts": "declare global { namespace App { interface Locals { kv: KVNamespace }"
        " interface Platform { env: { CARTS: KVNamespace } } } }\n"
        "export {};",
        "src/hooks.server.ts": "export const handle: Handle = async ({ event, resolve }) => "
        "{ event.locals.kv = event.platform!.env.CARTS; return resolve(event); };",
        "src/routes/+server.ts": f'import type {{ RequestHandler }} from "./$types";\n'
        f"export const POST: RequestHandler = async ({{ locals }}) => {{ await locals.kv.{BAD};"
        f" return new Response(); }};",
    },
    "react-router-context-of-a-key": {
        "app/context.ts": 'import { createContext } from "react-router";\n'
        "export const cloudflare = createContext<{ env: { CARTS: KVNamespace } }>();\n"
        "export const store = createContext<KVNamespace>();\n"
        "export const other = createContext<Cache>();",
        "app/routes/home.tsx": 'import { cloudflare, store, other } from "../context";\n'
        f"export async function loader({{ context }}) {{ await context.get(cloudflare).env.CARTS.{BAD};"
        f" const kv = context.get(store); await kv.{BAD}; await context.get(other).{SAME}; }}\n"
        f"const f = async (all: Map<object, Cache>) => {{ await all.get(store).{SAME}; }};",
    },
    "sveltekit-locals-of-the-event": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => "
        "{ event.locals.kv = event.platform.env.CARTS; return resolve(event); };",
        "src/routes/+server.js": f"export async function POST(event) {{ await event.locals.kv.{BAD}; return new Response(); }}",
    },
    "sveltekit-locals-by-their-type": {
        "src/app.d.ts": "declare global { namespace App { interface Locals { store: KVNamespace } } }\nexport {};",
        "src/routes/+page.server.ts": f"export const load = async ({{ locals: {{ store }} }}) => {{ await store.{BAD}; }};",
    },
    "sveltekit-platform-by-its-type": {
        "src/app.d.ts": "declare global { namespace App { interface Platform { kv: KVNamespace } } }\nexport {};",
        "src/routes/+page.server.ts": f"export const load = async ({{ platform }}) => {{ await platform!.kv.{BAD}; }};",
    },
    "sveltekit-types": {
        "src/app.d.ts": "declare global { namespace App { interface Platform { bindings: { CARTS: KVNamespace }"
        " } } }\n"
        "export {};",
        "src/lib/kv.ts": f"export const save = async (p: App.Platform) => {{ await p.bindings.CARTS.{BAD}; }};\n"
        f"export const keep = async (l: App.Locals) => {{ await l.kv.{SAME}; }};",
    },
    "sveltekit-locals-set-at-once": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => { event.locals = "
        "{ kv: event.platform.env.CARTS, a: 1 }; return resolve(event); };",
        "src/routes/+server.js": f"export const POST = async ({{ locals }}) => {{ await locals.kv.{BAD};"
        f" await locals.a.{SAME}; }};",
    },
    "sveltekit-locals-merged": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => "
        "{ Object.assign(event.locals, { kv: event.platform.env.CARTS }); return resolve(event);"
        " };",
        "src/routes/+server.js": f"export const POST = async ({{ locals }}) => {{ await locals.kv.{BAD}; }};",
    },
    "sveltekit-locals-in-patterns": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => { const { locals, platform }"
        " = event; locals.kv = platform?.env?.CARTS; return resolve(event); };",
        "src/routes/+page.server.js": f"export const load = async ({{ locals: {{ kv }} }}) => {{ await kv.{BAD}; }};",
    },
    "sveltekit-locals-with-an-object": {
        "src/hooks.server.js": 'import {Store} from "$lib/store";\n'
        "export const handle = async ({ event, resolve }) => "
        "{ event.locals.store = new Store(event.platform.env.CARTS); return resolve(event); };",
        "src/lib/store.js": f"export class Store {{ constructor(kv) {{ this.kv = kv }}"
        f" async save() {{ await this.kv.{BAD}; }} }}",
        "src/routes/+page.server.js": f"export const load = async ({{ locals }}) => {{ await locals.store.kv.{BAD}; }};",
    },
    "sveltekit-locals-with-a-map": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => { event.locals.kv = new Map();"
        " return resolve(event); };",
        "src/routes/+server.js": f"export const POST = async ({{ locals }}) => {{ await locals.kv.{SAME};"
        f" return new Response(); }};",
    },
    "sveltekit-locals-of-two-kinds": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => "
        "{ event.locals.kv = event.platform ? event.platform.env.CARTS : new Fake();"
        " return resolve(event); };",
        "src/routes/+server.js": f"export const POST = async ({{ locals }}) => {{ await locals.kv.{SAME};"
        f" return new Response(); }};",
    },
    "astro-locals-by-their-type": {
        "src/env.d.ts": "declare namespace App { interface Locals { kv: KVNamespace } }",
        "src/pages/a.astro": f"---\nawait Astro.locals.kv.{BAD};\n---\n<p></p>",
    },
    "astro-locals": {
        "src/middleware.js": "export const onRequest = (context, next) => "
        "{ context.locals.kv = context.locals.runtime.env.CARTS; return next(); };",
        "src/pages/a.js": f"export const GET = async (context) => {{ await context.locals.kv.{BAD}; }};",
    },
    "nitro-context": {
        "server/middleware/kv.ts": "export default defineEventHandler((event) => "
        "{ event.context.kv = event.context.cloudflare.env.CARTS; });",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ await event.context.kv.{BAD}; }});",
    },
    "express-locals": {
        "src/index.ts": "import { env } from 'cloudflare:workers';\n"
        "app.use((req, res, next) => { res.locals.kv = env.CARTS; next(); });",
        "src/a.ts": f"export const f = async (req, res) => {{ await res.locals.kv.{BAD}; }}",
    },
    "remix-context-by-its-type": {
        "load-context.ts": 'declare module "@remix-run/cloudflare" { interface AppLoadContext { kv: KVNamespace; }'
        " }\n"
        "export {};",
        "app/routes/a.ts": f'import type {{ LoaderFunctionArgs }} from "@remix-run/cloudflare";\n'
        f"export async function loader({{ context }}: LoaderFunctionArgs) {{ await "
        f"context.kv.{BAD}; return null; }}",
    },
    "remix-context": {
        "load-context.js": "export function getLoadContext({ context }) { return { kv: context.cloudflare.env.CARTS }; }",
        "app/routes/a.js": f"export async function loader({{ context }}) {{ await context.kv.{BAD}; return null; }}",
    },
    "remix-context-of-pages": {
        "functions/[[path]].js": 'import { createPagesFunctionHandler } from "@remix-run/cloudflare-pages";\n'
        "export const onRequest = createPagesFunctionHandler({ build, getLoadContext: (context) "
        "=> ({ kv: context.env.CARTS }) });",
        "app/routes/a.js": f"export async function loader({{ context }}) {{ await context.kv.{BAD}; return null; }}",
    },
    "react-router-context-typed": {
        "workers/app.ts": 'import { createRequestHandler } from "react-router";\n'
        'declare module "react-router" { export interface AppLoadContext { cloudflare: '
        "{ env: Env }; kv: KVNamespace } }\n"
        'const h = createRequestHandler(() => import("virtual:react-router/server-build"), "x");\n'
        "export default { async fetch(request, env, ctx) { return h(request, "
        "{ cloudflare: { env, ctx }, kv: env.CARTS }); } };",
        "app/routes/a.tsx": f'import type {{ Route }} from "./+types/a";\n'
        f"export async function loader({{ context }}: Route.LoaderArgs) {{ await "
        f"context.kv.{BAD}; return null; }}\n"
        f"export async function action(args: Route.ActionArgs) {{ await args.context.kv.{BAD}; }}",
    },
    "react-router-context": {
        "workers/app.js": 'import { createRequestHandler } from "react-router";\n'
        'const h = createRequestHandler(() => import("virtual:react-router/server-build"), "x");\n'
        "export default { async fetch(request, env, ctx) { return h(request, "
        "{ cloudflare: { env, ctx }, kv: env.CARTS }); } };",
        "app/routes/a.jsx": f"export async function loader({{ context }}) {{ await context.kv.{BAD}; return null; }}\n"
        f"export async function action(args) {{ await args.context.kv.{BAD}; }}",
    },
    "remix-context-with-a-map": {
        "load-context.js": "export function getLoadContext({ context }) { return { kv: new Map() }; }",
        "app/routes/a.js": f"export async function loader({{ context }}) {{ await context.kv.{SAME}; return null; }}\n"
        f"export async function other({{ context }}) {{ await context.cache.{SAME}; return null;"
        f" }}",
    },
    "sveltekit-locals-without-words-of-kv": {
        "src/hooks.server.js": "export const handle = async ({ event, resolve }) => {"
        " event.locals.kv = event.platform.env.CARTS; return resolve(event); };",
        "src/routes/+server.js": "export const POST = async ({ locals }) => {"
        ' «locals.kv.delete("x")»; return new Response(); };',
    },
}


@pytest.mark.parametrize("files", SHARED.values(), ids=SHARED)
def test_objects_that_all_handlers_share(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = write(tmp_path, {"wrangler.toml": CONFIG, **files})
    assert problems_in(tmp_path, capsys) == expected


# functions that Nuxt and Nitro make known everywhere
AUTO_IMPORTS: dict[str, dict[str, str]] = {
    "nuxt-server-utils": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": 'import type { H3Event } from "h3";\n'
        "export const useKv = (event: H3Event) => event.context.cloudflare.env.CARTS;",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{BAD}; }});",
    },
    "nuxt-server-utils-default": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv-store.ts": "export function useKv(event) { return event.context.cloudflare.env.CARTS; }\n"
        "export default function (event) { return useKv(event) }",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ const kv = useKv(event);"
        f" await kv.{BAD}; await kvStore(event).{BAD}; }});",
    },
    "nuxt-server-utils-that-get-a-namespace": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": f"export async function keep(kv) {{ await kv.{BAD}; }}",
        "server/api/a.ts": "export default defineEventHandler(async (event) => "
        "{ await keep(event.context.cloudflare.env.CARTS); });",
    },
    "nuxt-server-utils-that-write": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": 'export async function keep(event) { await event.context.cloudflare.env.CARTS.put("k", "v"); }',
        "server/api/a.ts": "export default defineEventHandler(async (event) => { «keep»(event); return 1; });",
    },
    "nuxt-server-utils-with-constants": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": "export const SHORT = 30; export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "server/api/a.ts": "export default defineEventHandler(async (event) => "
        '{ await useKv(event).put("k", "v", { expirationTtl: «SHORT» }); });',
    },
    "nuxt-server-utils-exported-below": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/deep/kv.ts": "const a = (event) => event.context.cloudflare.env.CARTS;\nexport { a as useKv, type X };",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{BAD}; }});",
    },
    "nuxt-composables": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "app/composables/useStore.ts": "export const useStore = () => useRequestEvent().context.cloudflare.env.CARTS;",
        "app/pages/a.vue": f'<script setup lang="ts">\nawait useStore().{BAD};\n</script>\n<template><p>é</p></template>',
    },
    "nuxt-layers": {
        "nuxt.config.ts": "export default defineNuxtConfig({ extends: ['./base', 'other'] })",
        "base/server/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;"
        " export const own = useKv;",
        "layers/shop/server/utils/shop.ts": "export const useShop = (event) => event.context.cloudflare.env.CARTS;",
        "other/server/utils/b.ts": "export const useOther = (event) => event.context.cloudflare.env.CARTS;",
        "server/utils/own.ts": "export const own = (event) => new Map();",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{BAD};"
        f" await useShop(event).{BAD}; await own(event).{SAME}; await useOther(event).{SAME}; }});",
    },
    "nitro-utils": {
        "nitro.config.ts": "export default defineNitroConfig({})",
        "utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "routes/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{BAD}; }});",
    },
    "nuxt-server-utils-imported-from-elsewhere": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "server/api/a.ts": f'import {{ useKv }} from "other";\n'
        f"export default defineEventHandler(async (event) => {{ await useKv(event).{SAME}; }});",
    },
    "utils-without-nuxt": {
        "src/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "src/api/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{SAME}; }});",
    },
    "nuxt-server-utils-in-the-app": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "pages/a.vue": f'<script setup lang="ts">\nawait useKv().{SAME};\n</script>',
    },
    "nuxt-server-utils-hidden": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "server/api/a.ts": f"const useKv = (event) => new Map();\n"
        f"export default defineEventHandler(async (event) => {{ await useKv(event).{SAME}; }});",
        "server/api/b.ts": f"export default async (event, useKv) => {{ await useKv(event).{SAME}; }};",
        "server/api/c.ts": f'import {{ h, useKv }} from "other";\n'
        f"export default async (event) => {{ await useKv(event).{SAME}; }};",
    },
    "nuxt-server-utils-of-one-name": {
        "nuxt.config.ts": "export default defineNuxtConfig({})",
        "server/utils/kv.ts": "export const useKv = (event) => event.context.cloudflare.env.CARTS;",
        "server/utils/kv2.ts": "export const useKv = (event) => new Map();",
        "server/api/a.ts": f"export default defineEventHandler(async (event) => {{ await useKv(event).{SAME}; }});",
    },
}


@pytest.mark.parametrize("files", AUTO_IMPORTS.values(), ids=AUTO_IMPORTS)
def test_functions_without_an_import(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = write(tmp_path, {"wrangler.toml": CONFIG, **files})
    assert problems_in(tmp_path, capsys) == expected


def test_a_constant_is_declared_below_the_imports_of_the_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "nuxt.config.ts": "export default {};",
            "server/utils/kv.ts": "export const useKv = (e) => e.context.cloudflare.env.CARTS;",
        },
    )
    text = 'import a from "a";\n\nexport default (e) => useKv(e).get([`user:${a}`, `user:${e}`]);\n'
    source = read_source(text, str(tmp_path / "server/api/a.ts"))
    assert source.text == text
    at = text.index("user:")
    config = load_text('kv_namespaces = [{ binding = "CARTS" }]', str(tmp_path / "wrangler.toml"))
    files = SourceFiles.below(tmp_path, Workspace(tmp_path))
    analysis = read(source, SourceContext([config], modules=files))
    found = extract_prefix(analysis, Span(at, at))
    assert found is not None
    assert applied(text, found.edits) == (
        'import a from "a";\n\nconst USER_PREFIX = "user:";\n\n'
        "export default (e) => useKv(e).get([`${USER_PREFIX}${a}`, `${USER_PREFIX}${e}`]);\n"
    )
