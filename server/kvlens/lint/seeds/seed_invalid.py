"""A mistake in a seed file, found where seed files are read (kvlens.seeds.file)."""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "seed-invalid",
    "error",
    "A seed file cannot be used as it is",
)
