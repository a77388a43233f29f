"""Adds changes to the file of the history, and removes the oldest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from kvlens.chunks import chunks
from kvlens.history.records import IN_MEMORY, Change, LeftOut, Record
from kvlens.history.size import ROW_COST
from kvlens.kv.records import Entry, State
from kvlens.stores.wrangler.changes import data_version
from kvlens.stores.wrangler.database import Database

LATEST_SIZE = 16 * 1024 * 1024  # bytes of `Latest`
AT_ONCE = 80  # changes that one statement adds

_UNKNOWN_SIZE = -1
_COST = (
    f"{ROW_COST} + length(key) + CASE WHEN before_content IS NULL THEN 0 ELSE before_size END "
    "+ CASE WHEN after_content IS NULL THEN 0 ELSE after_size END"
)


class Latest:
    """The values that keys got last, so that they aren't stored again as the next ones before."""

    def __init__(self) -> None:
        self.data_version = -1  # of the database that has them
        self._size = 0  # bytes, at most
        self._known: dict[tuple[str, str, str], tuple[int, bytes]] = {}

    def next(
        self, store: str, ns: str, key: str, before: State, after: State, content: int
    ) -> int | None:
        """Note the id of the `content` after a change of a key.

        Returns the id of the one before it, if that is the one after the key's last change.
        """
        place = store, ns, key
        found = self._known.get(place)
        if isinstance(after, Entry):
            self._size += len(after.value) + IN_MEMORY
            if self._size > LATEST_SIZE:
                self.clear()
            self._known[place] = content, after.value
        if found is None or not isinstance(before, Entry) or found[1] != before.value:
            return None
        return found[0]

    def clear(self) -> None:
        """Forget all: some may have been removed."""
        self._known.clear()
        self._size = 0


def add(db: Database, records: Sequence[Record], size: int, limit: int, latest: Latest) -> None:
    """Add changes in one transaction, and remove the oldest so that `limit` bytes are enough.

    `size` is what all records cost.
    """
    if size > limit:
        records = [_fitting(record, limit) for record in records]
        size = sum([record.cost() for record in records])
    db.execute("BEGIN IMMEDIATE")
    try:
        insert(db, records, size, limit, latest)
        db.execute("COMMIT")
    except BaseException:
        latest.clear()
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    shrink(db, limit)


def _fitting(record: Record, limit: int) -> Record:
    if isinstance(record, Change) and record.cost() > limit:
        return LeftOut(record.origin, record.time, record.store, 1)
    return record


def insert(db: Database, records: Sequence[Record], size: int, limit: int, latest: Latest) -> range:
    """Do the same in a transaction of the caller; return the ids of the changes.

    `size` is what all records cost.
    """
    if latest.data_version != (version := data_version(db)):
        latest.clear()  # another process may have removed some
        latest.data_version = version
    known = _known_actions(db, records)
    _make_room(db, limit - size, latest, set(known.values()))
    first = number = 1 + _number(db, "SELECT ifnull(max(id), 0) FROM changes")
    for some in chunks(records, AT_ONCE):  # puts go on while each statement runs
        number = _insert_changes(db, some, known, number, latest)
    return range(first, number)


def _insert_changes(
    db: Database, records: Sequence[Record], known: dict[str, int], number: int, latest: Latest
) -> int:
    """Add changes with ids from a number on, and their actions; return the next number."""
    rows: list[Any] = []
    contents: list[Any] = []
    for action, one in zip(_add_actions(db, records, known), records, strict=True):
        if isinstance(one, LeftOut):
            continue
        _, time, store, ns, key, old, new = one
        before, after = latest.next(store, ns, key, old, new, 2 * number + 1), 2 * number + 1
        if before is None and isinstance(old, Entry):
            before = 2 * number
            contents += before, old.value
        if isinstance(new, Entry):
            contents += after, new.value
        rows += number, action, time, ns, key
        rows += _row_of(old, before)
        rows += _row_of(new, after)
        number += 1
    _insert(db, "changes", 13, rows)
    _insert(db, "contents", 2, contents)
    return number


def remove(db: Database, ids: range, keys: Iterable[tuple[str, str]] | None = None) -> None:
    """Remove changes that were not made: those with some namespaces and keys, or all of `ids`.

    No other change may use their contents. In a transaction of the caller.
    """
    span = (ids.start, ids.stop - 1)
    chosen = "id BETWEEN ? AND ?"
    if keys is not None:
        db.execute("CREATE TEMP TABLE IF NOT EXISTS unmade (ns, key, PRIMARY KEY (ns, key))")
        db.execute("DELETE FROM temp.unmade")
        db.executemany("INSERT OR IGNORE INTO temp.unmade VALUES (?, ?)", keys)
        chosen += " AND (ns, key) IN (SELECT ns, key FROM temp.unmade)"
    made = f"SELECT 2 * id FROM changes WHERE {chosen}"
    also = f"SELECT 2 * id + 1 FROM changes WHERE {chosen}"
    db.execute(f"DELETE FROM contents WHERE id IN ({made} UNION ALL {also})", (*span, *span))
    actions = db.execute(f"SELECT DISTINCT action FROM changes WHERE {chosen}", span).fetchall()
    db.execute(f"DELETE FROM changes WHERE {chosen}", span)
    db.executemany(
        "DELETE FROM actions WHERE id = ?1 AND left_out = 0 "
        "AND NOT EXISTS (SELECT 1 FROM changes WHERE action = ?1)",
        actions,
    )


def date(db: Database, ids: range, time: float) -> None:
    """Say when changes were made. In a transaction of the caller."""
    db.execute("UPDATE changes SET time = ? WHERE id BETWEEN ? AND ?", (time, ids[0], ids[-1]))


def _known_actions(db: Database, records: Sequence[Record]) -> dict[str, int]:
    """Return the ids of the actions that are there already, by name."""
    known: dict[str, int] = {}
    for names in chunks({one.origin.action for one in records if one.origin.action}, 500):
        marks = ", ".join("?" * len(names))
        known.update(db.execute(f"SELECT name, id FROM actions WHERE name IN ({marks})", names))
    return known


def _add_actions(db: Database, records: Sequence[Record], known: dict[str, int]) -> list[int]:
    """Add the actions that aren't `known`, and return the action of each record."""
    new = 1 + _number(db, "SELECT ifnull(max(id), 0) FROM actions")
    rows: list[Any] = []
    left_out: dict[int, int] = {}
    found: list[int] = []
    for one in records:
        writer, title, name = one.origin
        number = known.get(name) if name else None
        if number is None:
            number, new = new, new + 1
            rows += number, name or None, one.time, one.store, writer, title, 0
            if name:
                known[name] = number
        if isinstance(one, LeftOut):
            left_out[number] = left_out.get(number, 0) + one.keys
        found.append(number)
    _insert(db, "actions", 7, rows)
    for number, count in left_out.items():
        db.execute("UPDATE actions SET left_out = left_out + ? WHERE id = ?", (count, number))
    return found


def _insert(db: Database, table: str, columns: int, fields: list[Any]) -> None:
    """Insert rows with one statement: other threads wait once for it, not once a row."""
    if fields:
        db.execute(_insertion(table, columns, len(fields) // columns), fields)


@cache
def _insertion(table: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([row] * rows)}"


def _row_of(
    state: State, content: int | None
) -> tuple[int | None, int | None, str | None, int | None]:
    if isinstance(state, Entry):
        return content, len(state.value), state.metadata, state.expiration
    if state is None:
        return None, None, None, None
    size = _UNKNOWN_SIZE if state.size is None else state.size
    return None, size, state.metadata, state.expiration


def _make_room(db: Database, limit: int, latest: Latest, growing: Collection[int]) -> None:
    """Remove the oldest actions until the content has at most `limit` bytes.

    Those that are `growing` come last: of one that loses changes, the number stays.
    """
    if _used(db) <= limit:
        return
    latest.clear()
    target = max(limit, 0) * 9 // 10
    ids = [row[0] for row in db.execute("SELECT id FROM actions ORDER BY id")]
    old = [number for number in ids if number not in growing]
    while old and (excess := _used(db) - target) > 0:
        _remove_actions(db, _oldest(db, old, excess))
    for number in growing:
        if _used(db) <= limit:
            return
        lost = _number(db, f"SELECT count(*) FROM changes WHERE action = {number}")
        _remove_changes(db, [number])
        db.execute("UPDATE actions SET left_out = left_out + ? WHERE id = ?", (lost, number))


def _oldest(db: Database, old: list[int], excess: int) -> list[int]:
    """Take the first actions out of the list that have `excess` bytes."""
    freed = count = 0
    cost = f"SELECT total({_COST}) FROM changes WHERE action = ?"
    while count < len(old) and freed < excess:
        freed += ROW_COST + int(db.execute(cost, (old[count],)).fetchone()[0])
        count += 1
    some, old[:] = old[:count], old[count:]
    return some


def _remove_actions(db: Database, actions: Sequence[int]) -> None:
    _remove_changes(db, actions)
    db.executemany("DELETE FROM actions WHERE id = ?", [(number,) for number in actions])


def _remove_changes(db: Database, actions: Sequence[int]) -> None:
    """Remove the changes of actions, and the contents that no other change uses."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS old (id INTEGER PRIMARY KEY)")
    db.execute("DELETE FROM temp.old")
    db.executemany("INSERT INTO temp.old VALUES (?)", [(number,) for number in actions])
    old = "FROM changes WHERE action IN (SELECT id FROM temp.old)"
    kept = "FROM changes WHERE action NOT IN (SELECT id FROM temp.old)"
    db.execute(
        f"DELETE FROM contents WHERE id IN (SELECT before_content {old} "
        f"UNION SELECT after_content {old} EXCEPT SELECT before_content {kept})"
    )
    db.execute(f"DELETE {old}")


def shrink(db: Database, limit: int) -> None:
    """Give room back to the disk if the limit was lowered. Outside of a transaction."""
    free = _number(db, "PRAGMA freelist_count")
    if _number(db, "PRAGMA page_size") * free > 2 * max(limit, 0):
        db.execute("VACUUM")


def _used(db: Database) -> int:
    """Return the bytes of the pages that are in use."""
    pages = _number(db, "PRAGMA page_count") - _number(db, "PRAGMA freelist_count")
    return _number(db, "PRAGMA page_size") * pages


def _number(db: Database, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
