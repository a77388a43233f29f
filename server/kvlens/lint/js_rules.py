"""What can be wrong in a source: one file a rule, one table.

Only what is sure is reported. Every rule on calls sees calls that surely are of a namespace.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.lint.base import Problem
from kvlens.lint.js import (
    binding_not_everywhere,
    binding_undeclared,
    binding_unused,
    bulk_get_lost_key,
    bulk_get_size,
    cache_ttl_out_of_range,
    delete_array,
    expiration_out_of_range,
    get_type_unknown,
    key_invalid,
    list_limit_out_of_range,
    list_without_cursor,
    option_unknown,
    promise_not_awaited,
    put_value_missing,
    put_value_not_text,
    put_value_type,
    ttl_not_in_seconds,
    ttl_out_of_range,
)
from kvlens.lint.js_base import CallRule, Context, Rule, SourceRule
from kvlens.lint.problems import gathered, problems_of

_TABLE: tuple[Rule, ...] = (
    binding_undeclared.RULE,
    binding_not_everywhere.RULE,
    binding_unused.RULE,
    ttl_out_of_range.RULE,
    ttl_not_in_seconds.RULE,
    expiration_out_of_range.RULE,
    cache_ttl_out_of_range.RULE,
    list_limit_out_of_range.RULE,
    list_without_cursor.RULE,
    key_invalid.RULE,
    bulk_get_size.RULE,
    bulk_get_lost_key.RULE,
    get_type_unknown.RULE,
    delete_array.RULE,
    put_value_type.RULE,
    put_value_missing.RULE,
    put_value_not_text.RULE,
    option_unknown.RULE,
    promise_not_awaited.RULE,
)
SOURCE_RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}
_CALL_RULES = [rule for rule in _TABLE if isinstance(rule, CallRule)]
_SOURCE_RULES = [rule for rule in _TABLE if isinstance(rule, SourceRule)]


def check(context: Context) -> list[Problem]:
    """Return what the rules find, in the order of the file; none without end."""
    return gathered(_found(context))


def _found(context: Context) -> Iterator[Problem]:
    for rule in _SOURCE_RULES:
        yield from problems_of(rule, rule.check, context)
    for call in context.reading.sure_calls:
        for each in _CALL_RULES:
            if call.method in each.methods:
                yield from problems_of(each, each.check, call, context)
