"""The methods of a KV namespace, for completion: how each is called, and its limits."""

from __future__ import annotations

from typing import NamedTuple

from kvlens.js.calls import Method
from kvlens.kv.limits import (
    MAX_BULK_KEYS,
    MAX_KEY_SIZE,
    MAX_LIST_KEYS,
    MAX_METADATA_SIZE,
    MAX_VALUE_SIZE,
    MIN_CACHE_TTL,
    MIN_EXPIRATION_TTL,
)

DOCS_URL = "https://developers.cloudflare.com/kv/api/"


class Parameter(NamedTuple):
    """A parameter of a method, for the help while its argument is typed."""

    label: str
    about: str
    """What it takes and its limits, in Markdown."""


class MethodInfo(NamedTuple):
    """How a method is called."""

    arguments: str
    """A snippet, in which `Q` is a quotation mark."""
    signature: str
    about: str
    """What it does and its limits, in Markdown."""
    page: str
    """Its page of the documentation, below `DOCS_URL`."""


_READS = (
    f"Up to {MAX_BULK_KEYS} keys at once. `type` is `text` (the default), `json`, `arrayBuffer` or "
    f"`stream`. `cacheTtl` is at least {MIN_CACHE_TTL} seconds."
)
_KEY = Parameter("key", f"1 to {MAX_KEY_SIZE} bytes of UTF-8, not `.` or `..`.")
_KEYS = Parameter("key", f"{_KEY.about} An array of up to {MAX_BULK_KEYS} keys returns a `Map`.")
_READ = Parameter(
    "options?",
    '`"text"` (the default), `"json"`, `"arrayBuffer"` or `"stream"`, or '
    f"`{{ type, cacheTtl }}`; `cacheTtl` is at least {MIN_CACHE_TTL} seconds.",
)
PARAMETERS: dict[Method, tuple[Parameter, ...]] = {
    "get": (_KEYS, _READ),
    "getWithMetadata": (_KEYS, _READ),
    "put": (
        _KEY,
        Parameter(
            "value",
            f"Text, an `ArrayBuffer`, a view of one, or a `ReadableStream`: at most "
            f"{MAX_VALUE_SIZE // 1024**2} MiB.",
        ),
        Parameter(
            "options?",
            f"`expirationTtl`: seconds from now, at least {MIN_EXPIRATION_TTL}. `expiration`: "
            f"seconds since 1970, at least {MIN_EXPIRATION_TTL} ahead. `metadata`: at most "
            f"{MAX_METADATA_SIZE:,} bytes of JSON.",
        ),
    ),
    "list": (
        Parameter(
            "options?",
            f"`prefix`; `limit`, 1 to {MAX_LIST_KEYS:,} keys; `cursor` of the response before, "
            "until `list_complete` is true.",
        ),
    ),
    "delete": (_KEY,),
}
METHODS: dict[Method, MethodInfo] = {
    "get": MethodInfo(
        "Q$1Q",
        "(key, type or { type, cacheTtl }): Promise<value | null>",
        f"Read a value; `null` if the key doesn't exist. {_READS}",
        "read-key-value-pairs/",
    ),
    "put": MethodInfo(
        "Q$1Q, $2",
        "(key, value, { expiration, expirationTtl, metadata }): Promise<void>",
        f"Write a value: text, a buffer or a stream of at most {MAX_VALUE_SIZE // 1024**2} MiB. A "
        f"key is at most {MAX_KEY_SIZE} bytes, metadata {MAX_METADATA_SIZE:,} bytes of JSON. "
        f"`expirationTtl` is at least {MIN_EXPIRATION_TTL} seconds.",
        "write-key-value-pairs/",
    ),
    "list": MethodInfo(
        "{ prefix: Q$1Q }",
        "({ prefix, limit, cursor }): Promise<{ keys, list_complete, cursor }>",
        f"List keys in order, at most {MAX_LIST_KEYS:,} at once. Pass `cursor` to get the rest "
        "until `list_complete` is true.",
        "list-keys/",
    ),
    "delete": MethodInfo(
        "Q$1Q",
        "(key): Promise<void>",
        "Delete one key. It isn't an error if the key doesn't exist.",
        "delete-key-value-pairs/",
    ),
    "getWithMetadata": MethodInfo(
        "Q$1Q",
        "(key, type or { type, cacheTtl }): Promise<{ value, metadata, cacheStatus }>",
        f"Read a value with its metadata; both are `null` if the key doesn't exist. {_READS}",
        "read-key-value-pairs/",
    ),
}
