"""A rule failed, which is a mistake of ours; the other rules go on."""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "internal-error",
    "warning",
    "A rule failed, so its check is missing",
)
