"""What a rule on sources is, and what it gets to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kvlens.rules.base import Finding, Named
from kvlens.source.call import KvCall
from kvlens.source.declared import Declared
from kvlens.source.reading import Reading


@dataclass(frozen=True)
class Context:
    """What the rules are asked about."""

    reading: Reading
    now: float  # seconds since the epoch
    beside: frozenset[str] = frozenset()  # texts in quotes in other configs of the folder

    @property
    def declared(self) -> Declared:
        """What the configs declare."""
        return self.reading.declared


@dataclass(frozen=True)
class CallRule(Named):
    """Looks at one call that surely is of a namespace."""

    methods: frozenset[str]
    check: Callable[[KvCall, Context], Iterator[Finding]]


@dataclass(frozen=True)
class SourceRule(Named):
    """Looks at a source as a whole."""

    check: Callable[[Context], Iterator[Finding]]


@dataclass(frozen=True)
class ProjectRule(Named):
    """Looks at a config and all sources of its Worker; `kvlens.source.unused` asks it."""


Rule = CallRule | SourceRule | ProjectRule
