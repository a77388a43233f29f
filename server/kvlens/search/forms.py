"""The forms in which a filter names text: a word, a glob, a regular expression."""

from __future__ import annotations

import re
from collections.abc import Callable

from kvlens.errors import InternalError, KVLensError
from kvlens.visible import one_line

SECONDS = 0.5  # that one regular expression may take with one text
_QUICK = (4096, 512, 64)  # characters, by the number of repetitions and alternatives
LONGEST_SHOWN = 80  # characters of an expression in a message

Test = Callable[[str], bool]


class SlowExpressionError(KVLensError):
    """A regular expression took too long with one text. The message names it."""


class BadExpressionError(InternalError):
    """A regular expression has a mistake. The text follows the expression."""


def word(wanted: str) -> Test:
    """Return a test for texts that contain a word, in upper or lower case."""
    lower = wanted.lower()

    def contains(text: str) -> bool:
        return lower in text.lower()

    return contains


def glob(pattern: str) -> Test:
    """Return a test for texts that have a pattern's form; takes linear time for each `*`.

    >>> [text for text in ("user:1", "user:12", "a user:1") if glob("user:?*")(text)]
    ['user:1', 'user:12']
    """
    first, *rest = (_piece(part) for part in re.split(r"\*+", pattern))
    if not rest:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = rest
    least = len(re.split(r"\*+", pattern)[-1])  # characters of the last piece

    def has_form(text: str) -> bool:
        found = first.match(text)
        if found is None:
            return False
        at = found.end()
        for piece in middle:
            found = piece.search(text, at)
            if found is None:
                return False
            at = found.end()
        start = len(text) - least
        return start >= at and last.fullmatch(text, start) is not None

    return has_form


def _piece(part: str) -> re.Pattern[str]:
    return re.compile(".".join(re.escape(one) for one in part.split("?")), re.DOTALL)


def expression(pattern: str, ignore_case: bool) -> Test:
    """Return a test for texts in which a regular expression matches.

    Raises BadExpressionError. The test raises SlowExpressionError after `SECONDS`.
    """
    import regex  # type: ignore[import-untyped]  # late: few filters need it

    try:
        compiled = regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise BadExpressionError(str(error)) from None
    search = compiled.search
    longest = _quick_length(pattern)

    def matches(text: str) -> bool:
        if len(text) <= longest:
            return search(text) is not None  # measuring the time takes ten times as long
        try:
            return search(text, timeout=SECONDS, concurrent=True) is not None
        except TimeoutError:
            raise SlowExpressionError(
                f"/{one_line(pattern):.{LONGEST_SHOWN}}/ takes too long: more than {SECONDS} s for "
                "one text. Write it without a repetition inside a repetition, such as (a+)+."
            ) from None

    return matches


def _quick_length(pattern: str) -> int:
    """Return up to which length of text no match can take longer than some milliseconds.

    Each repetition and alternative multiplies the work, and a repeated group may do so many times.

    >>> [_quick_length(one) for one in ("a.c", "^user:[+*]\\d+$", "a.*b.*c", "(a+)+$")]
    [4096, 512, 64, 0]
    """
    plain = re.sub(r"\\[^\d\W]|\\\W|\[\^?\]?[^\[\]\\]*\]", "x", pattern)
    if re.search(r"\\|\[|\(\?(?!:)|\)[*+?{]", plain):
        return 0
    choices = len(re.findall(r"[*+?{|]", plain.replace("(?:", "(")))
    return _QUICK[choices] if choices < len(_QUICK) else 0


def literal_start(pattern: str) -> str:
    """Return the text with which all matches of a glob begin.

    >>> literal_start("user:*:cart")
    'user:'
    """
    return re.split(r"[*?]", pattern, maxsplit=1)[0]
