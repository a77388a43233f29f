"""Foreign text in Markdown, as hovers show it: no name or value is more than text there.

An editor fetches the pictures of a hover and follows its links, which nobody but us may write.
"""

from __future__ import annotations

import re

from kvlens.visible import one_line, visible

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_FENCES = re.compile(r"`+|~+")


def inline(text: object) -> str:
    r"""Return text for a paragraph, a list or a table, every mark of Markdown and HTML escaped.

    >>> inline("![p](x)")
    '\\!\\[p\\]\\(x\\)'
    """
    return _PUNCTUATION.sub(r"\\\1", one_line(text))


def code(text: object) -> str:
    """Return text as code in a paragraph or a table.

    What would end the code, or the cell of a table, makes it a plain text.
    """
    line = one_line(text)
    if not line.strip() or "`" in line or "|" in line or line != line.strip():
        return inline(line)
    return f"`{line}`"


def block(text: str, language: str = "") -> str:
    """Return lines of text as a block of code, which ends at its own end alone."""
    lines = visible(text.replace("\r\n", "\n"))
    longest = max((len(found) for found in _FENCES.findall(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{lines}\n{fence}"
