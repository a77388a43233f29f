"""Find problems in configs, seed files and sources.

Section: Project
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from pathlib import Path
from typing import TextIO

from kvlens.cli.check_cache import CheckCache
from kvlens.cli.check_run import Run, is_checked
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.reports.formats import FORMATS, report_as
from kvlens.cli.reports.places import amount, shown
from kvlens.lint.base import Level, Levels
from kvlens.lint.baseline import Baseline, BaselineError, Scope
from kvlens.lint.checked import Checked
from kvlens.lint.project_file import NAMES as PROJECT_FILES
from kvlens.lint.registry import codes as all_codes
from kvlens.lint.suppressions import LEVELS
from kvlens.text import NotTextError, byte_order_mark, decode

_STDIN = "-"


def _check(options: Options) -> int:
    """Check and report; return 1 for errors or if there is nothing to check, 2 for wrong usage."""
    gc.set_threshold(200_000, 50, 100)  # nearly all objects live to the end: this halves the time
    _validate(options)
    if options.watch:
        from kvlens.cli.check_watch import watch  # late: it needs a watcher of files

        return watch(options.words or ["."], lambda: _once(options, _run(options)))
    if options.fix or options.diff or options.no_cache or options.words == [_STDIN]:
        code = _once(options, _run(options))
    else:
        code = _report(options, _kept_or_checked(options))
    gc.freeze()  # or Python would look for garbage in all of it before it ends
    return code


def _kept_or_checked(options: Options) -> list[Checked]:
    """Return the checked files, from the cache if nothing has changed."""
    cache = CheckCache(_paths(options), [options.severity, options.select, options.ignore])
    files = cache.load()
    if files is None:
        began = time.time_ns()
        run = _run(options)
        files = run.check()
        cache.save(files, run.seen, began)
    return files


def _validate(options: Options) -> None:
    words = options.words
    if _STDIN in words and (len(words) > 1 or not options.stdin_filename):
        raise UsageError("- checks standard input alone; name the file with --stdin-filename")
    if options.stdin_filename and words != [_STDIN]:
        raise UsageError("--stdin-filename is for standard input; give - as the path")
    if options.stdin_filename and not is_checked(Path(options.stdin_filename)):
        raise UsageError(f"--stdin-filename {options.stdin_filename}: {_WANTED}")
    if options.stdin_filename and Path(options.stdin_filename).name in PROJECT_FILES:
        raise UsageError(
            f"--stdin-filename {options.stdin_filename}: a project file is checked where it is; "
            "save it, and run kvlens check without -"
        )
    if options.update_baseline and not options.baseline:
        raise UsageError("--update-baseline needs --baseline FILE")
    if options.watch and (options.fix or options.diff or _STDIN in words):
        raise UsageError("--watch only reports; leave out --fix, --diff and -")
    if options.fix and options.diff:
        raise UsageError("--diff shows what --fix would change; give one of them")
    for path in map(Path, () if _STDIN in words else words):
        if not path.exists():
            raise CommandError(f"{path}: no such file or folder")
        if not path.is_dir() and not is_checked(path):
            raise UsageError(f"{path}: {_WANTED}")


_WANTED = "not a config (.toml, .json, .jsonc), a seed file (.json), JavaScript or TypeScript"


def _user(options: Options) -> Levels:
    """Return the severities that the user sets for this check."""
    from kvlens.lint.severities import selected

    return selected(dict(options.severity), options.select, options.ignore)


def _paths(options: Options) -> list[Path]:
    if options.words == [_STDIN]:
        return [Path(options.stdin_filename)]
    return [Path(word) for word in options.words or ["."]]


def _run(options: Options) -> Run:
    from kvlens.lint.severities import Severities

    paths, severities = _paths(options), Severities(_user(options))
    if options.words != [_STDIN]:
        # a watcher has threads, which a copy of this process would lack
        return Run(paths, severities, processes=1 if options.watch else 0)
    from kvlens.js.files import LARGEST

    (path,) = paths
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise CommandError(f"standard input is over the limit of {LARGEST:,} bytes")
    try:
        text = decode(data)
    except NotTextError as error:
        raise CommandError(f"standard input {error}") from error
    return Run(paths, severities, {path: text}, byte_order_mark(data))


def _once(options: Options, run: Run) -> int:
    """Check, fix, and report once; return the exit code."""
    files = run.check(fixable=options.fix or options.diff)
    if not (options.fix or options.diff):
        return _report(options, files)
    from kvlens.cli.check_fixes import fix, show_fixes  # late: few checks fix

    if options.diff:
        return show_fixes(files, run)
    files, all_written = fix(files, run)
    code = _report(options, files, sys.stderr if run.texts else sys.stdout)
    return code if all_written else 1


def _report(options: Options, files: list[Checked], to: TextIO | None = None) -> int:
    """Report to a stream, or to standard output; return the exit code."""
    if options.baseline:
        files = _known_left_out(options, files)
    if not files:
        print(f"kvlens check: {_nothing(options)}", file=sys.stderr)
        if options.output_format == "text":
            return 0 if options.exit_zero else 1
    (to or sys.stdout).write(report_as(options.output_format)(files))
    errors = any(problem.severity == "error" for file in files for problem in file.problems)
    return 1 if (errors or not files) and not options.exit_zero else 0


def _nothing(options: Options) -> str:
    """Return why nothing was checked."""
    from kvlens.config.find import find_configs
    from kvlens.lint.severities import Severities

    where, severities = ", ".join(options.words or ["."]), Severities()
    configs = [config for path in _paths(options) for config in find_configs(path)]
    excluding = (severities.file(config) for config in configs if severities.excludes(config))
    file = next(excluding, None)
    if file is None or file.path is None:
        return f"no config of a Worker, such as wrangler.jsonc, below {where}"
    return (
        f"`exclude` in {shown(file.path)} leaves out all files below {where}: "
        f"{' and '.join(file.excluding(configs))}. Narrow it, or name the files to check"
    )


def _known_left_out(options: Options, files: list[Checked]) -> list[Checked]:
    path = Path(options.baseline)
    off = [code for code, level in _user(options).items() if level == "off"]
    scope = Scope(_paths(options), off)
    try:
        if options.update_baseline:
            known = Baseline.updated(path, files, scope)
            known.write()
        else:
            known = Baseline.read(path)
    except BaselineError as error:
        raise CommandError(str(error)) from error
    except FileNotFoundError as error:
        if options.update_baseline:
            raise
        way_out = "--update-baseline writes it, with the problems there are now"
        raise CommandError(f"{path}: there is no such file; {way_out}") from error
    found, gone = known.without_known(files, scope)
    if gone:
        some = amount(gone, "problem")
        verb, them = ("exists", "it") if gone == 1 else ("exist", "them")
        print(
            f"kvlens check: {some} in {path} no longer {verb}; --update-baseline removes {them}",
            file=sys.stderr,
        )
    return found


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fix",
        action="store_true",
        help="fix what has one certain answer, and report the rest",
    )
    parser.add_argument(
        "--diff",
        action="store_true",
        help="show what --fix would change, and change nothing",
    )
    parser.add_argument(
        "--watch", "-w", action="store_true", help="check again whenever a file changes"
    )
    parser.add_argument(
        "--select",
        action="extend",
        type=_codes,
        default=[],
        metavar="CODES",
        help="check only these rules: codes or patterns such as id-*, with commas",
    )
    parser.add_argument(
        "--ignore",
        action="extend",
        type=_codes,
        default=[],
        metavar="CODES",
        help="don't check these rules",
    )
    parser.add_argument(
        "--severity",
        action="append",
        type=_severity,
        default=[],
        metavar="CODE=LEVEL",
        help=f"make a rule {', '.join(LEVELS[:-1])} or {LEVELS[-1]}; may be given several times",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="report only problems that aren't recorded in FILE"
    )
    parser.add_argument(
        "--update-baseline",
        action="store_true",
        help="record the problems there are now in the file of --baseline",
    )
    parser.add_argument(
        "--stdin-filename",
        metavar="PATH",
        help="with - as the path: where the text from standard input belongs",
    )
    parser.add_argument(
        "--output-format",
        choices=FORMATS,
        default="text",
        metavar="FORMAT",
        help=f"the format of the report: {', '.join(FORMATS)} (default: text)",
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="check again even if nothing has changed since the last time",
    )
    parser.add_argument(
        "--exit-zero", action="store_true", help="exit with 0 even if errors were found"
    )


def _severity(text: str) -> tuple[str, Level]:
    code, _, level = text.partition("=")
    if code not in all_codes():
        raise argparse.ArgumentTypeError(f"there is no rule {code!r}; see docs/rules")
    for known in LEVELS:
        if level == known:
            return code, known
    raise argparse.ArgumentTypeError(f"{text!r} should end with ={' or ='.join(LEVELS)}")


def _codes(text: str) -> list[str]:
    codes = [code for part in text.split(",") if (code := part.strip())]
    from kvlens.lint.severities import is_code

    for code in codes:
        if not is_code(code):
            raise argparse.ArgumentTypeError(f"there is no rule {code!r}; see `kvlens rule --all`")
    return codes


COMMAND = Command(
    "Find problems in configs, seed files and sources.\n"
    "Checks the KV namespaces of configs, the seed files next to them, and what the Workers' "
    "sources do with KV. A project's settings are in kvlens.toml; see docs/project-file.md.",
    _check,
    _options,
    (
        Argument(
            "[PATH…]",
            "a config, a seed file, a source, or a folder to look for them in (default: this "
            "one); - is standard input",
        ),
    ),
    (
        "kvlens check",
        "kvlens check --fix src --severity id-shared=off",
        "kvlens check --select 'id-*' --output-format gitlab",
        "kvlens check --baseline known.json --update-baseline",
        "kvlens check - --stdin-filename index.ts < index.ts",
    ),
    {
        0: "no error; with --diff, nothing to fix",
        1: "an error, a fix that wasn't written, nothing to check, or a difference",
    },
)
