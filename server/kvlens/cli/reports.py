"""Problems as text, JSON, GitHub annotations and SARIF: one table of formats."""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kvlens import __version__
from kvlens.cli.terminal import one_line, visible
from kvlens.lint.project import Checked
from kvlens.lint.registry import rules as all_rules
from kvlens.text import UTF16, UTF32, LineIndex, Span

_WIDEST = 120  # columns shown of a source line; a minified file has one line
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_GITHUB = {"error": "error", "warning": "warning", "information": "notice"}
_SARIF = {"error": "error", "warning": "warning", "information": "note"}


Report = Callable[[list[Checked]], str]


def text(files: list[Checked]) -> str:
    """Return `file:line:column: severity code: message` with the source line, and a summary."""
    lines: list[str] = []
    for file in files:
        index = LineIndex(file.text)
        for problem in file.problems:
            place = _place(file.path, index, problem.span)
            lines.append(f"{place}: {problem.severity} {problem.code}: {one_line(problem.message)}")
            lines += _excerpt(index, problem.span)
            for related in problem.related:
                place = _place(file.path, index, related.span)
                lines.append(f"    {place}: {one_line(related.message)}")
    lines.append(_sum(files))
    return "\n".join(lines) + "\n"


def as_json(files: list[Checked]) -> str:
    """Return a list of problems with 0-based positions in UTF-16 units, as in LSP."""
    found: list[dict[str, Any]] = []
    for file in files:
        index = LineIndex(file.text)
        for problem in file.problems:
            start, end = (index.position(offset, UTF16) for offset in problem.span)
            found.append(
                {
                    "code": problem.code,
                    "severity": problem.severity,
                    "message": problem.message,
                    "file": _shown(file.path),
                    "range": {"start": start._asdict(), "end": end._asdict()},
                    "url": problem.url,
                }
            )
    return json.dumps(found, indent=2) + "\n"


def github(files: list[Checked]) -> str:
    """Return workflow commands, which GitHub Actions shows next to the lines of a change."""
    root = os.environ.get("GITHUB_WORKSPACE")
    lines: list[str] = []
    for file in files:
        index = LineIndex(file.text)
        name = _shown(file.path, Path(root) if root else None)
        for problem in file.problems:
            start, end = (index.position(offset, UTF32) for offset in problem.span)
            where = {"file": name, "line": start.line + 1, "endLine": end.line + 1}
            if start.line == end.line:  # columns are for one line only
                where |= {"col": start.character + 1, "endColumn": end.character + 1}
            where["title"] = f"kvlens {problem.code}"
            properties = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
            message = _escaped(f"{problem.message}\n{problem.url}")
            lines.append(f"::{_GITHUB[problem.severity]} {properties}::{message}\n")
    return "".join(lines)


def sarif(files: list[Checked]) -> str:
    """Return a log in SARIF 2.1.0, with every rule described."""
    rules = all_rules()
    codes = list(rules)
    results = []
    for file in files:
        index = LineIndex(file.text)
        for problem in file.problems:
            result: dict[str, Any] = {
                "ruleId": problem.code,
                "ruleIndex": codes.index(problem.code),
                "level": _SARIF[problem.severity],
                "message": {"text": problem.message},
                "locations": [_location(file.path, index, problem.span)],
            }
            if problem.related:
                result["relatedLocations"] = [
                    {
                        **_location(file.path, index, related.span),
                        "message": {"text": related.message},
                    }
                    for related in problem.related
                ]
            results.append(result)
    driver = {
        "name": "kvlens",
        "version": __version__,
        "informationUri": "https://github.com/kvlens/kvlens",
        "rules": [
            {
                "id": rule.code,
                "shortDescription": {"text": f"{rule.summary}."},
                "helpUri": rule.url,
                "defaultConfiguration": {"level": _SARIF[rule.severity]},
            }
            for rule in rules.values()
        ],
    }
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


FORMATS: dict[str, Report] = {"text": text, "json": as_json, "github": github, "sarif": sarif}


# names and positions ---------------------------------------------------------------------------


def _shown(path: Path, root: Path | None = None) -> str:
    """Return a path relative to the current folder, or to `root`, if it is inside."""
    whole = path.absolute()
    root = root or Path.cwd()
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def _place(path: Path, index: LineIndex, span: Span) -> str:
    line, column = index.position(span.start, UTF32)
    return f"{one_line(_shown(path))}:{line + 1}:{column + 1}"


def _location(path: Path, index: LineIndex, span: Span) -> dict[str, Any]:
    start, end = (index.position(offset, UTF16) for offset in span)
    shown = _shown(path)
    uri = Path(shown).as_uri() if Path(shown).is_absolute() else quote(shown)
    region = {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


# text ---------------------------------------------------------------------------------------


def _excerpt(index: LineIndex, span: Span) -> Iterator[str]:
    """Yield the first line of a span and the carets under it; nothing for an empty file."""
    if not index.text.strip():
        return
    number, column = index.position(span.start, UTF32)
    line = index.line(number)
    last = column + min(max(span.end - span.start, 1), max(len(line) - column, 1))
    first = max(0, column - _WIDEST // 3) if len(line) > _WIDEST else 0
    before, marked = line[first:column], line[column:last]
    shown = line[first : first + _WIDEST]
    left = "…" if first else ""
    right = "…" if first + _WIDEST < len(line) else ""
    margin = " " * len(str(number + 1))
    blank = "".join("\t" if letter == "\t" else " " * _columns(letter) for letter in left + before)
    room = max(_columns(shown) - _columns(before), 1)
    yield f"  {number + 1} | {left}{_safe(shown)}{right}"
    yield f"  {margin} | {blank}{'^' * min(max(_columns(marked), 1), room)}"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter) or letter in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _safe(text: str) -> str:
    """Return a line with the same width, in which no character controls the terminal."""
    return "".join(
        letter if letter == visible(letter) and letter != "\n" else "\ufffd" for letter in text
    )


def _sum(files: list[Checked]) -> str:
    counts = Counter(problem.severity for file in files for problem in file.problems)
    total = _count(len(files), "file")
    if not counts:
        return f"No problems in {total}."
    parts = [_count(counts["error"], "error"), _count(counts["warning"], "warning")]
    if hints := counts["information"]:
        parts.append(_count(hints, "hint"))
    return f"{', '.join(parts)} in {total}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# GitHub -------------------------------------------------------------------------------------


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
