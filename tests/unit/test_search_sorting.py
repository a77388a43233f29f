"""Orders of rows: `kvlens.search.sorting`."""

from __future__ import annotations

import pytest
from kvlens.search.rows import Row
from kvlens.search.sorting import sort_key

FIELDS: dict[str, tuple[str, list[str | None], list[str | None]]] = {
    # the order, metadata of the rows in order, and of those that have nothing there
    "numbers": ("meta.n", ['{"n":-1}', '{"n":2}', '{"n":10}'], ['{"m":1}', None]),
    "numbers before texts": ("meta.n", ['{"n":7}', '{"n":"10"}', '{"n":"a"}'], []),
    "texts before the rest": ("meta.n", ['{"n":"a"}', '{"n":null}', '{"n":true}'], []),
    "a field of a field": (
        "meta.a.b",
        ['{"a":{"b":1}}', '{"a":{"b":2}}'],
        ['{"a":1}', '{"a.b":1}'],
    ),
    "an item": ("meta.a.1", ['{"a":[9,1]}', '{"a":[0,2]}'], ['{"a":[3]}']),
    "metadata that isn't JSON": ("meta.n", ['{"n":1}'], ["n", "{", "[]"]),
}


@pytest.mark.parametrize(("sort", "ordered", "without"), FIELDS.values(), ids=FIELDS)
def test_rows_are_compared_by_a_field(
    sort: str, ordered: list[str | None], without: list[str | None]
) -> None:
    key_of = sort_key(sort)
    assert key_of is not None
    keys = [key_of(Row("k", metadata=metadata)) for metadata in ordered]
    assert keys == sorted(keys)
    assert len({*map(str, keys)}) == len(keys)
    assert [key_of(Row("k", metadata=metadata)) for metadata in without] == [None] * len(without)


@pytest.mark.parametrize("sort", ["", "name", "meta", "meta.", "Key"])
def test_another_order_is_none(sort: str) -> None:
    assert sort_key(sort) is None
