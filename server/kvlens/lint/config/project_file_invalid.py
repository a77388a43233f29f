"""A setting in kvlens.toml or [tool.kvlens] that doesn't exist or has an invalid value.

## What
A project file, `kvlens.toml` or `[tool.kvlens]` in `pyproject.toml`, has a setting, a rule or a
value that doesn't exist, or names an environment, a binding or a seed file that doesn't exist. The
rest of the file is used.

## Why
A misspelled rule would stay on, and nobody would notice.

## Example
```
kvlens.toml:2:1: error project-file-invalid: There is no rule "id-sharde"
```

## Fix
Write the setting as in [the project file](../project-file.md).
"""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "project-file-invalid",
    "error",
    "A project's own settings have a mistake",
)
