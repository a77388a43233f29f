"""The tokens of a filter, for completion and documents; `language.py` reads them."""

from __future__ import annotations

from typing import NamedTuple


class Token(NamedTuple):
    """A form of token."""

    insert: str
    """Its start, which completion writes."""
    example: str
    about: str
    """What it matches, in one sentence. Markdown."""


TOKENS = (
    Token("", "cart", "The key contains the word, in upper or lower case."),
    Token('"', '"my cart*"', "The key contains exactly these characters, in upper or lower case."),
    Token("", "user:*", "The whole key has this form: `*` is any text, `?` is one character."),
    Token("/", "/^user:\\d+$/", "The regular expression matches in the key. `/…/i` ignores case."),
    Token("-", "-session", "Leaves out what the token matches. Works with every token."),
    Token("key:", "key:cart", "The key, in any of the forms above."),
    Token("value:", "value:ada", "The value, in any of the forms above. Reads every value."),
    Token("meta:", "meta:draft", "The JSON text of the metadata, in any of the forms above."),
    Token("meta.", "meta.user", "The metadata has this field. Dots lead into objects and arrays."),
    Token(
        "meta.",
        "meta.user=ada",
        "The field has this value. Also `!=`, `<`, `<=`, `>` and `>=`; numbers compare as numbers.",
    ),
    Token(
        "ttl<",
        "ttl<1h",
        "The key expires within this time: `s`, `m`, `h`, `d` or `w`. Also `<=`, `>` and `>=`.",
    ),
    Token("ttl:none", "ttl:none", "The key doesn't expire."),
    Token("ttl:any", "ttl:any", "The key expires."),
    Token(
        "size>",
        "size>10k",
        "The value has more bytes: `k`, `M` and `G` are powers of 1,024. Also `<`, `<=` and `>=`.",
    ),
    Token("type:", "type:json", "The value is of this kind."),
)
