"""The formats of a report: one module for each, with a function `report`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from kvlens.lint.checked import Checked

FORMATS = ("text", "json", "github", "gitlab", "junit", "rdjson", "sarif")

Report = Callable[[list[Checked]], str]


def report_as(name: str) -> Report:
    """Return the function that makes a report in one of FORMATS."""
    report: Report = importlib.import_module(f"kvlens.cli.reports.{name}_report").report
    return report
