"""Check one source. Only what is certain is reported."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from kvlens.config.model import Config
from kvlens.js.analysis import EnvType
from kvlens.js.parts import Part
from kvlens.js.reader import read_source
from kvlens.js.source_context import ALONE, SourceContext, is_test, may_matter, read
from kvlens.js.syntax import Source
from kvlens.lint.base import CallRule, Context, Problem, SourceRule
from kvlens.lint.config import silence_unknown
from kvlens.lint.problems import failed, file_problem, gathered, problems_of
from kvlens.lint.registry import rules_of
from kvlens.lint.suppressions import apply_suppressions
from kvlens.text import Span

_RULES = rules_of("js").values()
_CALL_RULES = [rule for rule in _RULES if isinstance(rule, CallRule)]
_SOURCE_RULES = [rule for rule in _RULES if isinstance(rule, SourceRule)]
PART_RULES = frozenset(
    rule.code for rule in (*_CALL_RULES, *(each for each in _SOURCE_RULES if each.by_part))
)


def check_source(
    source: Source,
    context: SourceContext = ALONE,
    now: float | None = None,
    part: Part | None = None,
) -> list[Problem]:
    """Return the problems of a source, in the order of the file.

    `now` is in seconds since the epoch. Tests are never checked. With a `part`, the problems of
    PART_RULES in it.
    """
    if is_test(source.path, context.configs):
        return []
    if source.refused is not None:
        return [file_problem(f"This source {source.refused}.")]
    when = time.time() if now is None else now
    try:
        checked = Context(read(source, context, part), when, context)
        return gathered(apply_suppressions(source, _found(checked)))
    except Exception as error:  # a bug in KV Lens doesn't stop the check of other files
        return [failed("the check of this source", error)]


def _found(context: Context) -> Iterator[Problem]:
    for rule in _SOURCE_RULES:
        if context.analysis.part is not None and not rule.by_part:
            continue
        yield from problems_of(rule, rule.check, context)
    if context.analysis.part is None:
        yield from problems_of(silence_unknown.RULE, silence_unknown.check, context.analysis.source)
    seen: set[tuple[str, Span]] = set()  # a constant that several calls use is one mistake
    for call in context.analysis.certain_calls:
        for each in _CALL_RULES:
            if call.method not in each.methods:
                continue
            for problem in problems_of(each, each.check, call, context):
                if (problem.code, problem.span) not in seen:
                    seen.add((problem.code, problem.span))
                    yield problem


def check(
    text: str,
    path: str,
    configs: Sequence[Config] = (),
    types: Mapping[str, EnvType] | None = None,
    other_texts: frozenset[str] = frozenset(),
    now: float | None = None,
) -> list[Problem]:
    """Return the problems of a source's text; see `SourceContext` and `check_source`.

    A text without anything about KV isn't parsed.

    Raises:
        Unavailable: there is no parser here.
        ValueError: the file is not JavaScript or TypeScript by its ending.
    """
    context = SourceContext(configs, types or {}, other_texts)
    if is_test(path, configs) or not may_matter(text, context, path):
        return []
    source = read_source(text, path)
    found = check_source(source, context, now)
    source.memos.clear()  # see SourceReader.read
    return found
