"""Walk over all rows of a namespace, some of which may be too large to be read."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Any

FIRST = -(2**63)
"""The start of a walk: the smallest possible row number."""


def each_row(db: sqlite3.Connection, what: str, after: int, limit: int) -> list[tuple[Any, ...]]:
    """Return the next rows by row number, which comes first; None for a row that is too large."""
    columns = what.count(",") + 1
    try:
        return db.execute(
            f"SELECT rowid, {what} FROM _mf_entries WHERE rowid > ? ORDER BY rowid LIMIT ?",
            (after, limit),
        ).fetchall()
    except sqlite3.DataError:
        found: list[tuple[Any, ...]] = []
        numbers = db.execute(
            "SELECT rowid FROM _mf_entries WHERE rowid > ? ORDER BY rowid LIMIT ?", (after, limit)
        ).fetchall()
        for (rowid,) in numbers:
            row = None
            with suppress(sqlite3.DataError):
                row = db.execute(
                    f"SELECT rowid, {what} FROM _mf_entries WHERE rowid = ?", (rowid,)
                ).fetchone()
            found.append(row or (rowid, *[None] * columns))
        return found
