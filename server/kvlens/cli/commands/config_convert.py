"""Convert a config between TOML, JSON with comments, and a cloudflare.config.ts.

Section: Project
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kvlens.cli.common import config_path, print_warnings, shown
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.terminal import exact_output, one_line
from kvlens.config.find import read_config
from kvlens.files import create_bytes
from kvlens.operations.convert_config import LANGUAGES, TITLES, convert_config, language_of


def _convert(options: Options) -> int:
    """Write the result to a new file or to standard output, and what it lacks to the error."""
    if options.words:
        options.config = options.words[0]
    other = language_of(options.output or "")
    if other not in (None, options.to):
        raise UsageError(
            f"{options.output} is the name of a file in {TITLES[other]}; name another one, or use "
            f"--to {other}"
        )
    path = config_path(options, "the argument FILE")
    done = convert_config(read_config(path), shown(path), options.to)
    if options.output in (None, "-"):
        exact_output().write(done.text)
    else:
        output = Path(options.output)
        try:
            create_bytes(output, done.text.encode())
        except FileExistsError:
            raise CommandError(
                f"{shown(output.absolute())} exists and is kept; name another file, or delete it"
            ) from None
        except OSError as error:
            raise CommandError(f"{output}: can't be written: {error.strerror}") from error
    lines = [f"{shown(path)}:{line}: {message}" for line, message in done.notices]
    print_warnings(lines)
    if options.output not in (None, "-"):
        print(f"Wrote {one_line(options.output)}. {shown(path)} is kept.", file=sys.stderr)
    return 0


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        required=True,
        choices=LANGUAGES,
        metavar="LANGUAGE",
        help=f"the language: {', '.join(LANGUAGES)} (ts is a cloudflare.config.ts)",
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE", help="the new file (default: standard output)"
    )
    parser.set_defaults(config=None)


COMMAND = Command(
    "Convert a config between TOML, JSON with comments, and a cloudflare.config.ts.\n"
    "Comments and the order are kept. What has no equivalent in the other language is left as a "
    "comment, and named on standard error. No file is overwritten or deleted.",
    _convert,
    _options,
    (Argument("[FILE]", "the config (default: found from here)"),),
    (
        "kvlens config convert --to jsonc",
        "kvlens config convert --to toml wrangler.jsonc --output wrangler.toml",
    ),
    {1: "the config has a mistake, isn't static code, or the new file exists"},
)
