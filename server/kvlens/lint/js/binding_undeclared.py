"""A namespace that the code uses and no environment of the config declares: it is undefined.

## What
The code takes a binding from `env` that no environment of the config declares. This is reported
only if the binding is certainly a namespace: because of a method that no other binding has
(`getWithMetadata`, `put` with `expirationTtl`, `get` with a type), or because the project's types
say `KVNamespace`. It isn't reported if the code checks that the binding exists (`if (env.CARTS)`,
`env.CARTS?.get()`, an optional type), if the config has the name in a comment or as another kind of
binding, or in tests.

## Why
`env.CARTS` is then undefined, and the first call throws `Cannot read properties of undefined`. No
other tool warns you: wrangler doesn't read the code, and TypeScript trusts the types.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    const cart = await env.CART.get("cart:1", "json");
    return Response.json(cart);
  },
};
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    const cart = await env.CARTS.get("cart:1", "json");
    return Response.json(cart);
  },
};
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.js.analysis import BindingUse
from kvlens.js.renames import references
from kvlens.js.syntax import outer
from kvlens.lint.base import Context, Finding, Fix, Problem, Related, SourceRule
from kvlens.lint.source_fix_helpers import declared_in, given
from kvlens.lint.wording import quoted

_SHOWN = 5
_USING = {"member_expression", "arguments", "variable_declarator"}


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure:
        return
    home = "env" if context.has_modes else "kv_namespaces"
    seen: set[str] = set()
    for use in analysis.uses:
        if use.name in seen or use.how == "global" or use.name.startswith("__"):
            continue
        if not _counts(use):
            continue
        seen.add(use.name)
        if use.name in declared.kv or use.name in declared.others:
            continue
        if use.name in declared.quoted or use.name in context.project.other_texts:
            continue  # it is in a comment, or in the config of another deploy
        if (
            use.name.startswith("__")
            or not analysis.is_kv(use.name)
            or analysis.is_optional(use.name)
        ):
            continue
        nearest = _nearest(use.name, list(declared.kv))
        yield Finding(
            use.span,
            f"No environment of the config declares the KV binding {quoted(use.name)}, so it is "
            "undefined when the Worker runs. "
            + (f"Did you mean {quoted(nearest)}?" if nearest else f"Add it to {home}."),
            related=tuple(
                Related(other.span, f"{quoted(use.name)} is used here too")
                for other in analysis.uses_of(use.name)
                if other is not use
            )[:_SHOWN],
            data={"binding": use.name, **({"nearest": nearest} if nearest else {})},
        )


def _counts(use: BindingUse) -> bool:
    """Return whether a use fails with undefined; some may be made for that."""
    if use.how == "destructured" or use.node.parent is None:
        return True
    holder = outer(use.node.parent).parent
    return holder is not None and holder.type in _USING


def _nearest(name: str, known: list[str]) -> str | None:
    from difflib import get_close_matches  # late: most bindings are declared

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.75)), None)


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    name, nearest = given(problem, "binding"), given(problem, "nearest")
    if nearest:
        edits = tuple(
            Edit(use.span, f"{nearest}: {name}" if use.shorthand else nearest)
            for use in references(context.analysis, name)
        )
        yield Fix(f"Change to {quoted(nearest)}", edits)
    for config in context.project.configs:
        yield from declared_in(config, name, context.declared.environments or (None,))


RULE = SourceRule(
    "binding-undeclared",
    "warning",
    "The code uses a namespace that the config doesn't declare",
    _check,
    _fixes,
)
