"""Escape control characters and invisible characters in untrusted text for people."""

from __future__ import annotations

import re

# Patterns as strings: `re` compiles them at first use, and most commands don't use any.

# C0 except tab and line feed, DEL, C1, and characters that change the text direction or end the
# line.
STEERING = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
# Tab, line feed, and zero-width characters: names that differ only in these would look the same.
# Joiners stay between characters that may need them, as in emoji; a word joiner between "]" or "$"
# and "(" is ours, see `notice`.
_ALSO_IN_NAMES = (
    "[\t\n\xad\u061c\u180e\u200b\u200e\u200f\u2061-\u2065\u206a-\u206f\ufeff\U000e0000-\U000e007f]"
    r"|(?<![^\x00-\x7f\u2000-\u206f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u2000-\u206f])"
    r"|(?<![\]$])\u2060|\u2060(?!\()"
)
_NAMED = {"\t": "\\t", "\n": "\\n"}
_JOINED = r"([\]$])(?=\()"


def visible(text: str) -> str:
    r"""Return a text with terminal control characters escaped: `\x1b`, `\u202e`.

    >>> visible("A\x1b[2J\n")
    'A\\x1b[2J\n'
    """
    return re.sub(STEERING, _escape, text)


def one_line(name: object) -> str:
    """Escape a name like `visible`, including line ends, tabs and zero-width characters."""
    return visible(re.sub(_ALSO_IN_NAMES, _written, str(name)))


def notice(message: str) -> str:
    """Return a one-line message in which no name becomes a link or an icon.

    Editors turn `[text](command:…)` into links and `$(name)` into icons, in notifications and code
    lenses. A zero-width word joiner prevents that.
    """
    return re.sub(_JOINED, "\\1\u2060", one_line(message))


def _written(found: re.Match[str]) -> str:
    return _NAMED.get(found[0]) or _escape(found)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
