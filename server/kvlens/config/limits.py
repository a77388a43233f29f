"""Limits on parsing a config: real ones are a few KiB, and no text may use up memory or time."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.errors import InternalError
from kvlens.text import Span

LARGEST = 1024 * 1024  # bytes of a file, characters of a text
DEEPEST = 100  # nested brackets, or parts of a dotted key or a header
MOST = 250_000  # values, keys and headers


class Refusal(NamedTuple):
    """Why a text isn't parsed, and the offset where it exceeds a limit."""

    reason: str
    span: Span


class TooMuchError(InternalError):
    """A text is too large or nested too deeply to be parsed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


def too_large(size: int, unit: str = "characters") -> TooMuchError:
    """Return the error for a text of this size."""
    return _error(f"is {size:,} {unit}, over the limit of {LARGEST:,} for a config", 0)


def too_deep(at: int) -> TooMuchError:
    """Return the error for a text with more than DEEPEST levels at an offset."""
    return _error(f"is nested more than {DEEPEST} levels deep, too deeply for a config", at)


def too_many() -> TooMuchError:
    """Return the error for a text with more than MOST values."""
    return _error(f"has more than {MOST:,} values, too many for a config", 0)


def _error(reason: str, at: int) -> TooMuchError:
    return TooMuchError(Refusal(reason, Span(at, at + 1)))
