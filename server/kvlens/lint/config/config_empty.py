"""The config is empty.

## What
The file has only blank lines, and it's the `wrangler.toml` that wrangler reads by itself. A file
with another name, such as `wrangler.staging.toml`, isn't used until a command names it.

## Why
An empty config is valid TOML, but no Worker can be deployed from it. This is information, not a
mistake: you may have just created the file.

## Example
```toml

```

## Fix
```toml
name = "shop"
main = "src/index.ts"
compatibility_date = "2026-11-01"

[[kv_namespaces]]
binding = "CARTS"
```
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from kvlens.config.find import CONFIG_NAMES
from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding
from kvlens.text import Span


def _check(config: Config) -> Iterator[Finding]:
    is_default = PurePath(config.path).name in CONFIG_NAMES
    if is_default and config.is_toml and not config.text.strip():
        yield Finding(
            Span(0, 0),
            "This config is empty. A Worker needs name, main and compatibility_date; "
            "[[kv_namespaces]] adds a namespace.",
        )


RULE = ConfigRule(
    "config-empty",
    "information",
    "The config is empty",
    _check,
)
