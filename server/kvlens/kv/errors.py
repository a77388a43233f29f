"""What a KV call can raise.

KVError                 "KV PUT failed: 413 …": what the service refuses, with method and status
├── KVTypeError         wrong kind of argument (also a TypeError)
└── KVSyntaxError       a value that is not the JSON it was asked as (also a ValueError)
"""

from __future__ import annotations

from typing import Literal

from kvlens.errors import KVLensError

Method = Literal["GET", "PUT", "DELETE", "GET_BULK"]


class KVError(KVLensError):
    """A refused KV call. `str()` is the exact text that a Worker sees.

    `method` is the operation as the text names it, `status` the HTTP status and `reason` the
    text behind it; a KVTypeError and a KVSyntaxError have no status.
    """

    def __init__(
        self, reason: str, *, method: Method | None = None, status: int | None = None
    ) -> None:
        super().__init__(reason if status is None else f"KV {method} failed: {status} {reason}")
        self.reason = reason
        self.method = method
        self.status = status


class KVTypeError(KVError, TypeError):
    """The TypeError of a KV call, with the runtime's text."""


class KVSyntaxError(KVError, ValueError):
    """A stored value is not valid JSON."""
