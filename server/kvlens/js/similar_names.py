"""Names of bindings that are others, misspelled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kvlens.spelling import nearest

_LEAST = 4  # letters of a name that has another letter in place of one: DB isn't KV
_MEMBERS = re.compile(r"\b[eE]nv[!?)]*\.(\w+)|\b[eE]nv[!?)]*\[[\"'](\w+)")
_PATTERN = re.compile(r"\{([^{}]{1,300})\}\s*(?::\s*\w*(?:Env|Bindings)\b|=[^;\n]{0,40}\benv\b)")
_NAME = re.compile(r"\w+")


def is_slip(name: str, known: str, *, least: int = _LEAST) -> bool:
    """Return whether a name is another one, but for its case, `_` or one letter.

    `least`: letters of the shorter one, below which one letter makes another name.
    """
    one, other = (each.replace("_", "").lower() for each in (name, known))
    if one == other:
        return True
    if min(len(one), len(other)) < least:
        one, other = name.lower(), known.lower()  # KV_A isn't KV
        if len(one) == len(other) and sorted(one) != sorted(other):
            return False
    short, long = sorted((one, other), key=len)
    if len(short) < 2:
        return False
    pairs = enumerate(zip(short, long, strict=False))
    start = next((at for at, (mine, its) in pairs if mine != its), len(short))
    if len(long) == len(short):
        if long[start + 1 :] == short[start + 1 :]:  # one letter is another
            return not (long[start] + short[start]).isdigit()
        swapped = long[start + 1 : start + 2] + long[start]
        return short[start : start + 2] == swapped and long[start + 2 :] == short[start + 2 :]
    return long[start + 1 :] == short[start:] and not long[start].isdigit()


def nearest_name(name: str, known: list[str]) -> str | None:
    """Return the known name that was probably meant by another one."""
    slips = [each for each in known if is_slip(name, each)]
    if slips:
        return slips[0] if len(slips) == 1 else None
    return nearest(name, known)


def may_have_slips(text: str, known: Iterable[str]) -> bool:
    """Return without parsing whether a source may misspell one of these bindings."""
    names = list(known)
    if "env" not in text and "Env" not in text and "indings" not in text:
        return False
    return any(is_slip(word, name) for word in set(_words(text)) for name in names)


def _words(text: str) -> Iterator[str]:
    for match in _MEMBERS.finditer(text):
        yield match[1] or match[2]
    for match in _PATTERN.finditer(text):
        yield from _NAME.findall(match[1])
