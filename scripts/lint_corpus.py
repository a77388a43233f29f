"""Check a folder of third-party configs and print a table of the problems.

    .venv/bin/python -m scripts.lint_corpus FOLDER [--code CODE]

For reviewing every report by hand: a false one is a bug in a rule. The folder's files are never
part of this repository.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kvlens.config.find import ConfigError, find_configs, read_config
from kvlens.config.model import Config
from kvlens.config.reader import load_text
from kvlens.lint.base import Problem
from kvlens.lint.check_config import check
from kvlens.lint.problems import file_problem
from kvlens.text import LineIndex


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 if there is nothing to check."""
    parser = argparse.ArgumentParser(prog="lint_corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--code", help="show this rule's problems only")
    options = parser.parse_args(arguments)
    paths = find_configs(options.folder)
    if not paths:
        print(f"no wrangler.toml, .json or .jsonc below {options.folder}", file=sys.stderr)
        return 2
    forms: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for path in paths:
        name = path.relative_to(options.folder).as_posix()
        try:
            text = read_config(path)
        except ConfigError as error:
            config, problems, text = None, [file_problem(str(error))], ""
        else:
            config = load_text(text, str(path))
            problems = check(config)
        forms.update(_forms(config) if config else ["unreadable"])
        totals.update(problem.code for problem in problems)
        index = LineIndex(text)
        for problem in problems:
            if options.code in (None, problem.code):
                print(_row(name, index, problem))
    _print_totals(f"{len(paths)} configs", forms)
    _print_totals(f"{sum(totals.values())} problems", totals)
    return 0


def _row(name: str, index: LineIndex, problem: Problem) -> str:
    line = index.position(problem.span.start).line + 1
    shown = index.text[slice(*problem.span)].split("\n")[0].strip()[:40]
    return f"{name}:{line}  {problem.severity} {problem.code}  {shown}\n    {problem.message}"


def _forms(config: Config) -> list[str]:
    """Name the syntaxes in which a config writes its namespaces."""
    found: list[str] = []
    for environment in config.environments:
        for kv in environment.kv:
            written = "JSON" if config.is_json else "[[…]]" if kv.definition.elements else "= […]"
            found.append(f"{written}{' in an environment' if environment.name else ''}")
    return sorted(set(found)) or ["without kv_namespaces"]


def _print_totals(title: str, counts: Counter[str]) -> None:
    print(f"\n{title}")
    for name, count in counts.most_common():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    sys.exit(main())
