"""A key as a row of the table."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.kv.records import KeyInfo
from kvlens.search.kinds import HEAD, kind_of, preview, text_of


class Row(NamedTuple):
    """A key with the start of its value; `metadata` is JSON text, if it is that."""

    name: str
    expiration: int | None = None
    """Seconds since the epoch."""
    metadata: str | None = None
    damaged: str | None = None
    """Why the key can't be read; there is no value then."""
    foreign: bool = False
    """As in `KeyInfo`."""
    size: int | None = None
    """Bytes of the value."""
    kind: str | None = None
    """One of `kinds.KINDS`."""
    preview: str | None = None
    """The start of the value on one line; None if it is binary."""


def row_of(info: KeyInfo, head: bytes, size: int) -> Row:
    """Return the row of a key and its value's first bytes."""
    head = head[:HEAD]
    kind = kind_of(info.name, head, size, info.metadata)
    text = text_of(head, size)
    return Row(*info, size, kind, None if text is None else preview(text))
