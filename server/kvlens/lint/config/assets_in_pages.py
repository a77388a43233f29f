"""A namespace named ASSETS in a Pages project. Wrangler: V19 of its validation.

## What
The config belongs to a Pages project (it has `pages_build_output_dir`), and a namespace has the
binding `ASSETS`.

## Why
In a Pages project, `env.ASSETS` is the site's own files. wrangler stops with `The name 'ASSETS' is
reserved in Pages projects.`

## Example
```toml
name = "shop"
pages_build_output_dir = "dist"

[[kv_namespaces]]
binding = "ASSETS"
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
```toml
name = "shop"
pages_build_output_dir = "dist"

[[kv_namespaces]]
binding = "ASSETS_KV"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: renames it, in every environment. Change the code too.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem
from kvlens.lint.bindings_by_env import bindings_by_env
from kvlens.lint.fix_helpers import free_binding, rename_binding

RESERVED = "ASSETS"


def _check(config: Config) -> Iterator[Finding]:
    if not config.root.get("pages_build_output_dir"):
        return
    for env in bindings_by_env(config):
        for entry, name in zip(env.entries, env.bindings, strict=True):
            if name == RESERVED:
                field = entry.get("binding")
                assert field
                yield Finding(
                    field.value_span,
                    "In a Pages project, ASSETS is reserved for the site's own files, and "
                    "wrangler refuses other uses. Rename the namespace's binding.",
                )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    yield rename_binding(config, RESERVED, free_binding(config, f"{RESERVED}_KV"))


RULE = ConfigRule(
    "assets-in-pages",
    "error",
    "A namespace of a Pages project is named ASSETS",
    _check,
    _fixes,
)
