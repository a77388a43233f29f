"""What is a JavaScript identifier, and which one is close to another text."""

from __future__ import annotations

import pytest
from kvlens.js.identifiers import identifier_like, is_identifier


@pytest.mark.parametrize("name", ["KV", "_", "$", "$kv", "kv$2", "größe", "名前", "_1"])
def test_identifiers(name: str) -> None:
    assert is_identifier(name)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("", ""),
        ("my-kv", "my_kv"),
        (" my kv ", "my_kv"),
        ("1KV", "_1KV"),
        ("a.b", "a_b"),
        ("KV\n", "KV"),
        ("😀", ""),
        ("--", ""),
    ],
)
def test_what_is_not_an_identifier(name: str, like: str) -> None:
    assert not is_identifier(name)
    assert identifier_like(name) == like
    assert not like or is_identifier(like)
