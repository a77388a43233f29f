"""Problems as annotations of GitHub Actions."""

from __future__ import annotations

import os
from pathlib import Path

from kvlens.cli.reports.places import shown
from kvlens.lint.checked import Checked
from kvlens.text import UTF32, LineIndex

_LEVELS = {"error": "error", "warning": "warning", "information": "notice"}


def report(files: list[Checked]) -> str:
    """Return workflow commands, which GitHub Actions shows next to the lines of a change."""
    root = os.environ.get("GITHUB_WORKSPACE")
    lines: list[str] = []
    for file in files:
        index = LineIndex(file.text)
        name = shown(file.path, Path(root) if root else None)
        for problem in file.problems:
            start, end = (index.position(offset, UTF32) for offset in problem.span)
            where = {"file": name, "line": start.line + 1, "endLine": end.line + 1}
            if start.line == end.line:  # columns are for one line only
                where |= {"col": start.character + 1, "endColumn": end.character + 1}
            where["title"] = f"kvlens {problem.code}"
            properties = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
            message = _escaped(f"{problem.message}\n{problem.url}")
            lines.append(f"::{_LEVELS[problem.severity]} {properties}::{message}\n")
    return "".join(lines)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
