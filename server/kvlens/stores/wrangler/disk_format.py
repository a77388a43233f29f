"""Miniflare's disk format for KV, which `wrangler dev` uses: paths, names and schema.

In the state folder (`.wrangler/state/v3`):

    kv/miniflare-KVNamespaceObject/<hash of the id>.sqlite    keys, in WAL mode
    kv/<id made safe>/blobs/<blob id>                         one file a value
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
import unicodedata
from pathlib import Path

UNIQUE_KEY = "miniflare-KVNamespaceObject"

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS _mf_entries ("
    "key TEXT PRIMARY KEY, blob_id TEXT NOT NULL, expiration INTEGER, metadata TEXT)",
    "CREATE INDEX IF NOT EXISTS _mf_entries_expiration_idx ON _mf_entries(expiration)",
)

IS_BLOB_ID = (
    "(typeof(blob_id) = 'text' AND length(blob_id) = 80 AND blob_id NOT GLOB '*[^0-9a-f]*')"
)
"""`is_blob_id` as a condition in SQL."""

OWN = b"kvln"
"""The start of the names that KV Lens gives to values, where Miniflare's are random."""

_BLOB_ID = re.compile(r"[0-9a-f]{80}")
_DOTS = re.compile(r"(^|/|\\)(\.+)(/|\\|\Z)")
_ILLEGAL = re.compile(r"""[?<>*"'^/\\:|\x00-\x1f\x80-\x9f]""")
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z")
_EDGES = re.compile(r"^[ /\\]+|[ /\\]+\Z")

MAX_FIELD = 64 * 1024  # bytes of a key or of metadata; KV allows 512 and 1024


def database_path(state: Path, ns: str) -> Path:
    """Return the file with the keys of namespace `ns` in the state folder."""
    return state / "kv" / UNIQUE_KEY / f"{database_name(ns)}.sqlite"


def database_name(ns: str) -> str:
    """Return the Durable Object id that workerd derives from the namespace's id.

    >>> len(database_name("KV"))
    64
    """
    key = hashlib.sha256(UNIQUE_KEY.encode()).digest()
    name = hmac.digest(key, ns.encode(), "sha256")[:16]
    return (name + hmac.digest(key, name, "sha256")[:16]).hex()


def blobs_path(state: Path, ns: str) -> Path:
    """Return the folder with the values of namespace `ns`."""
    return state / "kv" / safe_name(ns) / "blobs"


def folded_name(ns: str) -> str:
    """Return the same text for all ids whose values may share the folder of `ns`, on any disk.

    >>> folded_name("a/b") == folded_name("A:b")
    True
    """
    return unicodedata.normalize("NFKD", safe_name(ns)).casefold()


def safe_name(ns: str) -> str:
    """Return the folder name that Miniflare derives from a namespace's id.

    >>> safe_name("my/ns:weird id"), safe_name("..")
    ('my_ns_weird id', '__')
    """

    def dots(found: re.Match[str]) -> str:
        return f"{found[1]}{'_' * len(found[2])}{found[3]}"

    name = _DOTS.sub(dots, _DOTS.sub(dots, ns))
    name = _RESERVED.sub("_", _ILLEGAL.sub("_", name))
    name = _EDGES.sub(lambda found: "_" * len(found[0]), name)
    units = name.encode("utf-16-le", "surrogatepass")[: 255 * 2]
    return units.decode("utf-16-le", "replace")


def new_blob_id(start: bytes = b"") -> str:
    """Return a name for a value's file: `OWN`, 28 random bytes and the time in milliseconds.

    The first of the random bytes may be given.
    """
    random = start + os.urandom(32 - len(OWN) - len(start))
    return (OWN + random + int(time.time() * 1000).to_bytes(8, "big")).hex()


def is_blob_id(name: object) -> bool:
    """Return whether this is a value's file name, as Miniflare and we make it: never a path.

    >>> is_blob_id(new_blob_id()), is_blob_id("../../victim.txt"), is_blob_id(None)
    (True, False, False)
    """
    return isinstance(name, str) and _BLOB_ID.fullmatch(name) is not None
