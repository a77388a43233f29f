"""A mistake in a seed file, which keeps it from being used."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.problems import seed_findings
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    return seed_findings(seeds.errors, seeds.counts["error"], RULE.code)


RULE = SeedRule(
    "seed-invalid",
    "error",
    "A seed file can't be used as it is",
    _check,
)
