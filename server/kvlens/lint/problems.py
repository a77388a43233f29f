"""Turn findings into problems: a limited number per rule; a failed rule doesn't stop the others.

Problems are created only here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kvlens import lookups
from kvlens.internal import log_internal_error
from kvlens.lint.base import Finding, Problem, RuleInfo
from kvlens.lint.registry import find_rule, is_off_by_default
from kvlens.lint.wording import not_listed
from kvlens.stopping import go_on
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.seeds.array import Problem as SeedProblem

MOST = 1_000  # listed problems of one rule per file; the rest is counted
_FAILED = "internal-error"
_WHOLE = Span(0, 0)  # the span of a problem of the whole file


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
    """Return a problem that was found outside its rule."""
    rule = find_rule(code)
    assert rule
    return Problem(rule.code, rule.severity, message, span)


def file_problem(reason: str) -> Problem:
    """Return the problem of a file that can't be read, with the reason."""
    return reported("unreadable-file", reason)


def too_many_sources(most: int) -> Problem:
    """Return the problem of a config with more sources than are read."""
    return reported(
        "too-many-sources",
        f"This folder has more than {most:,} sources, and only the first {most:,} are checked. "
        "Move the config next to the Worker's sources, or name folders to check.",
    )


def failed(what: str, error: Exception) -> Problem:
    """Return a problem that reports a bug in KV Lens: `what` has failed."""
    lookups.note_until(0)
    return reported(_FAILED, log_internal_error(what, error))


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file, at most MOST per rule.

    One more says how many were omitted. Of failed rules, only the first is listed.
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
    """Yield what a seed file's parser has found; the last one says how many more there are."""
    for problem in listed:
        yield Finding(problem.span, problem.message)
    if (left := count - len(listed)) > 0:
        yield Finding(listed[-1].span, not_listed(left, code))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems in the order of the file."""
    return sorted(problems, key=lambda problem: (problem.span, problem.code))


def is_summary(problem: Problem) -> bool:
    """Return whether a problem counts those that aren't listed."""
    return bool(problem.data) and "more" in (problem.data or ())


def number_of(problem: Problem) -> int:
    """Return how many problems this one counts for."""
    more = problem.data.get("more") if problem.data else None
    return more if isinstance(more, int) else 1


def is_worse(
    before: Counter[str], after: Counter[str], besides: Collection[str] = frozenset()
) -> bool:
    """Return whether there are more problems of a rule than before, besides those of some rules.

    Rules that are off by default don't count: what nobody sees must not prevent a fix.
    """
    return any(
        after[code] > before[code] and not is_off_by_default(code)
        for code in after.keys() - besides
    )


def counted(problems: Iterable[Problem]) -> Counter[str]:
    """Return how many problems there are of each rule, those that are not listed included."""
    counts: Counter[str] = Counter()
    for problem in problems:
        counts[problem.code] += number_of(problem)
    return counts
