"""Distinguish real namespace ids from placeholders."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9A-Fa-f]{32}\Z")
# Template marks, spaces, dots and words that occur in notes to the reader, but not in ids.
_NOTE = re.compile(
    r"[<>{}\[\]()$%*?\s]|\.\.|…|[^\x00-\x7f]"
    r"|your|place[-_ ]?holder|replace|change[-_ ]?me|to[-_ ]?do\b|fix[-_ ]?me|insert|example|xxx"
    r"|\bid[-_]?here|dummy|(?:^|[-_])(?:kv|namespace|preview)?[-_]?(?:id|uuid)$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(
    r"\s*(?:\$\{[^{}]+\}|\$[A-Za-z_]\w*|\{\{[^{}]+\}\}|%[A-Za-z_]\w*%|<%.*%>|__\w+__)\s*\Z"
)
_UNUSED = re.compile(r"\W*(?:ignored?|unused|not[-_ ]used)\W*\Z", re.IGNORECASE)
_RUNS = ("0123456789", "1234567890", "9876543210", "abcdefabcdef", "deadbeefdeadbeef")


def is_placeholder(value: str) -> bool:
    """Return whether an id is certainly a placeholder."""
    if _DIGITS.match(value.strip()):
        return is_made_up(value)
    return is_variable(value) or bool(_NOTE.search(value)) or not value.strip("xX0-_")


def is_made_up(value: str) -> bool:
    """Return whether an id is 32 digits that aren't those of a namespace, such as all zeros."""
    digits = value.strip().lower()
    is_pattern = len(set(digits)) <= 2 or any(run in digits for run in _RUNS)
    return is_pattern and bool(_DIGITS.match(digits))


def says_unused(value: str) -> bool:
    """Return whether an id says that nothing uses it: `<ignored>`, `not-used`."""
    return bool(_UNUSED.match(value))


def is_variable(value: str) -> bool:
    """Return whether an id is a variable that a script fills in: `${KV_ID}`, `{{kv_id}}`."""
    return bool(_VARIABLE.match(value))


def is_real(value: str | None) -> bool:
    """Return whether an id may be one of Cloudflare's: 32 digits, not a made-up pattern."""
    return value is not None and bool(_DIGITS.match(value)) and not is_placeholder(value)
