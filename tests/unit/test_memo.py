"""Values kept with the object that they are of."""

from __future__ import annotations

import pytest
from kvlens.memo import Memos, memo


class Owner:
    """An object that results can be kept with."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.memos: Memos = {}


def test_a_result_is_worked_out_once_for_each_object() -> None:
    asked: list[int] = []

    @memo
    def doubled(owner: Owner) -> int:
        asked.append(owner.size)
        return owner.size * 2

    @memo
    def nothing(owner: Owner) -> None:
        asked.append(-owner.size)

    one, other = Owner(1), Owner(2)
    assert [doubled(one), doubled(one), doubled(other)] == [2, 2, 4]
    assert [nothing(one), nothing(one)] == [None, None]
    assert asked == [1, 2, -1]
    one.memos.clear()
    assert (doubled(one), asked) == (2, [1, 2, -1, 1])


def test_a_failure_is_not_kept() -> None:
    @memo
    def inverse(owner: Owner) -> float:
        return 1 / owner.size

    owner = Owner(0)
    with pytest.raises(ZeroDivisionError):
        inverse(owner)
    owner.size = 2
    assert inverse(owner) == 0.5
