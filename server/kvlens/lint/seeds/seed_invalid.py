"""A mistake in a seed file, which keeps it from being used."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.wording import not_listed
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    listed = seeds.errors
    for problem in listed:
        yield Finding(problem.span, problem.message)
    if (left := seeds.counts["error"] - len(listed)) > 0:
        yield Finding(listed[-1].span, not_listed(left, RULE.code))


RULE = SeedRule(
    "seed-invalid",
    "error",
    "A seed file cannot be used as it is",
    _check,
)
