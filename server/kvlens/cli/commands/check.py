"""Find problems in configs, seed files and sources.

Section: Project
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterable
from pathlib import Path

from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.reports import FORMATS
from kvlens.js.grammar import is_source, unavailable
from kvlens.lint.base import Level, Levels
from kvlens.lint.project import Checked, Wanted, check_project, wanted_for
from kvlens.lint.registry import find_rule
from kvlens.lint.suppressions import LEVELS

_CONFIG_ENDINGS = (".toml", ".json", ".jsonc")


def _check(options: Options) -> int:
    """Check and report; return 1 for errors or if there is nothing to check, 2 for wrong usage."""
    gc.set_threshold(200_000, 50, 100)  # nearly all objects live to the end: this halves the time
    paths = [Path(path) for path in options.words or ["."]]
    for path in paths:
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder")
        if not path.is_dir() and path.suffix not in _CONFIG_ENDINGS and not is_source(str(path)):
            wanted = (
                "a config (.toml, .json, .jsonc), a seed file (.json), JavaScript or TypeScript"
            )
            raise UsageError(f"{path}: not {wanted}")
    files = _checked(wanted_for(paths), dict(options.severity))
    if not files:
        where = ", ".join(str(path) for path in paths)
        print(
            f"kvlens check: no wrangler.toml, wrangler.json or wrangler.jsonc below {where}",
            file=sys.stderr,
        )
        if options.output_format == "text":
            return 1
    sys.stdout.write(FORMATS[options.output_format](files))
    errors = any(problem.severity == "error" for file in files for problem in file.problems)
    return 1 if errors or not files else 0


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output-format",
        choices=FORMATS,
        default="text",
        help="the format of the report (default: text)",
    )
    parser.add_argument(
        "--severity",
        action="append",
        type=_severity,
        default=[],
        metavar="CODE=LEVEL",
        help=f"make a rule {', '.join(LEVELS[:-1])} or {LEVELS[-1]}; may be given several times",
    )


def _severity(text: str) -> tuple[str, Level]:
    code, _, level = text.partition("=")
    if find_rule(code) is None:
        raise argparse.ArgumentTypeError(f"there is no rule {code!r}; see docs/rules")
    for known in LEVELS:
        if level == known:
            return code, known
    raise argparse.ArgumentTypeError(f"{text!r} should end with ={' or ='.join(LEVELS)}")


def _checked(plan: Iterable[Wanted], levels: Levels) -> list[Checked]:
    projects = list(plan)
    missing = unavailable() if any(project.sources for project in projects) else None
    if missing:
        print(f"kvlens check: {missing}", file=sys.stderr)
    return [
        checked
        for project in projects
        for checked in check_project(project, levels, with_sources=not missing)
    ]


COMMAND = Command(
    "Find problems in configs, seed files and sources.\n"
    "Checks the KV namespaces of configs, the seed files next to them, and what the Workers' "
    "sources do with KV.",
    _check,
    _options,
    (
        Argument(
            "[PATH…]",
            "a config, a seed file, a source, or a folder to look for them in (default: this one)",
        ),
    ),
    ("kvlens check", "kvlens check src wrangler.toml --severity id-shared=off"),
    {0: "no error was found", 1: "an error was found, or there is nothing to check"},
)
