"""The numbers of Workers KV, one place. Sizes are bytes, times are seconds.

Source: the limits page of Workers KV, and what Miniflare 2 and today's workerd answer.
"""

from __future__ import annotations

from typing import Literal, get_args

Compat = Literal["miniflare2", "workerd"]
"""Whose answers are given where the two runtimes differ."""

COMPATS: tuple[Compat, ...] = get_args(Compat)

MAX_KEY_SIZE = 512
MAX_VALUE_SIZE = 25 * 1024 * 1024
MAX_METADATA_SIZE = 1024
MAX_LIST_KEYS = 1000
MAX_BULK_KEYS = 100
MAX_BULK_SIZE = 25 * 1024 * 1024  # of one bulk get, in UTF-16 code units of the decoded values
MIN_EXPIRATION_TTL = 60
MIN_CACHE_TTL: dict[Compat, int] = {"miniflare2": 60, "workerd": 30}  # 30 since November 2025
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
