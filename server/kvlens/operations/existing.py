"""How operations treat keys that their target has with other content."""

from __future__ import annotations

from kvlens.operations.errors import InvalidError, listed
from kvlens.seeds.move import EXISTING, Existing


def checked_existing(existing: str) -> Existing:
    """Return one of "refuse", "keep" and "overwrite". Raises InvalidError for anything else."""
    for known in EXISTING:
        if existing == known:
            return known
    raise InvalidError(
        "",
        lambda spell: f"{spell('existing')} is {existing!r:.80}; it takes {listed(EXISTING, 'or')}",
    )
