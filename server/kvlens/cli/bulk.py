"""`kvlens bulk put | get | delete`: many keys from one file, all or nothing, wrangler's files."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from kvlens.cli.common import (
    LINES,
    confirmed,
    counted,
    damaged_error,
    find_target,
    listed,
    namespace_options,
    print_json,
    print_warnings,
    time_options,
    with_store,
)
from kvlens.cli.frame import Argument, Command, CommandError, Options
from kvlens.cli.key import expires_at, metadata_text
from kvlens.files import read_stream
from kvlens.seeds.apply import apply
from kvlens.seeds.array import LARGEST, decode, located, read_text, short
from kvlens.seeds.export import to_item
from kvlens.seeds.file import SeedFile, accept, check
from kvlens.seeds.keys import parse_keys
from kvlens.seeds.plan import to_writes, used_up
from kvlens.stores.base import DamagedKeyError, Store
from kvlens.stores.batch import each


def warn(seed: SeedFile) -> None:
    """Print the warnings of a seed file on standard error."""
    if warnings := seed.warnings:
        lines = located(seed.name, seed.text, warnings[:LINES])
        print_warnings([f"warning: {line}" for line in lines], seed.counts["warning"])


def _text(file: str) -> str:
    if file != "-":
        return read_text(Path(file), file, given=True)
    return decode(read_stream(sys.stdin.buffer, LARGEST, "stdin"), "stdin")


def _put_options(parser: argparse.ArgumentParser) -> None:
    time_options(parser)
    namespace_options(parser)


def _put(options: Options) -> int:
    """Put the file's items; the options are for those that do not say themselves."""
    file = options.words[0]
    now = time.time()
    metadata = metadata_text(options.metadata)
    expires_at(options, now)
    place, target = find_target(options)
    seed = accept(check(_text(file), file, now))
    warn(seed)
    items = (
        item._replace(
            metadata=metadata if item.metadata is None else item.metadata,
            **(
                {"expiration": options.expiration, "expiration_ttl": options.ttl}
                if item.expiration is None and item.expiration_ttl is None
                else {}
            ),
        )
        for item in used_up(seed.items)
    )
    writes = to_writes(items, now)

    async def work(store: Store) -> int:
        return await apply(store, target.id, writes)

    written = with_store(place, work)
    if options.json:
        print_json({"id": target.id, "written": written})
    else:
        print(f"Wrote {counted(written, 'key')} to {target}.")
    return 0


def _get(options: Options) -> int:
    keys = parse_keys(_text(options.words[0]), options.words[0])
    place, target = find_target(options)

    damaged: list[DamagedKeyError] = []

    async def work(store: Store) -> dict[str, Any]:
        found: dict[str, Any] = {}
        async for key, entry in each(store, target.id, keys, damaged.append):
            item: dict[str, Any] = {"value": None} if entry is None else to_item(key, entry)
            item.pop("key", None)
            found[key] = item
        return found

    found = with_store(place, work)
    print_json(found)
    if damaged:
        raise damaged_error(damaged, "the others were read")
    missing = [key for key, item in found.items() if item["value"] is None]
    if missing:
        named = listed([short(key) for key in missing[:5]])
        more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
        raise CommandError(f"{counted(len(missing), 'key')} not in {target}: {named}{more}")
    return 0


def _delete_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", "-f", action="store_true", help="do not ask")
    namespace_options(parser)


def _delete(options: Options) -> int:
    file = options.words[0]
    keys = parse_keys(_text(file), file)
    place, target = find_target(options)
    if not options.force and sys.stdin.isatty():  # in a script the file is the answer
        asked = f"Delete the {counted(len(keys), 'key')} read from {file} from {target}?"
        if not confirmed(asked):
            raise CommandError(f"not deleting the keys read from {file}")

    async def work(store: Store) -> int:
        return await store.delete(target.id, keys)

    deleted = with_store(place, work) if keys else 0
    if options.json:
        print_json({"id": target.id, "deleted": deleted, "missing": len(keys) - deleted})
    else:
        gone = f"; {len(keys) - deleted:,} were not there" if deleted < len(keys) else ""
        print(f"Deleted {counted(deleted, 'key')} from {target}{gone}.")
    return 0


_KEYS = Argument("FILE", 'a JSON array of keys, or of {"name": KEY}; - is standard input')
COMMAND = {
    "put": Command(
        "Write the keys of a file, all or none.\n"
        "--ttl, --expiration and --metadata apply to the items that do not set their own.",
        _put,
        _put_options,
        (Argument("FILE", 'a JSON array of {"key", "value", …}; - is standard input'),),
        ("kvlens bulk put seeds/SESSIONS.json --binding SESSIONS",),
        {1: "nothing was written"},
    ),
    "get": Command(
        "Print the values of the keys that a file names, as JSON.",
        _get,
        namespace_options,
        (_KEYS,),
        ("kvlens bulk get keys.json --binding SESSIONS > values.json",),
        {1: "a key does not exist, or the keys cannot be read"},
    ),
    "delete": Command(
        "Delete the keys that a file names.\nOn a terminal it asks first.",
        _delete,
        _delete_options,
        (_KEYS,),
        ("kvlens bulk delete keys.json --binding SESSIONS --force",),
        {1: "nothing was deleted"},
    ),
}
