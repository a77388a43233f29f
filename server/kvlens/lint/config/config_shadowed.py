"""A config that wrangler doesn't read because another one takes precedence.

wrangler takes the nearest wrangler.json in the folder or above it, else the nearest wrangler.jsonc,
else the nearest wrangler.toml: JSON far above takes precedence over TOML nearby.

## What
wrangler, run in this config's folder, uses another one. It looks for `wrangler.json` in the folder
and all folders above it, then for `wrangler.jsonc`, then for `wrangler.toml`, and uses the first
that it finds: a JSON file far above wins over a TOML file nearby. It isn't reported if a script of
package.json, a CI file or Vite's config names this one, nor in tests, fixtures and examples, whose
code does.

## Why
Changes to a config that isn't read have no effect. A `wrangler.json` in the root of a monorepo
replaces the `wrangler.toml` of every package.

## Example
```text
shop/wrangler.jsonc
shop/wrangler.toml       this one is not read
```

## Fix
Remove one of the two, or use one format everywhere. Or name the file when you run wrangler:
`wrangler deploy --config wrangler.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext
from kvlens.lint.base import Finding, PlaceRule
from kvlens.lint.deploys.fixtures import is_fixture
from kvlens.text import Span


def _check(config: Config, context: ProjectContext) -> Iterator[Finding]:
    if context.winner is None or is_fixture(config.path):
        return
    end = config.text.find("\n")
    line = config.text[: end if end >= 0 else None].rstrip("\r")
    yield Finding(
        Span(0, len(line)),
        f"wrangler doesn't read this file, but {context.winner}: it prefers wrangler.json over "
        f"wrangler.jsonc over wrangler.toml, even from a parent folder. Remove one of the two, or "
        f"pass this file with --config.",
    )


RULE = PlaceRule(
    "config-shadowed",
    "warning",
    "wrangler reads another config instead of this one",
    _check,
)
