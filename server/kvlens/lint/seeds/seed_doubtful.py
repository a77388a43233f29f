"""Something in a seed file that is left out or likely not meant."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Finding, SeedRule
from kvlens.lint.wording import not_listed
from kvlens.seeds.file import SeedFile


def _check(seeds: SeedFile) -> Iterator[Finding]:
    listed = seeds.warnings
    for problem in listed:
        yield Finding(problem.span, problem.message)
    if (left := seeds.counts["warning"] - len(listed)) > 0:
        yield Finding(listed[-1].span, not_listed(left, RULE.code))


RULE = SeedRule(
    "seed-doubtful",
    "warning",
    "A seed file holds something that is left out or likely not meant",
    _check,
)
