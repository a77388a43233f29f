"""Parse a JSON array element by element, with the span of each."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from kvlens import files
from kvlens.errors import KVLensError
from kvlens.kv.values import json_integer
from kvlens.text import LineIndex, NotTextError, Span
from kvlens.text import decode as text_of

LARGEST = 256 * 1024 * 1024  # bytes of a file; ten values of the maximum size, even in base64

_SPACE = re.compile(r"[ \t\r\n]*")
_NEXT = re.compile(r"[ \t\r\n]*(?:([,\]])[ \t\r\n]*)?")
# The usual form of an element: flat, with few strings. Others are parsed more carefully.
_FEW = re.compile(
    r'[^\[{]|\{[^\[\]{}"]{0,1000}(?:"[^"\\]*(?:\\.[^"\\]*){0,100}"[^\[\]{}"]{0,1000}){0,16}\}'
)
_BRACKET = re.compile(r"[\[\]{}]")
_RUN = 64 * 1024  # characters per search
_DEEPEST = 1_000  # levels; Python's limit is similar
MOST_VALUES = 10_000  # of one element; metadata of 1,024 bytes can't have as many
MOST = 1_000  # problems of a file that are described; the rest is counted
_CAP = 12  # problems in the text of an error, as many as wrangler shows; all are kept


class Problem(NamedTuple):
    """One problem of a file; `nth` is the element's index, None for the whole file."""

    message: str
    span: Span
    nth: int | None = None
    severity: Literal["error", "warning"] = "error"


class FileError(KVLensError):
    """A file can't be used, and wasn't.

    The text is one line: the file, the first dozen problems, what to do. `problems` has all of
    them, `lines()` one line for each.
    """

    def __init__(self, name: str, text: str, problems: list[Problem], count: int = 0) -> None:
        self.count = count or len(problems)  # of all; only the first ones are described
        self.name = name
        self.text = text
        self.problems = problems
        shown = "; ".join(problem.message for problem in problems[:_CAP])
        more = f"; … and {self.count - _CAP:,} more" if self.count > _CAP else ""
        super().__init__(f"{name}: {shown}{more}")

    def lines(self, most: int | None = None) -> list[str]:
        """Return a line for each problem, "file:line:column: what", counted from 1."""
        problems = self.problems[:most]
        if not self.text:
            return [f"{self.name}: {problem.message}" for problem in problems]
        return located(self.name, self.text, problems)


def located(name: str, text: str, problems: list[Problem]) -> list[str]:
    """Return a line for each problem, "file:line:column: what", counted from 1."""
    lines = []
    at = line = start = 0  # counted from one problem to the next: an index may be large
    for problem in problems:
        offset = min(problem.span.start, len(text))
        if offset < at:
            at = line = start = 0
        to = offset - (text[offset - 1 : offset + 1] == "\r\n")
        feeds, returns = text.count("\n", at, to), text.count("\r", at, to)
        if feeds or returns:
            line += feeds + returns - text.count("\r\n", at, to)
            start = max(text.rfind("\n", at, to), text.rfind("\r", at, to)) + 1
        at = to
        lines.append(f"{name}:{line + 1}:{offset - start + 1}: {problem.message}")
    return lines


class Element(NamedTuple):
    """One element of the array, with its span."""

    value: Any
    span: Span


def read_text(
    path: Path, name: str | None = None, *, given: bool = False, within: Path | None = None
) -> str:
    """Return a file's text without a byte order mark; `name` is for messages, else the path.

    `given` says that the user named the file, which may be a pipe then. Any other file of the
    project `within` must not lead out of it through a link.
    Raises FileError if it can't be read, is not UTF-8 text or is over 256 MiB.
    """
    name = name or str(path)
    try:
        if given:
            data = files.read_given(path, LARGEST)
        else:
            data = files.read_bytes(path, LARGEST, within=within)
    except files.FileRefusedError as error:
        way_out = "; split the file" if "over the limit" in str(error.strerror) else ""
        raise _file_error(name, f"{error.strerror}{way_out}") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _file_error(name, f"can't be read: {reason}") from error
    return decode(data, name)


def decode(data: bytes, name: str) -> str:
    """Decode a file's bytes, without a byte order mark. Raises FileError if they aren't text."""
    try:
        return text_of(data)
    except NotTextError as error:
        raise _file_error(name, str(error)) from error


def scan(text: str, example: str) -> Iterator[Element | Problem]:
    """Yield the elements of the text's array, then the problem that stopped the parsing, if any.

    An element with too many values is also a problem: it would take many times the text's size in
    memory. `example` is a valid array, for the message if the text isn't one.
    """
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        yield _no_array(text, at, example)
        return
    at = start = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        yield from _after(text, at + 1)
        return
    for index in itertools.count():
        if not _FEW.match(text, at) and (depth := _depth_of_too_many(text, at)):
            deep = depth > _DEEPEST
            yield _fault(text, at, "nested too deeply") if deep else _too_many(text, at, index)
            return
        try:
            value, end = _SCAN(text, at)
        except StopIteration as stopped:  # its value is the position without a value
            if text[at : at + 1] == "]" and at > start:
                yield _fault(text, at, "a comma before ], which JSON does not allow")
            else:
                yield _fault(text, int(stopped.value), "Expecting value")
            return
        except json.JSONDecodeError as error:
            yield _fault(text, error.pos, error.msg)
            return
        except RecursionError:
            yield _fault(text, at, "nested too deeply")
            return
        except ValueError as error:  # NaN
            yield _fault(text, at, str(error))
            return
        yield Element(value, Span(at, end))
        found = _NEXT.match(text, end)
        assert found
        if found[1] == "]":
            yield from _after(text, found.end())
            return
        if not found[1]:
            yield _fault(text, found.end(), "a comma or ] is missing here")
            return
        at = found.end()


def _depth_of_too_many(text: str, at: int) -> int:
    """Return the depth at which an element exceeds MOST_VALUES, or 0.

    Doesn't build the values.
    """
    count = depth = 0
    while at < len(text):
        quote = text.find('"', at, at + _RUN)
        end = min(at + _RUN, len(text)) if quote < 0 else quote
        for found in _BRACKET.finditer(text, at, end):
            count += text.count(",", at, found.start()) + (found[0] in "[{")
            depth += 1 if found[0] in "[{" else -1
            at = found.end()
            if count > MOST_VALUES:
                return max(depth, 1)
            if depth <= 0:
                return 0
        count += text.count(",", at, end)
        if depth == 0:
            return 0  # text or a number
        if count > MOST_VALUES:
            return depth
        at = end if quote < 0 else _end_of_string(text, quote + 1)
    return 0


def _end_of_string(text: str, at: int) -> int:
    """Return the end of a string whose content begins at `at`."""
    while True:
        at = text.find('"', at) + 1
        if at == 0:
            return len(text)
        slashes = at - 2
        while text[slashes] == "\\":
            slashes -= 1
        if (at - 2 - slashes) % 2 == 0:
            return at


def _too_many(text: str, at: int, index: int) -> Problem:
    message = (
        f"{at_index(index)}: has over {MOST_VALUES:,} values. Write JSON that is to be stored as "
        "text, in quotes"
    )
    return Problem(message, Span(at, min(at + 1, len(text))), index)


def type_name(value: object) -> str:
    """Return the JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "object"


def short(text: str) -> str:
    """Return the text quoted as in JSON, shortened if it is long."""
    return json.dumps(
        text if len(text) <= 60 else text[:57] + "…", ensure_ascii=not _is_unicode(text)
    )


def at_index(index: int, key: str | None = None) -> str:
    """Name an element as wrangler does: counted from 0, with its key if it has one.

    >>> at_index(1, "k")
    'item at index 1 (key "k")'
    """
    return f"item at index {index}" + ("" if key is None else f" (key {short(key)})")


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=json_integer)
_SCAN = cast(Any, _DECODER).scan_once


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found
    return found.end()


def _no_array(text: str, at: int, example: str) -> Problem:
    if at == len(text):
        return Problem("is empty; a file without keys is []", Span(0, 0))
    try:
        value, _ = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        return _fault(text, error.pos, error.msg)
    except (ValueError, RecursionError):
        return _fault(text, at, "this can't be read")
    message = f"must be an array like {example}, but is of type {type_name(value)}"
    return Problem(message, Span(at, at + 1))


def _after(text: str, at: int) -> Iterator[Problem]:
    at = _skip(text, at)
    if at < len(text):
        yield _fault(text, at, "text after the end of the array")


def _fault(text: str, at: int, what: str) -> Problem:
    line, column = LineIndex(text).position(at, "utf-32")
    message = f"not JSON at line {line + 1}, column {column + 1}: {what}"
    return Problem(message, Span(at, min(at + 1, len(text))))


def _file_error(name: str, message: str) -> FileError:
    return FileError(name, "", [Problem(message, Span(0, 0))])


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
