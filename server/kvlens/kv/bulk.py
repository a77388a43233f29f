"""Bulk get: several values in one answer, of at most 25 MiB together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

from kvlens.kv import validation
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.records import Entry
from kvlens.kv.values import decode_text, parse_json, text_units


async def read_each(
    get: Callable[[str], Awaitable[Entry | None]], names: Iterable[str]
) -> AsyncIterator[tuple[str, Entry | None, str]]:
    """Yield each key with its entry and its text; None and "" for a missing key.

    Raises KVError 413 once the values together exceed the limit: no more of them is read.
    """
    size = 0
    for name in names:
        entry = await get(name)
        text = decode_text(entry.value) if entry else ""
        size += text_units(text)
        validation.check_bulk_size(size)
        yield name, entry, text


def bulk_value(text: str, kind: str) -> Any:
    """Return a text as the type that `validation.bulk_type` gave; KVError 400 if it isn't JSON."""
    try:
        return parse_json(text) if kind == "json" else text
    except KVSyntaxError:
        raise validation.refuse_bulk_json() from None
