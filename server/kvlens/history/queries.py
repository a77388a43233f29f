"""Reads actions and changes from the file of the history."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from kvlens.chunks import chunks
from kvlens.kv.records import Entry, State, Unknown
from kvlens.stores.origin import OUTSIDE
from kvlens.stores.wrangler.database import Database


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
