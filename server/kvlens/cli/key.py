"""`kvlens key put | get | list | delete`: single keys, with the options of `wrangler kv key`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    KEY,
    Target,
    checked_key,
    counted,
    find_target,
    json_lines,
    namespace_options,
    print_json,
    time_options,
    with_store,
)
from kvlens.cli.frame import Argument, Command, CommandError, Options, UsageError
from kvlens.cli.terminal import JsonScreen, exact_output
from kvlens.files import read_given
from kvlens.kv.coerce import UNSET
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.limits import MAX_VALUE_SIZE
from kvlens.kv.records import Entry, KeyInfo, Write
from kvlens.kv.validation import check_metadata_size, check_value_size, expiration_time, list_prefix
from kvlens.kv.values import decode_text, dump_json, parse_json
from kvlens.seeds.file import BEYOND_NUMBERS, looks_like_milliseconds
from kvlens.stores.base import Store


def metadata_text(given: str | None) -> str | None:
    """Return the option --metadata as JSON text of the smallest size; UsageError for no JSON."""
    if given is None:
        return None
    try:
        metadata = parse_json(given)
    except KVSyntaxError:
        raise UsageError(f"--metadata must be valid JSON. Received: {given}") from None
    if metadata is None:
        return None
    text = dump_json(metadata)
    check_metadata_size(text)
    return text


def expires_at(options: Options, now: float) -> int | None:
    """Return what --ttl or --expiration says, in seconds since the epoch.

    Raises UsageError for both and KVError for a time that is refused.
    """
    if options.ttl is not None and options.expiration is not None:
        raise UsageError("--ttl and --expiration both say when the key expires; give one of them")
    for name, given in (("--ttl", options.ttl), ("--expiration", options.expiration)):
        if given is not None and given >= BEYOND_NUMBERS:
            raise UsageError(f"{name} is out of range: it takes seconds")
        if given is not None and looks_like_milliseconds(given):
            raise UsageError(
                f"{name} {given} is in seconds, and this looks like milliseconds: {given // 1000}"
            )
    return expiration_time(
        UNSET if options.expiration is None else options.expiration,
        UNSET if options.ttl is None else options.ttl,
        now,
    )


def _put_options(parser: argparse.ArgumentParser) -> None:
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
        value = sys.stdin.buffer.read(MAX_VALUE_SIZE + 1)
    elif options.path is not None:
        path = Path(options.path)
        if path.is_file():
            check_value_size(path.stat().st_size)
        elif path.is_dir():
            raise CommandError(f"{path}: is a folder; --path takes a file")
        value = read_given(path, MAX_VALUE_SIZE)
    else:
        assert given is not None
        value = given.encode("utf-8", "surrogateescape")  # bytes that are no text stay as they are
    check_value_size(len(value))
    return value


def _put(options: Options) -> int:
    key = checked_key("put", options.words[0])
    metadata = metadata_text(options.metadata)
    expiration = expires_at(options, time.time())
    place, target = find_target(options)
    write = Write(key, _value(options), metadata, expiration)

    async def work(store: Store) -> None:
        await store.put(target.id, write)

    with_store(place, work)
    if options.json:
        print_json({"key": key, "id": target.id, "size": len(write.value), **_extras(write)})
    else:
        until = f", expires {utc(expiration)}" if expiration is not None else ""
        size = counted(len(write.value), "byte")
        print(f"Wrote key {_quoted(key)} to {target}: {size}{until}.")
    return 0


def _get_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--text", action="store_true", help="decode as UTF-8 and end with a newline"
    )
    namespace_options(parser)


def _get(options: Options) -> int:
    key = checked_key("get", options.words[0])
    place, target = find_target(options)

    async def work(store: Store) -> Entry | None:
        return await store.get(target.id, key)

    entry = with_store(place, work)
    if entry is None:
        raise CommandError(_missing(key, target))
    if options.json:
        from kvlens.seeds.export import to_item

        print_json(to_item(key, entry))
    elif options.text or sys.stdout.isatty():
        text = decode_text(entry.value) + ("\n" if options.text else "")
        (sys.stdout if sys.stdout.isatty() else exact_output()).write(text)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(entry.value)
        sys.stdout.buffer.flush()
    return 0


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", metavar="P", help="only keys that start with P")
    namespace_options(parser)


def _list(options: Options) -> int:
    prefix = list_prefix(UNSET if options.prefix is None else options.prefix)
    place, target = find_target(options)

    async def work(store: Store, out: JsonScreen) -> None:
        """Write the keys page by page: memory need not hold a million."""
        after: str | None = None
        written = False
        while True:
            page = await store.list(target.id, prefix=prefix, after=after)
            if page.keys:
                items = [{"name": info.name, **_extras(info)} for info in page.keys]
                out.write((",\n" if written else "[\n") + json_lines(items))
                written = True
            if page.complete or not page.keys:
                out.write("\n]\n" if written else "[]\n")
                return
            after = page.keys[-1].name

    with JsonScreen() as out:
        with_store(place, lambda store: work(store, out))
    return 0


def _delete(options: Options) -> int:
    key = checked_key("delete", options.words[0])
    place, target = find_target(options)

    async def work(store: Store) -> int:
        return await store.delete(target.id, [key])

    if not with_store(place, work):
        raise CommandError(_missing(key, target))
    if options.json:
        print_json({"key": key, "id": target.id, "deleted": 1})
    else:
        print(f"Deleted key {_quoted(key)} from {target}.")
    return 0


def _extras(of: Write | KeyInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if of.expiration is not None:
        found["expiration"] = of.expiration
    if of.metadata is not None:
        try:
            found["metadata"] = parse_json(of.metadata)
        except KVSyntaxError:  # another program wrote it; show what is there
            found["metadata"] = of.metadata
    return found


def _missing(key: str, target: Target) -> str:
    return f"no key {_quoted(key)} in {target}; `kvlens key list` shows the keys that are there"


def _quoted(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def utc(seconds: int) -> str:
    """Return a time for people."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


COMMAND = {
    "put": Command(
        "Write one key.\n"
        "Without --ttl and --expiration the key never expires; its old metadata is replaced.",
        _put,
        _put_options,
        (KEY, Argument("[VALUE]", "the value, up to 25 MiB; or use --path")),
        (
            "kvlens key put greeting hello --binding SESSIONS --ttl 3600",
            "kvlens key put logo --path logo.png --binding ASSETS --metadata '{\"v\":2}'",
        ),
        {1: "nothing was written"},
    ),
    "get": Command(
        "Print the value of one key, byte for byte.",
        _get,
        _get_options,
        (KEY,),
        (
            "kvlens key get greeting --binding SESSIONS",
            "kvlens key get logo --binding ASSETS > logo.png",
        ),
        {1: "there is no such key, or it cannot be read"},
    ),
    "list": Command(
        "Print all keys, their expiration and metadata, as JSON.\n"
        "If the keys cannot all be read, nothing is printed but the error.",
        _list,
        _list_options,
        (),
        ("kvlens key list --binding SESSIONS --prefix user:",),
        {1: "the keys cannot be read"},
    ),
    "delete": Command(
        "Delete one key.",
        _delete,
        namespace_options,
        (KEY,),
        ("kvlens key delete greeting --binding SESSIONS",),
        {1: "there is no such key, or it cannot be deleted"},
    ),
}
