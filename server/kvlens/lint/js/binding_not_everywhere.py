"""A namespace that the code uses and an environment lacks: `kv_namespaces` isn't inherited.

## What
The code uses a namespace that the config declares, but not in every environment. The top level
counts as an environment if it has namespaces. If the code checks that the binding exists, this
isn't reported.

## Why
`kv_namespaces` isn't inherited: what the top level declares is missing in `[env.staging]` unless
you repeat it there. A Worker deployed with `--env staging` then fails at the first call, although
the same code works everywhere else.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"

[env.staging]
vars = { MODE = "staging" }
```

```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
};
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"

[env.staging]
vars = { MODE = "staging" }

[[env.staging.kv_namespaces]]
binding = "CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.guards import is_guarded
from kvlens.lint.source_fix_helpers import declared_in, given
from kvlens.lint.wording import quoted


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure:
        return
    seen: set[str] = set()
    for use in analysis.uses:
        if use.name in seen or use.name not in declared.kv:
            continue
        seen.add(use.name)
        missing = declared.missing(use.name)
        if not missing or use.name in declared.others or is_guarded(context, use.name):
            continue
        yield Finding(
            use.span,
            _said(use.name, missing, has_modes=context.has_modes),
            data={"binding": use.name, "environments": list(missing)},
        )


def _said(binding: str, missing: Sequence[str | None], *, has_modes: bool) -> str:
    if has_modes:
        where = " and ".join(f"the mode {quoted(name)}" if name else "others" for name in missing)
        return (
            f"The KV binding {quoted(binding)} isn't declared for {where}: it's undefined there. "
            "Add it to what the config returns for it."
        )
    where = " and ".join(f"env.{name}" if name else "the top level" for name in missing)
    return (
        f"The KV binding {quoted(binding)} isn't declared in {where}: it's undefined there, "
        f"because environments don't inherit kv_namespaces. Add it to {where} too."
    )


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    name, environments = given(problem, "binding"), given(problem, "environments")
    for config in context.project.configs:
        yield from declared_in(config, name, environments)


RULE = SourceRule(
    "binding-not-everywhere",
    "warning",
    "The code uses a namespace that an environment lacks",
    _check,
    _fixes,
    off_by_default=True,  # environment-lacks-binding reports it in the config, once
)
