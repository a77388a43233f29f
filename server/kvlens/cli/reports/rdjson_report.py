"""Problems in reviewdog's Diagnostic Format, rdjson."""

from __future__ import annotations

import json
from typing import Any

from kvlens.cli.reports.places import shown
from kvlens.lint.checked import Checked
from kvlens.text import UTF8, LineIndex

_LEVELS = {"error": "ERROR", "warning": "WARNING", "information": "INFO"}


def report(files: list[Checked]) -> str:
    """Return the problems with 1-based lines, and columns in bytes of UTF-8."""
    found: list[dict[str, Any]] = []
    for file in files:
        index, name = LineIndex(file.text), shown(file.path)
        for problem in file.problems:
            start, end = (
                {"line": line + 1, "column": column + 1}
                for line, column in (index.position(offset, UTF8) for offset in problem.span)
            )
            found.append(
                {
                    "message": problem.message,
                    "location": {"path": name, "range": {"start": start, "end": end}},
                    "severity": _LEVELS[problem.severity],
                    "code": {"value": problem.code, "url": problem.url},
                }
            )
    source = {"name": "kvlens", "url": "https://github.com/kvlens/kvlens"}
    return json.dumps({"source": source, "diagnostics": found}, indent=2) + "\n"
