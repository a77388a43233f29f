"""The strict judge: is this text valid TOML or JSON at all, and where is it not?

Slower than the scan, so the editor asks it when typing pauses.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import NamedTuple

from kvlens.text import LineIndex, Span

_COMMENT_OR_STRING = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:[^"\\\r\n]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)
_TWICE = re.compile(r'Key "([^"]+)" already exists')
_PLACE = re.compile(r"\s*(?:at line \d+,? col(?:umn)? \d+|: line \d+ column \d+ \(char \d+\))")


class SyntaxProblem(NamedTuple):
    """What is wrong with the text, and where: the line from the place to its end."""

    message: str
    span: Span


def judge(text: str, path: str) -> SyntaxProblem | None:
    """Return the first thing that makes the text invalid, or None. The ending tells the format."""
    if path.endswith((".json", ".jsonc")):
        return _judge_json(text, comments=True)
    return _judge_toml(text)


def _judge_toml(text: str) -> SyntaxProblem | None:
    if _is_plainly_toml(text):
        return None
    import tomlkit  # late: 40 ms that a start need not spend
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        tomlkit.parse(text)
    except ParseError as error:
        index = LineIndex(text)
        offset = index.offset(error.line - 1, error.col, "utf-32")
        message = _PLACE.sub("", str(error))
        return SyntaxProblem(message, _second(text, offset, message) or _visible(text, offset))
    except TOMLKitError as error:
        place = _second(text, len(text), str(error)) or _visible(text, len(text))
        return SyntaxProblem(str(error), place)
    except (ValueError, RecursionError) as error:
        return SyntaxProblem(str(error) or "nested too deeply", Span(0, min(1, len(text))))
    return None


def _is_plainly_toml(text: str) -> bool:
    """Tell whether Python's own parser takes a text; it needs a seventh of tomlkit's time.

    What it refuses is for tomlkit to judge, which knows TOML 1.1 and says where the fault is.
    """
    try:
        tomllib = importlib.import_module("tomllib")  # Python 3.11 has it
        tomllib.loads(text)
    except (ImportError, ValueError, RecursionError):
        return False
    return True


def _second(text: str, end: int, message: str) -> Span | None:
    """Find the later of two same keys or tables, which is reported where it ends."""
    named = _TWICE.search(message)
    if not named:
        return None
    name = re.escape(named[1].split(".")[-1])
    pattern = rf"(?:^|[\[.{{,])[ \t]*([\"']?{name}[\"']?)[ \t]*(?=[=.\]])"
    found = list(re.finditer(pattern, text[:end], re.MULTILINE))
    return Span(*found[-1].span(1)) if found else None


def _judge_json(text: str, *, comments: bool) -> SyntaxProblem | None:
    plain = text.removeprefix("\ufeff")
    shift = len(text) - len(plain)
    if comments:
        plain = _COMMENT_OR_STRING.sub(_blank_comment, plain)
        plain = _TRAILING_COMMA.sub(lambda found: " " if found[0] == "," else found[0], plain)
    try:
        json.loads(plain)
    except json.JSONDecodeError as error:
        return SyntaxProblem(error.msg, _visible(text, error.pos + shift))
    except RecursionError:
        return SyntaxProblem("nested too deeply", Span(0, min(1, len(text))))
    return None


def _blank_comment(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else re.sub(r"[^\r\n]", " ", found[0])


def _visible(text: str, offset: int) -> Span:
    """Return a place that can be seen: from the offset to its line's end, at least a character."""
    end = len(text)
    for mark in "\r\n":
        found = text.find(mark, offset)
        end = min(end, found if found >= 0 else end)
    if end > offset:
        return Span(offset, end)
    start = offset
    while start > 0 and text[start - 1] in "\r\n \t":
        start -= 1
    return Span(max(0, start - 1), max(start, min(1, len(text))))
