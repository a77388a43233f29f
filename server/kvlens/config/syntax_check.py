"""The syntax check: whether a text is valid TOML or JSON, and where the error is.

Slower than the scan, so the editor runs it when typing pauses.
"""

from __future__ import annotations

import importlib
import json
import re
from bisect import bisect_right
from typing import NamedTuple

from kvlens.config.model import Config
from kvlens.config.plain_toml import is_plain
from kvlens.config.reader import load_text
from kvlens.config.syntax_words import plain
from kvlens.text import LineIndex, Span

_COMMENT_OR_STRING = re.compile(r'"(?:[^"\\\r\n]|\\.)*"?|//[^\r\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:[^"\\\r\n]|\\.)*"?|,(?=\s*[\]}])', re.DOTALL)
_CONSTANT = re.compile(r'"(?:[^"\\\r\n]|\\.)*"?|(-?Infinity|NaN)', re.DOTALL)
_FAULT = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_LARGE = 100_000  # characters; tomlkit is too slow for larger texts: ten seconds for a million
_TWICE = re.compile(r'Key "([^"]+)" already exists')
_PLACE = re.compile(r"\s*(?:at line \d+,? col(?:umn)? \d+|: line \d+ column \d+ \(char \d+\))")


class SyntaxProblem(NamedTuple):
    """A syntax error, with a span to the end of the line."""

    message: str
    span: Span


def check_syntax(text: str, path: str) -> SyntaxProblem | None:
    """Return the first syntax error, or None. The file extension determines the format.

    A text over the `limits` isn't checked: its size is the problem.
    """
    return check_config_syntax(load_text(text, path))


class Mistake(NamedTuple):
    """A syntax error, for people: its line, from 1, and what it is."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"the file has a mistake in line {self.line}: {self.message}"


def find_mistake(config: Config) -> Mistake | None:
    """Return the first syntax error of a config, or None."""
    problem = check_config_syntax(config)
    if problem is None:
        return None
    return Mistake(LineIndex(config.text).position(problem.span.start).line + 1, problem.message)


def check_config_syntax(config: Config) -> SyntaxProblem | None:
    """Return the result of `check_syntax` for a parsed config."""
    if config.refused is not None:
        return SyntaxProblem(f"this file {config.refused.reason}", config.refused.span)
    if config.is_code:
        return _check_code(config)
    problem = _check_json(config.text) if config.is_json else _check_toml(config)
    if problem is None:
        return None
    return problem._replace(message=plain(config.text, problem.span.start, problem.message))


def _check_code(config: Config) -> SyntaxProblem | None:
    if not config.sections[0][1].body.broken:
        return None
    return SyntaxProblem("this code doesn't parse", Span(0, min(1, len(config.text))))


def _check_toml(config: Config) -> SyntaxProblem | None:
    if is_plain(config.text, config.sections):
        return None
    fault = _fault(config.text)
    if fault is None:
        return None
    if len(config.text) > _LARGE:
        return _check_large(config, fault)
    return _check_strictly(config.text)


def _check_strictly(text: str) -> SyntaxProblem | None:
    import tomlkit  # late: it takes 40 ms
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        tomlkit.parse(text)
    except ParseError as error:
        index = LineIndex(text)
        offset = index.offset(error.line - 1, error.col, "utf-32")
        message = _PLACE.sub("", str(error))
        return SyntaxProblem(
            message, _later_duplicate(text, offset, message) or _visible(text, offset)
        )
    except TOMLKitError as error:
        place = _later_duplicate(text, len(text), str(error)) or _visible(text, len(text))
        return SyntaxProblem(str(error), place)
    except (ValueError, RecursionError) as error:
        return SyntaxProblem(str(error) or "nested too deeply", Span(0, min(1, len(text))))
    return None


def _check_large(config: Config, fault: str) -> SyntaxProblem | None:
    """Check only the faulty statement of a text for which tomlkit would take many seconds.

    A statement that is valid by itself is TOML 1.1, or has a duplicate name.
    """
    text = config.text
    found = _FAULT.search(fault)
    if not found:
        return None  # tomlkit is the only parser
    index = LineIndex(text)
    at = len(text) if not found[1] else index.offset(int(found[1]) - 1, int(found[2]) - 1, "utf-32")
    start, end = _statement(config, at)
    problem = _check_strictly(text[start:end]) if end - start <= _LARGE else None
    if problem is not None:
        span = Span(problem.span.start + start, problem.span.end + start)
        return SyntaxProblem(problem.message, span)
    if fault.startswith("Cannot") or end - start > _LARGE:
        return SyntaxProblem(_FAULT.sub("", fault).strip(), Span(start, max(start + 1, at)))
    return None


def _statement(config: Config, at: int) -> tuple[int, int]:
    """Return the start and end of the statement or header around an offset."""
    bases = [base for base, _ in config.sections]
    number = max(0, bisect_right(bases, at) - 1)
    base, section = config.sections[number]
    starts = [base, *(base + member.key[0].start for member in section.body.members)]
    starts.append(bases[number + 1] if number + 1 < len(bases) else len(config.text))
    place = max(1, bisect_right(starts, at, 0, len(starts) - 1))
    return starts[place - 1], starts[place]


def _fault(text: str) -> str | None:
    """Return the error of Python's own parser, which takes a seventh of tomlkit's time.

    tomlkit, which supports TOML 1.1 and reports positions, checks rejected texts again.
    """
    try:
        tomllib = importlib.import_module("tomllib")  # Python 3.11 has it
        tomllib.loads(text)
    except (ImportError, ValueError, RecursionError) as error:
        return str(error)
    return None


def _later_duplicate(text: str, end: int, message: str) -> Span | None:
    """Find the later of two duplicate keys or tables; the parser reports its end."""
    named = _TWICE.search(message)
    if not named:
        return None
    name = re.escape(named[1].split(".")[-1])
    pattern = rf"(?:^|[\[.{{,])[ \t]*([\"']?{name}[\"']?)[ \t]*(?=[=.\]])"
    found = list(re.finditer(pattern, text[:end], re.MULTILINE))
    return Span(*found[-1].span(1)) if found else None


def _check_json(text: str) -> SyntaxProblem | None:
    plain = text.removeprefix("\ufeff")
    shift = len(text) - len(plain)
    plain = _COMMENT_OR_STRING.sub(_blank_comment, plain)
    plain = _TRAILING_COMMA.sub(lambda found: " " if found[0] == "," else found[0], plain)
    constants: list[str] = []
    try:
        # Numbers aren't converted: one with thousands of digits is valid too.
        json.loads(plain, parse_int=len, parse_float=len, parse_constant=constants.append)
    except json.JSONDecodeError as error:
        return SyntaxProblem(error.msg, _visible(text, error.pos + shift))
    except RecursionError:
        return SyntaxProblem("nested too deeply", Span(0, min(1, len(text))))
    for found in _CONSTANT.finditer(plain) if constants else ():
        if found[1]:
            span = Span(found.start() + shift, found.end() + shift)
            return SyntaxProblem(f"{found[1]} isn't a JSON number", span)
    return None


def _blank_comment(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith('"') else re.sub(r"[^\r\n]", " ", found[0])


def _visible(text: str, offset: int) -> Span:
    """Return a visible span: from the offset to its line's end, at least one character."""
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
