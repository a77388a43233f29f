"""A namespace that the type of `env` has, and no environment of the config declares.

## What
The type of `env` has a member of type `KVNamespace`, and no environment of the config declares a
namespace of that name. The type counts if the runtime provides the value: the second parameter of
a handler, the argument of `ExportedHandler`, `PagesFunction` or `WorkerEntrypoint`, `Bindings` of
Hono, `Platform` of SvelteKit, a global `Env`, or what `wrangler types` has generated. The types
that it extends count, too.

It isn't reported if the member is optional (`CARTS?: KVNamespace`), except in generated types, for
which code has to test whether the binding exists. Nor is it if the config has the name in a comment
or as another kind of binding, in tests, or in the source of another Worker, as of one that code
deploys (`main: "src/worker.ts"`).

## Why
TypeScript then accepts `env.CARTS.get(…)`, and the Worker throws, because `env.CARTS` is undefined.
Generated types with such a member are older than the config.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```ts
interface Env {
  CARTS: KVNamespace;
  SESSION: KVNamespace;
}

export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
} satisfies ExportedHandler<Env>;
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```ts
interface Env {
  CARTS: KVNamespace;
}

export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
} satisfies ExportedHandler<Env>;
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.js.config_bindings import entries
from kvlens.js.similar_names import nearest_name
from kvlens.js.tree import ancestor
from kvlens.lint.base import Context, Finding, SourceRule
from kvlens.lint.deploys.other_deploys import is_of_another_deploy
from kvlens.lint.env_members import generated_for, is_env, name_of, undeclared, undeclared_fixes
from kvlens.lint.guards import is_guarded_near
from kvlens.lint.wording import quoted


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure:
        return
    seen = {*declared.kv, *declared.others, *declared.quoted, *context.project.other_texts}
    for kind in analysis.source.names.nodes("KVNamespace"):
        member = ancestor(kind, {"property_signature", "statement_block", "formal_parameters"})
        place = name_of(analysis.source, member)
        if member is None or place is None or place.name in seen or place.name.startswith("__"):
            continue
        types = member.child_by_field_name("type")
        if types is None or not analysis.resolver.is_kv_type(types):
            continue
        made = generated_for(context)
        text = analysis.source.text_of(member)
        if (("?" in text or "undefined" in text) and made is None) or not is_env(context, member):
            continue
        if is_of_another_deploy(context):
            return
        if made is not None and is_guarded_near(context, place.name, _entries(context)):
            continue  # some who deploy it have the binding
        seen.add(place.name)
        if made is not None:
            yield Finding(
                place.span,
                f"These types are out of date: no environment of the config declares the KV "
                f"binding {quoted(place.name)}. Run `{made.command}`.",
            )
            continue
        nearest = nearest_name(place.name, list(declared.kv))
        home = "env" if context.has_modes else "kv_namespaces"
        yield Finding(
            place.span,
            f"No environment of the config declares the KV binding {quoted(place.name)}, so it is "
            "undefined when the Worker runs. "
            + (f"Did you mean {quoted(nearest)}?" if nearest else f"Add it to {home}."),
            data=undeclared(place.name, nearest),
        )


def _entries(context: Context) -> list[str]:
    return [path for config in context.project.configs for path in entries(config)]


RULE = SourceRule(
    "env-member-undeclared",
    "information",
    "The type of env has a namespace that the config doesn't declare",
    _check,
    undeclared_fixes,
)
