"""A field that no namespace has. Wrangler: V8 of its validation, a warning there too."""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config import Entry
from kvlens.rules.base import EntryRule, Finding
from kvlens.rules.values import quoted

# workers-sdk, workers-utils' config validation (4.164.0)
FIELDS = ("binding", "id", "preview_id", "remote")
# Names of older versions, of other tools and of the API for the same thing.
_OTHER_NAMES = {
    "experimental_remote": "remote",
    "name": "binding",
    "variable": "binding",
    "namespace": "id",
    "namespace_id": "id",
    "kv_id": "id",
    "uuid": "id",
    "preview": "preview_id",
    "preview_namespace_id": "preview_id",
}


def nearest_field(name: str) -> str | None:
    """Return the field that a wrong name most likely means, if any."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if plain in FIELDS:
        return plain
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    from difflib import get_close_matches  # late: most entries are right

    close = get_close_matches(plain, FIELDS, n=1, cutoff=0.6)
    return close[0] if close else None


def _check(entry: Entry) -> Iterator[Finding]:
    if not entry.is_table:
        return
    fields = entry.fields
    present = {field.name for field in fields}
    for field in fields:
        if field.name in FIELDS or (field.broken and field.kind == "missing"):
            continue
        nearest = nearest_field(field.name)
        if nearest and nearest not in present:
            way_out = f"Did you mean {quoted(nearest)}?"
        elif nearest:
            way_out = f"Remove it: {quoted(nearest)} is there already."
        else:
            way_out = f"A namespace has {', '.join(FIELDS[:-1])} and {FIELDS[-1]}: remove it."
        yield Finding(
            field.key_span,
            f"No namespace has a field {quoted(field.name)}, and wrangler ignores it. {way_out}",
            data={"nearest": nearest} if nearest and nearest not in present else None,
        )


RULE = EntryRule(
    "unknown-field",
    "warning",
    "A namespace has a field that wrangler does not know",
    _check,
)
