"""Mistakes that public repositories have fixed: reported before the fixing commit, not after it.

Each case is the mistake of one commit in a few lines of our own. The name is that of the repository
with the commit. All of them were also checked as whole repositories, before and after.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from kvlens.cli.check_run import Run
from kvlens.lint.severities import Severities

ID = "0f2ac74b498b48028cb68387c421e279"
CONFIG = f'[[kv_namespaces]]\nbinding = "CARTS"\nid = "{ID}"\n'
TOML, JS, TS = "wrangler.toml", "index.js", "index.ts"


class Fix(NamedTuple):
    """The rule that finds the mistake, the file, and its text before and after the commit."""

    code: str
    name: str
    before: str
    after: str


def entry(more: str) -> str:
    """Return a config with one namespace that has this line."""
    return f'name = "shop"\n\n[[kv_namespaces]]\nbinding = "CARTS"\n{more}\n'


def handler(body: str) -> str:
    """Return a Worker with this code."""
    return f"export default {{\n  async fetch(request, env, ctx) {{\n    {body}\n  }},\n}};\n"


def placeholder(before: str) -> Fix:
    """Return a fix that replaces a placeholder by an id."""
    return Fix("id-placeholder", TOML, entry(f'id = "{before}"'), entry(f'id = "{ID}"'))


FIXES: dict[str, Fix] = {
    "Shaun-Regenbaum/talmud@cebbdd4": Fix(
        "ttl-out-of-range",
        JS,
        handler('await env.CARTS.put("costs", body, { expirationTtl: 45 });'),
        handler('await env.CARTS.put("costs", body, { expirationTtl: 60 });'),
    ),
    "elixpo/accounts.elixpo@9b73325": Fix(
        "ttl-out-of-range",
        TS,
        "const COOLDOWN = 30;\nexport const wait = (env: { CARTS: KVNamespace }, user: string) =>\n"
        '  env.CARTS.put(`sent:${user}`, "1", { expirationTtl: COOLDOWN });\n',
        "const COOLDOWN = 60;\nexport const wait = (env: { CARTS: KVNamespace }, user: string) =>\n"
        '  env.CARTS.put(`sent:${user}`, "1", { expirationTtl: COOLDOWN });\n',
    ),
    "cloudflare/workers-oauth-provider@742e222": Fix(
        "ttl-unbounded",
        TS,
        "const FLOOR = 60;\nexport async function mark(env: { CARTS: KVNamespace }, exp: number, now: number) {\n"
        '  const ttl = Math.max(1, exp - now);\n  await env.CARTS.put("used", "1", { expirationTtl: ttl });\n}\n',
        "const FLOOR = 60;\nexport async function mark(env: { CARTS: KVNamespace }, exp: number, now: number) {\n"
        '  const ttl = Math.max(FLOOR, exp - now);\n  await env.CARTS.put("used", "1", { expirationTtl: ttl });\n}\n',
    ),
    "cloudflare/workers-oauth-provider@42e269c": Fix(
        "promise-not-awaited",
        JS,
        handler("env.CARTS.put(`grant:${id}`, JSON.stringify(grant));"),
        handler("await env.CARTS.put(`grant:${id}`, JSON.stringify(grant));"),
    ),
    "lostatc/smorgasbord@baeeae1": Fix(
        "promise-not-awaited",
        TS,
        "export const save = async (kv: KVNamespace, form: object) => {\n"
        '  kv.put("form", JSON.stringify(form), { expirationTtl: 3600 });\n};\n',
        "export const save = async (kv: KVNamespace, form: object) => {\n"
        '  await kv.put("form", JSON.stringify(form), { expirationTtl: 3600 });\n};\n',
    ),
    "shiliuawa/TGDrive@88b1464": Fix(
        "promise-not-awaited",
        JS,
        "export function count(key, env) {\n  env.CARTS.get(key, 'json').then((file) => {\n"
        "    env.CARTS.put(key, JSON.stringify({ ...file, seen: true }));\n  }).catch(() => {});\n}\n",
        "export async function count(key, env) {\n  const file = await env.CARTS.get(key, 'json');\n"
        "  await env.CARTS.put(key, JSON.stringify({ ...file, seen: true }));\n}\n",
    ),
    "TomsTech/spotify-genre-sorter@cc9869b": Fix(
        "list-without-cursor",
        JS,
        handler(
            'const list = await env.CARTS.list({ prefix: "stats:" });\n'
            "    return Response.json(list.keys.map((key) => key.name));"
        ),
        handler(
            "let names = [], cursor;\n    do {\n"
            '      const page = await env.CARTS.list({ prefix: "stats:", cursor });\n'
            "      names = names.concat(page.keys.map((key) => key.name));\n"
            "      cursor = page.list_complete ? undefined : page.cursor;\n    } while (cursor);\n"
            "    return Response.json(names);"
        ),
    ),
    "lane711/sonicjs@4d32f535": Fix(
        "binding-undeclared",
        TS,
        "type Bindings = { KV: KVNamespace };\nexport const clear = (c: { env: Bindings }) =>\n"
        '  c.env.KV.delete("cache:all");\n',
        "type Bindings = { CARTS: KVNamespace };\nexport const clear = (c: { env: Bindings }) =>\n"
        '  c.env.CARTS.delete("cache:all");\n',
    ),
    "norens/url-shortener@161057e": Fix(
        "id-empty", TOML, entry('id = ""  # to be created'), entry(f'id = "{ID}"')
    ),
    "kinai9661/flux-generator-optimized@c433afe": Fix(
        "preview-id-empty",
        TOML,
        entry(f'id = "{ID}"\npreview_id = ""'),
        'name = "shop"\n',
    ),
    "tony13382/CloudBio@7c4933b": Fix(
        "id-malformed", TOML, entry('id = "local"'), entry(f'id = "{ID}"')
    ),
    "aaronmayeux/landfall@200ed54": placeholder("REPLACE_WITH_KV_NAMESPACE_ID"),
    "cbzehner/swimfrancisco@86e17af": placeholder("REPLACE_ME"),
    "daniel-rck/Tennisturnier@e51ee22": placeholder("PLACEHOLDER_PRODUCTION_NAMESPACE_ID"),
    "lane711/sonicjs@fa148e6f": placeholder("placeholder-prod"),
    "rianvdm/raindrop-wordpress-linkblog-sync@b3053a4": placeholder("YOUR_KV_NAMESPACE_ID"),
    "yazelin/ai-digest-tg@fc4fe6b": placeholder("<REPLACE_WITH_KV_NAMESPACE_ID>"),
}


def codes(folder: Path, name: str, text: str) -> list[str]:
    """Return the rules that report something in a project with this file."""
    (folder / TOML).write_text(CONFIG, encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    return [
        problem.code for file in Run([folder], Severities()).check() for problem in file.problems
    ]


@pytest.mark.parametrize("fix", FIXES.values(), ids=FIXES)
def test_a_mistake_is_reported_until_it_is_fixed(tmp_path: Path, fix: Fix) -> None:
    assert fix.code in codes(tmp_path, fix.name, fix.before)
    assert codes(tmp_path, fix.name, fix.after) in ([], ["binding-unused"])
