"""The fix that declares a namespace which the code uses: in every form of config."""

from __future__ import annotations

import pytest
from kvlens.config.edit import applied
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_config_syntax
from kvlens.js.reader import read_source
from kvlens.js.source_context import SourceContext
from kvlens.lint.fixable_source import FixableSource
from kvlens.lint.fixes import fixes_for

SOURCE = """\
export default {
  async fetch(request, env) {
    return new Response((await env.LINKS.getWithMetadata("k")).value);
  },
};
"""
HEAD = 'import { bindings, defineConfig } from "cf/config";\n'

# form: file, config, config afterwards
FORMS: dict[str, tuple[str, str, str]] = {
    "toml, headers": (
        "wrangler.toml",
        '[[kv_namespaces]]\nbinding = "A" # a\n',
        '[[kv_namespaces]]\nbinding = "A" # a\n\n[[kv_namespaces]]\nbinding = "LINKS"\n',
    ),
    "toml, a list": (
        "wrangler.toml",
        'kv_namespaces = [\n  { binding = "A" }, # a\n]\n',
        'kv_namespaces = [\n  { binding = "A" }, # a\n  { binding = "LINKS" },\n]\n',
    ),
    "toml, no list": (
        "wrangler.toml",
        'name = "x"\n',
        'name = "x"\n\n[[kv_namespaces]]\nbinding = "LINKS"\n',
    ),
    "toml, environments": (
        "wrangler.toml",
        '[[kv_namespaces]]\nbinding = "A"\n\n[env.x]\nname = "x"\n\n[[env.y.kv_namespaces]]\nbinding = "A"\n',
        '[[kv_namespaces]]\nbinding = "A"\n\n[[kv_namespaces]]\nbinding = "LINKS"\n\n[env.x]\nname = "x"\n\n'
        '[[env.y.kv_namespaces]]\nbinding = "A"\n\n[[env.y.kv_namespaces]]\nbinding = "LINKS"\n\n'
        '[[env.x.kv_namespaces]]\nbinding = "LINKS"\n',
    ),
    "toml, an environment on one line": (
        "wrangler.toml",
        'kv_namespaces = [{ binding = "A" }]\nenv = { x = { name = "x" } }\n',
        'kv_namespaces = [{ binding = "A" }, { binding = "LINKS" }]\n'
        'env = { x = { name = "x", kv_namespaces = [{ binding = "LINKS" }] } }\n',
    ),
    "toml, an environment in dotted keys": (
        "wrangler.toml",
        'kv_namespaces = [{ binding = "A" }]\nenv.x.name = "x"\n',
        'kv_namespaces = [{ binding = "A" }, { binding = "LINKS" }]\nenv.x.name = "x"\n\n'
        '[[env.x.kv_namespaces]]\nbinding = "LINKS"\n',
    ),
    "jsonc, a list": (
        "wrangler.jsonc",
        '{\n  "kv_namespaces": [\n    { "binding": "A" } // a\n  ]\n}\n',
        '{\n  "kv_namespaces": [\n    { "binding": "A" }, // a\n    { "binding": "LINKS" }\n  ]\n}\n',
    ),
    "jsonc, no list": (
        "wrangler.jsonc",
        '{\n  "name": "x" // x\n}\n',
        '{\n  "name": "x", // x\n  "kv_namespaces": [{ "binding": "LINKS" }]\n}\n',
    ),
    "json, environments": (
        "wrangler.json",
        '{ "kv_namespaces": [{ "binding": "A" }], "env": { "x": {} } }',
        '{ "kv_namespaces": [{ "binding": "A" }, { "binding": "LINKS" }],'
        ' "env": { "x": { "kv_namespaces": [{ "binding": "LINKS" }] } } }',
    ),
    "code": (
        "cloudflare.config.ts",
        f"{HEAD}export default defineConfig({{\n  worker: {{\n    env: {{\n      A: bindings.kv(), // a\n    }},\n  }},\n}});\n",
        f"{HEAD}export default defineConfig({{\n  worker: {{\n    env: {{\n      A: bindings.kv(), // a\n"
        "      LINKS: bindings.kv(),\n    },\n  },\n});\n",
    ),
    "code, literals": (
        "cloudflare.config.ts",
        'export default defineConfig({ worker: { env: { A: { type: "kv" } } } });\n',
        'export default defineConfig({ worker: { env: { A: { type: "kv" }, LINKS: { type: "kv" } } } });\n',
    ),
    "code, a ternary": (
        "cloudflare.config.ts",
        f"{HEAD}export default defineConfig(({{ mode }}) => ({{\n"
        '  worker: { env: mode === "x" ? { A: bindings.kv() } : { A: bindings.kv() } },\n}));\n',
        f"{HEAD}export default defineConfig(({{ mode }}) => ({{\n"
        '  worker: { env: mode === "x" ? { A: bindings.kv(), LINKS: bindings.kv() } '
        ": { A: bindings.kv(), LINKS: bindings.kv() } },\n}));\n",
    ),
    "code, a switch": (
        "cloudflare.config.ts",
        f"{HEAD}export default defineConfig((ctx) => {{\n  switch (ctx.mode) {{\n"
        '    case "x":\n      return { worker: { env: {} } };\n'
        "    default:\n      return { worker: { env: { A: bindings.kv() } } };\n  }\n});\n",
        f"{HEAD}export default defineConfig((ctx) => {{\n  switch (ctx.mode) {{\n"
        '    case "x":\n      return { worker: { env: { LINKS: bindings.kv() } } };\n'
        "    default:\n      return { worker: { env: { A: bindings.kv(), LINKS: bindings.kv() } } };\n  }\n});\n",
    ),
    "code, no bindings": (
        "cloudflare.config.ts",
        f'{HEAD}export default defineConfig({{\n  worker: {{\n    name: "x", // x\n  }},\n}});\n',
        f'{HEAD}export default defineConfig({{\n  worker: {{\n    name: "x", // x\n'
        "    env: { LINKS: bindings.kv() },\n  },\n});\n",
    ),
}


@pytest.mark.parametrize("file, text, wanted", FORMS.values(), ids=FORMS)
def test_a_namespace_that_the_code_uses_is_added(file: str, text: str, wanted: str) -> None:
    config = load_text(text, f"/p/{file}")
    source = FixableSource(read_source(SOURCE, "/p/index.js"), SourceContext([config]))
    (problem,) = [one for one in source.problems if one.code == "binding-undeclared"]
    (fix,) = fixes_for(source, problem)
    assert fix.path == config.path
    assert fix.title.startswith('Add "LINKS" to ')
    after = applied(text, fix.edits)
    assert after == wanted
    changed = load_text(after, config.path)
    assert check_config_syntax(changed) is None
    names = {environment.name for environment in changed.environments}
    assert {one.environment for one in changed.namespaces() if one.binding == "LINKS"} == names


TYPES: dict[str, tuple[str, list[str]]] = {
    # the type of env; the problems that the config with the namespace leaves
    "without-it": ("interface Env { OTHER: string }", ["env-member-missing"]),
    "with-it": ("interface Env { LINKS: KVNamespace }", []),
    "none": ("", []),
}


@pytest.mark.parametrize(("kind", "left"), TYPES.values(), ids=TYPES)
def test_a_namespace_is_added_whatever_the_type_of_env_has(kind: str, left: list[str]) -> None:
    config = load_text('name = "x"\nmain = "index.ts"\n', "/p/wrangler.toml")
    given = ": Env" if kind else ""
    code = (
        f"{kind}\nexport default {{ async fetch(request, env{given}) {{\n"
        '  await env.LINKS.put("k", "v", { expirationTtl: 60 }); } };\n'
    )
    source = read_source(code, "/p/index.ts")
    fixable = FixableSource(source, SourceContext([config]))
    (problem,) = [one for one in fixable.problems if one.code == "binding-undeclared"]
    (fix,) = fixes_for(fixable, problem)
    changed = load_text(applied(config.text, fix.edits), config.path)
    after = FixableSource(source, SourceContext([changed])).problems
    assert [one.code for one in after] == left
