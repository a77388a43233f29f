"""Values that are computed once per object."""

from __future__ import annotations

from kvlens.memo import Memos, memo


class Text:
    def __init__(self, text: str) -> None:
        self.text = text
        self.memos: Memos = {}


def test_a_memo_computes_once_per_object() -> None:
    seen = []

    @memo
    def words(holder: Text) -> list[str]:
        seen.append(holder.text)
        return holder.text.split()

    one, other = Text("a b"), Text("c")
    assert words(one) is words(one)
    assert words(other) == ["c"]
    assert seen == ["a b", "c"]


def test_nothing_is_kept_too() -> None:
    calls = []

    @memo
    def nothing(holder: Text) -> None:
        calls.append(holder)

    text = Text("")
    nothing(text)
    nothing(text)
    assert calls == [text]


def test_each_memo_has_its_own_value() -> None:
    @memo
    def length(holder: Text) -> int:
        return len(holder.text)

    @memo
    def title(holder: Text) -> str:
        return holder.text.title()

    text = Text("abc")
    assert (length(text), title(text), length(text)) == (3, "Abc", 3)
