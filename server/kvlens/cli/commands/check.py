"""Find problems in configs, seed files and sources.

Section: Project
"""

from __future__ import annotations

import argparse
import functools
import gc
import sys
from collections.abc import Iterable
from pathlib import Path

from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.reports import FORMATS
from kvlens.config.find import SEEDS, find_configs, owning_config, winners
from kvlens.js.files import source_files
from kvlens.js.grammar import is_source, unavailable
from kvlens.lint.base import Level, Levels
from kvlens.lint.project import Checked, Wanted, check_project
from kvlens.lint.registry import find_rule
from kvlens.lint.suppressions import LEVELS

_CONFIG_ENDINGS = (".toml", ".json", ".jsonc")


def _check(options: Options) -> int:
    """Check and report; 1 where there is an error or nothing to check, 2 for wrong use."""
    gc.set_threshold(200_000, 50, 100)  # nearly all that is read lives to the end: half the time
    paths = [Path(path) for path in options.words or ["."]]
    for path in paths:
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder")
        if not path.is_dir() and path.suffix not in _CONFIG_ENDINGS and not is_source(str(path)):
            wanted = (
                "a config (.toml, .json, .jsonc), a seed file (.json), JavaScript or TypeScript"
            )
            raise UsageError(f"{path}: not {wanted}")
    files = _checked(_plan(paths), dict(options.severity))
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
        "--output-format", choices=FORMATS, default="text", help="how to report (default: text)"
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


# what to check ------------------------------------------------------------------------------


class _Plan:
    """The files to check, each once, by the project that they belong to."""

    def __init__(self) -> None:
        self.projects: dict[Path | None, Wanted] = {}
        self._seen: set[Path] = set()
        self._owner = functools.cache(owning_config)

    def add(self, path: Path) -> None:
        """Add a file, unless it is there already."""
        whole = path.resolve()
        if whole in self._seen:
            return
        self._seen.add(whole)
        owner = self._owner(path.parent)
        wanted = self.projects.setdefault(owner, Wanted(owner))
        (wanted.sources if is_source(str(path)) else wanted.files).append(path)

    def add_below(self, folder: Path) -> None:
        """Add the configs below a folder, the seed files beside each, and the sources."""
        configs = find_configs(folder)
        for config in configs:
            self.add(config)
            for seeds in sorted((config.parent / SEEDS).glob("*.json")):
                self.add(seeds)
        roots = [config.parent for config in winners(configs)]
        if folder not in roots and self._owner(folder):
            roots.append(folder)  # of the project whose config is above
        for root in roots:
            for source in source_files(root):
                self.add(source)


def _plan(paths: Iterable[Path]) -> list[Wanted]:
    plan = _Plan()
    for path in paths:
        if path.is_dir():
            plan.add_below(path)
        else:
            plan.add(path)
    return list(plan.projects.values())


COMMAND = Command(
    "Find problems in configs, seed files and sources.\n"
    "Checks the KV namespaces of configs, the seed files beside them, and what the Workers' "
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
