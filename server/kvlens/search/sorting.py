"""Orders of rows: by a column of the table, or by a field of the metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kvlens.search.language import values_at
from kvlens.search.rows import Row

_KEYS: dict[str, Callable[[Row], Any]] = {
    "key": lambda row: row.name,
    "type": lambda row: row.kind,
    "size": lambda row: row.size,
    "expires": lambda row: row.expiration,
    "metadata": lambda row: row.metadata,
    "value": lambda row: row.preview,
}
_FIELD = "meta."
SORTS = (*_KEYS, f"{_FIELD}FIELD")


def sort_key(sort: str) -> Callable[[Row], Any] | None:
    """Return what rows are compared by, one of `SORTS`; None if there is no such order.

    It is None for a row that has nothing there. Of fields, numbers come before texts.
    """
    if not sort.startswith(_FIELD) or sort == _FIELD:
        return _KEYS.get(sort)
    path = sort[len(_FIELD) :].split(".")
    return lambda row: _field(row, path)


def _field(row: Row, path: list[str]) -> tuple[int, Any] | None:
    for value in values_at(row.metadata, path):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return 0, value
        return (1, value) if isinstance(value, str) else (2, json.dumps(value))
    return None
