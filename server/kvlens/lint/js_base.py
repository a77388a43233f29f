"""What a rule on sources is, and what it gets to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kvlens.js.analysis import Analysis
from kvlens.js.calls import KvCall
from kvlens.js.config_bindings import ConfigBindings
from kvlens.lint.base import Finding, RuleInfo


@dataclass(frozen=True)
class Context:
    """What the rules are asked about."""

    reading: Analysis
    now: float  # seconds since the epoch
    beside: frozenset[str] = frozenset()  # texts in quotes in other configs of the folder

    @property
    def declared(self) -> ConfigBindings:
        """What the configs declare."""
        return self.reading.declared


@dataclass(frozen=True)
class CallRule(RuleInfo):
    """Looks at one call that surely is of a namespace."""

    methods: frozenset[str]
    check: Callable[[KvCall, Context], Iterator[Finding]]


@dataclass(frozen=True)
class SourceRule(RuleInfo):
    """Looks at a source as a whole."""

    check: Callable[[Context], Iterator[Finding]]


@dataclass(frozen=True)
class ProjectRule(RuleInfo):
    """Looks at a config and all sources of its Worker; `kvlens.lint.unused_bindings` asks it."""


Rule = CallRule | SourceRule | ProjectRule
