"""Invariants of any config text."""

from __future__ import annotations

from zlib import crc32

from kvlens.config.complete import complete
from kvlens.config.edit import applied
from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext
from kvlens.config.query import at, entry_at
from kvlens.config.reader import ConfigReader
from kvlens.lint.base import Problem
from kvlens.lint.check_config import check_structure, check_text
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.fixes import fix_all, fixes_for, suppress
from kvlens.lint.problems import in_order
from kvlens.lint.rewrites import rewrites
from kvlens.text import LineIndex, Span

CONTEXT = ProjectContext(winner="../wrangler.json", wrangler=(3, 0, 0), installed=True)
MOST = 4  # problems of an input whose fixes are tested


def text_of(data: bytes) -> str:
    """Decode bytes as an editor may send them: those that aren't UTF-8 become lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def look_at(path: str, data: bytes) -> None:
    """Analyze a config in every way; raise if a result can't be correct."""
    text = text_of(data)
    reader = ConfigReader(path)
    half = text[: len(text) // 2]
    reader.read(half)
    config = reader.read(text)
    structure, slow = check_structure(config), check_text(config, CONTEXT)
    fresh = ConfigReader(path).read(text)
    assert _shown(check_structure(fresh)) == _shown(structure), "another answer while typing"
    problems = in_order([*structure, *slow])
    assert "internal-error" not in {problem.code for problem in problems}, "a rule fails"
    index = LineIndex(text)
    for problem in problems:
        _inside(text, problem.span)
        index.position(problem.span.start)
        for related in problem.related:
            _inside(text, related.span)
    for namespace in config.namespaces():
        _inside(text, namespace.span)
    if crc32(data) % 8:  # the rest takes most of the time
        return
    for problem in problems[:MOST]:
        for fix in fixes_for(FixableConfig(config, CONTEXT), problem):
            check_structure(ConfigReader(path).read(applied(text, fix.edits)))
        suppress(FixableConfig(config, CONTEXT), problem)
    if problems:
        fix_all(FixableConfig(config, CONTEXT), problems[:MOST], only_safe=True)
    _ask_at_places(config, problems)


def _ask_at_places(config: Config, problems: list[Problem]) -> None:
    text = config.text
    places = {0, len(text), len(text) // 2, len(text) * 9 // 10}
    places |= {problem.span.end for problem in problems[:MOST]}
    places |= {namespace.span.start + 1 for namespace in config.namespaces()[:MOST]}
    for place in places:
        found = at(config, place)
        if found is not None:
            _inside(text, found.span)
        entry_at(config, place)
        for proposal in complete(config, place):
            _inside(text, proposal.span)
    for place in sorted(places)[:MOST]:
        for fix in rewrites(config, Span(place, place)):
            applied(text, fix.edits)


def _inside(text: str, span: Span) -> None:
    assert 0 <= span.start <= span.end <= len(text), f"{span} of {len(text)}"


def _shown(problems: list[Problem]) -> list[tuple[str, Span, str]]:
    return [(problem.code, problem.span, problem.message) for problem in problems]
