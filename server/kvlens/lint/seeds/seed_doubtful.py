"""Something in a seed file that is left out or likely not meant."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.problems import seed_findings
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    return seed_findings(seeds.warnings, seeds.counts["warning"], RULE.code)


RULE = SeedRule(
    "seed-doubtful",
    "warning",
    "A seed file has something that is ignored or likely a mistake",
    _check,
)
