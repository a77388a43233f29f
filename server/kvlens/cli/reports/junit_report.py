"""Problems as failed tests in JUnit's XML, which most CI servers show."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from kvlens.cli.reports.places import shown, start_of
from kvlens.cli.terminal import one_line
from kvlens.lint.checked import Checked
from kvlens.text import LineIndex


def report(files: list[Checked]) -> str:
    """Return a suite for each file: a failed test for each problem, or one that passed."""
    total = sum(len(file.problems) for file in files)
    tests = sum(len(file.problems) or 1 for file in files)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="kvlens" tests="{tests}" failures="{total}" errors="0">',
    ]
    for file in files:
        lines += _suite(file)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(file: Checked) -> list[str]:
    index, name = LineIndex(file.text), one_line(shown(file.path))
    count = len(file.problems)
    found = [
        f"  <testsuite name={quoteattr(name)} tests={quoteattr(str(count or 1))} "
        f'failures="{count}" errors="0">'
    ]
    if not count:
        found.append(f'    <testcase name="kvlens check" classname={quoteattr(name)}/>')
    for problem in file.problems:
        line, column = start_of(index, problem.span)
        place = f"{name}:{line}:{column}"
        found += [
            f"    <testcase name={quoteattr(f'{problem.code} {line}:{column}')} "
            f'classname={quoteattr(name)} line="{line}">',
            f"      <failure type={quoteattr(problem.severity)} "
            f"message={quoteattr(f'{place}: {one_line(problem.message)}')}/>",
            "    </testcase>",
        ]
    return [*found, "  </testsuite>"]
