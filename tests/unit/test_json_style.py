"""JSON in the editor: a line for each item, and saved on one line without any other change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.toolchain import node

SOURCE = Path(__file__).parents[2] / "extension" / "src" / "jsonStyle.ts"
SHOW = """\
import { inStyle, styleOf, withLines } from %s;
let given = '';
process.stdin.on('data', (part) => { given += part; });
process.stdin.on('end', () => {
    const answers = JSON.parse(given).map(({ text, edit }) => {
        const style = styleOf(text);
        const shown = style && withLines(text, style);
        return { shown, saved: shown && inStyle(edit ?? shown, style) };
    });
    console.log(JSON.stringify(answers));
});
"""


def answers(*asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return how the editor shows and saves each text, perhaps with an edit."""
    program = SHOW % json.dumps(SOURCE.as_uri())
    words = [node(), "--experimental-strip-types", "--no-warnings", "--input-type=module"]
    text = json.dumps(asked).encode()
    done = subprocess.run([*words, "-e", program], input=text, capture_output=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


SHOWN: dict[str, tuple[str, str | None]] = {
    # id: (the value, what the editor shows; None is the value itself)
    "object": ('{"a":1,"b":[]}', '{\n  "a": 1,\n  "b": []\n}'),
    "array": ("[1,{}]", "[\n  1,\n  {}\n]"),
    "nested": ('{"a":{"b":[1]}}', '{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}'),
    "of Python": ('{"a": 1, "b": [2, 3]}', '{\n  "a": 1,\n  "b": [\n    2,\n    3\n  ]\n}'),
    "final newline": ('{"a":1}\n', '{\n  "a": 1\n}\n'),
    "final newline of Windows": ('{"a":1}\r\n', '{\r\n  "a": 1\r\n}\r\n'),
    "numbers": (
        "[1.0,1e400,12345678901234567890,-0]",
        "[\n  1.0,\n  1e400,\n  12345678901234567890,\n  -0\n]",
    ),
    "duplicate keys": ('{"b":1,"a":2,"b":3}', '{\n  "b": 1,\n  "a": 2,\n  "b": 3\n}'),
    "numbers as keys": ('{"2":1,"1":2}', '{\n  "2": 1,\n  "1": 2\n}'),
    "escapes": ('["\\u0041\\/\\"","\\\\"]', '[\n  "\\u0041\\/\\"",\n  "\\\\"\n]'),
    "punctuation in a text": ('["{,:}[ ]"]', '[\n  "{,:}[ ]"\n]'),
    "has lines": ('{\n    "a": 1\n}\n', None),
    "mixed separators": ('{"a":1,"b": 2}', None),
    "space at the edges": ('{ "a": 1 }', None),
    "nothing in it": ("{}", None),
    "number": ("12", None),
    "text": ('"a"', None),
    "not JSON": ("{a:1}", None),
    "two values": ("[1][2]", None),
    "two lines of values": ("[1]\n[2]", None),
    "byte order mark": ("\ufeff[1]", None),
    "comment": ("[1] // one", None),
}
EDITS: dict[str, tuple[str, str, str]] = {
    # id: (the value, the edited text, what is saved)
    "item": ('{"a":1}', '{\n  "a": 2,\n  "b": 1.0\n}', '{"a":2,"b":1.0}'),
    "of Python": ('{"a": 1, "b": 2}', '{\n  "a": 1\n}\n', '{"a": 1}'),
    "final newline": ('{"a":1}\n', "[]", "[]\n"),
    "not JSON now": ('{"a":1}', '{\n  "a": \n}', '{\n  "a": \n}'),
    "emptied": ('{"a":1}', "", ""),
    "other value": ('{"a":1}', " 12 ", "12"),
}


def test_json_on_one_line_is_shown_with_lines() -> None:
    found = answers(*({"text": value} for value, _ in SHOWN.values()))
    shown = {name: one.get("shown") for name, one in zip(SHOWN, found, strict=True)}
    assert shown == {name: expected for name, (_, expected) in SHOWN.items()}
    for (value, _), one in zip(SHOWN.values(), found, strict=True):
        assert one.get("saved") in (None, value)


def test_an_edit_is_saved_in_the_shape_of_the_value() -> None:
    found = answers(*({"text": value, "edit": edit} for value, edit, _ in EDITS.values()))
    saved = {name: one["saved"] for name, one in zip(EDITS, found, strict=True)}
    assert saved == {name: expected for name, (_, _, expected) in EDITS.items()}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(VALUES, max_size=5))
def test_nothing_is_lost_on_the_way(values: list[Any]) -> None:
    separators = ((",", ":"), (", ", ": "))
    texts = [json.dumps(value, separators=separators[n % 2]) for n, value in enumerate(values)]
    for text, one in zip(texts, answers(*({"text": text} for text in texts)), strict=True):
        if one.get("shown") is not None:
            assert one["saved"] == text
            assert json.loads(one["shown"]) == json.loads(text) or "NaN" in text


MISTAKES: dict[str, tuple[str, int | None]] = {
    # id: (a text, where it stops being JSON; None for nowhere)
    "right": ('{"a": [1, -2.5e3, "x", null]}', None),
    "no value": ('{"a": }', 6),
    "no quotes": ("{a: 1}", 1),
    "comma at the end": ("[1, 2,]", 6),
    "comment": ("[1] // one", 4),
    "not closed": ('{"a": [1', 8),
    "text not closed": ('["a', 3),
    "word": ("[nul]", 4),
    "line in a text": ('["a\n"]', 3),
}


def test_the_place_of_a_mistake() -> None:
    program = (
        f"import {{ jsonMistake }} from {json.dumps(SOURCE.as_uri())};"
        f"const texts = {json.dumps([text for text, _ in MISTAKES.values()])};"
        "console.log(JSON.stringify(texts.map((text) => jsonMistake(text)?.at ?? null)))"
    )
    words = [node(), "--experimental-strip-types", "--no-warnings", "--input-type=module"]
    done = subprocess.run([*words, "-e", program], capture_output=True, check=True)
    found = dict(zip(MISTAKES, json.loads(done.stdout), strict=True))
    assert found == {name: at for name, (_, at) in MISTAKES.items()}


HOSTILE = {
    "deep": "[" * 100_000 + "]" * 100_000,
    "long text": '["' + "\\\\" * 500_000 + '"]',
    "many quotes": '["' + '\\"' * 500_000 + '"]',
    "many items": "[" + "1," * 500_000 + "1]",
    "too long": "[" + "1," * 3_000_000 + "1]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_is_shown_or_left_as_it_is(name: str) -> None:
    (found,) = answers({"text": HOSTILE[name]})
    assert found.get("saved") in (None, HOSTILE[name])
    assert len(found.get("shown") or "") < 5 * len(HOSTILE[name]) + 10_000
