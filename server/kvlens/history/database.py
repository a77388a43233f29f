"""The file of the history: `.wrangler/kvlens/history/history.sqlite` in the project's folder.

Several processes add to it. It has three tables: an action is what somebody did, such as one seed;
its changes name the keys; contents are the values before and after. When it is full, the oldest
actions are removed as a whole.

A repository may contain such a file: no link is followed, only the tables that are made here are
accepted, and a file that is damaged, of another form or far too large is set aside.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from kvlens.chunks import chunks
from kvlens.history.size import ROW_COST, cost
from kvlens.kv.records import Entry, State, Unknown
from kvlens.stores.base import StoreError
from kvlens.stores.origin import OUTSIDE, Origin
from kvlens.stores.wrangler.changes import data_version
from kvlens.stores.wrangler.database import Database, connect
from kvlens.stores.wrangler.safe_paths import OWN, Folder, open_folder

PLACE = (OWN, "kvlens", "history")
NAME = "history.sqlite"
ASIDE = "history.damaged"
WRITE_SECONDS = 60.0  # that a statement may take; nobody waits for it
TOO_LARGE = 4  # times the limit, above which a file isn't even opened
LATEST_SIZE = 16 * 1024 * 1024  # bytes of `Latest`
PAGE_SIZE = 16384  # bytes; with SQLite's 4096, large values take 50% longer
IN_MEMORY = 280  # bytes of a change in memory beyond its cost on disk
AT_ONCE = 80  # changes that one statement adds
LOG_SIZE = 16 * 1024 * 1024  # bytes of the write-ahead log that stay after a checkpoint

_LOG = logging.getLogger(__name__)
_LOGS = ("-wal", "-shm", "-journal")
_WAY_OUT = (
    "Remove it, or turn the history off: KVLENS_HISTORY=0 or the setting kvlens.history.size."
)
_SCHEMA = (
    "CREATE TABLE actions (id INTEGER PRIMARY KEY, name TEXT, time REAL NOT NULL, "
    "store TEXT NOT NULL, writer TEXT NOT NULL, title TEXT NOT NULL, left_out INTEGER NOT NULL)",
    "CREATE TABLE changes (id INTEGER PRIMARY KEY, action INTEGER NOT NULL, time REAL NOT NULL, "
    "ns TEXT NOT NULL, key TEXT NOT NULL, "
    "before_content INTEGER, before_size INTEGER, before_metadata TEXT, "
    "before_expiration INTEGER, after_content INTEGER, after_size INTEGER, after_metadata TEXT, "
    "after_expiration INTEGER)",
    "CREATE UNIQUE INDEX actions_by_name ON actions (name) WHERE name IS NOT NULL",
    "CREATE INDEX changes_of_action ON changes (action)",
    "CREATE TABLE contents (id INTEGER PRIMARY KEY, value BLOB NOT NULL)",
)
_UNKNOWN_SIZE = -1
_COST = (
    f"{ROW_COST} + length(key) + CASE WHEN before_content IS NULL THEN 0 ELSE before_size END "
    "+ CASE WHEN after_content IS NULL THEN 0 ELSE after_size END"
)


class Change(NamedTuple):
    """A change of one key, to be recorded."""

    origin: Origin
    time: float
    store: str
    ns: str
    key: str
    before: State
    after: State

    def cost(self) -> int:
        """The bytes that it takes on disk, about."""
        size = len(self.key)
        if isinstance(before := self.before, Entry):
            size += len(before.value) + len(before.metadata or "")
        if isinstance(after := self.after, Entry):
            size += len(after.value) + len(after.metadata or "")
        return cost(1, size)


class LeftOut(NamedTuple):
    """A number of changes that are too large to be recorded."""

    origin: Origin
    time: float
    store: str
    keys: int

    def cost(self) -> int:
        """The bytes that it takes on disk, about."""
        return ROW_COST


Record = Change | LeftOut


def history_file(folder: Path) -> Path:
    """Return the path of a project's history."""
    return folder.joinpath(*PLACE, NAME)


def open_history(folder: Path, limit: int, *, create: bool) -> Database | None:
    """Open the history of a project's folder; None if there is none and `create` is false.

    `limit` is its size in bytes. A file that isn't a history is set aside with `create`; without,
    StoreError says so. Also raises it for a link or the like in its place, OSError and
    sqlite3.Error.
    """
    try:
        with open_folder(folder, *PLACE, create=create, way_out=_WAY_OUT) as opened:
            there = opened.exists(NAME, written=True)
            for ending in _LOGS:
                opened.exists(NAME + ending, written=True)
            if not there and not create:
                return None
            if there and opened.status(NAME).st_size > max(limit, 1024 * 1024) * TOO_LARGE:
                _set_aside(opened)
            with contextlib.suppress(sqlite3.DatabaseError, StoreError):
                if (db := _opened(history_file(folder), create=create)) is not None:
                    return db
            if not create:
                raise StoreError(
                    f"{history_file(folder)} is damaged or not a history of KV Lens. The next "
                    f"change that is recorded renames it to {ASIDE} and starts a new history."
                )
            _set_aside(opened)
            return _opened(history_file(folder), create=True)
    except FileNotFoundError:
        return None


def _opened(path: Path, *, create: bool) -> Database | None:
    """Return the database, None if it isn't ours."""
    db = connect(path, "mode=rwc" if create else "mode=rw")
    try:
        if create:
            db.seconds = WRITE_SECONDS
            db.execute(f"PRAGMA page_size = {PAGE_SIZE}")  # of a new file
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
            db.execute("BEGIN IMMEDIATE")
            if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
                for statement in _SCHEMA:
                    db.execute(statement)
            db.execute("COMMIT")
        found = db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
        tables = tuple(row[0] for row in found)
        if tables == _SCHEMA:
            return db
        if not tables:
            raise FileNotFoundError(f"{path} is being created")
    except sqlite3.OperationalError as error:
        db.close()
        if "locked" in str(error) or "busy" in str(error) or "disk" in str(error):
            raise OSError(f"{path}: {error}") from error  # it may well be ours
        raise
    except BaseException:
        db.close()
        raise
    db.close()
    return None


def _set_aside(folder: Folder) -> None:
    """Move the file out of the way, replacing the one that was moved before."""
    folder.replace(NAME, ASIDE)
    _LOG.warning(
        "The history %s was damaged, too large or not one of KV Lens: it is %s now, and a new one "
        "was started",
        folder.path / NAME,
        ASIDE,
    )
    for ending in _LOGS:
        folder.remove(NAME + ending)


# -- writing -----------------------------------------------------------------------------------


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


# -- reading -----------------------------------------------------------------------------------


class Action(NamedTuple):
    """What somebody did; `keys` of its changes match the filter, `left_out` aren't recorded."""

    id: int
    time: float
    store: str
    writer: str
    title: str
    left_out: int
    keys: int


class Side(NamedTuple):
    """A key before or after a change, without the value; `size` is None if it is unknown."""

    content: int | None
    size: int | None
    metadata: str | None
    expiration: int | None


class Recorded(NamedTuple):
    """A recorded change; a side is None if there was no such key."""

    id: int
    action: int
    time: float
    ns: str
    key: str
    before: Side | None
    after: Side | None


class Filter(NamedTuple):
    """What to show: every condition that is given has to be met."""

    store: str | None = None
    ns: str | None = None
    key: str | None = None
    prefix: str | None = None
    writer: str | None = None
    since: float | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """Return the condition on actions `a` and changes `c`, and its parameters."""
        parts, values = ["1"], []
        for what, value in (
            ("a.store = ?", self.store),
            ("a.writer = ?", self.writer),
            ("c.ns = ?", self.ns),
            ("c.key = ?", self.key),
            ("substr(c.key, 1, length(?1)) = ?1", self.prefix),
            ("a.time >= ?", self.since),
        ):
            if value is not None:
                parts.append(what.replace("?1", "?"))
                values += [value] * what.count("?")
        return " AND ".join(parts), values


_CHANGE = (
    "SELECT c.id, c.action, c.time, c.ns, c.key, c.before_content, c.before_size, "
    "c.before_metadata, c.before_expiration, c.after_content, c.after_size, c.after_metadata, "
    "c.after_expiration "
    "FROM changes c JOIN actions a ON a.id = c.action"
)


def actions(db: Database, wanted: Filter, *, before: int | None, limit: int) -> list[Action]:
    """Return the newest actions with a change that matches, or those `before` an action's id."""
    condition, values = wanted.condition()
    keys = wanted.ns is not None or wanted.key is not None or wanted.prefix is not None
    found = db.execute(
        "SELECT a.id, a.time, a.store, a.writer, a.title, a.left_out, "
        f"(SELECT count(*) FROM changes c WHERE c.action = a.id AND {condition}) AS matching "
        f"FROM actions a WHERE a.id < ? AND (matching > 0 OR (a.left_out > 0 AND NOT ? "
        f"AND EXISTS (SELECT 1 FROM (SELECT '' AS ns, '' AS key) c WHERE {condition}))) "
        "ORDER BY a.id DESC LIMIT ?",
        [*values, 2**62 if before is None else before, keys, *values, limit],
    )
    return [Action(*row) for row in found]


def changes(
    db: Database, wanted: Filter, *, action: int, after: int = 0, limit: int = -1
) -> list[Recorded]:
    """Return the changes of an action that match, in order, from the one after `after`."""
    condition, values = wanted.condition()
    return _recorded(
        db,
        f"{_CHANGE} WHERE c.action = ? AND c.id > ? AND {condition} ORDER BY c.id LIMIT ?",
        [action, after, *values, limit],
    )


def ends(
    db: Database, wanted: Filter, *, action: int | None = None, since: int = 0
) -> dict[str, array[int]]:
    """Return the first and the last change of each key, of an action or from a change on.

    By namespace, in order: the ids of the first and the last one of a key, and then the next key's.
    """
    condition, values = wanted.condition()
    found: dict[str, array[int]] = {}
    rows = db.execute(
        "SELECT c.ns, min(c.id) AS first, max(c.id) "
        "FROM changes c JOIN actions a ON a.id = c.action "
        f"WHERE c.id >= ? AND (? IS NULL OR c.action = ?) AND {condition} "
        "GROUP BY c.ns, c.key ORDER BY first",
        [since, action, action, *values],
    )
    for ns, *both in rows:
        found.setdefault(ns, array("q")).extend(both)
    return found


def changes_with(db: Database, ids: Collection[int]) -> list[Recorded]:
    """Return the changes with these ids, as far as they are still there."""
    found: list[Recorded] = []
    for some in chunks(sorted(ids), 500):
        marks = ", ".join("?" * len(some))
        found += _recorded(db, f"{_CHANGE} WHERE c.id IN ({marks}) ORDER BY c.id", some)
    return found


def change(db: Database, number: int) -> Recorded | None:
    """Return a change by its id, if it is still there."""
    return next(iter(_recorded(db, f"{_CHANGE} WHERE c.id = ?", [number])), None)


def action_named(db: Database, name: str) -> Action | None:
    """Return the action of an `Origin.action`."""
    row = db.execute(
        "SELECT id, time, store, writer, title, left_out, "
        "(SELECT count(*) FROM changes WHERE action = a.id) FROM actions a WHERE name = ?",
        (name,),
    ).fetchone()
    return None if row is None else Action(*row)


def action(db: Database, number: int) -> Action | None:
    """Return an action by its id."""
    found = actions(db, Filter(), before=number + 1, limit=1)
    return found[0] if found and found[0].id == number else None


def left_out_since(db: Database, store: str, change: int) -> Action | None:
    """Return an action since a change of which not every change is recorded, if there is one."""
    time = db.execute("SELECT time FROM changes WHERE id = ?", (change,)).fetchone()
    found = db.execute(
        "SELECT id, time, store, writer, title, left_out, 0 FROM actions "
        "WHERE store = ? AND left_out > 0 AND time >= ? LIMIT 1",
        (store, 0 if time is None else time[0]),
    ).fetchone()
    return None if found is None else Action(*found)


def writers(db: Database) -> list[str]:
    """Return the writers that are in the history."""
    return [row[0] for row in db.execute("SELECT DISTINCT writer FROM actions ORDER BY writer")]


def namespaces(db: Database, store: str) -> list[str]:
    """Return the namespaces of a store that are in the history."""
    found = db.execute(
        "SELECT DISTINCT ns FROM changes JOIN actions a ON a.id = action "
        "WHERE a.store = ? ORDER BY ns",
        (store,),
    )
    return [row[0] for row in found]


def content(db: Database, found: Recorded, *, after: bool) -> State:
    """Return a key's entry before or after a change."""
    side = found.after if after else found.before
    if side is None:
        return None
    row = db.execute("SELECT value FROM contents WHERE id = ?", (side.content,)).fetchone()
    if side.size is None or row is None or not isinstance(row[0], bytes):
        return Unknown(side.size, side.metadata, side.expiration)
    return Entry(row[0], side.metadata, side.expiration)


def _recorded(db: Database, query: str, values: list[Any]) -> list[Recorded]:
    return list(_rows(db.execute(query, values)))


def _rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[Recorded]:
    for number, action, time, ns, key, *sides in rows:
        yield Recorded(number, action, time, ns, key, _side(*sides[:4]), _side(*sides[4:]))


def _side(content: Any, size: Any, metadata: Any, expiration: Any) -> Side | None:
    if size is None:
        return None
    known = isinstance(size, int) and size >= 0
    return Side(
        content if isinstance(content, int) else None,
        size if known else None,
        metadata if isinstance(metadata, str) else None,
        expiration if isinstance(expiration, int) else None,
    )


def changes_by_us(
    db: Database, store: str, ns: str, since: float, keys: Collection[str]
) -> dict[str, list[Recorded]] | None:
    """Return the changes of each of some keys since a time, but those seen from outside.

    None if changes since then are only counted.
    """
    left_out = (
        "SELECT 1 FROM actions "
        "WHERE store = ? AND writer <> ? AND left_out > 0 AND time >= ? LIMIT 1"
    )
    if db.execute(left_out, (store, OUTSIDE, since)).fetchone():
        return None
    found: dict[str, list[Recorded]] = {}
    condition = "a.store = ? AND a.writer <> ? AND c.ns = ? AND c.time >= ?"
    values = [store, OUTSIDE, ns, since]
    for one in _rows(db.execute(f"{_CHANGE} WHERE {condition} ORDER BY c.id", values)):
        if one.key in keys:
            found.setdefault(one.key, []).append(one)
    return found
