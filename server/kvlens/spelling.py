"""What a name that nobody knows was probably meant to be, for every "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.65  # the share of letters that two names have in common, from 0 to 1


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like a word; None if none is alike.

    Case, `_` and `-` don't count.
    """
    from difflib import get_close_matches  # late: most names are right

    names = {_letters(each): each for each in known}
    close = get_close_matches(_letters(word), names, n=1, cutoff=_ALIKE)
    return names[close[0]] if close else None


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
