"""What is wrong with a text that isn't valid TOML or JSON, in words that help its author."""

from __future__ import annotations

import re

# The parsers' messages, and better ones for users.
_PLAINER = (
    (r"Unexpected character: '\\x00'|Unexpected end of file", "it ends in the middle of a value"),
    (r'Key "(.*)" already exists', r'duplicate key "\1"'),
    (r"Cannot overwrite a value", "this name is declared twice"),
    (
        r"Control characters .* in strings",
        "a string can't continue on the next line: close the quote",
    ),
    (r"Empty key", "the name before = is missing"),
    (r"Invalid number", "this isn't a number; if it's a string, put it in quotes"),
    (
        r"Expecting property name enclosed in double quotes",
        "a name in double quotes is expected here",
    ),
    (r"Expecting value", "a value is expected here"),
    (r"Expecting '?(.)'? delimiter", r"a \1 is missing before this"),
    (r"Extra data", "the value ended before this: check for a missing or an extra bracket"),
    (r"Invalid control character", "a string can't continue on the next line: close the quote"),
)
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_VALUE_BEGINS = re.compile(r"=[ \t]*\Z")


def plain(text: str, offset: int, message: str) -> str:
    """Return a parser's message about an offset in plain words, without a full stop."""
    if _CONFLICT.match(text, offset):
        return "this line is left from a merge conflict. Keep one side, and remove the markers"
    for pattern, words in _PLAINER:
        if found := re.match(pattern, message):
            return found.expand(words)
    if message.startswith("Unexpected character"):
        if _VALUE_BEGINS.search(text, 0, offset):
            return "this isn't a value; if it's a string, put it in quotes"
        return "this is unexpected here: check for a missing comma, quote or bracket before it"
    return message.rstrip(". ")
