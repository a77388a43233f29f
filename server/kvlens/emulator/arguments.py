"""The arguments of store API calls, checked as strictly as those of Workers and wrangler.

One table lists the fields of each operation. A field is a function that returns the parsed value,
or raises ValueError with text that follows the field's name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kvlens.emulator.json_body import parse, text_of
from kvlens.errors import RequestError
from kvlens.kv import limits, validation
from kvlens.kv.clock import Shift
from kvlens.kv.coerce import has_lone_surrogate
from kvlens.kv.errors import KVError, KVSyntaxError
from kvlens.kv.records import Write
from kvlens.kv.values import parse_json
from kvlens.search.language import Filter, FilterError
from kvlens.search.language import read as read_filter
from kvlens.stores.base import NOTHING, Batch, Seen

if TYPE_CHECKING:
    from kvlens.emulator.http import Request

Field = Callable[[Any], Any]

MAX_NAME = 512  # characters of a namespace's id
MAX_STORED = 64 * 1024  # bytes of a key or of metadata that another program may have stored
MAX_EXPIRATION = 253_402_300_799  # the end of the year 9999: other programs have no 32-bit limit
MAX_PAGE = 100_000  # keys
MAX_PARTS = 40_000_000  # values in one call; only our own programs make such calls
MAX_STEP = 10.0  # seconds of one step of a search
MAX_READ = 1 << 40  # bytes of values in one answer; the caller chooses how many

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ArgumentError(RequestError, ValueError):
    """A call of the store API is malformed. The text is one line."""


def read(operation: str, request: Request) -> dict[str, Any]:
    """Return the arguments of a call: every field of its row, None if omitted.

    Raises ArgumentError.
    """
    try:
        given = parse(text_of(request), MAX_PARTS)
        return _fields(given, FIELDS[operation])
    except ValueError as error:
        raise ArgumentError(f"{operation}: malformed call: {error}") from None


def _fields(given: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"{_kind(given)} in place of an object")
    for name in given:
        if name not in fields:
            raise ValueError(f'unknown field "{name[:40]}"; there are {", ".join(fields)}')
    found: dict[str, Any] = {}
    for name, field in fields.items():
        try:
            found[name] = field(given.get(name))
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None
    return found


# -- kinds of fields ---------------------------------------------------------------------------


def _text(least: int, most: int) -> Field:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be text, not {_kind(value)}")
        if has_lone_surrogate(value):
            raise ValueError("has a lone surrogate, which UTF-8 can't hold")
        size = len(value.encode())
        if not least <= size <= most:
            raise ValueError(f"is {size:,} bytes; it must have {least:,} to {most:,}")
        return value

    return check


def _number(least: int, most: int) -> Field:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"must be a whole number, not {_kind(value)}")
        if not least <= value <= most:
            raise ValueError(f"must be from {least:,} to {most:,}")
        return value

    return check


def _maybe(field: Field, default: Any = None) -> Field:
    return lambda value: default if value is None else field(value)


def _many(field: Field) -> Field:
    def check(values: Any) -> list[Any]:
        if not isinstance(values, list):
            raise ValueError(f"must be an array, not {_kind(values)}")
        found = []
        for index, value in enumerate(values):
            try:
                found.append(field(value))
            except ValueError as error:
                raise ValueError(f"at index {index}: {error}") from None
        return found

    return check


def _new_key(value: Any) -> str:
    key: str = _stored_key(value)
    try:
        return validation.raw_key("PUT", key)
    except KVError as error:
        raise ValueError(f"is refused: {error.reason}") from None


def _value(value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"must be base64 text, not {_kind(value)}")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if len(data) > limits.MAX_VALUE_SIZE:
        raise ValueError(f"is {len(data):,} bytes; the limit is {limits.MAX_VALUE_SIZE:,}")
    return data


def _metadata(value: Any) -> str:
    text: str = _stored_metadata(value)
    try:
        validation.check_metadata_size(text)
    except KVError as error:
        raise ValueError(f"is refused: {error.reason}") from None
    return text


def _stored_metadata(value: Any) -> str:
    text: str = _text(1, MAX_STORED)(value)
    try:
        parse_json(text)
    except KVSyntaxError:
        raise ValueError("is not the text of a JSON value") from None
    return text


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("must be a SHA-256 in hexadecimal")
    return value


def _digest_or_nothing(value: Any) -> str:
    return NOTHING if value == NOTHING else _digest(value)


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"must be a number, not {_kind(value)}")
    if not 0 <= value <= MAX_STEP:
        raise ValueError(f"must be from 0 to {MAX_STEP}")
    return value


def _filter(value: Any) -> Filter:
    text: str = _text(0, MAX_STORED)(value)
    try:
        return read_filter(text)
    except FilterError as error:
        raise ValueError(f"is refused: {error}") from None


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "an array"}
    return names.get(type(value), "an object")


# -- operations --------------------------------------------------------------------------------

_stored_key = _text(0, MAX_STORED)
_expiration = _maybe(_number(0, MAX_EXPIRATION))
_NAMESPACE = {"ns": _text(1, MAX_NAME)}
_WRITE: dict[str, Field] = {
    "key": _new_key,
    "value": _value,
    "metadata": _maybe(_metadata),
    "expiration": _expiration,
}
_STORED: dict[str, Field] = {
    # A snapshot may hold what a runtime once stored, even if no put accepts it.
    **_WRITE,
    "key": _stored_key,
    "metadata": _maybe(_stored_metadata),
}


def _write(value: Any) -> Write:
    return Write(**_fields(value, _STORED))


def _seen(value: Any) -> Seen:
    return Seen(**_fields(value, _SEEN))


def _expected(value: Any) -> Seen:
    return Seen(**_fields(value, _EXPECTED))


def _batch(value: Any) -> Batch:
    return Batch(**_fields(value, _BATCH))


_SEEN: dict[str, Field] = {
    "key": _stored_key,
    "digest": _digest,
    "metadata": _maybe(_text(0, MAX_STORED)),  # another program's need not be JSON
    "expiration": _expiration,
}
_EXPECTED: dict[str, Field] = {**_SEEN, "digest": _digest_or_nothing}
_BATCH: dict[str, Field] = {
    **_NAMESPACE,
    "writes": _many(_write),
    "deletes": _many(_stored_key),
    "unchanged": _many(_seen),
    "expected": _many(_expected),
}
_JOB = {"job": _text(1, 64)}

FIELDS: dict[str, dict[str, Field]] = {
    "get": {**_NAMESPACE, "key": _stored_key},
    "get_many": {**_NAMESPACE, "keys": _many(_stored_key), "size": _number(0, MAX_READ)},
    "digests": {**_NAMESPACE, "keys": _many(_stored_key), "size": _number(0, MAX_READ)},
    "part": {
        **_NAMESPACE,
        "key": _stored_key,
        "start": _number(0, MAX_READ),
        "limit": _number(1, MAX_READ),
    },
    "put": {**_NAMESPACE, **_WRITE},
    "put_unchanged": {**_NAMESPACE, **_WRITE, "expected": _digest_or_nothing},
    "put_many": {**_NAMESPACE, "writes": _many(_write)},
    "replace": {
        **_NAMESPACE,
        "key": _stored_key,
        "value": _value,
        "expected": _maybe(_digest),
    },
    "delete": {**_NAMESPACE, "keys": _many(_stored_key)},
    "delete_unchanged": {**_NAMESPACE, "seen": _many(_seen)},
    "list": {
        **_NAMESPACE,
        "prefix": _maybe(_text(0, MAX_STORED), ""),
        "limit": _maybe(_number(1, MAX_PAGE), limits.MAX_LIST_KEYS),
        "after": _maybe(_stored_key),
    },
    "find": {
        **_NAMESPACE,
        "filter": _filter,
        "after": _maybe(_stored_key),
        "every": _number(1, MAX_PARTS),
        "skip": _number(0, MAX_PARTS),
        "limit": _number(1, MAX_PARTS),
        "seconds": _seconds,
    },
    "rows": {**_NAMESPACE, "names": _many(_stored_key)},
    "children": {
        **_NAMESPACE,
        "prefix": _text(0, MAX_STORED),
        "delimiters": _many(_text(1, 512)),
        "after": _maybe(_text(1, MAX_STORED)),
        "limit": _number(1, MAX_PAGE),
    },
    "count_prefixes": {
        **_NAMESPACE,
        "prefixes": _many(_text(0, MAX_STORED)),
        "most": _number(1, MAX_PARTS),
    },
    "count": _NAMESPACE,
    "stats": _NAMESPACE,
    "clear": _NAMESPACE,
    "next_expiring": _NAMESPACE,
    "namespaces": {},
    "shift": {},
    "move_clock": {"shift": Shift.read, "expected": _maybe(Shift.read)},
    "clock_problem": {},
    "change_many": {"batches": _many(_batch)},
    "stage": {**_JOB, "number": _number(0, MAX_PARTS), "batches": _many(_batch)},
    "commit": {**_JOB, "parts": _number(1, MAX_PARTS)},
    "drop": _JOB,
}
