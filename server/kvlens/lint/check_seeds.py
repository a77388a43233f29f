"""Check a seed file with its rules."""

from __future__ import annotations

import time

from kvlens import lookups
from kvlens.lint.base import Problem, SeedRule
from kvlens.lint.problems import in_order, problems_of
from kvlens.lint.registry import rules_of
from kvlens.seeds.file import check as read

_RULES = [rule for rule in rules_of("seeds").values() if isinstance(rule, SeedRule)]


def check(text: str, path: str, now: float | None = None) -> list[Problem]:
    """Return the problems of a seed file's text. `now` is in seconds since the epoch."""
    if '"expiration"' in text:
        lookups.note_until(0)  # a point in time passes
    seeds = read(text, path, time.time() if now is None else now)
    return in_order(problem for rule in _RULES for problem in problems_of(rule, rule.check, seeds))
