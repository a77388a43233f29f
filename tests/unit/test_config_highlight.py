"""The tokens of a config: what each part is, for any text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kvlens.config.highlight import tokens
from kvlens.config.reader import load_text
from kvlens.lsp.semantic_tokens_delta import edits

SHOWN: dict[str, tuple[str, list[str]]] = {
    # the text; each token after its kind
    "comment": ("# one\n  # two", ["comment # one", "comment # two"]),
    "string": ('a = "x # y" # z', ["property a", 'string "x # y"', "comment # z"]),
    "literal": ("a = '#'", ["property a", "string '#'"]),
    "block": ('a = """\n# x\n"""', ["property a", 'string """\n# x\n"""']),
    "integer": ("a = 1", ["property a", "number 1"]),
    "float": ("b = -2.5e3", ["property b", "number -2.5e3"]),
    "hexadecimal": ("c = 0xff", ["property c", "number 0xff"]),
    "date": ("d = 2026-01-15", ["property d", "number 2026-01-15"]),
    "boolean": ("a = true", ["property a", "keyword true"]),
    "header": ("[env.'st ag']", ["namespace env", "namespace 'st ag'"]),
    "array-of-tables": (
        '[[kv_namespaces]] # c\nbinding = "A"',
        ["namespace kv_namespaces", "comment # c", "property binding", 'string "A"'],
    ),
    "dotted": ("a.'b'.c = 1", ["property a", "property 'b'", "property c", "number 1"]),
    "inline": (
        'k = [{ a = "x", b = [1] }, 2] # c',
        [
            "property k",
            "property a",
            'string "x"',
            "property b",
            "number 1",
            "number 2",
            "comment # c",
        ],
    ),
    "crlf": ("a = 1\r\n# b\r\n", ["property a", "number 1", "comment # b"]),
    "half-typed-string": ('a = "x\nb = 1', ["property a", 'string "x', "property b", "number 1"]),
    "half-typed-header": ("[env.\n# c", ["namespace env", "comment # c"]),
    "half-typed-value": ("a = # c", ["property a", "comment # c"]),
    "empty": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), SHOWN.values(), ids=SHOWN)
def test_what_each_part_is(text: str, expected: list[str]) -> None:
    found = tokens(load_text(text, "wrangler.toml"))
    assert [f"{one.kind} {text[one.start : one.end]}" for one in found] == expected


PIECES = [
    "[",
    "[[",
    "]",
    "]]",
    "a",
    "env",
    ".",
    "=",
    '"',
    "'",
    '"""',
    "'''",
    "#",
    "{",
    "}",
    ",",
    "1",
    "true",
    "2026-01-15",
    "\\",
    "0x",
    "kv_namespaces",
    "😀",
]
SPACES = ["\n", "\r\n", "\r", " ", "\t", "\u2028"]
TOML = st.lists(st.sampled_from([*PIECES, *SPACES]), max_size=60).map("".join)


@given(st.one_of(TOML, st.text()), st.integers(0, 70), st.integers(0, 70))
@example('"""\n[a]\n', 0, 3)
@example("a = {\nb = 1\n", 6, 9)
def test_tokens_never_overlap_and_stay_inside_the_text(text: str, start: int, end: int) -> None:
    config = load_text(text, "wrangler.toml")
    whole = list(tokens(config))
    at = 0
    for one in whole:
        assert at <= one.start < one.end <= len(text)
        at = one.end
    inside = [one for one in whole if start <= one.start and one.end <= end]
    some = list(tokens(config, start, end))
    assert [one for one in some if one in inside and one.kind != "comment"] == [
        one for one in inside if one.kind != "comment"
    ]


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_an_edit_makes_the_old_numbers_into_the_new(before: list[int], after: list[int]) -> None:
    result = list(before)
    for edit in edits(before, after):
        result[edit.start : edit.start + edit.delete_count] = edit.data or []
    assert result == after
