"""The errors of KV calls.

KVError                 "KV PUT failed: 413 …": refused by the service, with method and status
├── KVTypeError         wrong kind of argument (also a TypeError)
└── KVSyntaxError       a value requested as JSON that isn't JSON (also a ValueError)
"""

from __future__ import annotations

from typing import Literal

from kvlens.errors import KVLensError

Method = Literal["GET", "PUT", "DELETE", "GET_BULK"]


class KVError(KVLensError):
    """A refused KV call. `str()` is the exact text that a Worker sees.

    `method` is the operation as in the text, `status` the HTTP status and `reason` the text after
    it. A KVTypeError and a KVSyntaxError have no status.
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
    """A stored value isn't valid JSON."""
