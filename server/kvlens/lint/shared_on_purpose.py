"""Whether a config says that two bindings share a namespace on purpose."""

from __future__ import annotations

import re

from kvlens.config.comments import comments
from kvlens.config.model import Config, Entry, Environment
from kvlens.memo import memo
from kvlens.text import LineIndex

_SAYS = re.compile(
    r"\b(?:share[sd]?|sharing|same|common|alias(?:es)?|reuse[sd]?|intentional(?:ly)?|deliberate(?:ly)?"
    r"|on purpose|local[- ]only|not used|unused)\b",
    re.IGNORECASE,
)
_SHARES = re.compile(r"(?<!not )(?<!n't )(?<!never )\bshar(?:es|ed|ing)\b", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|_)(?:SHARED|COMMON|GLOBAL)(?:_|$)", re.IGNORECASE)


def is_shared_on_purpose(config: Config, *entries: Entry) -> bool:
    """Return whether a comment at one of the entries, or a binding's name, says so."""
    lines = _lines_that_say(config)
    index = LineIndex(config.text) if lines else None
    for entry in entries:
        if _NAMED.search(entry.text_of("binding") or ""):
            return True
        if index is not None:
            first, last = (index.line_of(at) for at in (entry.span.start, entry.span.end))
            if lines & set(range(first - 1, last + 1)):
                return True
    return False


def says_shared(config: Config, *environments: Environment) -> bool:
    """Return whether the comment above one of the environments says that it shares namespaces."""
    if not _SHARES.search(config.text):
        return False
    index = LineIndex(config.text)
    heads = {index.line_of(env.key_span.start) for env in environments if env.key_span}
    said = {
        index.line_of(span.end)
        for span in comments(config.text, syntax=config.syntax)
        if _SHARES.search(config.text[slice(*span)])
    }
    return any(said & {head - 1, head - 2} for head in heads)  # JSON has `"env": {` between


def comment_at(config: Config, entry: Entry) -> str:
    """Return the comments in an entry and in the lines right above it."""
    index = LineIndex(config.text)
    first, last = (index.line_of(at) for at in (entry.span.start, entry.span.end))
    found: list[str] = []
    for span in reversed(comments(config.text, syntax=config.syntax)):
        if index.line_of(span.start) <= last and index.line_of(span.end) >= first - 1:
            first = min(first, index.line_of(span.start))
            found.append(config.text[slice(*span)])
    return "\n".join(reversed(found))


@memo
def _lines_that_say(config: Config) -> frozenset[int]:
    """Return the lines with a comment about sharing."""
    if not _SAYS.search(config.text):
        return frozenset()
    index = LineIndex(config.text)
    found = comments(config.text, syntax=config.syntax)
    return frozenset(
        index.line_of(span.end) for span in found if _SAYS.search(config.text[slice(*span)])
    )
