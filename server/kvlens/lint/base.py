"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from kvlens.config.edit import Edit
from kvlens.config.model import Config, Entry
from kvlens.config.project_context import Surroundings
from kvlens.text import Span

PAGES = "https://github.com/kvlens/kvlens/blob/main/docs/rules/"

Severity = Literal["error", "warning", "information"]
Level = Literal["error", "warning", "information", "off"]  # what a user can make of a rule


class Related(NamedTuple):
    """Another place in the same file that a problem has to do with."""

    span: Span
    message: str


class Finding(NamedTuple):
    """One mistake as a rule sees it; the rule's own code and severity are added outside."""

    span: Span
    message: str  # names the thing, the value, the limit and the way out
    related: tuple[Related, ...] = ()
    data: Mapping[str, Any] | None = None  # what a quick fix needs; no places in it


class Problem(NamedTuple):
    """One mistake in a file."""

    code: str
    severity: Severity
    message: str
    span: Span
    related: tuple[Related, ...] = ()
    data: Mapping[str, Any] | None = None

    @property
    def url(self) -> str:
        """The page that explains the rule."""
        return page(self.code)

    def moved(self, by: int) -> Problem:
        """Return the same problem with its places further on by that many code points."""
        related = tuple(
            Related(Span(span.start + by, span.end + by), message) for span, message in self.related
        )
        span = Span(self.span.start + by, self.span.end + by)
        return self._replace(span=span, related=related)


def page(code: str) -> str:
    """Return the address of a rule's page."""
    return f"{PAGES}{code}.md"


class Fix(NamedTuple):
    """One way to mend a problem: edits of the config's text that do not overlap.

    `safe` means that nobody has to think about it: the config says what was meant, and no code
    has to follow. Only safe fixes are applied to a whole file at once.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


Fixes = Callable[[Config, Problem], Iterator[Fix]]


@dataclass(frozen=True)
class RuleInfo:
    """What every rule has."""

    code: str
    severity: Severity
    summary: str


@dataclass(frozen=True)
class EntryRule(RuleInfo):
    """Looks at one entry alone, so that what it finds can be kept while the entry stays."""

    check: Callable[[Entry], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class ConfigRule(RuleInfo):
    """Looks at the whole config."""

    check: Callable[[Config], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class TextRule(RuleInfo):
    """Looks at the whole text, and may take long; the editor asks when typing pauses."""

    check: Callable[[Config], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class PlaceRule(RuleInfo):
    """Looks at a config where it stands: what is around it on disk. Asked when typing pauses."""

    check: Callable[[Config, Surroundings], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class FileRule(RuleInfo):
    """Speaks of a file that has no text to look at; the one who reads it says why."""

    fixes: Fixes | None = None


Rule = EntryRule | ConfigRule | TextRule | PlaceRule | FileRule
