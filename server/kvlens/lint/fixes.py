"""Which fixes to offer: only those after which the problem is gone and no new one is there."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator

from kvlens.config.comments import comments
from kvlens.config.edit import Edit, applied, line_end, line_start, newline_of
from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext
from kvlens.config.reader import ConfigReader
from kvlens.config.syntax_check import check_syntax
from kvlens.lint.base import ConfigRule, EntryRule, Fix, Fixes, PlaceRule, Problem, TextRule
from kvlens.lint.check_config import check_structure, check_text
from kvlens.lint.problems import number_of
from kvlens.lint.registry import rules_of
from kvlens.lint.suppressions import suppressions
from kvlens.memo import memo
from kvlens.text import Span

# Rules of lists that wrangler does not read, and what only a list that is read can have.
_HIDING = frozenset(("kv-captured", "kv-misnamed", "kv-not-array", "unsafe-kv"))
_INSIDE = frozenset(
    (
        "id-twice",
        "id-shared",
        *(code for code, rule in rules_of("config").items() if isinstance(rule, EntryRule)),
    )
)
_JUDGED = 20_000  # characters up to which the strict judge looks at a fix too: it takes long


def fixes_for(config: Config, problem: Problem, context: ProjectContext | None = None) -> list[Fix]:
    """Return the ways to mend one problem, the best first."""
    fixes = fixes_of(problem.code)
    if fixes is None:
        return []
    return [fix for fix in fixes(config, problem) if mends(config, fix, problem.code, context)]


def fixes_of(code: str) -> Fixes | None:
    """Return what proposes fixes for a rule's problems, if anything does."""
    rule = rules_of("config").get(code)
    return rule.fixes if isinstance(rule, EntryRule | ConfigRule | TextRule | PlaceRule) else None


def fix_all(
    config: Config,
    problems: Iterable[Problem],
    context: ProjectContext | None = None,
    *,
    only_safe: bool = False,
) -> Fix | None:
    """Return one fix of several problems: the first of each that does not get in another's way.

    None where that mends nothing.
    """
    wanted = list(problems)
    for sure in (False, True):  # looked at one by one only where all at once do not do
        edits, done = _together(config, wanted, context, only_safe=only_safe, sure=sure)
        whole = Fix("", tuple(edits), safe=only_safe)
        if done and mends(config, whole, done[0].code, context):
            codes = {problem.code for problem in done}
            of = f" of {done[0].code}" if len(codes) == 1 else ""
            count = f"all {len(done)} problems" if len(done) > 1 else "the problem"
            return whole._replace(title=f"Fix {count}{of} in this file")
    return None


def _together(
    config: Config,
    problems: Iterable[Problem],
    context: ProjectContext | None,
    *,
    only_safe: bool,
    sure: bool,
) -> tuple[list[Edit], list[Problem]]:
    """Return the edits of the problems' first fixes that fit together, and what they mend."""
    edits = _Edits()
    done: list[Problem] = []
    for problem in problems:
        fixes = fixes_of(problem.code)
        if fixes is None:
            continue
        for fix in fixes(config, problem):
            if only_safe and not fix.safe:
                continue
            more = edits.new(fix.edits)
            if more is None:
                continue
            if sure and not mends(config, Fix("", (*edits.all, *more)), problem.code, context):
                continue
            edits.add(more)
            done.append(problem)
            break
    return edits.all, done


class _Edits:
    """Edits that do not overlap, found quickly by their places."""

    def __init__(self) -> None:
        self.all: list[Edit] = []
        self._sorted: list[Edit] = []

    def new(self, edits: Iterable[Edit]) -> list[Edit] | None:
        """Return those that are not there yet; None where one overlaps another that is there."""
        found = []
        for edit in edits:
            at = bisect_left(self._sorted, edit)
            if at < len(self._sorted) and self._sorted[at] == edit:
                continue
            # Before it in order only its neighbour can reach into it; insertions may be several.
            if any(_clash(edit, other) for other in self._around(at, edit)):
                return None
            found.append(edit)
        return found

    def add(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            insort(self._sorted, edit)
            self.all.append(edit)

    def _around(self, at: int, edit: Edit) -> Iterator[Edit]:
        for index in range(at - 1, -1, -1):
            other = self._sorted[index]
            yield other
            if other.span.end > other.span.start:
                break  # what is before this one ends before it begins
        for index in range(at, len(self._sorted)):
            other = self._sorted[index]
            if other.span.start >= edit.span.end and other.span.start > edit.span.start:
                break
            yield other


def mends(config: Config, fix: Fix, code: str, context: ProjectContext | None = None) -> bool:
    """Tell whether a fix makes fewer problems of one rule and no more of any other.

    Where a list was not read before, what was wrong inside it all along counts as no new problem.
    """
    if not fix.edits:
        return False
    slow = isinstance(rules_of("config").get(code), TextRule | PlaceRule)
    mended = tried(config, fix)
    before, after = _count(config, context, slow=slow), _count(mended, context, slow=slow)
    inside = _INSIDE if code in _HIDING else frozenset[str]()
    if after[code] >= before[code]:
        return False
    if any(after[other] > before[other] for other in after.keys() - inside):
        return False
    if slow or still_valid(mended):
        return True
    return check_syntax(config.text, config.path) is not None


def tried(config: Config, fix: Fix) -> Config:
    """Return the config as it would be after a fix; what the fix leaves alone is not read again."""
    idle = _idle_readers(config)
    try:
        reader = idle.pop()  # no two threads have the same
    except IndexError:
        reader = ConfigReader(config.path)
        reader.read(config.text)
    mended = reader.read(applied(config.text, fix.edits))
    idle.append(reader)
    return mended


@memo
def _idle_readers(config: Config) -> list[ConfigReader]:
    """Return the readers that have read a config and nobody uses now."""
    return []


def still_valid(config: Config) -> bool:
    """Tell whether a config that is not large is valid; a large one is taken to be."""
    return len(config.text) > _JUDGED or check_syntax(config.text, config.path) is None


def suppress(config: Config, problem: Problem, context: ProjectContext | None = None) -> Fix | None:
    """Return the comment that silences a problem on its line; None where none can stand there."""
    text = config.text
    if config.path.endswith(".json") or problem.code in ("syntax-error", "silence-unknown"):
        return None
    start, end = line_start(text, problem.span.start), line_end(text, problem.span.start)
    title = f"Silence {problem.code} on this line"
    for known in suppressions(config):
        own = start <= known.span.start < end and not known.next_line
        if own and known.codes:
            at = known.codes[-1][1].end
            return Fix(title, (Edit(Span(at, at), f", {problem.code}"),))
    mark = "//" if config.is_json else "#"
    marked = (
        ("//" in text[start:end] or "/*" in text[start:end])
        if config.is_json
        else ("#" in text[start:end])
    )
    if marked and any(
        start <= span.start <= end for span in comments(text, is_json=config.is_json)
    ):
        indent = text[start : len(text[:end]) - len(text[start:end].lstrip(" \t"))]
        words = f"{indent}{mark} kvlens-disable-next-line {problem.code}{newline_of(text)}"
        fix = Fix(title, (Edit(Span(start, start), words),))
    else:
        at = start + len(text[start:end].rstrip())
        words = f"{' ' if at > start else ''}{mark} kvlens-disable-line {problem.code}"
        fix = Fix(title, (Edit(Span(at, at), words),))
    return fix if mends(config, fix, problem.code, context) else None


def _count(config: Config, context: ProjectContext | None, *, slow: bool) -> Counter[str]:
    found = [*check_structure(config), *(check_text(config, context) if slow else ())]
    counts: Counter[str] = Counter()
    for problem in found:
        counts[problem.code] += number_of(problem)
    return counts


def _clash(one: Edit, other: Edit) -> bool:
    if one.span.start == one.span.end and one.span == other.span:
        return False  # two insertions at one place come one after the other
    return one.span.start < other.span.end and other.span.start < one.span.end
