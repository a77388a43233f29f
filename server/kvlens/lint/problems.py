"""Findings as problems, gathered: a limited number of each rule, and a failed rule stops no other.

This is the only place that makes problems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvlens.internal import told
from kvlens.lint.base import Finding, Problem, RuleInfo
from kvlens.lint.registry import find_rule
from kvlens.lint.wording import not_listed
from kvlens.stopping import go_on
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.seeds.array import Problem as SeedProblem

MOST = 1_000  # problems of one rule in a file that are listed; the rest is counted
_FAILED = "internal-error"
_WHOLE = Span(0, 0)  # where a problem of the whole file is


def problems_of(
    rule: RuleInfo, check: Callable[..., Iterable[Finding]], *given: object
) -> Iterator[Problem]:
    """Yield what a rule finds; where it fails, the problem that says so."""
    go_on()
    try:
        for finding in check(*given):
            yield Problem(
                rule.code,
                rule.severity,
                finding.message,
                finding.span,
                finding.related,
                finding.data,
            )
    except Exception as error:
        yield failed(f"the rule {rule.code}", error)


def reported(code: str, message: str, span: Span = _WHOLE) -> Problem:
    """Return a problem that something other than its rule has found."""
    rule = find_rule(code)
    assert rule
    return Problem(rule.code, rule.severity, message, span)


def file_problem(reason: str) -> Problem:
    """Return the problem of a file that cannot be read, and why."""
    return reported("unreadable-file", reason)


def failed(what: str, error: Exception) -> Problem:
    """Return the problem that reports a bug in KV Lens; `what` has failed."""
    return reported(_FAILED, told(what, error))


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file, MOST of a rule at most.

    One more says how many were left out; of rules that failed the first is listed.
    """
    counts: Counter[str] = Counter()
    found: list[Problem] = []
    last: dict[str, Problem] = {}
    for problem in problems:
        code = problem.code
        counts[code] += 1
        if counts[code] <= (1 if code == _FAILED else MOST):
            found.append(problem)
        elif counts[code] == MOST + 1:
            last[code] = problem
    for code, problem in last.items():
        left = counts[code] - MOST
        if code != _FAILED:
            message = not_listed(left, code)
            found.append(problem._replace(message=message, related=(), data={"more": left}))
    return in_order(found)


def seed_findings(listed: Sequence[SeedProblem], count: int, code: str) -> Iterator[Finding]:
    """Yield what a seed file's reader has found; the last one says how many more there are."""
    for problem in listed:
        yield Finding(problem.span, problem.message)
    if (left := count - len(listed)) > 0:
        yield Finding(listed[-1].span, not_listed(left, code))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file."""
    return sorted(problems, key=lambda problem: (problem.span, problem.code))


def is_sum(problem: Problem) -> bool:
    """Tell whether a problem stands for those that are not listed."""
    return bool(problem.data) and "more" in (problem.data or ())


def number_of(problem: Problem) -> int:
    """Return how many problems one stands for."""
    more = problem.data.get("more") if problem.data else None
    return more if isinstance(more, int) else 1


def counted(problems: Iterable[Problem]) -> Counter[str]:
    """Return how many problems there are of each rule, those that are not listed included."""
    counts: Counter[str] = Counter()
    for problem in problems:
        counts[problem.code] += number_of(problem)
    return counts
