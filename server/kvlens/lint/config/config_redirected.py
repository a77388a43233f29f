"""A config that wrangler replaces with a generated one that doesn't match it.

wrangler's redirects: `.wrangler/deploy/config.json` names the config that a build has generated.

## What
Next to this config is `.wrangler/deploy/config.json`, which a build tool such as Cloudflare's Vite
plugin writes. With it, `wrangler dev` and `wrangler deploy` don't use this config, but the
generated one that it names, and that one is missing, is outside the repository, or has other KV
namespaces than every environment here.

## Why
What you change here has no effect until the next build: the Worker is deployed with the namespaces
of the last one. If the generated config is missing, wrangler stops.

## Example
```text
.wrangler/deploy/config.json    {"configPath": "../../dist/wrangler.json"}
dist/wrangler.json              binds CARTS
wrangler.jsonc                  binds CARTS and PRICES
```

## Fix
Build again: that generates the config from this one. If the project isn't built anymore, delete
`.wrangler/deploy`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext
from kvlens.lint.base import Finding, PlaceRule
from kvlens.text import Span


def _check(config: Config, context: ProjectContext) -> Iterator[Finding]:
    redirect = context.redirect
    if redirect is None or context.winner is not None:
        return
    end = config.text.find("\n")
    line = config.text[: end if end >= 0 else None].rstrip("\r")
    named = f".wrangler/deploy/config.json names {redirect.target}"
    if redirect.is_outside:
        said = f"{named} as the config that wrangler uses instead of this one. It's outside the "
        said += "repository and isn't read here. Delete .wrangler/deploy if you don't expect it."
    elif redirect.namespaces is None:
        said = f"{named}, which can't be read, so wrangler dev and wrangler deploy stop. Build "
        said += "again, or delete .wrangler/deploy."
    elif redirect.namespaces not in _of_environments(config):
        said = f"wrangler dev and wrangler deploy use {redirect.target} instead of this file, and "
        said += "it has other KV namespaces: .wrangler/deploy/config.json names it. Build again."
    else:
        return
    yield Finding(Span(0, len(line)), said)


def _of_environments(config: Config) -> list[frozenset[tuple[str, str | None]]]:
    return [environment.bound for environment in config.environments]


RULE = PlaceRule(
    "config-redirected",
    "warning",
    "wrangler uses a generated config that doesn't match this one",
    _check,
)
