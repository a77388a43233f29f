"""What a language has no values for: it becomes comments, and is named."""

from __future__ import annotations

from collections.abc import Callable

from kvlens.config.document.model import Comments, Element, Notice, Value, lines
from kvlens.config.document.write_braced import BracedWriter, json_string

_LARGEST = 2**63


def no_json(value: Value) -> str | None:
    """Return why JSON and JavaScript objects don't have a value; None if they do."""
    if value.kind == "float" and str(value.value).lstrip("-") in ("inf", "nan"):
        return f"JSON has no {value.value}"
    return None


def no_toml(value: Value) -> str | None:
    """Return why TOML doesn't have a value; None if it does."""
    if value.kind == "null":
        return "TOML has no null"
    text = str(value.value)
    if value.kind == "integer" and not (len(text) < 21 and -_LARGEST <= int(text) < _LARGEST):
        return "TOML's integers have 64 bits"
    if value.kind == "string" and not _is_unicode(text):
        return "TOML has no half surrogate pairs"
    return None


def without(value: Value, refused: Callable[[Value], str | None]) -> list[Notice]:
    """Turn into comments what is refused in a table or an array, and what doesn't count.

    `refused` returns the reason, or None.
    """
    notices: list[Notice] = []
    kept: list[Element] = []
    waiting: Comments = []
    last = {element.name: at for at, element in enumerate(value.elements)}
    for at, element in enumerate(value.elements):
        reason = refused(element.value)
        if reason is None and element.name is not None:
            if last[element.name] != at:
                reason = "only the last of several members with one name counts"
            elif not _is_unicode(element.name):
                reason = refused(Value("string", element.name))
        if reason is not None:
            notices.append(Notice(element.line, f"{_named(element)}: {reason}"))
            waiting += as_comments(element, reason)
            continue
        notices += without(element.value, refused)
        element.above[:0] = waiting
        waiting = []
        kept.append(element)
    value.elements[:] = kept
    value.end[:0] = waiting
    return notices


def dates_as_text(value: Value) -> list[Notice]:
    """Turn the dates in a value into strings."""
    notices: list[Notice] = []
    for element in value.elements:
        if element.value.kind == "datetime":
            element.value.kind = "string"
            message = f"{_named(element)}: JSON has no dates, so this is a string now"
            notices.append(Notice(element.line, message))
        notices += dates_as_text(element.value)
    return notices


def as_comments(element: Element, reason: str) -> Comments:
    """Return a member or an item as lines of comments, with its own comments."""
    shown = BracedWriter().value(element.value, "", 0)
    key = "" if element.name is None else f"{json_string(element.name)}: "
    first, *rest = f"{key}{shown}".split("\n")
    return [
        *element.above,
        f" {first} ({reason})" if not rest else f" ({reason})",
        *([f" {first}"] if rest else []),
        *(f" {line}" for line in rest),
        *lines([*element.after]),
    ]


def _named(element: Element) -> str:
    if element.name is not None:
        return f"{element.name:.80}".encode("utf-8", "replace").decode()
    return BracedWriter().value(element.value, "", 0)[:80]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
