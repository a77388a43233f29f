"""Shared by the commands on keys: arguments, options, files and texts."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kvlens.cli.frame import Argument, CommandError, Options, UsageError
from kvlens.cli.terminal import exact_output, one_line
from kvlens.files import read_stream
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.values import decode_text, parse_json
from kvlens.operations.clock import why_hidden
from kvlens.operations.errors import listed
from kvlens.operations.target import Target
from kvlens.seeds.array import LARGEST, decode, read_text, short

KEY = Argument("KEY", "the key's name: 1 to 512 bytes of UTF-8, not . or ..")
KEYS_FILE = Argument("FILE", 'a JSON array of keys, or of {"name": KEY}; - is standard input')
NAMED = 5  # keys listed in a message


def time_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a put."""
    parser.add_argument(
        "--ttl",
        type=int,  # the check of the time names the option and the limits
        metavar="S",
        help="expire in S seconds, at least 60 (default: never)",
    )
    parser.add_argument(
        "--expiration",
        type=int,
        metavar="T",
        help="expire at T, in seconds since 1970 (default: never)",
    )
    parser.add_argument("--metadata", metavar="JSON", help="metadata, up to 1024 bytes of JSON")


def metadata_of(options: Options) -> Any:
    """Return the JSON value of --metadata. Raises UsageError if it isn't JSON."""
    if options.metadata is None:
        return None
    try:
        return parse_json(options.metadata)
    except KVSyntaxError:
        raise UsageError(f"--metadata must be valid JSON. Received: {options.metadata}") from None


def file_text(file: str) -> str:
    """Return the text of a file that the user names, or of standard input for "-".

    Raises FileError.
    """
    if file != "-":
        return read_text(Path(file), file, given=True)
    return decode(read_stream(sys.stdin.buffer, LARGEST, "stdin"), "stdin")


async def missing_key(key: str, target: Target) -> CommandError:
    """Return the error for a key that doesn't exist, or that a moved clock hides."""
    why = await why_hidden(target, key)
    return CommandError(
        f"no key {quoted(key)} in {one_line(target)}"
        + (f": {why}" if why else "; `kvlens key list` shows the keys that are there")
    )


def print_value(value: bytes, *, text: bool = False) -> None:
    """Print a value byte for byte; on a terminal, as text without control characters.

    `text` decodes it as UTF-8, and ends it with a newline.
    """
    if text or sys.stdout.isatty():
        shown = decode_text(value) + ("\n" if text else "")
        (sys.stdout if sys.stdout.isatty() else exact_output()).write(shown)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(value)
        sys.stdout.buffer.flush()


def quoted(key: str) -> str:
    """Return a key in quotes."""
    return json.dumps(key, ensure_ascii=False)


def some_keys(keys: Sequence[str]) -> str:
    """Return the first keys, and how many more there are."""
    named = listed([short(key) for key in keys[:NAMED]])
    more = len(keys) - NAMED
    return f"{named} and {more:,} more" if more > 0 else named


def utc(seconds: int) -> str:
    """Format a time."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)
