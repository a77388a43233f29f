"""Check a folder of third-party repositories, and print what is reported, rule by rule.

    .venv/bin/python -m scripts.lint_corpus FOLDER [--code CODE] [--samples N]
    .venv/bin/python -m scripts.lint_corpus FOLDER --save before.json
    .venv/bin/python -m scripts.lint_corpus FOLDER --before before.json

For reading every report: a false one is a bug in a rule, and one that nobody would act on is noise.
With `--before`, only what is new or gone since is printed. Each folder directly below FOLDER is a
repository. Their files are never part of this one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kvlens.cli.check_run import Run
from kvlens.cli.terminal import one_line
from kvlens.lint.severities import Severities
from kvlens.text import UTF32, LineIndex

_SAMPLES = 5  # reports shown of a rule
_WIDEST = 140  # characters of a line


class Report(NamedTuple):
    """One problem. Two are the same if all but the line is, as lines move."""

    code: str
    severity: str
    place: str
    message: str
    text: str
    line: int

    @property
    def identity(self) -> tuple[str, ...]:
        """What is the same for the same problem in another version."""
        return self.code, self.place, self.message, self.text


def reports_of(folder: Path) -> list[Report]:
    """Check every repository below a folder."""
    found: list[Report] = []
    for repository in sorted(path for path in folder.iterdir() if path.is_dir()):
        for file in Run([repository], Severities()).check():
            index = LineIndex(file.text)
            place = file.path.relative_to(folder).as_posix()
            for problem in file.problems:
                number = index.position(problem.span.start, UTF32).line
                text = index.line(number).strip()[:_WIDEST] if file.text else ""
                found.append(
                    Report(problem.code, problem.severity, place, problem.message, text, number + 1)
                )
    return found


def by_rule(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Return reports by their rule, the most frequent rule first."""
    found: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        found[report.code].append(report)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the reports; return 0, or 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(prog="lint_corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--code", help="show all reports of this rule, and no others")
    parser.add_argument("--samples", type=int, default=_SAMPLES, help="reports shown of a rule")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep the reports, for --before")
    parser.add_argument("--before", type=Path, metavar="FILE", help="compare with kept reports")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"{options.folder}: no such folder", file=sys.stderr)
        return 2
    found = reports_of(options.folder)
    if options.save:
        options.save.write_text(json.dumps(found), encoding="utf-8")
    shown = [one for one in found if options.code in (None, one.code)]
    most = len(shown) if options.code else options.samples
    if options.before:
        known = [Report(*one) for one in json.loads(options.before.read_text(encoding="utf-8"))]
        known = [one for one in known if options.code in (None, one.code)]
        before, after = ({one.identity for one in some} for some in (known, shown))
        _print("new", by_rule(one for one in shown if one.identity not in before), most)
        _print("gone", by_rule(one for one in known if one.identity not in after), most)
    else:
        _print("reports", by_rule(shown), most)
    return 0


def _print(title: str, found: Mapping[str, Sequence[Report]], most: int) -> None:
    total = sum(map(len, found.values()))
    repositories = {one.place.partition("/")[0] for some in found.values() for one in some}
    print(f"# {title}: {total:,} of {len(found)} rules in {len(repositories)} repositories\n")
    for code, some in found.items():
        where = len({one.place.partition("/")[0] for one in some})
        print(f"## {code}: {len(some):,} {some[0].severity} in {where} repositories\n")
        step = max(1, len(some) // most) if most else 1
        for one in some[::step][:most]:  # from all of them, not only the first repositories
            print(f"- {one.place}:{one.line}: {one_line(one.message)}")
            print(f"  > {one_line(one.text)}")
        print()


if __name__ == "__main__":
    sys.exit(main())
