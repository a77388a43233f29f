"""A source whose problems may have fixes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kvlens.config.edit import applied
from kvlens.config.model import Config
from kvlens.js.reader import read_source
from kvlens.js.source_context import ALONE, SourceContext, read
from kvlens.js.syntax import Source
from kvlens.lint.base import CallRule, Context, Fix, Problem, SourceRule
from kvlens.lint.check_source import check_source
from kvlens.lint.config import silence_unknown
from kvlens.lint.fixable_config import is_harmless, with_fix
from kvlens.lint.problems import counted, is_summary, is_worse
from kvlens.lint.registry import rules_of

# What a namespace that is new in a config is missing from next; these have their own answers.
_NEXT = frozenset(("env-member-missing", "types-outdated"))
# What only a call that is awaited is checked for: advice, which its await doesn't cause.
_OF_AWAITED = frozenset(("counter-not-atomic", "list-without-cursor"))


@dataclass(frozen=True)
class FixableSource:
    """A source with its project; `now` is in seconds since the epoch."""

    file: Source
    project: SourceContext = ALONE
    now: float | None = None
    comment = "//"
    prefers_unsafe = False

    @cached_property
    def problems(self) -> list[Problem]:
        """The problems of the source."""
        return check_source(self.file, self.project, self.now)

    def proposed(self, problem: Problem) -> Iterable[Fix]:
        """Return the fixes that the problem's rule proposes, untested, the best first."""
        if problem.code == silence_unknown.RULE.code:
            return silence_unknown.fixes(self.file, problem)
        rule = rules_of("js").get(problem.code)
        if not isinstance(rule, CallRule | SourceRule) or rule.fixes is None or is_summary(problem):
            return ()
        context = Context(read(self.file, self.project), self.now or 0.0, self.project)
        if _is_elsewhere(context, problem):
            return ()
        return rule.fixes(context, problem)

    def solves(self, fix: Fix, *codes: str) -> bool:
        """Return whether a fix leaves one problem less for each of these codes, and no new ones.

        What comes to light when a call is awaited doesn't count as new.
        """
        if not fix.edits:
            return False
        source, project, besides = self.file, self.project, frozenset[str]()
        if fix.path is None:
            besides = _OF_AWAITED if "promise-not-awaited" in codes else besides
            source = read_source(applied(source.text, fix.edits), source.path)
        else:
            config = next(one for one in project.configs if one.path == fix.path)
            if not is_harmless(config, fix):
                return False
            project = replace(project, configs=_changed(project.configs, config, fix))
            besides = _NEXT
        after = counted(check_source(source, project, self.now))
        left = self._before - Counter(codes)
        if any(after[code] > left[code] for code in codes) or is_worse(
            self._before, after, besides
        ):
            return False
        return self.file.root.has_error or not source.root.has_error

    @cached_property
    def _before(self) -> Counter[str]:
        return counted(self.problems)


def _changed(configs: Sequence[Config], config: Config, fix: Fix) -> list[Config]:
    return [with_fix(one, fix) if one is config else one for one in configs]


def _is_elsewhere(context: Context, problem: Problem) -> bool:
    """Return whether the options with a problem are an object of another file."""
    call = context.analysis.call_at(problem.span)
    options = call.options if call is not None else None
    if call is None or options is None or options.kind != "object":
        return False
    return options.foreign and call.source.span(options.node) == problem.span
