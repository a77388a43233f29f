"""Write one key."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kvlens.cli.common import counted, find_target, namespace_options, print_json, run
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.keys import KEY, metadata_of, missing_key, quoted, time_options, utc
from kvlens.cli.terminal import one_line
from kvlens.files import read_given
from kvlens.kv.limits import MAX_VALUE_SIZE
from kvlens.kv.records import KeyInfo, Write
from kvlens.kv.validation import check_value_size
from kvlens.operations.keys import checked_key
from kvlens.operations.list_keys import extras, list_keys
from kvlens.operations.put import put, replace
from kvlens.operations.target import Target


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--path", metavar="FILE", help="read the value from FILE; - is standard input"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="change only the value of a key that exists: its metadata and expiration stay",
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
    if given is not None:  # bytes that aren't text stay unchanged
        return str(given).encode("utf-8", "surrogateescape")
    path = Path(options.path)
    if path.is_file():
        check_value_size(path.stat().st_size)
    elif path.is_dir():
        raise CommandError(f"{path}: is a folder; --path takes a file")
    return read_given(path, MAX_VALUE_SIZE)


def _put(options: Options) -> int:
    target = find_target(options)
    done, lost = run(target.scope, (_replace if options.keep else _write)(options, target))
    if options.json:
        print_json({"key": done.key, "id": target.id, "size": len(done.value), **extras(done)})
    else:
        until = f", expires {utc(done.expiration)}" if done.expiration is not None else ""
        size = counted(len(done.value), "byte")
        text = f"Wrote key {quoted(done.key)} to {one_line(target)}: {size}{until}."
        if lost:
            were, them = ("was", "it") if len(lost) == 1 else ("were", "them")
            text += f" Its old {' and '.join(lost)} {were} removed; to keep {them}, use --keep."
        print(text)
    return 0


async def _write(options: Options, target: Target) -> tuple[Write, list[str]]:
    """Put the key; return what was put, and the metadata and expiration that the key had."""
    key, value, metadata = options.words[0], _value(options), metadata_of(options)
    before = await _present(target, key)
    times = {"expiration": options.expiration, "expiration_ttl": options.ttl}
    done = await put(target, key, value, metadata=metadata, **times)
    lost = [] if before is None else [name for name in extras(before) if name not in extras(done)]
    return done, sorted(lost, reverse=True)


async def _replace(options: Options, target: Target) -> tuple[Write, list[str]]:
    """Set a new value for the key, and return what it has now."""
    for name in ("metadata", "ttl", "expiration"):
        if getattr(options, name) is not None:
            raise UsageError(f"--keep and --{name} can't be used together")
    key, value = options.words[0], _value(options)
    if await _present(target, key) is None:
        raise await missing_key(key, target)
    await replace(target, key, value)
    kept = await _present(target, key) or KeyInfo(key)
    return Write(key, value, kept.metadata, kept.expiration), []


async def _present(target: Target, key: str) -> KeyInfo | None:
    """Return a key's metadata and expiration; its value may be damaged."""
    page = await list_keys(target, prefix=checked_key("put", key), limit=1)
    return next((info for info in page.keys if info.name == key), None)


COMMAND = Command(
    "Write one key.\n"
    "Without --ttl and --expiration the key never expires, and its old metadata is replaced; "
    "--keep keeps both.",
    _put,
    _options,
    (KEY, Argument("[VALUE]", "the value, up to 25 MiB; or use --path")),
    (
        "kvlens key put greeting hello --binding SESSIONS --ttl 3600",
        "kvlens key put greeting 'good morning' --binding SESSIONS --keep",
        "kvlens key put logo --path logo.png --binding ASSETS --metadata '{\"v\":2}'",
    ),
    {1: "nothing was written"},
)
