"""Describe the store `cloudflare:`, without importing the package `cloudflare`."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from kvlens.kv.clock import Clock
from kvlens.stores.base import Store, StoreError, StoreInfo

API = "https://api.cloudflare.com/client/v4"
ALLOW = "KVLENS_ALLOW_REMOTE_WRITES"


def _open_url(url: str, base: Path, clock: Clock) -> Store:
    """Return the store of an account. Requests are sent only when it is used."""
    from kvlens.stores.cloudflare.store import CloudflareStore  # late: it needs an optional package

    account, _, query = url.partition(":")[2].partition("?")
    options = parse_qs(query, keep_blank_values=True)
    account = account or os.environ.get("CLOUDFLARE_ACCOUNT_ID", "")
    if not re.fullmatch(r"[\w-]+", account) or options not in ({}, {"writes": ["allow"]}):
        raise StoreError(
            f'"{url}" is not an account: use cloudflare:ACCOUNT_ID (the 32 digits that '
            "`wrangler whoami` shows). To allow writes, append ?writes=allow."
        )
    token = os.environ.get("CLOUDFLARE_API_TOKEN", "")
    if not token:
        raise StoreError(
            "The store cloudflare: needs CLOUDFLARE_API_TOKEN in the environment: a token with "
            "the permission Workers KV Storage: Read (Edit to write). Create one in the dashboard "
            "under My Profile, API Tokens."
        )
    address = os.environ.get("CLOUDFLARE_API_BASE_URL", "") or API
    if not _is_safe(address):
        raise StoreError(
            f'CLOUDFLARE_API_BASE_URL "{address}" would send the token unencrypted to another '
            "machine: use https."
        )
    allowed = bool(options) and os.environ.get(ALLOW) == "1"
    return CloudflareStore(account, token, address, writable=allowed)


def _is_safe(address: str) -> bool:
    """Return whether it is safe to send a token there: encrypted, or on this machine."""
    parts = urlsplit(address)
    if parts.scheme != "http":
        return parts.scheme == "https" and bool(parts.hostname)
    try:
        return parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


STORE = StoreInfo(
    ("cloudflare:ACCOUNT_ID",),
    "the real namespaces, over Cloudflare's API; read-only unless you allow writing",
    _open_url,
    has_sizes=False,
)
