"""An id that is its own preview_id.

wrangler takes it. The two exist so that `wrangler dev --remote` need not work on the data of
production; writing the same id twice may be meant, so this is only a hint.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Entry
from kvlens.lint.base import EntryRule, Finding
from kvlens.lint.fix_helpers import fresh_preview_id
from kvlens.lint.ids import is_real


def _check(entry: Entry) -> Iterator[Finding]:
    value = entry.text_of("preview_id")
    if value is None or value != entry.text_of("id") or not is_real(value):
        return
    field = entry.get("preview_id")
    assert field
    yield Finding(
        field.value_span,
        "The preview_id is the same as the id, so wrangler dev --remote reads and writes "
        "production data. Use the id of another namespace.",
    )


RULE = EntryRule(
    "id-is-preview-id",
    "information",
    "A preview_id is the same as the id",
    _check,
    fresh_preview_id,
)
