"""A config whose problems may have fixes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from kvlens.config.edit import applied
from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext
from kvlens.config.reader import ConfigReader
from kvlens.config.syntax_check import check_syntax
from kvlens.lint.base import EntryRule, FileRule, Fix, PlaceRule, Problem, ProjectRule, TextRule
from kvlens.lint.check_config import check_structure, check_text
from kvlens.lint.problems import counted, is_worse
from kvlens.lint.registry import find_rule, rules_of
from kvlens.memo import memo

# Rules about lists that wrangler ignores, and the problems that only a list it reads can have.
_HIDING = frozenset(("kv-captured", "kv-misnamed", "kv-not-array", "unsafe-kv"))
_INSIDE = frozenset(
    (
        "id-twice",
        "id-shared",
        "unknown-field",
        *(code for code, rule in rules_of("config").items() if isinstance(rule, EntryRule)),
    )
)
_CHECKED = 20_000  # characters; the syntax check is too slow to check fixes of larger configs


@dataclass(frozen=True)
class FixableConfig:
    """A config, with the files around it on disk if known."""

    file: Config
    around: ProjectContext | None = None
    prefers_unsafe = True

    @property
    def comment(self) -> str | None:
        """The start of a comment."""
        if self.file.path.endswith(".json"):
            return None
        return "#" if self.file.is_toml else "//"

    def proposed(self, problem: Problem) -> Iterable[Fix]:
        """Return the fixes that the problem's rule proposes, untested, the best first."""
        rule = find_rule(problem.code)
        if rule is None or rule.domain != "config" or isinstance(rule, FileRule):
            fixes = rule.fixes if isinstance(rule, ProjectRule) else None
        else:
            fixes = rule.fixes
        return fixes(self.file, problem) if fixes else ()

    def solves(self, fix: Fix, *codes: str) -> bool:
        """Return whether a fix leaves one problem less for each of these codes, and no new ones.

        Problems inside a list that wasn't read before don't count as new. Problems that only
        sources reveal aren't checked again.
        """
        if not fix.edits:
            return False
        solved = Counter(codes)
        rules = {code: find_rule(code) for code in solved}
        slow = any(isinstance(rule, TextRule | PlaceRule) for rule in rules.values())
        fixed = with_fix(self.file, fix)
        if fixed.refused:
            return False
        before, after = _counts(self.file), _counts(fixed)
        if slow:
            before, after = before + self._text_before, after + self._of_text(fixed)
        inside = frozenset[str]() if _HIDING.isdisjoint(solved) else _INSIDE
        if any(
            after[code] > before[code] - solved[code] and not isinstance(rule, ProjectRule)
            for code, rule in rules.items()
        ):
            return False
        if is_worse(before, after, inside):
            return False
        if slow or still_valid(fixed):
            return True
        return check_syntax(self.file.text, self.file.path) is not None

    @cached_property
    def _text_before(self) -> Counter[str]:
        return self._of_text(self.file)

    def _of_text(self, config: Config) -> Counter[str]:
        return counted(check_text(config, self.around))


def with_fix(config: Config, fix: Fix) -> Config:
    """Return the config after a fix; unchanged parts aren't parsed again."""
    idle = _idle_readers(config)
    try:
        reader = idle.pop()  # threads never share one
    except IndexError:
        reader = ConfigReader(config.path, config.counted)
        reader.read(config.text)
    fixed = reader.read(applied(config.text, fix.edits))
    idle.append(reader)
    return fixed


@memo
def _idle_readers(config: Config) -> list[ConfigReader]:
    """Return the idle readers that have read a config."""
    return []


def is_harmless(config: Config, fix: Fix) -> bool:
    """Return whether a change leaves a config valid and without new problems."""
    changed = with_fix(config, fix)
    if changed.refused:
        return False
    return not is_worse(_counts(config), _counts(changed)) and still_valid(changed)


@memo
def _counts(config: Config) -> Counter[str]:
    return counted(check_structure(config))


def still_valid(config: Config) -> bool:
    """Return whether a config is valid; a large one is assumed to be."""
    return len(config.text) > _CHECKED or check_syntax(config.text, config.path) is None
