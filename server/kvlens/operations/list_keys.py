"""List the keys of a namespace, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypedDict, cast

from kvlens.kv.errors import KVSyntaxError
from kvlens.kv.limits import MAX_LIST_KEYS
from kvlens.kv.records import KeyInfo, Page, Write
from kvlens.kv.validation import list_prefix
from kvlens.kv.values import parse_json
from kvlens.operations.errors import InvalidError
from kvlens.operations.target import Target

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.search.rows import Row as FoundRow


async def list_keys(
    target: Target, *, prefix: str = "", limit: int = MAX_LIST_KEYS, after: str | None = None
) -> Page:
    """Return the first keys with a prefix, in order, or those that sort after `after`.

    Raises InvalidError, KVError for a prefix that is too long, and StoreError.
    """
    if not 0 < limit <= MAX_LIST_KEYS:
        raise InvalidError(
            "", lambda spell: f"{spell('limit')} is {limit}; it takes 1 to {MAX_LIST_KEYS}"
        )
    store = await target.store()
    return await store.list(target.id, prefix=list_prefix(prefix), limit=limit, after=after)


async def pages(target: Target, *, prefix: str = "") -> AsyncIterator[Page]:
    """Yield all keys with a prefix, page by page: there may be a million."""
    after: str | None = None
    while True:
        page = await list_keys(target, prefix=prefix, after=after)
        yield page
        if page.complete or not page.keys:
            return
        after = page.keys[-1].name


class Extras(TypedDict):
    """The data of a key apart from its value, if any."""

    expiration: NotRequired[int]
    """Seconds since the epoch."""
    metadata: NotRequired[Any]


class ListedKey(Extras):
    """A key without its value."""

    name: str
    damaged: NotRequired[str]
    """Why it can't be read, and what to do."""


class Row(ListedKey):
    """A key with the start of its value."""

    type: str
    """Such as `json`, `image` or `binary`, as in docs/filter.md; `damaged` if it can't be read."""
    size: int | None
    """Bytes of the value; null if it can't be read."""
    preview: NotRequired[str]
    """The start of the value on one line; omitted if it is binary."""


def listed(of: KeyInfo) -> ListedKey:
    """Return a key of a list for JSON."""
    damaged = {} if of.damaged is None else {"damaged": of.damaged}
    return cast("ListedKey", {"name": of.name, **extras(of), **damaged})


def listed_row(of: FoundRow) -> Row:
    """Return a row of the table for JSON."""
    info = KeyInfo(of.name, of.expiration, of.metadata, of.damaged)
    found = {**listed(info), "type": of.kind or "damaged", "size": of.size}
    if of.preview is not None:
        found["preview"] = of.preview
    return cast("Row", found)


def extras(of: Write | KeyInfo) -> Extras:
    """Return the expiration and metadata of a key for JSON, if it has them."""
    found: Extras = {}
    if of.expiration is not None:
        found["expiration"] = of.expiration
    if of.metadata is not None:
        try:
            found["metadata"] = parse_json(of.metadata)
        except KVSyntaxError:  # another program wrote it; show it as is
            found["metadata"] = of.metadata
    return found
