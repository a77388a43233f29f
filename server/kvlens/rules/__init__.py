"""What can be wrong in a config: one file a rule, one table.

A rule that looks at one entry alone is asked once for as long as the entry stays as it is;
its findings move with the entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Config, Entry
from kvlens.rules import (
    binding_duplicate,
    binding_missing,
    binding_not_identifier,
    binding_not_string,
    config_empty,
    entry_not_table,
    id_empty,
    id_malformed,
    id_not_string,
    id_placeholder,
    kv_not_array,
    preview_id_empty,
    preview_id_not_string,
    remote_not_boolean,
    seed_doubtful,
    seed_invalid,
    syntax_error,
    unknown_field,
    unreadable_file,
)
from kvlens.rules.base import (
    PAGES,
    ConfigRule,
    EntryRule,
    Finding,
    Problem,
    Related,
    Rule,
    Severity,
    TextRule,
    page,
)
from kvlens.text import Span

__all__ = [
    "PAGES",
    "RULES",
    "Problem",
    "Related",
    "Rule",
    "Severity",
    "check",
    "check_file",
    "check_structure",
    "check_text",
    "page",
    "reported",
]

_TABLE: tuple[Rule, ...] = (
    unreadable_file.RULE,
    syntax_error.RULE,
    config_empty.RULE,
    kv_not_array.RULE,
    entry_not_table.RULE,
    binding_missing.RULE,
    binding_not_string.RULE,
    binding_not_identifier.RULE,
    binding_duplicate.RULE,
    id_empty.RULE,
    id_not_string.RULE,
    id_placeholder.RULE,
    id_malformed.RULE,
    preview_id_empty.RULE,
    preview_id_not_string.RULE,
    remote_not_boolean.RULE,
    unknown_field.RULE,
    seed_invalid.RULE,
    seed_doubtful.RULE,
)
RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}
_ENTRY_RULES = [rule for rule in RULES.values() if isinstance(rule, EntryRule)]
_CONFIG_RULES = [rule for rule in RULES.values() if isinstance(rule, ConfigRule)]
_TEXT_RULES = [rule for rule in RULES.values() if isinstance(rule, TextRule)]
_KEPT = "problems"  # where a node keeps what the entry rules found


def check(config: Config) -> list[Problem]:
    """Return everything that is wrong with a config, in the order of the file."""
    return in_order([*check_text(config), *check_structure(config)])


def check_text(config: Config) -> list[Problem]:
    """Return what the strict judge says. Slow for a large file: ask when typing pauses."""
    return [_problem(rule, finding) for rule in _TEXT_RULES for finding in rule.check(config)]


def check_structure(config: Config) -> list[Problem]:
    """Return what all other rules say: quick enough for every key stroke."""
    found = [_problem(rule, finding) for rule in _CONFIG_RULES for finding in rule.check(config)]
    for entry in _entries(config):
        kept: tuple[Problem, ...] | None = entry.node.cache.get(_KEPT)
        if kept is None:
            alone = Entry(0, entry.node)
            kept = tuple(
                _problem(rule, finding) for rule in _ENTRY_RULES for finding in rule.check(alone)
            )
            entry.node.cache[_KEPT] = kept
        if kept:
            found += [problem.moved(entry.base) for problem in kept]
    return in_order(found)


def check_file(reason: str) -> Problem:
    """Return the problem of a file that could not be read, and why."""
    return reported("unreadable-file", reason, Span(0, 0))


def reported(code: str, message: str, span: Span) -> Problem:
    """Return a problem that others found, under the rule that it breaks."""
    return _problem(RULES[code], Finding(span, message))


def in_order(problems: list[Problem]) -> list[Problem]:
    """Return problems as the file has them: first place first."""
    return sorted(problems, key=lambda problem: (problem.span, problem.code))


def _entries(config: Config) -> Iterator[Entry]:
    for environment in config.environments:
        for kv in environment.kv:
            yield from kv.entries


def _problem(rule: Rule, finding: Finding) -> Problem:
    return Problem(
        rule.code, rule.severity, finding.message, finding.span, finding.related, finding.data
    )
