"""Namespaces that only environments declare: `wrangler dev` without `--env` has none of them.

## What
The code uses a namespace, the config declares it in one or more environments, and the top level has
no namespaces at all. One problem per file names them, and `kvlens check` has one for the first file
only. It isn't reported if the code checks that the binding exists, or if every `wrangler dev` in
package.json's scripts has `--env`.

## Why
`wrangler dev` and `wrangler deploy` use the top level unless you name an environment. Environments
don't inherit from it, nor it from them: the binding is undefined, and the first call
throws. Of a Pages project, `wrangler pages dev` and the deployments without an environment of their
own use the top level.

## Example
```toml
name = "shop"

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

## Fix
Run `wrangler dev --env staging`, or declare the namespace at the top level, too:

```toml
name = "shop"

[[kv_namespaces]]
binding = "CARTS"

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

from collections.abc import Iterator
from pathlib import PurePath

from kvlens.config.edit import add_bindings
from kvlens.js.analysis import BindingUse
from kvlens.lint.base import Context, Finding, Fix, Problem, Related, SourceRule
from kvlens.lint.deploys.local_environments import is_dev_of_environments
from kvlens.lint.fix_helpers import can_extend
from kvlens.lint.guards import is_guarded
from kvlens.lint.misplaced_lists import misplaced_lists
from kvlens.lint.source_fix_helpers import given
from kvlens.lint.wording import listed, quoted

_SHOWN = 5
_DEPLOYED = {"preview": "in previews", "production": "in production"}  # the environments of Pages


def _check(context: Context) -> Iterator[Finding]:
    declared, analysis = context.declared, context.analysis
    if declared.unsure or None in declared.environments or context.has_modes:
        return
    if any(map(is_dev_of_environments, context.project.configs)):
        return
    if any(
        found.looks_like_kv
        for config in context.project.configs
        for found in misplaced_lists(config)
    ):
        return  # the list is reported, and the top level has these bindings once it is moved
    first: dict[str, BindingUse] = {}
    for use in analysis.uses:
        if use.name in declared.kv and use.name not in declared.others:
            first.setdefault(use.name, use)
    missing = [use for name, use in first.items() if not is_guarded(context, name)]
    if not missing:
        return
    names = [use.name for use in missing]
    one = len(names) == 1
    having = [env for env in declared.environments if env in declared.kv[names[0]]]
    every = [f"env.{name}" for name in having]
    where = " and ".join(filter(None, (", ".join(every[:-1]), every[-1])))
    lacking, way_out = "in `wrangler dev` without `--env`", "Add"
    if any(config.root.get("pages_build_output_dir") for config in context.project.configs):
        others = [noun for name, noun in _DEPLOYED.items() if name not in having]
        lacking = " and ".join(["in `wrangler pages dev`", *others])  # which refuses `--env`
    else:
        way_out = f"Run `wrangler dev --env {having[0]}`, or add"
    yield Finding(
        missing[0].span,
        f"Only {where} {'declare' if len(having) > 1 else 'declares'} the KV "
        f"{'binding' if one else 'bindings'} {listed(names)}, so {'it is' if one else 'they are'} "
        f"undefined {lacking}. {way_out} {'it' if one else 'them'} to kv_namespaces at the top "
        "level.",
        related=tuple(Related(use.span, f"{quoted(use.name)} is used here") for use in missing[1:])[
            :_SHOWN
        ],
        data={"bindings": names},
    )


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    names = given(problem, "bindings") or []
    for config in context.project.configs:
        top = config.environment(None)
        if top is not None and can_extend(config, top):
            title = f"Add {listed(names)} to kv_namespaces in {PurePath(config.path).name}"
            yield Fix(title, (add_bindings(config, top, names),), path=config.path)


RULE = SourceRule(
    "binding-only-in-environments",
    "information",
    "Only environments declare a namespace that the code uses",
    _check,
    _fixes,
)
