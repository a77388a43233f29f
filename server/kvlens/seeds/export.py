"""Write a namespace as a seed file: value, metadata and expiration of every key."""

from __future__ import annotations

import base64
import errno
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from kvlens.files import replacing, way_out_of
from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.records import Entry
from kvlens.kv.values import parse_json, valid_json
from kvlens.seeds.progress import Cancelled, Progress, Steps
from kvlens.stores.base import DamagedKeyError, Store
from kvlens.stores.batch import Damaged, everything


class Out(Protocol):
    """Something to write text to."""

    def write(self, text: str, /) -> int:
        """Write a text."""


async def export(store: Store, ns: str, *, prefix: str = "") -> list[dict[str, Any]]:
    """Return a namespace as the items of a seed file, in the order of the keys.

    Raises StoreError if the store can't be read, or has metadata that isn't JSON.
    """
    return [item async for item in stream(store, ns, prefix=prefix)]


async def stream(
    store: Store, ns: str, *, prefix: str = "", damaged: Damaged | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Yield the items one by one: a large namespace may not fit into memory.

    `damaged` gets the unreadable keys; without it, the first one raises an error.
    """
    async for item, _ in sized(store, ns, prefix=prefix, damaged=damaged):
        yield item


async def sized(
    store: Store, ns: str, *, prefix: str = "", damaged: Damaged | None = None
) -> AsyncIterator[tuple[dict[str, Any], int]]:
    """Yield the items of `stream`, each with the size of its value in bytes."""
    async for key, entry in everything(store, ns, prefix=prefix, damaged=damaged):
        try:
            item = to_item(key, entry)
        except DamagedKeyError as error:
            if damaged is None:
                raise
            damaged(error)
        else:
            yield item, len(entry.value)


def to_item(key: str, entry: Entry) -> dict[str, Any]:
    """Return one entry as an item of a seed file, in base64 if the value isn't UTF-8 text."""
    item: dict[str, Any] = {"key": key}
    try:
        item["value"] = entry.value.decode()
    except UnicodeDecodeError:
        item["value"] = base64.b64encode(entry.value).decode("ascii")
        item["base64"] = True
    if entry.expiration is not None:
        item["expiration"] = entry.expiration
    if entry.metadata is not None:
        try:
            item["metadata"] = parse_json(entry.metadata)
        except KVSyntaxError as error:
            raise DamagedKeyError(
                key,
                f"The metadata of key {json.dumps(key, ensure_ascii=False)} is not JSON ({error}); "
                "put the key again with valid metadata",
            ) from error
    return item


async def write_items(
    store: Store,
    ns: str,
    out: Out,
    *,
    prefix: str = "",
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    damaged: Damaged | None = None,
) -> int:
    """Write a namespace to an open text file as readable JSON; return the number of keys.

    Raises CancelledError, and StoreError like `export`; `damaged` gets the unreadable keys, which
    are skipped.
    """
    steps = Steps("nothing was written", progress, cancelled)
    async for item in stream(store, ns, prefix=prefix, damaged=damaged):
        out.write(",\n  " if steps.done else "[\n  ")
        out.write(valid_json(item, ensure_ascii=False, indent=2).replace("\n", "\n  "))
        await steps.add()
    out.write("\n]\n" if steps.done else "[]\n")
    return steps.done


async def export_file(
    store: Store,
    ns: str,
    path: Path,
    *,
    project: Path | None = None,
    given: bool = False,
    prefix: str = "",
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    damaged: Damaged | None = None,
) -> int:
    """Write a namespace as a seed file and return the number of keys.

    The file is written completely or not changed: a temporary file replaces it at the end. If the
    user has typed its name (`given`), a pipe or a device is written to directly, and a link is
    followed, but not out of `project`. For other arguments, see `write_items`. Raises OSError if
    the file can't be written.
    """
    with _opened(path, project, given) as out:
        return await write_items(
            store,
            ns,
            out,
            prefix=prefix,
            progress=progress,
            cancelled=cancelled,
            damaged=damaged,
        )


@contextmanager
def _opened(path: Path, project: Path | None, given: bool) -> Iterator[TextIO]:
    """Open the file to write; a regular file is replaced at the end."""
    # A lone surrogate is written as \udxxx, as in JSON.
    how: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
    if path.is_dir():
        raise OSError(errno.EISDIR, "is a folder; name a file", str(path))
    if path.exists() and not path.is_file():
        if not given:  # writing to a pipe waits for its reader
            raise OSError(errno.EINVAL, "is not a regular file; name another one", str(path))
        with path.open("w", **how) as out:  # a pipe, a device
            yield out
        return
    target = path.resolve()  # through a link, to the file that it names
    if project is not None and way_out_of(project, path) is not None:
        raise OSError(
            errno.EPERM,
            f"is a link to {target}, outside the project; name that file instead",
            str(path),
        )
    if path.is_symlink() and not given:  # only the link's name was seen
        raise OSError(errno.EPERM, f"is a link to {target}; name that file instead", str(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("x", **how) as out:
        yield out
