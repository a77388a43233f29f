"""A project has more sources than are read, so that some of them aren't checked.

## What
The folder of the config, without third-party and generated folders, has more than 5,000 sources, or
they import more than 5,000 from other folders. The first ones are checked, in the order of their
paths. Whether a namespace is unused isn't known then, and isn't reported.

## Why
Without a word, a check of a part would look like a check of all. Workers have tens or hundreds of
sources: thousands are most likely generated, or of something else.

## Example
```
wrangler.toml:1:1: warning too-many-sources: This folder has more than 5,000 sources, and only the
first 5,000 are checked. Move the config next to the Worker's sources, or name folders to check.
```

## Fix
Move the config into the folder of its Worker, or move generated code into a folder that is left
out, such as `dist`, `build`, `out` or `.cache`. `kvlens check FOLDER` also checks a part of them.
"""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "too-many-sources",
    "warning",
    "There are more sources than are checked",
)
