"""A generated monorepo: several Workers, each with its config, its types, and its code.

The code is typical of Workers. Of a Worker's ten files, four use KV and six don't, although most of
these call `get` and `delete` of something else.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

SOURCES = 10  # of one Worker
WRONG_EVERY = 20  # Workers, of which one has a mistake

CONFIG = """\
name = "worker-{number}"
main = "src/index.ts"
compatibility_date = "2026-01-15"
compatibility_flags = ["nodejs_compat"]

kv_namespaces = [
  {{ binding = "CACHE", id = "{ids[0]}" }},
  {{ binding = "SESSIONS", id = "{ids[1]}", preview_id = "{ids[2]}" }},
]

[vars]
API_HOST = "api.example.com"
LIMIT = 100

[[routes]]
pattern = "worker-{number}.example.com/*"
zone_name = "example.com"

[observability]
enabled = true

[env.staging]
name = "worker-{number}-staging"
kv_namespaces = [
  {{ binding = "CACHE", id = "{ids[3]}" }},
  {{ binding = "SESSIONS", id = "{ids[4]}" }},
]

[env.staging.vars]
API_HOST = "staging.example.com"
LIMIT = 10
"""
ENV = """\
export interface Env {
  CACHE: KVNamespace;
  SESSIONS: KVNamespace;
  API_HOST: string;
  LIMIT: number;
}

export type Handler = (request: Request, env: Env, context: ExecutionContext) => Promise<Response>;
"""
INDEX = """\
import type { Env, Handler } from "./env";
import { cached, forget } from "./cache";
import { session, started } from "./sessions";
import { find } from "./part-0";

const routes = new Map<string, Handler>();

routes.set("/login", async (request, env) => {
  const name = new URL(request.url).searchParams.get("name");
  if (!name) return new Response("who?", { status: 400 });
  const id = await started(env, name);
  return new Response("in", { headers: { "set-cookie": `session=${id}; HttpOnly` } });
});

routes.set("/page", async (request, env, context) => {
  const page = await cached(env, new URL(request.url).pathname, async () => {
    const answer = await fetch(`https://${env.API_HOST}/page`);
    return answer.text();
  });
  context.waitUntil(env.CACHE.put("last", new Date().toISOString(), { expirationTtl: 3600 }));
  return new Response(page, { headers: { "content-type": "text/html" } });
});

routes.set("/forget", async (request, env) => {
  await forget(env, new URL(request.url).searchParams.get("prefix") ?? "");
  return new Response(null, { status: 204 });
});

export default {
  async fetch(request, env, context): Promise<Response> {
    const { pathname } = new URL(request.url);
    const known = await session(env, request.headers.get("cookie"));
    const handler = routes.get(pathname);
    if (!handler) return new Response("not found", { status: 404 });
    if (!known && pathname !== "/login") return new Response("log in", { status: 401 });
    try {
      return await handler(request, env, context);
    } catch (error) {
      console.error("failed", pathname, error, find(pathname));
      return new Response("failed", { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
"""
CACHE = """\
import type { Env } from "./env";

interface Kept {
  text: string;
  at: number;
}

export async function cached(
  env: Env,
  key: string,
  make: () => Promise<string>,
): Promise<string> {
  const found = await env.CACHE.get<Kept>(`page:${key}`, { type: "json", cacheTtl: 300 });
  if (found && Date.now() - found.at < 60_000) return found.text;
  const text = await make();
  const kept: Kept = { text, at: Date.now() };
  await env.CACHE.put(`page:${key}`, JSON.stringify(kept), { expirationTtl: TTL });
  return text;
}

export async function forget(env: Env, prefix: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await env.CACHE.list({ prefix: `page:${prefix}`, cursor, limit: 500 });
    await Promise.all(page.keys.map(({ name }) => env.CACHE.delete(name)));
    count += page.keys.length;
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor);
  return count;
}
"""
SESSIONS = """\
import type { Env } from "./env";

interface Session {
  name: string;
  since: number;
}

export async function started(env: Env, name: string): Promise<string> {
  const id = crypto.randomUUID();
  const value: Session = { name, since: Date.now() };
  await env.SESSIONS.put(`session:${id}`, JSON.stringify(value), {
    expirationTtl: 86_400,
    metadata: { name },
  });
  return id;
}

export async function session(env: Env, cookie: string | null): Promise<Session | null> {
  const id = /session=([^;]+)/.exec(cookie ?? "")?.[1];
  if (!id) return null;
  const { value, metadata } = await env.SESSIONS.getWithMetadata<Session>(`session:${id}`, "json");
  if (value === null) return null;
  if (metadata && Date.now() - value.since > 3_600_000) {
    await env.SESSIONS.delete(`session:${id}`);
    return null;
  }
  return value;
}
"""
PART = """\
export interface Item{n} {{
  id: string;
  weight: number;
  tags: string[];
}}

const items{n} = new Map<string, Item{n}>();

export function add{n}(item: Item{n}): void {{
  const before = items{n}.get(item.id);
  if (before && before.weight > item.weight) {{
    return;
  }}
  items{n}.set(item.id, {{ ...item, tags: [...new Set(item.tags)].sort() }});
}}

export function find(id: string): Item{n} | undefined {{
  return items{n}.get(id) ?? [...items{n}.values()].find((item) => item.tags.includes(id));
}}

export function heaviest{n}(limit = {n}): Item{n}[] {{
  const sorted = [...items{n}.values()].sort((one, other) => other.weight - one.weight);
  for (const item of sorted.slice(limit)) {{
    if (item.weight < 0) items{n}.delete(item.id);
  }}
  return sorted.slice(0, limit);
}}

export async function fetched{n}(host: string, id: string): Promise<Item{n}> {{
  const answer = await fetch(`https://${{host}}/items/${{encodeURIComponent(id)}}`, {{
    headers: {{ accept: "application/json" }},
  }});
  if (!answer.ok) throw new Error(`item ${{id}}: ${{answer.status}}`);
  const item = (await answer.json()) as Item{n};
  add{n}(item);
  return item;
}}
"""


def make_monorepo(root: Path, workers: int, sources: bool = True) -> int:
    """Write this many Workers into a folder; return how many of them have a mistake."""
    wrong = 0
    for number in range(workers):
        folder = root / f"group-{number // 20}" / f"worker-{number}"
        (folder / "src").mkdir(parents=True)
        _write(folder / "wrangler.toml", CONFIG.format(number=number, ids=_ids(number)))
        if not sources:
            continue
        is_wrong = number % WRONG_EVERY == 7
        wrong += is_wrong
        code = folder / "src"
        _write(code / "env.ts", ENV)
        _write(code / "index.ts", INDEX)
        _write(code / "cache.ts", CACHE.replace("TTL }", f"{30 if is_wrong else 300} }}"))
        _write(code / "sessions.ts", SESSIONS)
        for part in range(SOURCES - 4):
            _write(code / f"part-{part}.ts", PART.format(n=part) * 2)
    return wrong


def _ids(number: int) -> list[str]:
    texts = (f"{number} {place}".encode() for place in range(5))
    return [hashlib.md5(text, usedforsecurity=False).hexdigest() for text in texts]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
