"""`kvlens check`: the problems of configs and seed files, for people and for machines."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kvlens.cli.reports import FORMATS, Checked
from kvlens.config import load_text
from kvlens.config.around import look_around
from kvlens.config.find import SEEDS, ConfigError, find_configs, is_config, read_config
from kvlens.rulebook import severities
from kvlens.rules import LEVELS, Level, Levels, check, check_file, levelled, reported

_CONFIG_ENDINGS = (".toml", ".json", ".jsonc")
_SEED_RULES = {"error": "seed-invalid", "warning": "seed-doubtful"}


def run(command: str, arguments: Sequence[str]) -> int:
    """Check and report; 1 where there is an error or nothing to check, 2 for wrong use."""
    options = _parser(command).parse_args(arguments)
    paths = [Path(path) for path in options.paths or ["."]]
    for path in paths:
        if not path.exists():
            print(f"kvlens {command}: {path}: no such file or folder", file=sys.stderr)
            return 1
        if path.is_file() and path.suffix not in _CONFIG_ENDINGS:
            wanted = "a config (.toml, .json, .jsonc) or a seed file (.json)"
            print(f"kvlens {command}: {path}: not {wanted}", file=sys.stderr)
            return 2
    levels = dict(options.severity)
    files = [checked for path in _files(paths) for checked in _checked(path, levels)]
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console may have few characters
        sys.stdout.reconfigure(errors="backslashreplace")
    if not files:
        where = ", ".join(str(path) for path in paths)
        print(
            f"kvlens {command}: no wrangler.toml, wrangler.json or wrangler.jsonc below {where}",
            file=sys.stderr,
        )
        if options.output_format == "text":
            return 1
    sys.stdout.write(FORMATS[options.output_format](files))
    errors = any(problem.severity == "error" for file in files for problem in file.problems)
    return 1 if errors or not files else 0


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"kvlens {command}",
        description="Check the KV namespaces of configs, and the seed files beside them.",
        epilog="Exit code: 0 no error, 1 an error or nothing to check, 2 wrong use.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="a config, a seed file, or a folder to look for them in (default: this folder)",
    )
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
    return parser


def _severity(text: str) -> tuple[str, Level]:
    code, _, level = text.partition("=")
    if code not in severities():
        raise argparse.ArgumentTypeError(f"there is no rule {code!r}; see docs/rules")
    for known in LEVELS:
        if level == known:
            return code, known
    raise argparse.ArgumentTypeError(f"{text!r} should end with ={' or ='.join(LEVELS)}")


def _files(paths: list[Path]) -> Iterator[Path]:
    """Yield the files to check, each once, in order."""
    seen: set[Path] = set()
    for path in paths:
        for file in [path] if path.is_file() else _below(path):
            whole = file.resolve()
            if whole not in seen:
                seen.add(whole)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    """Yield the configs below a folder, each followed by the seed files beside it."""
    for config in find_configs(folder):
        yield config
        yield from sorted((config.parent / SEEDS).glob("*.json"))


def _checked(path: Path, levels: Levels) -> Iterator[Checked]:
    if _is_seed_file(path):
        seeds = _check_seed_file(path)
        found = [levelled(problem, levels) for problem in seeds.problems]
        yield Checked(path, seeds.text, [problem for problem in found if problem])
        return
    try:
        text = read_config(path)
    except ConfigError as error:
        problem = levelled(check_file(str(error).removeprefix(f"{path}: ")), levels)
        yield Checked(path, "", [problem] if problem else [])
    else:
        yield Checked(path, text, check(load_text(text, str(path)), look_around(path), levels))


def _is_seed_file(path: Path) -> bool:
    """Tell a seed file from a config: by its folder, or as JSON that begins with an array."""
    if path.suffix != ".json" or is_config(path):
        return False
    if path.parent.name == SEEDS:
        return True
    try:
        with path.open("rb") as file:
            return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    except OSError:
        return False


def _check_seed_file(path: Path) -> Checked:
    from kvlens.seeds.array import FileError, read_text  # late: only where there are seeds
    from kvlens.seeds.file import check as check_seeds

    try:
        text = read_text(path, path.name)
    except FileError as error:
        return Checked(path, "", [check_file(problem.message) for problem in error.problems])
    found = [
        reported(_SEED_RULES[problem.severity], problem.message, problem.span)
        for problem in check_seeds(text, str(path), time.time()).problems
    ]
    return Checked(path, text, found)
