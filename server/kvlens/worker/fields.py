"""The types of a config's fields, and one function that checks every value."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kvlens.worker.errors import WorkerError

_SHOWN = 60  # characters of a value in a message


class FieldError(WorkerError):
    """A field has an invalid value. The text names the field, the value and the valid type."""


@dataclass(frozen=True)
class Shape:
    """The values that a field accepts."""

    takes: str
    """A description, such as "a list of strings"."""
    fits: Callable[[Any], bool]
    inside: Callable[[Any], Iterable[tuple[str, Any, Shape]]] = field(default=lambda value: ())
    """The parts of a valid value: what follows the field's name, the part, its shape."""


def check(name: str, value: Any, shape: Shape) -> None:
    """Raise FieldError if a value, or a part of it, is invalid."""
    if not shape.fits(value):
        raise FieldError(f"{name} is {_shown(value)}; it takes {shape.takes}")
    for suffix, part, inner in shape.inside(value):
        check(f"{name}{suffix}", part, inner)


def one_of(*choices: str) -> Shape:
    """Return the shape of one of several strings."""
    return Shape(" or ".join(f'"{choice}"' for choice in choices), lambda value: value in choices)


def list_of(shape: Shape, takes: str) -> Shape:
    """Return the shape of a list whose items have `shape`."""
    return Shape(
        takes,
        lambda value: isinstance(value, list),
        lambda value: ((f"[{number}]", item, shape) for number, item in enumerate(value)),
    )


def each(shape: Shape, takes: str) -> Shape:
    """Return the shape of a table with any names, whose values have `shape`."""
    return Shape(
        takes,
        lambda value: isinstance(value, dict),
        lambda value: (
            part
            for name, item in value.items()
            for part in ((f": the name {name!r:.40}", name, TEXT), (f".{name}", item, shape))
        ),
    )


def table(fields: Mapping[str, Shape]) -> Shape:
    """Return the shape of a table with known fields. Unknown fields are ignored."""
    return Shape(
        "a table",
        lambda value: isinstance(value, dict),
        lambda value: (
            (f".{name}", value[name], shape)
            for name, shape in fields.items()
            if value.get(name) is not None
        ),
    )


def either(one: Shape, other: Shape) -> Shape:
    """Return the shape of values that have one of two shapes."""
    return Shape(
        f"{one.takes} or {other.takes}",
        lambda value: one.fits(value) or other.fits(value),
        lambda value: (one if one.fits(value) else other).inside(value),
    )


def _is_text(value: Any) -> bool:
    """Return whether a value can be a path, a name or a command-line argument."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can contain
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


ANYTHING = Shape("anything", lambda value: True)
TEXT = Shape("a string", _is_text)
FLAG = Shape("true or false", lambda value: isinstance(value, bool))
PORT = Shape("a port from 0 to 65535", lambda value: _is_number(value) and 0 <= value <= 65535)
DATE = Shape(
    'a date such as "2026-01-31"',
    lambda value: isinstance(value, datetime.date) or (_is_text(value) and len(value) <= 40),
)
TEXTS = list_of(TEXT, "a list of strings")
TABLE = each(ANYTHING, "a table")
TEXT_TABLE = each(TEXT, "a table of strings")
TABLES = list_of(ANYTHING, "a list of tables")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        shown = f'"{value[:_SHOWN]}"' if _is_text(value) else ascii(value[:_SHOWN])
        odd = "" if _is_text(value) else " with a NUL or half a surrogate pair"
        return f"{shown}{'…' if len(value) > _SHOWN else ''}, a string{odd}"
    kind = "a number" if isinstance(value, (int, float)) else "a date or time"
    return f"{value}"[:_SHOWN] + f", {kind}"
