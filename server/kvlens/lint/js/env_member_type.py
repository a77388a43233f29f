"""A namespace of the config that the type of `env` has with another type.

## What
The config declares a KV namespace, and the type of `env` says that the member of this name is
something else: `string`, `D1Database`, `R2Bucket` and the like. Types of your own aren't reported,
nor `any` and `unknown`, nor a name that the config also gives to something else.

## Why
The value is a `KVNamespace`. TypeScript rejects the right calls and accepts wrong ones, such as
`env.CARTS.prepare(…)`, which then throw.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```ts
interface Env {
  CARTS: D1Database;
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

from kvlens.config.edit import Edit
from kvlens.js.binding_resolver import signatures
from kvlens.js.values import OTHER
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.env_members import generated_for, is_env
from kvlens.lint.source_fix_helpers import given
from kvlens.lint.wording import quoted


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure:
        return
    for name in declared.kv:
        if name in declared.others:
            continue
        for member in signatures(analysis.source.names, name):
            annotation = member.child_by_field_name("type")
            kind = (
                annotation.named_children[0] if annotation and annotation.named_children else None
            )
            if kind is None or analysis.resolver.flow.types.value(kind) != OTHER:
                continue
            if not is_env(context, member):
                continue
            made = generated_for(context)
            way = f"Run `{made.command}`." if made else "Change it to KVNamespace."
            yield Finding(
                analysis.source.span(kind),
                f"The config declares {quoted(name)} as a KV namespace, but its type here is "
                f"{quoted(analysis.source.text_of(kind))}. {way}",
                data=None if made else {"binding": name},
            )


def _fixes(_context: Context, problem: Problem) -> Iterator[Fix]:
    if given(problem, "binding"):
        yield Fix("Change to KVNamespace", (Edit(problem.span, "KVNamespace"),))


RULE = SourceRule(
    "env-member-type",
    "warning",
    "The type of env has a namespace of the config with another type",
    _check,
    _fixes,
)
