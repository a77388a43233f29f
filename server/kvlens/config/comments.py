"""Find the comments of a config, ignoring strings that look like comments."""

from __future__ import annotations

import re
from typing import Literal

from kvlens.text import Span

Syntax = Literal["toml", "json", "code"]

_TOML = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\r\n]|\\[^\r\n])*"?|\'[^\'\r\n]*\'?'
    r"|(?P<comment>#[^\r\n]*)",
    re.DOTALL,
)
_JSON = re.compile(
    r'"(?:[^"\\\r\n]|\\[^\r\n])*"?|(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))', re.DOTALL
)
_CODE = re.compile(
    r'"(?:[^"\\\r\n]|\\.)*"?|\'(?:[^\'\\\r\n]|\\.)*\'?|`(?:[^`\\]|\\.)*`?'
    r"|(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))",
    re.DOTALL,
)
_PATTERNS = {"toml": _TOML, "json": _JSON, "code": _CODE}


def syntax_of(path: str) -> Syntax:
    """Return the language of a config, by its path."""
    if path.endswith((".json", ".jsonc")):
        return "json"
    return "code" if path.endswith((".ts", ".mts", ".js", ".mjs")) else "toml"


def comments(text: str, *, syntax: Syntax, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the comments between two places, neither of which is inside a string."""
    stop = len(text) if end is None else end
    pattern = _PATTERNS[syntax]
    return [
        Span(*found.span())
        for found in pattern.finditer(text, start, stop)
        if found["comment"] is not None
    ]
