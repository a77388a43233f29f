"""Problems as JSON with the positions of LSP."""

from __future__ import annotations

import json
from typing import Any

from kvlens.cli.reports.places import shown
from kvlens.lint.checked import Checked
from kvlens.text import UTF16, LineIndex


def report(files: list[Checked]) -> str:
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
                    "file": shown(file.path),
                    "range": {"start": start._asdict(), "end": end._asdict()},
                    "url": problem.url,
                }
            )
    return json.dumps(found, indent=2) + "\n"
