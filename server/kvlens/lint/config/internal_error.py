"""A rule failed because of a bug in KV Lens; the other rules continue.

## What
A rule failed with an unexpected error. The other rules have checked the file as usual.

## Why
This is a bug in KV Lens, not a mistake in your file. It's reported so that a failed check doesn't
look like one that found nothing.

## Example
```
wrangler.toml:1:1: warning internal-error: internal error in the rule id-empty: KeyError: 'x'.
Please report this; KVLENS_DEBUG=1 shows where
```

## Fix
Please report it, with the output of `KVLENS_DEBUG=1 kvlens check`. To hide it until it's fixed, use
`--severity internal-error=off` or the setting `kvlens.rules`.
"""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "internal-error",
    "warning",
    "A rule failed, so its check is missing",
)
