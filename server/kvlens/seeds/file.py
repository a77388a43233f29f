"""Seed files: wrangler's bulk array, `[{"key", "value", "expiration"?, "expiration_ttl"?,
"metadata"?, "base64"?}]`, with the index of every mistake.

Source of the format: `wrangler kv bulk put`. Metadata can be of any JSON type, while wrangler
accepts only objects: an export must not lose anything.
"""

from __future__ import annotations

import base64
import binascii
import json
from array import array
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kvlens.kv.coerce import UNSET, has_lone_surrogate
from kvlens.kv.errors import KVError, KVTypeError
from kvlens.kv.limits import MAX_VALUE_SIZE
from kvlens.kv.validation import check_metadata_size, check_value_size, expiration_time, key_name
from kvlens.kv.values import dump_json
from kvlens.seeds.array import (
    MOST,
    FileError,
    Problem,
    at_index,
    decode,
    read_text,
    scan,
    short,
    type_name,
)
from kvlens.spelling import nearest
from kvlens.text import Span

PROPERTIES = ("key", "value", "expiration", "expiration_ttl", "metadata", "base64")
_KNOWN = frozenset(PROPERTIES)
_PLAIN = frozenset(("key", "value"))  # the fields of most items
EXAMPLE = '[{"key": "…", "value": "…"}]'

_TYPES: dict[str, tuple[type, ...]] = {
    "expiration": (int, float),
    "expiration_ttl": (int, float),
    "base64": (bool,),
}
_OTHER_NAMES = {"ttl": "expiration_ttl", "name": "key", "expires": "expiration"}
_MILLISECONDS = 100_000_000_000  # in seconds, this is the year 5138; in milliseconds, 1973


class SeedItem(NamedTuple):
    """One key to put. A file may have a million, so it has only the necessary fields.

    `metadata` is JSON text; the times are in seconds, as in the file.
    """

    key: str
    value: bytes
    metadata: str | None
    expiration: float | None
    expiration_ttl: float | None


class SeedFile(NamedTuple):
    """A parsed seed file: its valid items and all its problems."""

    name: str
    text: str
    items: list[SeedItem]
    problems: list[Problem]
    counts: Counter[str]  # of all problems by severity, including those not listed

    @property
    def errors(self) -> list[Problem]:
        """The problems that make the file unusable."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """Likely mistakes that don't make the file unusable."""
        return [problem for problem in self.problems if problem.severity == "warning"]


class SeedError(FileError):
    """A seed file has errors, and none of it was written."""


def read(path: Path, now: float, *, within: Path | None = None) -> SeedFile:
    """Return a seed file without errors; expirations must be after `now` (seconds).

    It must not lead out of the project `within` through a link. Raises FileError if the file can't
    be read, and SeedError for any mistake.
    """
    return accept(check(read_text(path, within=within), str(path), now))


def parse(data: bytes, name: str, now: float) -> SeedFile:
    """Parse the seed file in these bytes. Raises the errors of `read`."""
    return accept(check(decode(data, name), name, now))


def check(text: str, name: str, now: float) -> SeedFile:
    """Return the valid items of a seed file, and all its problems in order. Never fails."""
    items = _Items()
    found = _Problems()
    for index, element in enumerate(scan(text, EXAMPLE)):
        if isinstance(element, Problem):
            found.last(element)
            continue
        raw = element.value
        if found.counts["error"] >= MOST and (wrong := _obvious_errors(raw)):
            found.counts["error"] += wrong  # one of very many: it isn't described
            continue
        hints = found.counts["warning"] < MOST  # finding what was meant is slow
        for result in _item(index, raw, element.span, now, hints):
            if isinstance(result, Problem):
                found.add(result)
            elif (before := items.add(index, result)) is not None:
                message = f"this key is at index {before}, too; the last one counts"
                found.add(_problem(index, result.key, message, element.span, warning=True))
    return SeedFile(name, text, items.found, found.listed, found.counts)


class _Items:
    """The items of a file, one per key: the last one, in the position of the first.

    A table of each key's position takes a lot of memory for a million keys: it is built only once a
    key is repeated.
    """

    def __init__(self) -> None:
        self.found: list[SeedItem] = []
        self._indices = array("I")  # indexes of `found` in the file
        self._keys: set[str] = set()
        self._places: dict[str, int] = {}  # key -> index in `found`; used instead of `_keys`

    def add(self, index: int, item: SeedItem) -> int | None:
        """Add an item; return the index of the previous one with the same key."""
        if not self._places:
            if item.key not in self._keys:
                self._keys.add(item.key)
                self.found.append(item)
                self._indices.append(index)
                return None
            self._keys.clear()
            self._places = {one.key: place for place, one in enumerate(self.found)}
        place = self._places.setdefault(item.key, len(self.found))
        if place == len(self.found):
            self.found.append(item)
            self._indices.append(index)
            return None
        before = self._indices[place]
        self.found[place], self._indices[place] = item, index
        return before


class _Problems:
    """Problems in the order of the file: at most MOST per severity, and their total number."""

    def __init__(self) -> None:
        self.listed: list[Problem] = []
        self.counts: Counter[str] = Counter()

    def add(self, problem: Problem) -> None:
        self.counts[problem.severity] += 1
        if self.counts[problem.severity] <= MOST:
            self.listed.append(problem)

    def last(self, problem: Problem) -> None:
        self.counts[problem.severity] += 1
        self.listed.append(problem)


def _obvious_errors(raw: Any) -> int:
    """Return how many of key and value have a wrong type."""
    if not isinstance(raw, dict):
        return 1
    return (not isinstance(raw.get("key"), str)) + (not isinstance(raw.get("value"), str))


def accept(seed: SeedFile) -> SeedFile:
    """Return the file unchanged. Raises SeedError for any error in it."""
    errors = seed.errors
    if errors:
        raise SeedError(seed.name, seed.text, errors, seed.counts["error"])
    return seed


def _item(
    index: int, raw: Any, span: Span, now: float, hints: bool
) -> Iterator[Problem | SeedItem]:
    """Yield the problems of one element, and the item if none of them is an error."""
    if not isinstance(raw, dict):
        yield _problem(index, None, f"must be an object, but is of type {type_name(raw)}", span)
        return
    key = raw.get("key")
    wrong = list(_wrong_key(raw))
    if isinstance(key, str) and "value" not in raw:
        wrong.append('has no "value"; an empty value is ""')
    value = b""
    if "value" in raw:
        made = _value(raw["value"], raw.get("base64") is True)
        if isinstance(made, str):
            wrong.append(made)
        else:
            value = made
    for name, types in () if raw.keys() <= _PLAIN else _TYPES.items():
        given = raw.get(name)
        right = isinstance(given, types) and (types == (bool,) or not isinstance(given, bool))
        if given is not None and not right:
            needed = "true or false" if types == (bool,) else "a number (seconds)"
            wrong.append(f'"{name}" must be {needed}, but is of type {type_name(given)}')
            raw = {**raw, name: None}
    expiration, ttl = raw.get("expiration"), raw.get("expiration_ttl")
    timed = expiration is not None or ttl is not None
    if timed and (reason := expiration_error(expiration, ttl, now)):
        wrong.append(reason)
    metadata = None
    if raw.get("metadata") is not None:
        try:
            metadata = dump_json(raw["metadata"])
            check_metadata_size(metadata)
        except KVTypeError:
            wrong.append('"metadata" holds a number that is too large for JSON, such as 1e400')
        except KVError as error:
            wrong.append(_sentence(error, "bytes of JSON"))
    named = key if isinstance(key, str) else None
    for message in wrong:
        yield _problem(index, named, message, span)
    for message in _warnings(raw, hints):
        yield _problem(index, named, message, span, warning=True)
    if not wrong and isinstance(key, str):
        yield SeedItem(key, value, metadata, expiration, ttl)


def _wrong_key(raw: dict[str, Any]) -> Iterator[str]:
    if "key" not in raw:
        hint = '; write "key" in place of "name"' if "name" in raw else ""
        yield f'has no "key"{hint}'
        return
    key = raw["key"]
    if not isinstance(key, str):
        yield f'"key" must be a string, but is of type {type_name(key)}'
    elif has_lone_surrogate(key):
        yield '"key" has half of a surrogate pair, which is not a character'
    else:
        try:
            key_name("put", key)
        except KVError as error:
            yield _sentence(error, "bytes")


def _value(given: object, is_base64: bool) -> bytes | str:
    """Return a value as bytes, or what is wrong with it."""
    if not isinstance(given, str):
        return f'"value" must be a string, but is of type {type_name(given)}; {_way_out(given)}'
    if is_base64:
        try:
            value = base64.b64decode("".join(given.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            return f'"value" is not base64: {error}'
    else:
        try:
            value = given.encode()
        except UnicodeEncodeError:
            return '"value" has half of a surrogate pair, which is not a character; use base64'
    try:
        check_value_size(len(value))
    except KVError as error:
        return _sentence(error, f"bytes ({MAX_VALUE_SIZE // 1024 // 1024} MiB)")
    return value


def _way_out(given: object) -> str:
    if given is None:
        return 'write "" for an empty value, or leave the item out'
    try:
        text = dump_json(given)
    except KVTypeError:
        text = ""
    if 0 < len(text) <= 80:
        return f"write it as text: {json.dumps(text, ensure_ascii=False)}"
    return 'write its JSON as text, with \\" for each "'


def expiration_error(expiration: float | None, ttl: float | None, now: float) -> str | None:
    """Return what is wrong with the times (seconds) of an item, or None."""
    for name, given in (("expiration_ttl", ttl), ("expiration", expiration)):
        if given is not None and abs(given) >= BEYOND_NUMBERS:
            return f'"{name}" is out of range: it takes seconds'
    try:
        expiration_time(
            UNSET if expiration is None else expiration, UNSET if ttl is None else ttl, now
        )
    except KVError as error:
        name, given = ("expiration", expiration) if ttl is None else ("expiration_ttl", ttl)
        assert given is not None
        if looks_like_milliseconds(given):
            return f'"{name}" is {given}, likely milliseconds; it is in seconds: divide by 1000'
        if ttl is None and 0 < given <= now:
            return (
                f'"expiration" {given} has passed; take a later time (now is {int(now)}), '
                'or "expiration_ttl" for seconds from now'
            )
        return str(error.reason).rstrip(".")
    return None


BEYOND_NUMBERS = 2**53
"""Larger numbers aren't exact in JavaScript, and aren't times."""


def looks_like_milliseconds(given: float) -> bool:
    """Return whether a time in seconds is so large that milliseconds are meant."""
    return _MILLISECONDS < given < _MILLISECONDS * 1000


def _warnings(raw: dict[str, Any], hints: bool) -> Iterator[str]:
    unknown = [] if raw.keys() <= _KNOWN else [name for name in raw if name not in _KNOWN]
    for name in unknown:
        if not hints:
            yield f"unknown property {short(name)} is left out"
            continue
        plain = name.lower().replace("-", "_")
        meant = nearest(_OTHER_NAMES.get(plain, plain), PROPERTIES)
        hint = f"; did you mean {short(meant)}?" if meant and meant not in raw else ""
        yield f"unknown property {short(name)} is left out{hint}"
    if raw.get("expiration") is not None and raw.get("expiration_ttl") is not None:
        yield '"expiration_ttl" counts, and "expiration" is ignored'
    metadata = raw.get("metadata")
    if metadata is not None and not isinstance(metadata, (dict, list)):
        yield (
            f'"metadata" of type {type_name(metadata)} is kept here; '
            "wrangler kv bulk put takes an object only"
        )


def _sentence(error: KVError, unit: str) -> str:
    return f"{error.reason.rstrip('.')}{'' if error.status is None else f' {unit}'}"


def _problem(
    index: int, key: str | None, message: str, span: Span, *, warning: bool = False
) -> Problem:
    severity: Literal["error", "warning"] = "warning" if warning else "error"
    return Problem(f"{at_index(index, key)}: {message}", span, index, severity)
