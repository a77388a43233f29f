"""Texts that are valid TOML for certain, told without parsing them again."""

from __future__ import annotations

from itertools import product

import pytest
import tomlkit
from kvlens.config.plain_toml import is_plain
from kvlens.config.reader import load_text
from tomlkit.exceptions import TOMLKitError

TYPICAL = """\
name = "shop" # a comment
main = 'src/index.ts'
compatibility_flags = ["nodejs_compat"]
workers_dev = true

kv_namespaces = [
  # of all shops
  { binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" },
  {binding="USERS", id=""}, # empty
]

[vars]
LIMIT = 100

[[routes]]
pattern = "a/*"
[[routes]]
pattern = "b/*"

[env.staging]
[[env.staging.kv_namespaces]]
binding = "CARTS"
[env.prod.vars]
[env.prod]
"""

# id: (a text, whether it is plain)
CASES: dict[str, tuple[str, bool]] = {
    "empty": ("", True),
    "typical": (TYPICAL, True),
    "no-line-end": ("a = 1", True),
    "list-after-its-subtable": ("[a.b]\n[[a]]", False),
    "table-twice": ("[a]\n[b]\n[a]", False),
    "table-and-list": ("[[a]]\n[a]", False),
    "list-and-table": ("[a]\n[[a]]", False),
    "subtable-of-each-element": ("[[a]]\n[a.b]\n[[a]]\n[a.b]", False),  # valid, but not plain
    "name-twice": ("a = 1\na = 2", False),
    "name-twice-inside": ("a = { b = 1, b = 2 }", False),
    "name-twice-in-a-list": ("a = [{ b = 1 }, { b = 1, b = 2 }]", False),
    "value-and-table": ("a = 1\n[a]", False),
    "value-above-a-table": ("[a]\nb = 1\n[a.b.c]", False),
    "value-and-list": ("a = []\n[[a]]", False),
    "escape": ('a = "\\n"', False),
    "lines-in-a-text": ('a = """x"""', False),
    "control-character": ('a = "\x01"', False),
    "control-character-in-a-comment": ("# \x01", False),
    "carriage-return": ("a = 1\r\n", False),
    "zero-first": ("a = 01", False),
    "no-comma": ("a = [1 2]", False),
    "comma-in-an-inline-table": ("a = { b = 1, }", False),
    "half-typed": ("a =", False),
    "after-a-header": ("[a] b = 1", False),
    "spaces": (" " * 99_000 + "x", False),
    "commas": ("a = [" + "1, " * 30_000, False),
    "long": ("#\n" * 60_000, False),
}


@pytest.mark.parametrize("case", CASES)
def test_plain(case: str) -> None:
    text, expected = CASES[case]
    assert plain(text) == expected


LINES = (
    *("[a]", "[[a]]", "[a.b]", "[[a.b]]", "[ a ]", "[a", "[a] # c", "[b]"),
    *("a = 1", "b = 1", 'a = ""', 'a = "" ""', "a = true", "a = yes", "a = [1, 2,]", "a = [1,,2]"),
    *("a = {}", "a = { b = 1 }", "b = { a = 1, a = 2 }", "a = [{ b = 1 }, { c = 'x' }]"),
    *("a = [", "1, # c", "]", "a.b = 1", '"a" = 1', "a = 1_0", "# c", ""),
)


@pytest.mark.parametrize("first", LINES)
def test_what_is_plain_is_valid(first: str) -> None:
    found = 0
    for rest in product(LINES, repeat=2):
        text = "\n".join((first, *rest))
        if plain(text):
            found += 1
            assert is_valid(text), text
    assert found or first in NEVER


NEVER = (
    *("[a", 'a = "" ""', "a = yes", "a = [1,,2]", "b = { a = 1, a = 2 }", "1, # c", "]"),
    *("a.b = 1", '"a" = 1', "a = 1_0"),
)


def plain(text: str) -> bool:
    return is_plain(text, load_text(text, "/shop/wrangler.toml").sections)


def is_valid(text: str) -> bool:
    try:
        tomlkit.parse(text)
    except TOMLKitError:
        return False
    return True
