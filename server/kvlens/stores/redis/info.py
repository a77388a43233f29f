"""Describe the store `redis:`, without importing the package `redis`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from kvlens.kv.clock import Clock
from kvlens.stores.base import Store, StoreInfo

PORT = 6379
PREFIX = "kvlens"  # of every key, if `?prefix=` doesn't name another


def _open_url(url: str, base: Path, clock: Clock) -> Store:
    """Return the store of the server or cluster at `url`. It connects at first use."""
    from kvlens.stores.redis.store import RedisStore  # late: it needs an optional package

    return RedisStore(url)


def _identity(url: str) -> str:
    """Return a URL without what doesn't select keys: user, password, defaults and order."""
    try:
        parts = urlsplit(url)
        names = parts.netloc.rpartition("@")[2].lower().split(",")
        hosts = sorted({_host(name) for name in names})
        options = parse_qs(parts.query)
        number = options.get("db", [parts.path.strip("/")])[0]
    except ValueError:
        return url
    database = f"/{number}" if number.strip("0") else ""
    prefix = options.get("prefix", [""])[0]
    query = f"?prefix={quote(prefix)}" if prefix not in ("", PREFIX) else ""
    return f"{parts.scheme.lower()}://{','.join(hosts)}{database}{query}"


def _host(name: str) -> str:
    parts = urlsplit(f"//{name}")
    host = parts.hostname or "localhost"
    local = host in ("127.0.0.1", "::1")
    host = "localhost" if local else f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port or PORT}"


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
    identity=_identity,
)
