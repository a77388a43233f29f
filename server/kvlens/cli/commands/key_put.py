"""Write one key."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kvlens.cli.common import counted, find_target, namespace_options, print_json, run
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.keys import KEY, metadata_of, quoted, time_options, utc
from kvlens.cli.terminal import one_line
from kvlens.files import read_given
from kvlens.kv.limits import MAX_VALUE_SIZE
from kvlens.kv.validation import check_value_size
from kvlens.operations.list_keys import extras
from kvlens.operations.put import put


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--path", metavar="FILE", help="read the value from FILE; - is standard input"
    )
    time_options(parser)
    namespace_options(parser)


def _value(options: Options) -> bytes:
    given = options.words[1] if len(options.words) > 1 else None
    if given is None and options.path is None:
        raise UsageError(
            "Missing required option: exactly one of <value> and --path must be provided"
        )
    if given is not None and options.path is not None:
        raise UsageError(
            "Conflicting options: <value> and --path cannot be used together. "
            "Please provide only one."
        )
    if options.path == "-":
        return sys.stdin.buffer.read(MAX_VALUE_SIZE + 1)
    if given is not None:  # bytes that are not text stay as they are
        return str(given).encode("utf-8", "surrogateescape")
    path = Path(options.path)
    if path.is_file():
        check_value_size(path.stat().st_size)
    elif path.is_dir():
        raise CommandError(f"{path}: is a folder; --path takes a file")
    return read_given(path, MAX_VALUE_SIZE)


def _put(options: Options) -> int:
    target = find_target(options)
    work = put(
        target,
        options.words[0],
        _value(options),
        metadata=metadata_of(options),
        expiration=options.expiration,
        expiration_ttl=options.ttl,
    )
    done = run(target.scope, work)
    if options.json:
        print_json({"key": done.key, "id": target.id, "size": len(done.value), **extras(done)})
    else:
        until = f", expires {utc(done.expiration)}" if done.expiration is not None else ""
        size = counted(len(done.value), "byte")
        print(f"Wrote key {quoted(done.key)} to {one_line(target)}: {size}{until}.")
    return 0


COMMAND = Command(
    "Write one key.\n"
    "Without --ttl and --expiration the key never expires; its old metadata is replaced.",
    _put,
    _options,
    (KEY, Argument("[VALUE]", "the value, up to 25 MiB; or use --path")),
    (
        "kvlens key put greeting hello --binding SESSIONS --ttl 3600",
        "kvlens key put logo --path logo.png --binding ASSETS --metadata '{\"v\":2}'",
    ),
    {1: "nothing was written"},
)
