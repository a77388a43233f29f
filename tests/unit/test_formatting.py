"""Numbers, sizes and times for people."""

from __future__ import annotations

import pytest
from kvlens.formatting import amount, duration, human_size, until


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (25 * 1024**2, "25.0 MiB"),
        (1024**3, "1.0 GiB"),
        (5000 * 1024**3, "5000.0 GiB"),
    ],
)
def test_size(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("keys", "size", "text"),
    [
        (None, None, "many keys"),
        (0, 0, "no keys"),
        (1, 10, "1 key, 10 B"),
        (2000, None, "2,000 keys"),
        (2000, 2048, "2,000 keys, 2.0 KiB"),
    ],
)
def test_amount(keys: int | None, size: int | None, text: str) -> None:
    assert amount(keys, size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 minute"),
        (5400, "2 hours"),
        (86_400, "1 day"),
        (864_000, "10 days"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "expired"),
        (59, "in under a minute"),
        (60, "in 1 min"),
        (7_199, "in 1 h"),
        (86_400, "in 1 day"),
        (14 * 86_400 - 1, "in 13 days"),  # the view of the extension says so, too
    ],
)
def test_the_time_until_a_moment(seconds: float, text: str) -> None:
    assert until(seconds) == text
