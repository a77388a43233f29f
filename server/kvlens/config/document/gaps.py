"""The comments between two values, and to which of them each belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kvlens.config.comments import Syntax, comments
from kvlens.config.document.model import Comments, Element, Value
from kvlens.text import Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_DECORATION = re.compile(r"[ \t]*\*(?!/) ?")
_SEPARATORS = re.compile("[\u2028\u2029]")  # they end a comment in JavaScript


class Gap(NamedTuple):
    """The comments between two values."""

    after: list[str]  # on the line of the value before
    above: Comments  # on lines of their own, or right before the next value


def gap(text: str, syntax: Syntax, start: int, end: int, *, last: bool = False) -> Gap:
    """Read what is between two values; with `last`, none follows at `end`."""
    return gap_of(text, comments(text, syntax=syntax, start=start, end=end), start, end, last=last)


def gap_of(text: str, found: Sequence[Span], start: int, end: int, *, last: bool = False) -> Gap:
    """Return the same for comments that were found already."""
    after: list[str] = []
    above: Comments = []
    at, trailing, passed = start, True, False
    shares = not last and not _LINE_END.search(text, start, end)  # the next value is on this line
    for place in found:
        breaks = len(_LINE_END.findall(text, at, place.start))
        passed = passed or "," in text[at : place.start]
        trailing = trailing and not breaks and not (shares and passed)
        if trailing:
            after += comment_lines(text[slice(*place)])
        else:
            if breaks > 1 and (above or after or start > 0):
                above.append(None)
            above += comment_lines(text[slice(*place)])
        at = place.end
    if not last and len(_LINE_END.findall(text, at, end)) > 1 and (above or after or start > 0):
        above.append(None)
    return Gap(after, above)


def comment_lines(comment: str) -> list[str]:
    """Return a comment's lines without its marks.

    >>> comment_lines("# a"), comment_lines("/* a\\n * b */")
    ([' a'], [' a', ' b'])
    """
    if not comment.startswith("/*"):
        return [_SEPARATORS.sub(" ", comment[2:] if comment.startswith("//") else comment[1:])]
    inside = _LINE_END.split(_SEPARATORS.sub(" ", comment[2:].removesuffix("*/")))
    inside[1:] = [_DECORATION.sub("", line) for line in inside[1:]]
    inside[0] = inside[0].removeprefix("*")
    return [f" {line.strip()}" for line in inside if line.strip()]


def attach(
    text: str,
    syntax: Syntax,
    holder: Value,
    inside: Span,
    elements: Iterable[tuple[Sequence[str], Element, Span]],
) -> None:
    """Put elements into a value with brackets, with the comments around each.

    `inside` is what is between the brackets. Each element has the names before its own in a dotted
    key.
    """
    at, after = inside.start, holder.head
    for path, element, place in elements:
        found = gap(text, syntax, at, place.start)
        after += found.after
        element.above[:0] = found.above if holder.elements else without_first_blank(found.above)
        table_at(holder, path, element.line).elements.append(element)
        at, after = place.end, element.after
    found = gap(text, syntax, at, inside.end, last=True)
    after += found.after
    holder.end += found.above
    holder.compact = not _LINE_END.search(text, *inside)


def table_at(holder: Value, path: Sequence[str], line: int) -> Value:
    """Return the table below another one, creating it; of an array, that in its last item."""
    for name in path:
        found = holder.get(name)
        if found is None:
            found = Element(Value("table"), name, line)
            holder.elements.append(found)
        holder = found.value
        if holder.kind == "array" and holder.elements:
            holder = holder.elements[-1].value
    return holder


def without_first_blank(comments: Comments) -> Comments:
    """Return comments that begin with a line of text."""
    return comments[1:] if comments[:1] == [None] else comments
