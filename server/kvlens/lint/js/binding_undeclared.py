"""A namespace that the code uses and no environment of the config declares: it is undefined.

## What
The code takes a binding from `env` that no environment of the config declares. This is reported
only if the binding is certainly a namespace: because of a method that no other binding has
(`getWithMetadata`, `put` with `expirationTtl`, `get` with a type), because the project's types
say `KVNamespace`, or because its name differs from a declared namespace only by case, `_` or one
letter. A global of service-worker syntax is reported if the file declares it as `KVNamespace`.

It isn't reported if the code goes on without the binding (`if (env.CARTS)`, `env.CARTS?.get()`, an
optional type), which `if (!env.CARTS) throw new Error(…)` doesn't, also in a helper, if the config
has the name in a comment or as another kind of binding, if it is a variable in `.dev.vars`, in
tests, or in the source of another Worker: one that code deploys (`main: "src/worker.ts"`), a source
with a `fetch` handler, or an app of Hono, that nothing imports while `main` names another one, or a
function of Pages in the folder `functions` of another project, or beside a config with neither
`main` nor `pages_build_output_dir`, which Pages doesn't read. Nor is it if another method of it is
one of a bucket or a database, such as `head()`. What follows `||` or `??` isn't a check. `kvlens
check` names a binding once for a project, unless its name is misspelled by a letter.

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

from kvlens.js.analysis import Analysis, BindingUse, alternative
from kvlens.js.similar_names import is_slip, nearest_name
from kvlens.js.tree import ancestor
from kvlens.lint.base import Context, Finding, Related, SourceRule
from kvlens.lint.deploys.other_deploys import is_of_another_deploy
from kvlens.lint.env_members import undeclared, undeclared_fixes
from kvlens.lint.guards import is_guarded
from kvlens.lint.wording import quoted

_SHOWN = 5
_USING = {"member_expression", "arguments", "variable_declarator"}


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure:
        return
    home = "env" if context.has_modes else "kv_namespaces"
    seen: set[str] = set()
    for use in sorted((*analysis.uses, *_globals(analysis)), key=lambda use: use.span):
        if use.name in seen or use.name in declared.kv or use.name.startswith("__"):
            continue
        if not _counts(use):
            continue
        seen.add(use.name)
        if use.name in declared.others or use.name in declared.quoted:
            continue  # it is another binding, or in a comment
        if use.name in context.project.other_texts:
            continue  # it is in the config of another deploy
        if use.how != "global" and not _is_namespace(analysis, use):
            continue
        if is_guarded(context, use.name, throws=False) or is_of_another_deploy(context):
            continue
        nearest = nearest_name(use.name, list(declared.kv))
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
            data=undeclared(use.name, nearest),
        )


def _is_namespace(analysis: Analysis, use: BindingUse) -> bool:
    """Return whether a binding is certainly meant to be a namespace."""
    if analysis.is_kv(use.name):
        return True
    if analysis.types.get(use.name) == "other" or analysis.is_typed_otherwise(use.name):
        return False
    if not any(is_slip(use.name, known) for known in analysis.declared.kv):
        return False
    return any(call.binding == use.name for call in analysis.calls)


def _globals(analysis: Analysis) -> Iterator[BindingUse]:
    """Yield the uses of globals that the file declares as namespaces: `declare const X`."""
    names = analysis.source.names
    for kind in names.nodes("KVNamespace"):
        declarator = ancestor(kind, {"variable_declarator", "function_declaration", "class_body"})
        name = declarator.child_by_field_name("name") if declarator is not None else None
        declared = names.resolve(name) if name is not None and name.type == "identifier" else None
        if declared is None or not declared.ambient or kind.parent is None:
            continue
        type_node = declared.origin.child_by_field_name("type")
        if type_node is None or not analysis.resolver.is_kv_type(type_node):
            continue
        if "undefined" in analysis.source.text_of(type_node):
            continue
        nodes = names.references(declared)
        if not any(analysis.absence(node) == "handled" for node in nodes):
            yield from (analysis.use(node, "global") for node in nodes)


def _counts(use: BindingUse) -> bool:
    """Return whether a use fails with undefined; some may be made for that."""
    if use.how == "destructured" or use.node.parent is None:
        return True
    node = use.node if use.how == "global" else use.node.parent
    holder = alternative(node).parent
    return holder is not None and holder.type in _USING


RULE = SourceRule(
    "binding-undeclared",
    "warning",
    "The code uses a namespace that the config doesn't declare",
    _check,
    undeclared_fixes,
)
