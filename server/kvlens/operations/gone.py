"""The error for a key that was listed and is no longer there."""

from __future__ import annotations

from kvlens.operations.clock import why_hidden
from kvlens.operations.errors import NotFoundError
from kvlens.operations.target import Target


async def gone(target: Target, key: str, then: str = "Nothing was changed") -> NotFoundError:
    """Return the error; it says so if only a moved clock hides the key. Raises StoreError."""
    why = await why_hidden(target, key) or "it was deleted or has expired"
    return NotFoundError(f'key "{key}" is no longer in {target.name}: {why}. {then}')
