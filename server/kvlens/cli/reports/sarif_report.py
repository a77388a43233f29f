"""Problems in SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kvlens import __version__
from kvlens.cli.reports.places import shown
from kvlens.lint.checked import Checked
from kvlens.lint.registry import rules as all_rules
from kvlens.text import UTF16, LineIndex, Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "information": "note"}


def report(files: list[Checked]) -> str:
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
                "level": _LEVELS[problem.severity],
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
                "defaultConfiguration": {
                    "level": _LEVELS[rule.severity],
                    **({"enabled": False} if rule.off_by_default else {}),
                },
            }
            for rule in rules.values()
        ],
    }
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _location(path: Path, index: LineIndex, span: Span) -> dict[str, Any]:
    start, end = (index.position(offset, UTF16) for offset in span)
    name = shown(path)
    uri = Path(name).as_uri() if Path(name).is_absolute() else quote(name)
    region = {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
