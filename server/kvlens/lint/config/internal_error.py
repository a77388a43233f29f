"""A rule failed because of a bug in KV Lens; the other rules continue."""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "internal-error",
    "warning",
    "A rule failed, so its check is missing",
)
