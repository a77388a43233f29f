"""A doubt about a seed file, found where seed files are read (kvlens.seeds.file)."""

from __future__ import annotations

from kvlens.lint.base import FileRule

RULE = FileRule(
    "seed-doubtful",
    "warning",
    "A seed file holds something that is left out or likely not meant",
)
