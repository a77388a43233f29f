r"""A mistake that makes a seed file unusable.

## What
A seed file, `seeds/BINDING.json` or one that you name, isn't JSON, isn't an array, or has an item
that a namespace can't store: no key, a key over 512 bytes, a value that isn't a string, a TTL
under 60 seconds. Every invalid item is named by its index, counted from 0.

## Why
A file with a mistake isn't used at all: half a seed is worse than none. The format is that of
`wrangler kv bulk put`.

## Example
```json
[
  { "key": "cart:1", "value": { "items": 2 } }
]
```

The value should be a string, but is an object.

## Fix
```json
[
  { "key": "cart:1", "value": "{\"items\":2}" }
]
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.problems import seed_findings
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    return seed_findings(seeds.errors, seeds.counts["error"], RULE.code)


RULE = SeedRule(
    "seed-invalid",
    "error",
    "A seed file can't be used as it is",
    _check,
)
