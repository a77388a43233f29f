"""What rules find in a file, gathered: none without end, and one that fails ends no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from kvlens.internal import told
from kvlens.rules import internal_error
from kvlens.rules.base import Finding, Named, Problem
from kvlens.text import Span

MOST = 1_000  # problems of one rule in a file that are listed; the rest is counted
_FAILED = internal_error.RULE


def problems_of(rule: Named, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Yield what a rule finds; where it fails, the problem that says so."""
    try:
        for finding in findings:
            yield Problem(
                rule.code, rule.severity, finding.message, finding.span, finding.related,
                finding.data,
            )  # fmt: skip
    except Exception as error:
        message = told(f"the rule {rule.code}", error)
        yield Problem(_FAILED.code, _FAILED.severity, message, Span(0, 0))


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems as the file has them, first place first, MOST of a rule at most.

    One more says how many were left out; of rules that failed the first is told.
    """
    counts: Counter[str] = Counter()
    found: list[Problem] = []
    last: dict[str, Problem] = {}
    for problem in problems:
        code = problem.code
        counts[code] += 1
        if counts[code] <= (1 if code == _FAILED.code else MOST):
            found.append(problem)
        elif counts[code] == MOST + 1:
            last[code] = problem
    for code, problem in last.items():
        left = counts[code] - MOST
        if code != _FAILED.code:
            found.append(
                problem._replace(message=more(left, code), related=(), data={"more": left})
            )
    return sorted(found, key=lambda problem: (problem.span, problem.code))


def more(count: int, code: str) -> str:
    """Return the message that tells of problems which are not listed."""
    return f"{count:,} more problems of {code} in this file are not listed."


def number_of(problem: Problem) -> int:
    """Return how many problems one stands for."""
    more = problem.data.get("more") if problem.data else None
    return more if isinstance(more, int) else 1
