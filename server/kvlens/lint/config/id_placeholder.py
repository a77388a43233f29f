"""An id that only holds the place of a real one, such as `<YOUR_ID>`.

wrangler takes it, and `wrangler dev` works; the API refuses it at deploy (code 10042).
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.ids import is_placeholder
from kvlens.lint.wording import quoted, usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("id")
    value = usable(field)
    if field and value and is_placeholder(value):
        yield Finding(
            field.value_span,
            f"The id {quoted(value)} is a placeholder: wrangler dev accepts it, wrangler deploy "
            f"doesn't. Use the id that `wrangler kv namespace list` shows, or remove the field to "
            f"have a namespace created on deploy.",
        )


RULE = EntryRule(
    "id-placeholder",
    "warning",
    "An id is a placeholder, not a namespace's id",
    _check,
    without_field("id"),
)
