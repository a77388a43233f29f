"""Escape untrusted text in the Markdown of hovers: names and values must be plain text.

An editor loads a hover's images and follows its links, so only we may write them.
"""

from __future__ import annotations

import re

from kvlens.visible import one_line, visible

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_FENCES = re.compile(r"`+|~+")


def inline(text: object) -> str:
    r"""Return text for a paragraph, a list or a table, with Markdown and HTML escaped.

    >>> inline("![p](x)")
    '\\!\\[p\\]\\(x\\)'
    """
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def code(text: object) -> str:
    """Return text as code in a paragraph or a table.

    Text that would end the code or the table cell is plain text instead.
    """
    line = one_line(text)
    if not line.strip() or "`" in line or "|" in line or line != line.strip():
        return inline(line)
    return f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Return lines of text as a code block that the text can't end early."""
    lines = visible(text.replace("\r\n", "\n"))
    longest = max((len(found) for found in _FENCES.findall(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{lines}\n{fence}"
