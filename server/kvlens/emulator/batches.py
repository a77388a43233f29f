"""Large changes that a client sends in parts, applied completely or not at all.

The parts wait in a temporary file: a slow client must not hold a store's thread or memory.
`kvlens.stores.emulator_client` sends them: `stage` with the parts in order, then `commit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

from kvlens.kv.records import Write
from kvlens.stores.base import Batch, Seen, Store, StoreError
from kvlens.stores.emulator_client import pack, unpack

KEPT_SECONDS = 600.0  # for a batch whose client is gone
AT_MOST = 16  # batches being sent at the same time
KNOWN_AT_MOST = 64  # finished batches: a commit may be sent again
ANSWER_SECONDS = 20.0  # clients wait longer for a response


class Applied(NamedTuple):
    """What a batch has changed."""

    namespaces: list[str]
    deleted: int


class Batches:
    """The batches that clients are sending, by an id that the client chooses."""

    def __init__(self) -> None:
        self._open: dict[str, _Spool] = {}
        self._applied: dict[str, asyncio.Task[Applied]] = {}  # including unfinished ones

    def stage(self, job: str, number: int, batches: Sequence[Batch]) -> None:
        """Add part `number`, counted from 0; a part that is sent again counts once."""
        self._drop_old()
        spool = self._open.get(job)
        if spool is None:
            if number:
                raise _lost()
            if len(self._open) >= AT_MOST:
                raise StoreError(
                    f"{AT_MOST} large writes are already in progress. Nothing was changed; "
                    "try again when one of them is done."
                )
            spool = self._open[job] = _Spool()
        if number > spool.parts:
            raise _lost()
        if number == spool.parts:
            try:
                spool.add(batches)
            except OSError as error:
                self.drop(job)
                raise StoreError(
                    f"The emulator can't store a large write in {tempfile.gettempdir()}: "
                    f"{error.strerror}. Nothing was changed; free up space there and try again."
                ) from error

    async def commit(self, store: Store, job: str, parts: int) -> Applied | None:
        """Apply the change; return None if it isn't finished yet: call again.

        Raises StoreError.
        """
        making = self._applied.get(job)
        if making is None:
            spool = self._open.pop(job, None)
            if spool is None or spool.parts != parts:
                raise _lost()
            making = asyncio.get_running_loop().create_task(_apply(store, spool))
            making.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._applied[job] = making
            for old in [one for one, task in self._applied.items() if task.done()][:-KNOWN_AT_MOST]:
                del self._applied[old]
        await asyncio.wait([making], timeout=ANSWER_SECONDS)
        return making.result() if making.done() else None

    def drop(self, name: str) -> None:
        """Discard a batch without committing it."""
        spool = self._open.pop(name, None)
        if spool is not None:
            spool.close()

    def close(self) -> None:
        """Discard all batches."""
        for name in list(self._open):
            self.drop(name)

    def _drop_old(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        for name in [name for name, spool in self._open.items() if spool.used < oldest]:
            self.drop(name)


async def _apply(store: Store, spool: _Spool) -> Applied:
    with contextlib.closing(spool):
        namespaces = spool.namespaces
        return Applied(namespaces, await store.change_many([spool.batch(ns) for ns in namespaces]))


class _Spool:
    """The parts of one batch, one line of JSON each, in an unnamed temporary file."""

    def __init__(self) -> None:
        self.parts = 0
        self.used = time.monotonic()
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the batch
        self._at: dict[str, list[tuple[int, int]]] = {}  # namespace -> offset and size

    @property
    def namespaces(self) -> list[str]:
        return list(self._at)

    def add(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            part = {
                "writes": [pack(write) for write in batch.writes],
                "deletes": list(batch.deletes),
                "unchanged": list(batch.unchanged),
                "expected": list(batch.expected),
            }
            data = json.dumps(part, separators=(",", ":")).encode()
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(data)
            self._at.setdefault(batch.ns, []).append((place, len(data)))
        self._file.flush()
        self.parts += 1
        self.used = time.monotonic()

    def batch(self, ns: str) -> Batch:
        def writes() -> Iterator[Write]:
            for part in self._read(ns):
                for item in part["writes"]:
                    yield unpack(item)

        def deletes() -> Iterator[str]:
            for part in self._read(ns):
                yield from part["deletes"]

        def seen(name: str) -> Iterator[Seen]:
            for part in self._read(ns):
                for item in part[name]:
                    yield Seen(*item)

        return Batch(ns, writes(), deletes(), seen("unchanged"), seen("expected"))

    def _read(self, ns: str) -> Iterator[Any]:
        for place, size in self._at[ns]:
            self._file.seek(place)
            yield json.loads(self._file.read(size))

    def close(self) -> None:
        self._file.close()


def _lost() -> StoreError:
    return StoreError(
        "The emulator does not have all of a large write: it was restarted, or the write took "
        f"longer than {KEPT_SECONDS / 60:.0f} minutes. Nothing was changed; try again."
    )
