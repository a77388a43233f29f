"""Filters: what each token matches, and what a mistake in one says."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kvlens.kv.records import KeyInfo
from kvlens.search.forms import SlowExpressionError, glob, literal_start
from kvlens.search.kinds import HEAD
from kvlens.search.language import Content, Filter, FilterError, read
from kvlens.search.tokens import TOKENS

NOW = 1_800_000_000
KEYS: dict[str, tuple[bytes, object, int | None]] = {
    # name: (value, metadata, seconds until it expires)
    "Cart:1": (b'{"owner": "Ada"}', {"user": "ada", "n": 7, "tags": ["new", "red"]}, 60),
    "user:1": (b"Ada Lovelace", {"user": "bob", "n": "12", "a": {"b": True, "c": None}}, 7200),
    "user:12:session": (b"x" * 20_000, None, None),
    "my cart*": (b"\x89PNG\r\n\x1a\n", "draft", None),
    'quoted"\\': (b"", {"user": "ada lovelace", "at": "2026-01-02"}, None),
}
CART, USER, SESSION, STAR, QUOTED = KEYS

MATCHES: dict[str, list[str]] = {
    # filter: the keys that match
    "": [*KEYS],
    "  ": [*KEYS],
    "cart": [CART, STAR],
    '"my cart*"': [STAR],
    '"*"': [STAR],
    '"\\"\\\\"': [QUOTED],
    'd"': [QUOTED],
    "user:*": [USER, SESSION],
    "USER:*": [],
    "*:1": [CART, USER],
    "user:?": [USER],
    "?art:1*": [CART],
    "/^user:\\d+$/": [USER],
    "/^USER/": [],
    "/^USER/i": [USER, SESSION],
    "/y c/": [STAR],
    "/user": [],
    "-session": [CART, USER, STAR, QUOTED],
    "-": [],
    "user -session": [USER],
    "-user:* -cart": [QUOTED],
    "key:cart": [CART, STAR],
    "key:user:*": [USER, SESSION],
    'key:"my cart"': [STAR],
    "-key:/r/i": [QUOTED],
    "value:ada": [CART, USER],
    "value:Ada*": [USER],
    "value:/^Ada/": [USER],
    'value:"ada love"': [USER],
    "-value:a": [SESSION, STAR, QUOTED],
    "value:png": [STAR],
    "meta:draft": [STAR],
    "meta:ada": [CART, QUOTED],
    "-meta:ada": [USER, SESSION, STAR],
    "meta.user": [CART, USER, QUOTED],
    "-meta.user": [SESSION, STAR],
    "meta.user=ada": [CART],
    'meta.user="ada lovelace"': [QUOTED],
    "meta.user!=ada": [USER, QUOTED],
    "-meta.user=ada": [USER, SESSION, STAR, QUOTED],
    "meta.n=7": [CART],
    "meta.n=7.0": [CART],
    "meta.n=12": [USER],
    "meta.n>7": [USER],
    "meta.n>=7": [CART, USER],
    "meta.n<12": [CART],
    "meta.n<=12": [CART, USER],
    "meta.a.b=true": [USER],
    "meta.a.c=null": [USER],
    "meta.a.b>0": [],
    "meta.at<2027": [QUOTED],
    "meta.at<2026": [],
    "meta.at<2026-01-03": [QUOTED],
    "meta.tags=red": [CART],
    "meta.tags.0=new": [CART],
    "meta.tags.9": [],
    "ttl<1h": [CART],
    "ttl<=60s": [CART],
    "ttl>1m": [USER],
    "ttl>=0.5d": [],
    "ttl>60": [USER],
    "-ttl<1h": [USER, SESSION, STAR, QUOTED],
    "ttl:none": [SESSION, STAR, QUOTED],
    "ttl:any": [CART, USER],
    "size>10k": [SESSION],
    "size>19KiB": [SESSION],
    "size<=8": [STAR, QUOTED],
    "size=12B": [USER],
    "size>1M": [],
    "type:json": [CART],
    "type:image": [STAR],
    "type:empty": [QUOTED],
    "-type:text": [CART, STAR, QUOTED],
    "type:text ttl:none": [SESSION],
    "sizes": [],
    "\u202e": [],
}


def matches(filter: Filter, name: str) -> bool:
    value, metadata, ttl = KEYS[name]
    text = None if metadata is None else json.dumps(metadata)
    info = KeyInfo(name, None if ttl is None else NOW + ttl, text)
    return (
        filter.has_name(name)
        and filter.has_info(info, NOW)
        and filter.has_content(Content(info, value[:HEAD], len(value), value))
    )


@pytest.mark.parametrize(("text", "names"), MATCHES.items(), ids=map(repr, MATCHES))
def test_a_filter_matches(text: str, names: list[str]) -> None:
    filter = read(text)
    assert [name for name in KEYS if matches(filter, name)] == names
    assert all(name.startswith(filter.prefix) for name in names)


def test_every_token_of_the_table_is_proven() -> None:
    assert {token.example for token in TOKENS} <= set(MATCHES)
    assert all(token.example.startswith(token.insert) for token in TOKENS)


MISTAKES: dict[str, tuple[str, str]] = {
    # filter: (the marked part, the start of the message after it)
    'a "b c': ('"b c', "the quotation mark has no end"),
    'a "b"c d': ('"b"c', "something follows"),
    "/(a/ b": ("/(a/", "missing )"),
    "-/[/": ("-/[/", "unterminated character set"),
    "value:/(?<x/": ("value:/(?<x/", ""),
    "key:": ("key:", "it needs a text"),
    "value: x": ("value:", "it needs a text"),
    "type:jsn": ("type:jsn", "there is no such type. Use text, json"),
    "type:": ("type:", "it needs a type"),
    "ttl<soon": ("ttl<soon", "it needs a time"),
    "ttl>": ("ttl>", "it needs a time"),
    "ttl:some": ("ttl:some", "it takes ttl:none, ttl:any"),
    "size>1x": ("size>1x", "it needs a number of bytes"),
    "size>1Mb2": ("size>1Mb2", "it needs a number of bytes"),
    "x meta.": ("meta.", "it needs a field"),
    "meta.=1": ("meta.=1", "it needs a field"),
    "meta.a=": ("meta.a=", "it needs a value"),
    "meta.a!b": ("meta.a!b", "something follows"),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(text: str, said: tuple[str, str]) -> None:
    part, message = said
    with pytest.raises(FilterError) as caught:
        read(text)
    assert text[caught.value.start : caught.value.end] == part
    assert str(caught.value).startswith(f"{part}: {message}")


def test_a_mistake_shows_no_control_characters_and_not_all_of_a_long_token() -> None:
    with pytest.raises(FilterError) as caught:
        read("size>\u202e" + "x" * 3000)
    assert str(caught.value).startswith("size>\\u202exxx")
    assert len(str(caught.value)) < 150


def test_a_filter_that_is_too_long_is_refused() -> None:
    with pytest.raises(FilterError, match="4,097 characters; it takes 4,096"):
        read("x" * 4097)


def test_an_expression_that_backtracks_ends_with_a_message() -> None:
    filter = read("/^(a|aa)+$/")
    with pytest.raises(SlowExpressionError, match="takes too long"):
        filter.has_name("a" * 100 + "c")


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_mistake_in_it(text: str) -> None:
    try:
        filter = read(text)
    except FilterError as error:
        assert 0 <= error.start <= error.end <= len(text)
    else:
        for name in KEYS:
            if matches(filter, name):
                assert name.startswith(filter.prefix)


PARTS = st.sampled_from(
    [*"ab.^$*+?|()[]{}\\1<>=!:-&~,#iLQEpP", "(?", "\\L<a>", "{e<=1}", "(?R)", "(?(1)"]
)


@settings(deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=12).map("".join))
def test_any_expression_is_compiled_or_a_mistake(pattern: str) -> None:
    try:
        filter = read(f"/{pattern}/")
    except FilterError as error:
        assert error.start == 0
    else:
        with contextlib.suppress(SlowExpressionError):  # such as (?R), which has no end
            assert filter.has_name("abab") in (True, False)


FORMS = st.text("ab*?.\n", max_size=12)


@given(FORMS, st.text("ab.\n", max_size=12))
def test_a_glob_is_what_its_definition_says(pattern: str, text: str) -> None:
    def matched(p: str, t: str) -> bool:
        if not p:
            return not t
        if p[0] == "*":
            return matched(p[1:], t) or (bool(t) and matched(p, t[1:]))
        return bool(t) and p[0] in ("?", t[0]) and matched(p[1:], t[1:])

    assert glob(pattern)(text) == matched(pattern, text)
    if glob(pattern)(text):
        assert text.startswith(literal_start(pattern))


@given(st.text(min_size=1, max_size=20))
def test_a_quoted_key_finds_itself(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert read(f'"{quoted}"').has_name(name)
