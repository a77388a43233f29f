"""Read rows that any program may have written: each is checked, and a bad one affects only its key.

A repository can contain a database, and Miniflare's table accepts any type in any column.
"""

from __future__ import annotations

import errno
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from kvlens.chunks import chunks
from kvlens.kv.records import Entry, KeyInfo
from kvlens.kv.values import is_json
from kvlens.stores.base import DamagedKeyError, Found, StoreError, after_prefix
from kvlens.stores.wrangler.blobs import MAX_SIZE, Blobs, not_a_value
from kvlens.stores.wrangler.database import Database, lenient
from kvlens.stores.wrangler.disk_format import IS_BLOB_ID, MAX_FIELD, is_blob_id
from kvlens.stores.wrangler.safe_paths import STORE_WAY_OUT

_DECODER: Any = json.JSONDecoder(parse_constant=int)  # int() rejects NaN and the like
_GET = "SELECT blob_id, expiration, metadata FROM _mf_entries WHERE key = ?"
_GET_MANY = (  # nothing that is too large: many rows are in memory at once
    "SELECT key, substr(blob_id, 1, 81), expiration, "
    "CASE WHEN length(metadata) > 4096 THEN 0 ELSE metadata END FROM _mf_entries WHERE key IN "
)
_TOGETHER = 500  # keys of one query

KEYS = (
    "SELECT {what} FROM _mf_entries INDEXED BY sqlite_autoindex__mf_entries_1 "
    "WHERE {range}{live} ORDER BY key LIMIT ?"
)
_LIVE = " AND (expiration IS NULL OR expiration > ?)"
INFO_COLUMNS = "key, expiration, metadata, blob_id"
_FEWER = ("key, expiration, 0, blob_id", "key, NULL, 0, blob_id", "key, NULL, 0, NULL")
_TOO_LARGE = "its row is too large"


def read_keys(
    db: Database, path: Path, range: str, bounds: Sequence[Any], now: int, limit: int
) -> list[KeyInfo]:
    """Read the live keys in a range; of a damaged row, what can be read, if its name is valid."""
    query = KEYS.format(what=INFO_COLUMNS, range=range, live=_LIVE)
    try:
        return _keys(db, path, query, (*bounds, now), limit)
    except sqlite3.DataError:  # a row is too large to be read
        rows = db.execute(KEYS.format(what="rowid", range=range, live=""), (*bounds, -1))
        with closing(rows):
            each = (_key_of(db, path, rowid) for (rowid,) in rows)
            live = (info for info, expires in each if info and not _is_over(expires, now))
            return list(islice(live, limit))


def read_next_expiring(db: Database, path: Path, now: int) -> KeyInfo | None:
    """Return the key whose expiration comes next, of those that can be named."""
    rows = db.execute(
        f"SELECT {INFO_COLUMNS} FROM _mf_entries "
        f"WHERE typeof(expiration) = 'integer' AND expiration > ? AND {IS_BLOB_ID} "
        "ORDER BY expiration, key",
        (now,),
    )
    with closing(rows):
        infos = (key_info(path, *row) for row in rows)
        return next((info for info in infos if info is not None), None)


def count_prefix(db: Database, prefix: str, now: int, most: int) -> int:
    """Return the number of live keys with a prefix, up to `most`."""
    end = after_prefix(prefix)
    query = KEYS.format(what="1", range="key >= ? AND key < ?", live=_LIVE)
    bounds = (prefix, b"" if end is None else end, now, most)
    return int(db.execute(f"SELECT count(*) FROM ({query})", bounds).fetchone()[0])


def _key_of(db: Database, path: Path, rowid: int) -> tuple[KeyInfo | None, Any]:
    """Return what `list` shows of one row, and its expiration, as far as readable."""
    for what in (INFO_COLUMNS, *_FEWER):
        with suppress(sqlite3.DataError):
            row = db.execute(f"SELECT {what} FROM _mf_entries WHERE rowid = ?", (rowid,)).fetchone()
            if row is not None:
                return key_info(path, *row, too_large=what in _FEWER), row[1]
    return None, None


def _is_over(expires: Any, now: int) -> bool:
    return isinstance(expires, int | float) and expires <= now


def _keys(db: Database, path: Path, query: str, bounds: Sequence[Any], limit: int) -> list[KeyInfo]:
    try:
        db.text_factory = str  # much faster than `lenient`
        with closing(db.execute(query, (*bounds, limit))) as rows:
            keys = [key_info(path, *row) for row in rows]
        if None not in keys:
            return keys  # type: ignore[return-value]
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
    finally:
        db.text_factory = lenient
    with closing(db.execute(query, (*bounds, -1))) as rows:
        named = (info for row in rows if (info := key_info(path, *row)) is not None)
        return list(islice(named, limit))


def key_info(
    path: Path, key: Any, expires: Any, metadata: Any, blob_id: Any, *, too_large: bool = False
) -> KeyInfo | None:
    """Return what `list` shows of a row of `INFO_COLUMNS`; None without a valid name."""
    if not _is_text(key):
        return None
    fault = _TOO_LARGE if too_large else _fault(expires, metadata)
    if fault is None and is_blob_id(blob_id):
        return KeyInfo(key, None if expires is None else expires // 1000, metadata)
    damaged = str(_damaged(path, key, fault or not_a_value(blob_id)))
    if fault is not None:
        return KeyInfo(key, damaged=damaged, foreign=not is_blob_id(blob_id))
    return KeyInfo(key, None if expires is None else expires // 1000, metadata, damaged, True)


def _fault(expires: Any, metadata: Any) -> str | None:
    """Return what is wrong with a row, apart from its blob id."""
    if not _is_time(expires):
        return f"its expiration is {expires!r:.80}"
    if not _is_metadata(metadata):
        return f"its metadata is {metadata!r:.80}"
    return None


def _is_time(value: object) -> bool:
    return value is None or type(value) is int


def _is_metadata(value: Any) -> bool:
    if value is None:
        return True
    if not _is_text(value):
        return False
    try:  # faster for JSON without surrounding white space
        if _DECODER.scan_once(value, 0)[1] == len(value):
            return True
    except (StopIteration, ValueError, RecursionError):
        pass
    return is_json(value)


def _is_text(value: object) -> bool:
    """Return whether this is valid text, which `lenient` doesn't guarantee."""
    if type(value) is not str or len(value) > MAX_FIELD:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_entry(db: Database, path: Path, blobs: Blobs, key: str) -> Entry | None:
    """Read a row and its value. If another program overwrites it in between, read again."""
    before = None
    while True:
        try:
            row = db.execute(_GET, (key,)).fetchone()
        except sqlite3.DataError as error:
            raise _damaged(path, key, _TOO_LARGE) from error
        if row is None:
            return None
        blob_id, expires, metadata = row
        fault = _fault(expires, metadata)
        if fault is not None:
            raise _damaged(path, key, fault)
        try:
            value = blobs.read(blob_id)
        except StoreError as error:
            reason = str(error).removesuffix(STORE_WAY_OUT)  # putting the key is enough
            raise _damaged(path, key, reason.rstrip(". ")) from error
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.EINTR):
                raise
            raise _damaged(path, key, f"{error.filename}: {error.strerror}") from error
        if value is not None:
            return Entry(value, metadata, None if expires is None else expires // 1000)
        if blob_id == before:
            raise DamagedKeyError(
                key,
                f"The value of key {_quoted(key)} is missing: {path} refers to "
                f"{blobs.path(blob_id)}, which doesn't exist. Put or delete the key to fix this.",
            )
        before = blob_id


def read_entries(db: Database, path: Path, blobs: Blobs, keys: Sequence[str]) -> Iterator[Found]:
    """Yield what `read_entry` returns for each key, or its error: many take half the time."""
    for some in chunks(keys, _TOGETHER):
        found: dict[str, tuple[Any, Any, Any]] | None = None
        with suppress(sqlite3.DataError):  # from a row that is too large
            marks = ", ".join("?" * len(some))
            found = {row[0]: row[1:] for row in db.execute(f"{_GET_MANY}({marks})", some)}
        for key in some:
            row = None if found is None else found.get(key)
            entry = row and _quick_entry(blobs, *row)
            if entry is None and (row or found is None):
                try:
                    entry = read_entry(db, path, blobs, key)
                except DamagedKeyError as error:
                    yield error
                    continue
            yield entry


def _quick_entry(blobs: Blobs, blob_id: Any, expires: Any, metadata: Any) -> Entry | None:
    """Return an entry, None if something about it is unusual."""
    if _fault(expires, metadata) is not None:
        return None
    reused = blobs.reused
    start = blobs.start(blob_id, MAX_SIZE)
    if start is None or start[1] != len(start[0]):
        return None
    if blobs.reused != reused and not blobs.has(blob_id):
        return None
    return Entry(start[0], metadata, None if expires is None else expires // 1000)


def _damaged(path: Path, key: str, what: str) -> DamagedKeyError:
    return DamagedKeyError(
        key,
        f"Key {_quoted(key)} is damaged in {path}: {what}. Put or delete the key to fix this.",
    )


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)
