"""Whether code keeps a number within bounds, as far as its text says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 40_000  # bytes of a function that are searched
_NUMBER = r"\d[\d_]*(?:\.\d+)?"


def is_bounded(
    source: Source,
    node: Node,
    words: Iterable[str],
    *,
    least: float | None = None,
    clock: str | None = None,
) -> bool:
    """Return whether the function around a node compares one of these names, or raises it.

    With `least`, which the number mustn't be below, comparing it with a lower one, as in `ttl > 0`,
    keeps nothing. Nor does comparing a time with the `clock`, as in `until > now`.
    """
    function = ancestor(node, FUNCTIONS)
    while function is not None and (more := ancestor(function, FUNCTIONS)) is not None:
        function = more
    around = function or source.root
    if around.end_byte - around.start_byte > _LONGEST:
        return True  # it may be anywhere
    text = source.text_of(around)
    for word in words:
        name = rf"(?<![\w$.]){re.escape(word)}(?![\w$])"
        if re.search(rf"(?:max|clamp)\w*\([^()]*{name}", text):
            return True
        for found in re.finditer(
            rf"{name}\)?\s*[<>]=?(?:\s*(?P<right>{_NUMBER})(?![\w.]|\s*[*/]))?"
            rf"|(?:(?<![\w.$*/])(?<![*/] )(?P<left>{_NUMBER})\s*)?[<>]=?\s*\(?{name}",
            text,
        ):
            if clock and _is_beside(text, found, clock):
                continue
            number = found["left"] or found["right"]
            if number is None or least is None or float(number.replace("_", "")) >= least - 1:
                return True
    return False


def _is_beside(text: str, comparison: re.Match[str], other: str) -> bool:
    """Return whether the other side of a comparison is this expression, and nothing more."""
    after, before = text[comparison.end() :].lstrip(), text[: comparison.start()].rstrip()
    if comparison[0].rstrip().endswith(("<", ">", "=")):
        rest = after.removeprefix(other)
        return rest != after and not re.match(r"[\w$.(\[]|\s*[-+*/%]", rest)
    rest = before.removesuffix(other)
    return rest != before and not re.search(r"[\w$.]\Z|[-+*/%]\s*\Z", rest)
