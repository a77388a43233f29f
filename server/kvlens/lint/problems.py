"""What rules find in a file, gathered: none without end, and one that fails ends no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from kvlens.internal import told
from kvlens.lint.base import Finding, Problem, RuleInfo
from kvlens.lint.config import internal_error
from kvlens.text import Span

MOST = 1_000  # problems of one rule in a file that are listed; the rest is counted
_FAILED = internal_error.RULE


def problems_of(
    rule: RuleInfo, check: Callable[..., Iterable[Finding]], *given: object
) -> Iterator[Problem]:
    """Yield what a rule finds; where it fails, the problem that says so."""
    try:
        for finding in check(*given):
            yield as_problem(rule, finding)
    except Exception as error:
        yield failed(f"the rule {rule.code}", error)


def as_problem(rule: RuleInfo, finding: Finding) -> Problem:
    """Return a finding as a problem of its rule."""
    return Problem(
        rule.code, rule.severity, finding.message, finding.span, finding.related, finding.data
    )


def failed(what: str, error: Exception) -> Problem:
    """Return the problem that tells of a mistake of ours; `what` has failed."""
    return Problem(_FAILED.code, _FAILED.severity, told(what, error), Span(0, 0))


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
