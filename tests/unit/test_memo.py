"""Values that are computed once per object."""

from __future__ import annotations

from typing import Any

from kvlens.memo import Memo, memoized


class Text:
    def __init__(self, text: str) -> None:
        self.text = text
        self.memos: dict[Memo[Any], Any] = {}


def test_a_memoized_function_computes_once_per_object() -> None:
    seen = []

    @memoized
    def words(holder: Text) -> list[str]:
        seen.append(holder.text)
        return holder.text.split()

    one, other = Text("a b"), Text("c")
    assert words(one) is words(one)
    assert words(other) == ["c"]
    assert seen == ["a b", "c"]


def test_an_empty_value_is_kept_too() -> None:
    calls = []

    @memoized
    def nothing(holder: Text) -> list[str]:
        calls.append(holder)
        return []

    text = Text("")
    assert nothing(text) is nothing(text)
    assert len(calls) == 1


def test_each_memo_has_its_own_value() -> None:
    length: Memo[int] = Memo()
    title: Memo[str] = Memo()
    text = Text("abc")
    assert length.get(text) is None
    assert length.set(text, 3) == 3
    assert title.get(text) is None
    title.set(text, "Abc")
    assert (length.get(text), title.get(text)) == (3, "Abc")


def test_a_popped_value_is_no_longer_kept() -> None:
    memo: Memo[int] = Memo()
    text = Text("abc")
    memo.set(text, 1)
    assert (memo.pop(text), memo.pop(text), memo.get(text)) == (1, None, None)
