"""How much there is, in words."""

from __future__ import annotations


def amount(keys: int | None, size: int | None) -> str:
    """Return a number of keys and bytes as a reader likes it: `3 keys, 1.2 KiB`."""
    if keys is None:
        return "many keys"  # the store does not count them
    if not keys:
        return "no keys"
    counted = "1 key" if keys == 1 else f"{keys:,} keys"
    return counted if size is None else f"{counted}, {_bytes(size)}"


def _bytes(size: int) -> str:
    number = float(size)
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
