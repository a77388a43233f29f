"""How much there is, in words."""

from __future__ import annotations


def amount(keys: int | None, size: int | None) -> str:
    """Return a number of keys and bytes as a reader likes it: `3 keys, 1.2 KiB`."""
    if keys is None:
        return "many keys"  # the store does not count them
    if not keys:
        return "no keys"
    counted = "1 key" if keys == 1 else f"{keys:,} keys"
    return counted if size is None else f"{counted}, {size_of(size)}"


def duration(seconds: float) -> str:
    """Return a time from now as a reader likes it: `3 hours`."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(seconds / length)
        if seconds >= length:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{max(0, round(seconds))} s"


def size_of(size: int) -> str:
    """Return a number of bytes as a reader likes it: `1.2 KiB`."""
    number = float(size)
    for unit in ("B", "KiB", "MiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} GiB"
