"""A file that should be checked cannot be read: no permission, binary, not UTF-8, too big."""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "unreadable-file",
    "error",
    "A file can't be read as a config",
)
