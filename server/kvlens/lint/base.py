"""What a rule is and what it finds.

The kind of a rule says what it is given and when it is asked; `RULE` in a rule's file is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from kvlens.config.edit import Edit
from kvlens.config.model import Config, Entry
from kvlens.config.project_context import ProjectContext
from kvlens.text import Span

if TYPE_CHECKING:  # a config is checked without what reads sources and seed files
    from kvlens.js.analysis import Analysis
    from kvlens.js.calls import KvCall
    from kvlens.js.config_bindings import ConfigBindings
    from kvlens.js.source_context import SourceContext
    from kvlens.js.syntax import Source
    from kvlens.seeds.file import SeedFile

PAGES = "https://github.com/kvlens/kvlens/blob/main/docs/rules/"

Severity = Literal["error", "warning", "information"]
Level = Literal["error", "warning", "information", "off"]  # what a user can make of a rule
Levels = Mapping[str, Level]  # what the user makes of a rule, by its code
Domain = Literal["config", "js", "seeds"]  # the folder that a rule is in: what it looks at


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
    """One way to fix a problem: edits of one text that do not overlap.

    `safe` means that nobody has to think about it: the file says what was meant, and nothing else
    has to follow. Only safe fixes are applied to a whole file at once. `path` names the config
    that is edited to fix a source; None stands for the file that has the problem.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False
    path: str | None = None


Fixes = Callable[[Config, Problem], Iterator[Fix]]


@dataclass(frozen=True)
class RuleInfo:
    """What every rule has. The file of a rule is named after its code, as is its page."""

    code: str
    severity: Severity
    summary: str
    domain: ClassVar[Domain] = "config"

    @property
    def url(self) -> str:
        """The page that explains the rule."""
        return page(self.code)


# rules on configs ---------------------------------------------------------------------------


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
    """Looks at a config where it is on disk: at what is around it. Asked when typing pauses."""

    check: Callable[[Config, ProjectContext], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class FileRule(RuleInfo):
    """Reports a file that has no text to check; whoever reads the file says why."""


# rules on sources ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """What the rules on a source are given."""

    analysis: Analysis
    now: float  # seconds since the epoch
    project: SourceContext

    @property
    def declared(self) -> ConfigBindings:
        """What the configs declare."""
        return self.analysis.declared


SourceFixes = Callable[[Context, Problem], Iterator[Fix]]


@dataclass(frozen=True)
class CallRule(RuleInfo):
    """Looks at one call that surely is of a namespace."""

    domain = "js"
    methods: frozenset[str]
    check: Callable[[KvCall, Context], Iterator[Finding]]
    fixes: SourceFixes | None = None


@dataclass(frozen=True)
class SourceRule(RuleInfo):
    """Looks at a source as a whole."""

    domain = "js"
    check: Callable[[Context], Iterator[Finding]]
    fixes: SourceFixes | None = None


@dataclass(frozen=True)
class ProjectRule(RuleInfo):
    """Looks at a config together with all sources of its Worker; what it finds is in the config.

    It is given the texts of the sources by their paths, tests and types included, and a function
    that returns one of them parsed.
    """

    domain = "js"
    check: Callable[[Config, Mapping[str, str], Callable[[str], Source]], Iterator[Finding]]
    fixes: Fixes | None = None


# rules on seed files ------------------------------------------------------------------------


@dataclass(frozen=True)
class SeedRule(RuleInfo):
    """Looks at a seed file that has been read."""

    domain = "seeds"
    check: Callable[[SeedFile], Iterator[Finding]]


Rule = (
    EntryRule
    | ConfigRule
    | TextRule
    | PlaceRule
    | FileRule
    | CallRule
    | SourceRule
    | ProjectRule
    | SeedRule
)
