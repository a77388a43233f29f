"""The limits of Workers KV. Sizes are in bytes, times in seconds.

Source: the limits page of Workers KV, and the behavior of Miniflare 2 and the current workerd.
"""

from __future__ import annotations

from typing import Literal, get_args

Compat = Literal["strict", "workerd"]
"""The current runtime, with or without the seven rules of Miniflare 2's KV page."""

CompatName = Literal["strict", "workerd", "miniflare2"]
"""The names that users may write: `miniflare2` is the old name of `strict`."""

COMPATS: tuple[Compat, ...] = get_args(Compat)
OLD_NAMES: dict[str, Compat] = {"miniflare2": "strict"}

MAX_KEY_SIZE = 512
MAX_VALUE_SIZE = 25 * 1024 * 1024
MAX_METADATA_SIZE = 1024
MAX_LIST_KEYS = 1000
MAX_BULK_KEYS = 100
MAX_BULK_SIZE = 25 * 1024 * 1024  # of one bulk get, in UTF-16 code units of the decoded values
REST_LEAST_KEYS = 10  # the smallest `limit` of the REST API's list
REST_BULK_KEYS = 10_000  # that one request of the REST API writes or deletes
REST_BULK_SIZE = 100 * 1024 * 1024  # of the body of such a request
MIN_EXPIRATION_TTL = 60
MIN_CACHE_TTL = 30  # since November 2025
STRICT_MIN_CACHE_TTL = 60
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def read_compat(name: object) -> Compat:
    """Return the mode called `name`. Raises ValueError for an unknown one."""
    for compat in COMPATS:
        if name == compat or (isinstance(name, str) and OLD_NAMES.get(name) == compat):
            return compat
    raise ValueError(f"compat is {name!r}; it takes {' or '.join(COMPATS)}")
