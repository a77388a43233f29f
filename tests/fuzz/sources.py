"""JavaScript and TypeScript: their use of KV."""

from __future__ import annotations

from zlib import crc32

from kvlens.config.reader import load_text
from kvlens.js.analysis import merge_types
from kvlens.js.api import at, calls, completing, keys, references
from kvlens.js.api import uses as binding_uses
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext, env_types
from kvlens.lint.check_source import check_source
from kvlens.lint.check_sources import check_with_sources
from kvlens.lint.fixable_source import FixableSource
from kvlens.lint.fixes import fixes_for, suppress

from tests.fuzz.configs import text_of

CONFIG = load_text(
    'main = "index.ts"\nkv_namespaces = [{ binding = "CARTS", id = "a" }, { binding = "B" }]\n',
    "/project/wrangler.toml",
)
NOW = 1_700_000_000.0
FIXED = 1  # problems of a text whose fixes are tested
EXAMPLES = (
    b"export interface Env { CARTS: KVNamespace; B: KVNamespace }\n"
    b"export default {\n  async fetch(request: Request, env: Env, ctx): Promise<Response> {\n"
    b"    const { CARTS, B: other } = env;\n"
    b"    await CARTS.put(`a-${request.url}`, JSON.stringify({ a: 1 }), { expirationTtl: 60 * 5 });\n"
    b'    const list = await env.CARTS.list({ prefix: "x", limit: 2000 });\n'
    b'    const many = await env.B.get(["a", "b"], "json");\n    env.B.delete("x");\n'
    b"    return new Response(await other.get('k', { type: 'text', cacheTtl: 30 }));\n  },\n};\n",
    b"addEventListener('fetch', (event) => event.respondWith(handle(event)));\n"
    b"const TTL = 24 * 60 * 60 * 1000;\nasync function handle(event) {\n"
    b"  await CARTS.put('k', { a: 1 }, { expiration: Date.now() + TTL });\n"
    b"  return new Response((await CARTS.get('k')) ?? 'none');\n}\n",
    b"class Store { constructor(private env: Env) { this.kv = env.CARTS }\n"
    b"  get(k) { return this.kv.getWithMetadata(k, 'json') } }\n"
    b"const app = new Hono<{ Bindings: Env }>();\n"
    b"app.get('/', async (c) => c.json(await c.env.CARTS.get(c.req.param('k'))));\nexport default app;\n",
)
WORDS = (
    *(b"env.CARTS", b".get(", b".put(", b".list(", b"await ", b"(", b")", b"=>", b"as any", b"!"),
    *(b"expirationTtl: 30", b"{ type: 'json' }", b"const env = env;", b"const { CARTS } = env;\n"),
    *(b"KVNamespace", b"this.env", b"${", b"`", b"a.b.c.", b"((((((((", b"? :", b"1 + ", b"async "),
    *(
        b"// kvlens-disable-next-line ttl-out-of-range\n",
        b"import { env } from 'cloudflare:workers'\n",
    ),
)


def target(data: bytes) -> None:
    """Check it, and query several positions."""
    text = text_of(data)
    chance = crc32(data)
    path = "/project/index.jsx" if chance % 4 == 0 else "/project/index.ts"
    source = read_source(text, path)
    project = SourceContext([CONFIG], merge_types([env_types(source)]))
    problems = check_source(source, project, NOW)
    for problem in problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    assert "internal-error" not in {problem.code for problem in problems}, "a rule fails"
    fixable = FixableSource(source, project, NOW)
    for problem in problems[:FIXED]:
        for fix in fixes_for(fixable, problem):
            assert all(0 <= edit.span.start <= edit.span.end for edit in fix.edits)
        suppress(fixable, problem)
    uses = binding_uses(source, project)
    calls(source, project)
    keys(source, project)
    found = [*uses, *references(source, "CARTS", project)]
    for use in found:
        assert 0 <= use.span.start <= use.span.end <= len(text)
    places = {0, len(text), len(text) // 2, len(text) // 3, *(use.span.end for use in uses[:4])}
    for place in places:
        at(source, place, project)
    if chance // 4 % 4 == 0:  # it takes a third of the time
        completing(source, len(text) // 2, project)
    check_with_sources(CONFIG, {path: text}, lambda _: source)
