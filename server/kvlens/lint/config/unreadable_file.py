"""A file to check that can't be read: no permission, binary, not UTF-8, too large.

## What
A file couldn't be read: the permission is missing, it's binary, it's not UTF-8, it's a pipe or a
device, it's larger than 1 MiB, it's nested more than 100 levels deep, or it has more than 250,000
values. The message says which.

## Why
If a file that can't be read were skipped, the check would look clean. Real configs are a few KiB; a
file of 1 MiB is most likely something else with a config's name.

## Example
```
wrangler.toml:1:1: error unreadable-file: is not UTF-8 at byte 17; save it as UTF-8
```

## Fix
Give yourself permission to read the file, save it as UTF-8, or rename it if it isn't a config.
"""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "unreadable-file",
    "error",
    "A file can't be read as a config",
)
