"""Format numbers of keys, sizes and durations for people."""

from __future__ import annotations


def amount(keys: int | None, size: int | None) -> str:
    """Return a number of keys and bytes, such as `3 keys, 1.2 KiB`; None is unknown."""
    if keys is None:
        return "many keys"  # the store doesn't count them
    if not keys:
        return "no keys"
    counted = "1 key" if keys == 1 else f"{keys:,} keys"
    return counted if size is None else f"{counted}, {human_size(size)}"


def duration(seconds: float) -> str:
    """Return a duration, such as `3 hours`."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(seconds / length)
        if seconds >= length:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{max(0, round(seconds))} s"


def until(seconds: float) -> str:
    """Return the time until a moment, such as `in 13 days`: as `format.until` of the extension."""
    if seconds <= 0:
        return "expired"
    if days := int(seconds // 86_400):
        return "in 1 day" if days == 1 else f"in {days} days"
    for unit, length in (("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"in {int(seconds // length)} {unit}"
    return "in under a minute"


def span(seconds: float) -> str:
    """Return a duration in its two largest units, such as `1 d 2 h` or `90 s`."""
    left = max(0, round(abs(seconds)))
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {unit}")
    return " ".join(part for part in parts[:2] if part[:2] != "0 ") or "0 s"


def human_size(size: int) -> str:
    """Return a number of bytes, such as `512 B` or `1.5 KiB`."""
    number, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if number < 1024:
            break
        number, unit = number / 1024, larger
    return f"{size} B" if unit == "B" else f"{number:.1f} {unit}"
