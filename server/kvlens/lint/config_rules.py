"""What can be wrong in a config: one file a rule, one table.

A rule that looks at one entry alone is asked once for as long as the entry stays as it is;
its findings move with the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from kvlens.config.model import Config, Entry
from kvlens.config.project_context import Surroundings
from kvlens.lint.base import (
    ConfigRule,
    EntryRule,
    Level,
    PlaceRule,
    Problem,
    Rule,
    TextRule,
)
from kvlens.lint.config import (
    assets_in_pages,
    binding_duplicate,
    binding_missing,
    binding_not_identifier,
    binding_not_string,
    config_empty,
    config_shadowed,
    entry_not_table,
    environment_lacks_binding,
    id_empty,
    id_is_preview_id,
    id_malformed,
    id_not_string,
    id_placeholder,
    id_shared,
    id_twice,
    internal_error,
    json_key_twice,
    kv_captured,
    kv_misnamed,
    kv_not_array,
    name_duplicate,
    preview_id_empty,
    preview_id_not_string,
    remote_not_boolean,
    remote_writes,
    silence_unknown,
    syntax_error,
    toml_too_new,
    unknown_field,
    unreadable_file,
    unsafe_kv,
)
from kvlens.lint.problems import gathered, problems_of
from kvlens.lint.seeds import seed_doubtful, seed_invalid
from kvlens.lint.suppressions import apply_suppressions
from kvlens.text import Span

_TABLE: tuple[Rule, ...] = (
    unreadable_file.RULE,
    internal_error.RULE,
    syntax_error.RULE,
    toml_too_new.RULE,
    json_key_twice.RULE,
    config_empty.RULE,
    config_shadowed.RULE,
    kv_captured.RULE,
    kv_misnamed.RULE,
    kv_not_array.RULE,
    unsafe_kv.RULE,
    environment_lacks_binding.RULE,
    entry_not_table.RULE,
    binding_missing.RULE,
    binding_not_string.RULE,
    binding_not_identifier.RULE,
    binding_duplicate.RULE,
    name_duplicate.RULE,
    assets_in_pages.RULE,
    id_empty.RULE,
    id_not_string.RULE,
    id_placeholder.RULE,
    id_malformed.RULE,
    id_twice.RULE,
    id_shared.RULE,
    preview_id_empty.RULE,
    preview_id_not_string.RULE,
    id_is_preview_id.RULE,
    remote_not_boolean.RULE,
    remote_writes.RULE,
    unknown_field.RULE,
    silence_unknown.RULE,
    seed_invalid.RULE,
    seed_doubtful.RULE,
)
RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}
_ENTRY_RULES = [rule for rule in RULES.values() if isinstance(rule, EntryRule)]
_CONFIG_RULES = [rule for rule in RULES.values() if isinstance(rule, ConfigRule)]
_TEXT_RULES = [rule for rule in RULES.values() if isinstance(rule, TextRule)]
_PLACE_RULES = [rule for rule in RULES.values() if isinstance(rule, PlaceRule)]
_KEPT = "problems"  # where a node keeps what the entry rules found

Levels = Mapping[str, Level]  # what the user makes of a rule, by its code


def check(
    config: Config, around: Surroundings | None = None, levels: Levels | None = None
) -> list[Problem]:
    """Return everything that is wrong with a config, in the order of the file.

    `around` says what is around the file on disk; without it nothing is said of that.
    """
    return gathered(
        apply_suppressions(config, chain(_of_text(config, around), _of_structure(config)), levels)
    )


def check_text(
    config: Config, around: Surroundings | None = None, levels: Levels | None = None
) -> list[Problem]:
    """Return what the strict judge and the file's place say.

    Slow for a large file: ask when typing pauses.
    """
    return gathered(apply_suppressions(config, _of_text(config, around), levels))


def check_structure(config: Config, levels: Levels | None = None) -> list[Problem]:
    """Return what all other rules say: quick enough for every key stroke."""
    return gathered(apply_suppressions(config, _of_structure(config), levels))


def _of_text(config: Config, around: Surroundings | None) -> Iterator[Problem]:
    if config.refused is not None:
        reason, span = config.refused
        yield reported("unreadable-file", f"This file {reason}, and is not checked.", span)
    for rule in _TEXT_RULES:
        yield from problems_of(rule, rule.check, config)
    if around is not None:
        for place_rule in _PLACE_RULES:
            yield from problems_of(place_rule, place_rule.check, config, around)


def _of_structure(config: Config) -> Iterator[Problem]:
    for rule in _CONFIG_RULES:
        yield from problems_of(rule, rule.check, config)
    for entry in _entries(config):
        kept: tuple[Problem, ...] | None = entry.node.cache.get(_KEPT)
        if kept is None:
            alone = Entry(0, entry.node)
            kept = entry.node.cache[_KEPT] = tuple(
                problem for rule in _ENTRY_RULES for problem in problems_of(rule, rule.check, alone)
            )
        for problem in kept:
            yield problem.moved(entry.base)


def file_problem(reason: str) -> Problem:
    """Return the problem of a file that could not be read, and why."""
    return reported("unreadable-file", reason, Span(0, 0))


def reported(code: str, message: str, span: Span) -> Problem:
    """Return a problem that others found, under the rule that it breaks."""
    rule = RULES[code]
    return Problem(rule.code, rule.severity, message, span)


def in_order(problems: list[Problem]) -> list[Problem]:
    """Return problems as the file has them: first place first."""
    return sorted(problems, key=lambda problem: (problem.span, problem.code))


def _entries(config: Config) -> Iterator[Entry]:
    for environment in config.environments:
        for kv in (*environment.kv, *environment.previews):
            yield from kv.entries
