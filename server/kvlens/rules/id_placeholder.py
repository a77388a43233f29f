"""An id that only holds the place of a real one, such as `<YOUR_ID>`.

wrangler takes it, and `wrangler dev` works; the API refuses it at deploy (code 10042).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import quoted, usable

_DIGITS = re.compile(r"[0-9A-Fa-f]{32}\Z")
# Template marks, blanks, dots and words that no id has but a note to the reader does.
_NOTE = re.compile(
    r"[<>{}\[\]()$%*?\s]|\.\.|…|[^\x00-\x7f]"
    r"|your|place[-_ ]?holder|replace|change[-_ ]?me|to[-_ ]?do\b|fix[-_ ]?me|insert|example|xxx"
    r"|\bid[-_]?here|dummy|(?:^|[-_])(?:kv|namespace|preview)?[-_]?(?:id|uuid)$",
    re.IGNORECASE,
)
_RUNS = ("0123456789", "1234567890", "9876543210", "abcdefabcdef", "deadbeefdeadbeef")


def is_placeholder(value: str) -> bool:
    """Tell whether an id is surely no namespace's, but stands in for one."""
    if _DIGITS.match(value):
        digits = value.lower()
        return len(set(digits)) <= 2 or any(run in digits for run in _RUNS)
    return bool(_NOTE.search(value)) or not value.strip("xX0-_")


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    value = usable(field)
    if field and value and is_placeholder(value):
        yield Finding(
            field.value_span,
            f"The id {quoted(value)} is a placeholder: wrangler dev takes it, wrangler deploy "
            "does not. Put the id that `wrangler kv namespace list` shows, or leave the field "
            "out: then a namespace is made at deploy.",
        )


RULE = EntryRule(
    "id-placeholder",
    "warning",
    "An id is a placeholder, not a namespace's id",
    _check,
)
