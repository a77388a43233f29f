"""Describe the store `redis:`, without importing the package `redis`."""

from __future__ import annotations

from pathlib import Path

from kvlens.kv.clock import Clock
from kvlens.stores.base import Store, StoreInfo


def _open_url(url: str, base: Path, clock: Clock) -> Store:
    """Return the store of the server or cluster at `url`. It connects at first use."""
    from kvlens.stores.redis.store import RedisStore  # late: it needs an optional package

    return RedisStore(url)


STORE = StoreInfo(
    (
        "redis://HOST:PORT",
        "rediss://HOST:PORT",
        "redis+cluster://HOST:PORT,HOST:PORT",
        "rediss+cluster://HOST:PORT,HOST:PORT",
    ),
    "Redis 6 or newer, or Valkey, one server or a cluster, over TLS with `rediss`: one team, many "
    "machines. One node of a cluster is enough to find the others",
    _open_url,
)
