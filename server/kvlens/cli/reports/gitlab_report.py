"""Problems in the format of GitLab's Code Quality: docs.gitlab.com/ci/testing/code_quality."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from kvlens.cli.reports.places import shown, start_of
from kvlens.lint.checked import Checked
from kvlens.text import LineIndex

_LEVELS = {"error": "major", "warning": "minor", "information": "info"}


def report(files: list[Checked]) -> str:
    """Return a list of problems, each with a fingerprint that doesn't depend on its line."""
    found: list[dict[str, Any]] = []
    same: Counter[tuple[str, ...]] = Counter()
    for file in files:
        index, name = LineIndex(file.text), shown(file.path)
        for problem in file.problems:
            line, _ = start_of(index, problem.span)
            mark = (name, problem.code, problem.message)
            same[mark] += 1
            fingerprint = hashlib.sha256("\0".join((*mark, str(same[mark]))).encode())
            found.append(
                {
                    "description": problem.message,
                    "check_name": problem.code,
                    "fingerprint": fingerprint.hexdigest(),
                    "severity": _LEVELS[problem.severity],
                    "location": {"path": name, "lines": {"begin": line}},
                }
            )
    return json.dumps(found, indent=2) + "\n"
