"""Only the tolerant scanner of JSON and JSONC: offsets, tokens, and the meaning of valid text."""

from __future__ import annotations

import json
import re
from typing import Any

from kvlens.config.json import JsonScanner
from kvlens.config.load import plain

from tests.fuzz import config_json
from tests.fuzz.configs import text_of
from tests.fuzz.trees import check, same, scanned

EXAMPLES = (
    *config_json.EXAMPLES,
    b'{"a": {"b": [1, -0, 2.5e3, [true, false, null], {"c": "\\u00e9\\n"}, {}]}, "d//": "/* e */"}',
    b'{\n\t"a": [ // b\n\t\t{ "c": 1, },\n\t\t"\\ud83d\\ude00", ], /* d */\n\t"e": { "f": { "g": [] } }\n}\n',
)
WORDS = (
    *config_json.WORDS,
    *(b'"a": ', b"{}", b"[]", b"{ ", b" }", b"[1, 2]", b'"b"', b"-0", b"1.5", b"true", b"false"),
    *(b", ", b"// c\n", b"/*", b"*/", b'"\\\\"', b'"\\""', b'"\\u0000"', b"\n  ", b"],\n", b"},\n"),
)
_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[\]}}])", re.DOTALL)


def target(data: bytes) -> None:
    """Scan it, and compare it with a strict parser's result, if any."""
    text = text_of(data)
    sections = scanned(JsonScanner, text)
    if sections is None:
        return
    ((_, section),) = sections
    check(text, sections, _unquote)
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return  # next to an escape, half of a pair is undefined
    strict = _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
    strict = _LAST_COMMA.sub(lambda found: found[0] if found[0][0] == '"' else " ", strict)
    try:
        meant = _loads(strict)
    except (ValueError, RecursionError):
        return
    if isinstance(meant, dict):
        assert not section.body.broken, "valid, and yet broken"
        assert same(plain(section.body), _whole(meant)), "valid, and read as something else"


def _loads(text: str) -> Any:
    return json.loads(text.removeprefix("\ufeff"), parse_int=_integer, parse_constant=_refuse)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= 4000 else float(digits)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _unquote(token: str) -> str | None:
    if not token.isascii() and any("\ud800" <= char <= "\udfff" for char in token):
        return None
    try:
        return _text(json.loads(token))
    except ValueError:
        return None


def _text(found: str) -> str:
    """Return a string in which lone surrogates are replaced, as in our scanner."""
    return found.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def _whole(found: Any) -> Any:
    if isinstance(found, dict):
        return {_text(name): _whole(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_whole(item) for item in found]
    return _text(found) if isinstance(found, str) else found
