"""Find the comments of a config, ignoring strings that look like comments."""

from __future__ import annotations

import re

from kvlens.text import Span

_TOML = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\r\n]|\\[^\r\n])*"?|\'[^\'\r\n]*\'?'
    r"|(?P<comment>#[^\r\n]*)",
    re.DOTALL,
)
_JSON = re.compile(
    r'"(?:[^"\\\r\n]|\\[^\r\n])*"?|(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))', re.DOTALL
)


def comments(text: str, *, is_json: bool, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the comments between two places, neither of which is inside a string."""
    stop = len(text) if end is None else end
    pattern = _JSON if is_json else _TOML
    return [
        Span(*found.span())
        for found in pattern.finditer(text, start, stop)
        if found["comment"] is not None
    ]
