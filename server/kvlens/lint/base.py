"""Rules and their findings.

The class of a rule determines its arguments and when it runs. A rule's file has it in `RULE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from kvlens.config.edit import Edit
from kvlens.config.model import Config, Entry, Environment
from kvlens.config.project_context import ProjectContext
from kvlens.text import Span

if TYPE_CHECKING:  # checking a config doesn't import the readers of sources and seed files
    from kvlens.js.analysis import Analysis
    from kvlens.js.calls import KvCall
    from kvlens.js.config_bindings import ConfigBindings
    from kvlens.js.source_context import SourceContext
    from kvlens.js.syntax import Source
    from kvlens.seeds.file import SeedFile

PAGES = "https://github.com/kvlens/kvlens/blob/main/docs/rules/"

Severity = Literal["error", "warning", "information"]
Level = Literal["error", "warning", "information", "off"]  # severities that a user can set
Levels = Mapping[str, Level]  # code of a rule -> the user's severity
Domain = Literal["config", "js", "seeds"]  # the folder of a rule: the kind of file it checks


class Related(NamedTuple):
    """Another place in the same file that is related to a problem."""

    span: Span
    message: str


class Finding(NamedTuple):
    """One mistake found by a rule. The caller adds the rule's code and severity."""

    span: Span
    message: str  # names the thing, the value, the limit and what to do
    related: tuple[Related, ...] = ()
    data: Mapping[str, Any] | None = None  # what a quick fix needs, without positions


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
        """Return the problem with its spans moved by `by` code points."""
        related = tuple(
            Related(Span(span.start + by, span.end + by), message) for span, message in self.related
        )
        span = Span(self.span.start + by, self.span.end + by)
        return self._replace(span=span, related=related)


def page(code: str) -> str:
    """Return the address of a rule's page."""
    return f"{PAGES}{code}.md"


class Fix(NamedTuple):
    """One way to fix a problem: edits of one text that don't overlap.

    `safe`: the file shows what was meant, and nothing else has to change. Only safe fixes are
    applied to a whole file. `path` is the config to edit to fix a source; None means the file that
    has the problem. `last`: it takes away what the user typed, so an editor offers it after all
    others, and doesn't prefer it.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False
    path: str | None = None
    last: bool = False


Fixes = Callable[[Config, Problem], Iterator[Fix]]


@dataclass(frozen=True)
class RuleInfo:
    """The base of all rules. A rule's file and page are named after its code.

    `off_by_default`: most projects would turn it off; `severity` is its severity once turned on.
    """

    code: str
    severity: Severity
    summary: str
    off_by_default: bool = field(default=False, kw_only=True)
    domain: ClassVar[Domain] = "config"

    @property
    def default(self) -> Level:
        """The severity if the user says nothing."""
        return "off" if self.off_by_default else self.severity

    @property
    def level(self) -> str:
        """The severity for tables and pages, which say if the rule is off by default."""
        return f"{self.severity}, off by default" if self.off_by_default else self.severity

    @property
    def url(self) -> str:
        """The page that explains the rule."""
        return page(self.code)


# rules on configs ---------------------------------------------------------------------------


@dataclass(frozen=True)
class EntryRule(RuleInfo):
    """Checks a single entry. Its findings are cached until the entry changes.

    `is_meant`: whether the rest of the config says that an entry with a finding is intended.
    """

    check: Callable[[Entry], Iterator[Finding]]
    fixes: Fixes | None = None
    is_meant: Callable[[Config, Environment, Entry], bool] | None = None


@dataclass(frozen=True)
class ConfigRule(RuleInfo):
    """Checks the whole config."""

    check: Callable[[Config], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class TextRule(RuleInfo):
    """Checks the whole text. It may be slow: in the editor, it runs when typing pauses."""

    check: Callable[[Config], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class PlaceRule(RuleInfo):
    """Checks a config's place on disk and the files around it. Runs when typing pauses."""

    check: Callable[[Config, ProjectContext], Iterator[Finding]]
    fixes: Fixes | None = None


@dataclass(frozen=True)
class FileRule(RuleInfo):
    """Reports a file without text to check. The caller that reads the file passes the reason."""


# rules on sources ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """The arguments of the rules on a source."""

    analysis: Analysis
    now: float  # seconds since the epoch
    project: SourceContext

    @property
    def declared(self) -> ConfigBindings:
        """The bindings that the configs declare."""
        return self.analysis.declared

    @property
    def has_modes(self) -> bool:
        """Whether a config is code, whose environments are modes."""
        return any(config.is_code for config in self.project.configs)


SourceFixes = Callable[[Context, Problem], Iterator[Fix]]


@dataclass(frozen=True)
class CallRule(RuleInfo):
    """Checks one call that is certainly of a namespace."""

    domain = "js"
    methods: frozenset[str]
    check: Callable[[KvCall, Context], Iterator[Finding]]
    fixes: SourceFixes | None = None


@dataclass(frozen=True)
class SourceRule(RuleInfo):
    """Checks a whole source.

    `by_part`: what it finds in a function is due to the uses and calls there, so that it can check
    a part. Other rules check a large source when typing pauses.
    """

    domain = "js"
    check: Callable[[Context], Iterator[Finding]]
    fixes: SourceFixes | None = None
    by_part: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class ProjectRule(RuleInfo):
    """Checks a config with all sources of its Worker. Its findings are in the config.

    It gets the texts of the sources by path, including tests and types, and a function that returns
    one of them parsed.
    """

    domain = "js"
    check: Callable[[Config, Mapping[str, str], Callable[[str], Source]], Iterator[Finding]]
    fixes: Fixes | None = None


# rules on seed files ------------------------------------------------------------------------


@dataclass(frozen=True)
class SeedRule(RuleInfo):
    """Checks a parsed seed file."""

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
