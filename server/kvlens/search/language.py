"""Read a filter: tokens separated by spaces, all of which must match. `tokens.py` lists them.

>>> read("user:*:cart ttl<1h").prefix
'user:'
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from kvlens.errors import KVLensError
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.records import KeyInfo
from kvlens.kv.values import parse_json
from kvlens.search import forms
from kvlens.search.kinds import HEAD, KINDS, kind_of
from kvlens.visible import one_line

LONGEST = 4096  # characters of a filter
LONGEST_SHOWN = 60  # characters of a token in a message

InfoTest = Callable[[KeyInfo, float], bool]
"""Takes a key and the time."""

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)([smhdw]?)", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(?:(b)|([kmg])(?:i?b)?)?", re.IGNORECASE)
_COMPARED = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FIELD = re.compile(r"(key|value|meta|type|ttl):|(ttl|size)(<=|>=|<|>|=)|meta\.")
_META = re.compile(r"([^=!<>\s]+)(?:(!=|<=|>=|=|<|>)(.*))?", re.DOTALL)
_EXPRESSION = re.compile(r"/((?:[^/\\]|\\.)+)/(i?)(?=\s|\Z)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r"\S*")


class FilterError(KVLensError):
    """A filter has a mistake. The text names the token, what is wrong, and what to write.

    `start` and `end` are its place in the filter, in characters.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__(text)
        self.start = start
        self.end = end


class Content(NamedTuple):
    """A value, as far as the filter needs it."""

    key: KeyInfo
    head: bytes
    """The first `HEAD` bytes."""
    size: int
    """The number of all bytes."""
    value: bytes | None = None
    """All bytes, if the filter `needs_values`."""


class Filter:
    """What a key must be; tests in the order in which they get slower."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.prefix = ""
        """The text with which all matching keys begin."""
        self.names: list[forms.Test] = []
        self.infos: list[InfoTest] = []
        self.contents: list[Callable[[Content], bool]] = []
        self.needs_values = False

    def has_name(self, name: str) -> bool:
        """Return whether a key's name matches."""
        for test in self.names:  # noqa: SIM110  three times as quick: it is asked of each key
            if not test(name):
                return False
        return True

    def has_info(self, info: KeyInfo, now: float) -> bool:
        """Return whether metadata and expiration match; `now` is in seconds."""
        for test in self.infos:  # noqa: SIM110
            if not test(info, now):
                return False
        return True

    def has_content(self, content: Content) -> bool:
        """Return whether the value matches."""
        for test in self.contents:  # noqa: SIM110
            if not test(content):
                return False
        return True


def read(text: str) -> Filter:
    """Return what a filter means; an empty one matches every key. Raises FilterError."""
    if len(text) > LONGEST:
        raise FilterError(
            f"The filter has {len(text):,} characters; it takes {LONGEST:,}. Shorten it.",
            LONGEST,
            len(text),
        )
    found = Filter(text)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        else:
            at = _Reader(text, at).add_to(found)
    return found


class _Reader:
    """Reads one token."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = self._at = start

    def add_to(self, found: Filter) -> int:
        """Add the token's test to a filter, and return where the token ends."""
        self._add_to(found)
        if self._text[self._at : self._at + 1].strip():
            self._at = self._end()
            raise self._error("something follows where the token ends. Add a space, or quote it.")
        return self._at

    def _add_to(self, found: Filter) -> None:
        text = self._text
        negated = text[self._at] == "-" and bool(text[self._at + 1 : self._at + 2].strip())
        self._at += negated
        field = _FIELD.match(text, self._at)
        if field is None:
            self._name(found, negated)
            return
        self._at = field.end()
        subject, compared, sign = field[1], field[2], field[3]
        if subject == "key":
            self._name(found, negated)
        elif subject == "value":
            found.needs_values = True
            test = self._form()
            found.contents.append(
                _unless(negated, lambda content: test(_decoded(content.value or b"")))
            )
        elif subject == "meta":
            test = self._form()
            found.infos.append(_unless2(negated, lambda info, _: test(info.metadata or "")))
        elif subject == "type":
            kind = self._type()
            found.contents.append(_unless(negated, lambda content: content_kind(content) == kind))
        elif subject == "ttl":
            none = self._expires()
            found.infos.append(_unless2(negated, lambda info, _: (info.expiration is None) == none))
        elif compared == "ttl":
            found.infos.append(_unless2(negated, self._ttl(sign)))
        elif compared == "size":
            found.contents.append(_unless(negated, self._size(sign)))
        else:
            found.infos.append(_unless2(negated, self._meta()))

    def _name(self, found: Filter, negated: bool) -> None:
        begin = self._at
        test = self._form()
        if not negated and self._text[begin] not in '"/':
            word = self._text[begin : self._at]
            start = forms.literal_start(word)
            if start != word and len(start) > len(found.prefix):
                found.prefix = start
        found.names.append(_unless(negated, test))

    def _form(self) -> forms.Test:
        """Read a word, a glob, a quoted text or a regular expression."""
        begin = self._at
        expression = _EXPRESSION.match(self._text, begin)
        if expression is not None:
            self._at = expression.end()
            try:
                return forms.expression(expression[1], bool(expression[2]))
            except forms.BadExpressionError as error:
                raise self._error(f"{error}. Quote it to search for the text itself.") from None
        word = self._operand("a text, such as cart, user:* or /^user/")
        if self._text[begin] != '"' and re.search(r"[*?]", word):
            return forms.glob(word)
        return forms.word(word)

    def _operand(self, wanted: str) -> str:
        """Read a quoted text or a word, which isn't empty."""
        begin = self._at
        if self._text[begin : begin + 1] == '"':
            quoted = _QUOTED.match(self._text, begin)
            if quoted is None:
                self._at = len(self._text)
                raise self._error('the quotation mark has no end. Close it with ".')
            self._at = quoted.end()
            word = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
        else:
            self._at = self._end()
            word = self._text[begin : self._at]
        if not word:
            raise self._error(f"it needs {wanted}.")
        return word

    def _end(self) -> int:
        found = _WORD.match(self._text, self._at)
        assert found is not None
        return found.end()

    def _type(self) -> str:
        kind = self._operand(f"a type: {', '.join(KINDS)}").lower()
        if kind not in KINDS:
            raise self._error(f"there is no such type. Use {', '.join(KINDS)}.")
        return kind

    def _expires(self) -> bool:
        """Return whether the token asks for keys that don't expire."""
        choice = self._operand("none or any").lower()
        if choice not in ("none", "any"):
            raise self._error("it takes ttl:none, ttl:any, or a time, such as ttl<1h.")
        return choice == "none"

    def _ttl(self, sign: str) -> InfoTest:
        wanted = "a time, such as 30s, 15m, 1h or 2d"
        found = read_duration(self._operand(wanted))
        if found is None:
            raise self._error(f"it needs {wanted}.")
        seconds, compare = found, _COMPARED[sign]
        return lambda info, now: (
            info.expiration is not None and bool(compare(info.expiration - now, seconds))
        )

    def _size(self, sign: str) -> Callable[[Content], bool]:
        wanted = "a number of bytes, such as 500, 10k or 1MiB"
        found = _SIZE.fullmatch(self._operand(wanted))
        if found is None:
            raise self._error(f"it needs {wanted}.")
        size = float(found[1]) * _BYTES[(found[3] or "").lower()]
        compare = _COMPARED[sign]
        return lambda content: bool(compare(content.size, size))

    def _meta(self) -> InfoTest:
        begin = self._at
        found = _META.match(self._text, begin)
        if found is None:
            self._at = self._end()
            raise self._error("it needs a field, such as meta.user or meta.user=ada.")
        self._at = found.end(1)
        path = found[1].split(".")
        if found[2] is None:
            return lambda info, _: bool(values_at(info.metadata, path))
        self._at = found.end(2)
        test = _comparison(found[2], self._operand(f"a value, such as meta.{found[1]}=1"))
        return lambda info, _: any(test(value) for value in values_at(info.metadata, path))

    def _error(self, what: str) -> FilterError:
        token = self._text[self._start : self._at]
        shown = one_line(token)
        if len(shown) > LONGEST_SHOWN:
            shown = shown[:LONGEST_SHOWN] + "…"
        return FilterError(f"{shown}: {what}", self._start, self._at)


def read_duration(text: str) -> float | None:
    """Return the seconds of a duration, such as `90`, `15m` or `1.5h`; None for anything else."""
    found = _DURATION.fullmatch(text)
    return None if found is None else float(found[1]) * _SECONDS[found[2].lower()]


def content_kind(content: Content) -> str:
    """Return the kind of a value."""
    return kind_of(content.key.name, content.head[:HEAD], content.size, content.key.metadata)


def _unless(negated: bool, test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return (lambda one: not test(one)) if negated else test


def _unless2(negated: bool, test: InfoTest) -> InfoTest:
    return (lambda info, now: not test(info, now)) if negated else test


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def values_at(metadata: str | None, path: list[str]) -> list[Any]:
    """Return what a path in metadata leads to: nothing, a value, or an array and its items."""
    if metadata is None:
        return []
    try:
        value = parse_json(metadata)
    except KVSyntaxError:
        return []
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return []
    return [value, *value] if isinstance(value, list) else [value]


def _comparison(sign: str, wanted: str) -> Callable[[Any], bool]:
    number = _number(wanted)
    words = {"true": True, "false": False, "null": None}

    def equals(value: Any) -> bool:
        if isinstance(value, str):
            return value == wanted
        if isinstance(value, bool) or value is None:
            return wanted in words and value is words[wanted]
        return number is not None and isinstance(value, int | float) and value == number

    def compares(value: Any) -> bool:
        mine = _number(value) if isinstance(value, str) else value
        if number is not None and isinstance(mine, int | float) and not isinstance(mine, bool):
            return bool(_COMPARED[sign](mine, number))
        return isinstance(value, str) and bool(_COMPARED[sign](value, wanted))

    if sign == "=":
        return equals
    if sign == "!=":
        return lambda value: not equals(value)
    return compares


def _number(text: str) -> float | None:
    try:
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?", text) else None
    except ValueError:
        return None
