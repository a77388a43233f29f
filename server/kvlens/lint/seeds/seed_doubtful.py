"""Something in a seed file that is ignored or probably not intended.

## What
A seed file can be used, but something in it has no effect or is likely a mistake: an unknown
property, a key that appears twice, `expiration` together with `expiration_ttl`, metadata that
wrangler would reject.

## Why
You'd notice what is silently ignored only much later, in the Worker.

## Example
```json
[
  { "key": "cart:1", "value": "1", "expirationTtl": 3600 }
]
```

The key would never expire.

## Fix
```json
[
  { "key": "cart:1", "value": "1", "expiration_ttl": 3600 }
]
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.problems import seed_findings
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    return seed_findings(seeds.warnings, seeds.counts["warning"], RULE.code)


RULE = SeedRule(
    "seed-doubtful",
    "warning",
    "A seed file has something that is ignored or likely a mistake",
    _check,
)
