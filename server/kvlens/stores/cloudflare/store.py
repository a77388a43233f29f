"""`cloudflare:ACCOUNT_ID` is an account's real namespaces, over Cloudflare's API.

The token is CLOUDFLARE_API_TOKEN; CLOUDFLARE_API_BASE_URL can set another API address. Nothing is
written unless the URL ends in `?writes=allow` and KVLENS_ALLOW_REMOTE_WRITES is 1: a project's
settings alone can't change real data. Every write is logged in `kvlens.stores.cloudflare` before it
is sent.

The API's limits apply here, too. Sizes are unknown, and key counts are known only up to a few
thousand. A cursor can't be made from a key's name, so a list that continues after a name that this
process hasn't listed reads all keys before it. One request writes at most 10,000 keys, and if a
later request fails, earlier ones have already been written; the error says so.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kvlens.chunks import chunks, sized_chunks
from kvlens.kv import limits
from kvlens.kv.records import Entry, KeyInfo, Page, Stats, Write
from kvlens.kv.values import dump_json, parse_json
from kvlens.stores.base import (
    Batch,
    MissingPackageError,
    Replaced,
    Seen,
    Store,
    StoreError,
    digest,
    has_digest,
)
from kvlens.stores.batch import check_unchanged, each
from kvlens.stores.cloudflare.info import ALLOW, STORE

try:
    from cloudflare import (
        APIError,
        APIStatusError,
        AsyncCloudflare,
        BadRequestError,
        NotFoundError,
        Omit,
        omit,
    )

    from kvlens.stores.cloudflare.errors import TIMEOUT, explain, raise_unless_missing
except ImportError as missing:
    raise MissingPackageError("The store cloudflare: needs", "cloudflare", missing) from missing

TRIES = 4  # again, after 429, 5xx and lost connections; as late as Retry-After says
BULK_GET_KEYS = 100  # keys that one request reads
BULK_SIZE = 64 * 1024 * 1024  # bytes of values in one request; the API takes 100 MB of JSON
COUNTED_PAGES = 5  # lists that a count may take
KEPT_PLACES = 64  # lists that can continue without reading from the start
NAMED = 10  # keys of one write that are logged by name

_LOG = logging.getLogger("kvlens.stores.cloudflare")
_Keys = list[KeyInfo]


class _Place(NamedTuple):
    """Where a list can continue: keys already read ahead, and the cursor after them."""

    ahead: list[KeyInfo]
    cursor: str


class CloudflareStore(Store):
    """The namespaces of one account, by id."""

    info = STORE
    atomic = False

    def __init__(self, account: str, token: str, address: str, *, writable: bool) -> None:
        self.account = account
        self.writable = writable
        self._token = token
        self._client = AsyncCloudflare(
            api_token=token, base_url=address, max_retries=TRIES, timeout=TIMEOUT
        )
        self._client.api_key = self._client.api_email = None  # send nothing but the token
        self._kv: Any = self._client.kv.namespaces
        self._places: dict[tuple[str, str, str], _Place] = {}
        self._replacing = asyncio.Lock()

    # -- reading ---------------------------------------------------------------------------

    async def get(self, ns: str, key: str) -> Entry | None:
        with self._explained(ns):
            try:
                answer, metadata = await asyncio.gather(
                    self._kv.values.get(key, **self._at(ns)), self._metadata(ns, key)
                )
                value = await answer.read()
            except NotFoundError as error:
                raise_unless_missing(error)
                return None
        return Entry(value, metadata, _whole(answer.headers.get("expiration")))

    async def get_many(self, ns: str, keys: Sequence[str], size: int) -> Sequence[Entry | None]:
        """Read up to 100 entries with one request, except those that aren't text.

        A byte order mark at the start of a text is lost, as in a Worker that reads text.
        """
        keys = keys[:BULK_GET_KEYS]
        with self._explained(ns):
            try:
                answer = await self._kv.with_raw_response.bulk_get(
                    ns, account_id=self.account, keys=list(keys), with_metadata=True
                )
            except APIStatusError as error:
                if error.status_code != 413:
                    raise
                return [await self.get(ns, keys[0])]  # large values: one by one
            values = (await answer.json())["result"]["values"]
        found: list[Entry | None] = []
        for key in keys:
            one = values.get(key)
            if one is None:
                found.append(None)
            elif "\ufffd" in one["value"]:  # bytes that aren't text
                found.append(await self.get(ns, key))
            else:
                metadata = _json_text(one.get("metadata"))
                found.append(Entry(one["value"].encode(), metadata, _whole(one.get("expiration"))))
        return found

    async def list(
        self, ns: str, *, prefix: str = "", limit: int = 1000, after: str | None = None
    ) -> Page:
        place = self._places.pop((ns, prefix, after), None) if after is not None else None
        with self._explained(ns):
            try:
                found, rest = await self._read_on(ns, prefix, limit, after, place)
            except BadRequestError:
                if place is None:
                    raise
                found, rest = await self._read_on(ns, prefix, limit, after, None)  # too old
        if rest is not None:
            while len(self._places) >= KEPT_PLACES:
                del self._places[next(iter(self._places))]
            self._places[ns, prefix, found[-1].name] = rest
        return Page(found, rest is None)

    async def stats(self, ns: str) -> Stats:
        keys = pages = 0
        with self._explained(ns):
            async for page in self._pages(ns, "", limits.MAX_LIST_KEYS):
                keys += len(page.ahead)
                pages += 1
                if page.cursor and pages == COUNTED_PAGES:
                    return Stats(None, None)
        return Stats(keys, None)

    async def _read_on(
        self, ns: str, prefix: str, limit: int, after: str | None, place: _Place | None
    ) -> tuple[_Keys, _Place | None]:
        """Return up to `limit` keys after `after`, and where to continue if there are more."""
        found: _Keys = []
        at_once = limits.MAX_LIST_KEYS if place is None and after is not None else limit
        async for page in self._pages(ns, prefix, at_once, place):
            found += [info for info in page.ahead if after is None or info.name > after]
            if len(found) > limit or (len(found) == limit and page.cursor):
                return found[:limit], _Place(found[limit:], page.cursor)
        return found, None

    async def _pages(
        self, ns: str, prefix: str, at_once: int, place: _Place | None = None
    ) -> AsyncIterator[_Place]:
        """Yield the rest of `place`, then page by page to the end."""
        if place is not None:
            yield place
        cursor = "" if place is None else place.cursor
        while place is None or cursor:
            answer = await self._kv.keys.list(
                ns,
                account_id=self.account,
                prefix=prefix or omit,
                cursor=cursor or omit,
                limit=min(max(at_once, limits.REST_LEAST_KEYS), limits.MAX_LIST_KEYS),
            )
            cursor = (answer.result_info and answer.result_info.cursor) or ""
            keys = [
                KeyInfo(key.name, _whole(key.expiration), _json_text(key.metadata))
                for key in answer.result or ()
            ]
            place = _Place(keys, cursor)
            yield place

    async def _metadata(self, ns: str, key: str) -> str | None:
        return _json_text(await self._kv.metadata.get(key, **self._at(ns)))

    def _at(self, ns: str) -> dict[str, str]:
        return {"account_id": self.account, "namespace_id": ns}

    # -- writing ---------------------------------------------------------------------------

    async def put(self, ns: str, write: Write) -> None:
        self._announce("put", ns, [write.key])
        with self._explained(ns):
            await self._put(ns, write)

    async def put_unchanged(self, ns: str, write: Write, expected: str) -> bool:
        """Store one entry if the current value is the one that was read.

        The API can't compare: the value is read first, and writes by others in between are lost.
        """
        self._announce("put", ns, [write.key])
        async with self._replacing:
            same = has_digest(await self.get(ns, write.key), expected)
            if same:
                with self._explained(ns):
                    await self._put(ns, write)
        return same

    async def change_many(self, batches: Sequence[Batch]) -> int:
        """Make the changes, one request after the other: the API can't make them atomically."""
        written = deleted = 0
        for batch in batches:
            await check_unchanged(self, batch.ns, batch.expected)
        for ns, writes, deletes, unchanged, _ in batches:
            if isinstance(writes, Sequence):
                writes = list({write.key: write for write in writes}.values())
            of = f" of {len(writes):,}" if isinstance(writes, list) and len(batches) == 1 else ""
            kept: set[str] = set()
            for part in sized_chunks(writes, limits.REST_BULK_KEYS, BULK_SIZE, Write.size):
                latest = {write.key: write for write in part}
                self._announce("put", ns, list(latest))
                body = [_bulk_item(write) for write in latest.values()]
                with self._explained(ns, f"; {written:,}{of} keys are written"):
                    answer = await self._kv.bulk_update(ns, account_id=self.account, body=body)
                refused = list((answer and answer.unsuccessful_keys) or ())
                if refused:
                    raise StoreError(
                        f"Cloudflare refused {len(refused):,}{of} keys "
                        f"({_named(refused)}); {written + len(latest) - len(refused):,} were "
                        f"written. Put the others again."
                    )
                written += len(latest)
                if deletes:
                    kept.update(latest)
            names = [key for key in dict.fromkeys(deletes) if key not in kept]
            if names:
                self._announce("delete", ns, names)
                with self._explained(ns, f"; {written:,} keys are written"):
                    await self._delete(ns, names)
                deleted += len(names)
            for some in chunks(unchanged, limits.REST_BULK_KEYS):
                deleted += len(await self.delete_unchanged(ns, some))
        return deleted

    async def replace(
        self, ns: str, key: str, value: bytes, expected: str | None = None
    ) -> Replaced:
        """Give a key a new value.

        The API can't compare: the value is read first, and writes by others in between are lost.
        """
        self._announce("put", ns, [key])
        if expected is None:
            return await self._replace(ns, key, value)
        async with self._replacing:
            entry = await self.get(ns, key)
            if entry is None:
                return Replaced.GONE
            if digest(entry.value) != expected:
                return Replaced.CHANGED
            return await self._replace(ns, key, value)

    async def _replace(self, ns: str, key: str, value: bytes) -> Replaced:
        with self._explained(ns):
            try:
                head = self._kv.values.with_streaming_response.get(key, **self._at(ns))
                async with head as answer:  # its headers are enough
                    expiration = _whole(answer.headers.get("expiration"))
                metadata = await self._metadata(ns, key)
            except NotFoundError as error:
                raise_unless_missing(error)
                return Replaced.GONE
            await self._put(ns, Write(key, value, metadata, expiration))
        return Replaced.DONE

    async def delete(self, ns: str, keys: Sequence[str]) -> int:
        """Delete keys. Beyond a few thousand, all are counted, even those that didn't exist."""
        names = list(dict.fromkeys(keys))
        if not names:
            return 0
        self._announce("delete", ns, names)
        with self._explained(ns):
            count = await self._count(ns, names)
            await self._delete(ns, names)
        return count

    async def _delete(self, ns: str, names: Sequence[str]) -> None:
        if len(names) == 1:
            await self._kv.values.delete(names[0], **self._at(ns))
            return
        for part in chunks(names, limits.REST_BULK_KEYS):
            await self._kv.bulk_delete(ns, account_id=self.account, body=part)

    async def delete_unchanged(self, ns: str, seen: Sequence[Seen]) -> Sequence[str]:
        """Delete the keys that haven't changed since they were read.

        The API can't compare: the entries are read right before each delete request, and what
        others write in between is deleted. So each request deletes only a few.
        """
        deleted: list[str] = []
        for some in chunks(seen, BULK_GET_KEYS):
            expected = {one.key: one for one in some}
            async with self._replacing:
                pairs = [pair async for pair in each(self, ns, list(expected))]
                names = [key for key, entry in pairs if expected[key].is_same(entry)]
                if names:
                    self._announce("delete", ns, names)
                    with self._explained(ns, f"; {len(deleted):,} keys are deleted"):
                        await self._delete(ns, names)
            deleted += names
        return deleted

    async def clear(self, ns: str) -> int:
        self._announce("delete every key", ns, [])
        count = 0
        with self._explained(ns):
            names: list[str] = []
            async for page in self._pages(ns, "", limits.MAX_LIST_KEYS):
                names += [info.name for info in page.ahead]
            for part in chunks(names, limits.REST_BULK_KEYS):
                await self._kv.bulk_delete(ns, account_id=self.account, body=part)
                count += len(part)
        return count

    async def _put(self, ns: str, write: Write) -> None:
        given: dict[str, str | int | Omit] = {
            "metadata": omit if write.metadata is None else write.metadata,
            "expiration": omit if write.expiration is None else write.expiration,
        }
        await self._kv.values.update(write.key, **self._at(ns), value=write.value, **given)

    async def _count(self, ns: str, names: Sequence[str]) -> int:
        """Return how many of the keys exist, or all of them if counting takes too many lists."""
        if len(names) == 1:
            try:
                await self._metadata(ns, names[0])
            except NotFoundError as error:
                raise_unless_missing(error)
                return 0
            return 1
        wanted, count, pages = set(names), 0, 0
        async for page in self._pages(ns, _common_prefix(names), limits.MAX_LIST_KEYS):
            count += sum(info.name in wanted for info in page.ahead)
            pages += 1
            if page.cursor and pages == COUNTED_PAGES:
                return len(names)
        return count

    def _announce(self, what: str, ns: str, names: Sequence[str]) -> None:
        """Log a write before it is sent; StoreError if writing isn't allowed."""
        if not self.writable:
            raise StoreError(
                f"The real namespaces of account {self.account} are read-only here. To write to "
                f"them, append ?writes=allow to the store's URL and set {ALLOW}=1."
            )
        self._places.clear()
        which = f" {_named(names)}" if names else ""
        _LOG.warning("Cloudflare account %s, namespace %s: %s%s", self.account, ns, what, which)

    # -- the rest --------------------------------------------------------------------------

    async def close(self) -> None:
        await self._client.close()

    @contextmanager
    def _explained(self, ns: str, more: str = "") -> Iterator[None]:
        try:
            yield
        except (APIError, ValueError) as error:
            text = explain(error, self.account, ns) if isinstance(error, APIError) else str(error)
            raise StoreError(f"{text}{more}.".replace(self._token, "…")) from None


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED:,} more"


def _common_prefix(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    for at, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:at]
    return first


def _bulk_item(write: Write) -> dict[str, Any]:
    item: dict[str, Any] = {
        "key": write.key,
        "value": base64.b64encode(write.value).decode(),
        "base64": True,
    }
    if write.metadata is not None:
        item["metadata"] = parse_json(write.metadata)
    if write.expiration is not None:
        item["expiration"] = write.expiration
    return item


def _whole(number: Any) -> int | None:
    return int(float(number)) if number else None


def _json_text(metadata: Any) -> str | None:
    return None if metadata is None else dump_json(metadata)
