"""Only the tolerant scanner of TOML: offsets, tokens, and the meaning of valid text."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable
from typing import Any

from kvlens.config.nodes import Node, Sections
from kvlens.config.toml import TomlScanner

from tests.fuzz import config_toml
from tests.fuzz.configs import text_of
from tests.fuzz.trees import check, same, scanned

EXAMPLES = (
    *config_toml.EXAMPLES,
    b'a = """\\\n   b \\"c\\"\n"""\nd = \'\'\'\ne\'\'\'\n"f\\u00e9".g = [ [1, 2], [\'x\', "y\\t"], ] # z\n'
    b"h = 1979-05-27 07:32:00.5-07:00\ni = [ # j\n  { k = +1_000, 'l m' = -0.5e-3 }, {}, inf ]\n",
    b"[a]\nb.c = true\nb.d = nan\n[a.e]\n[[f.g]]\nh = 0o17\n[[f.g]]\n[f.g.i]\nj = 07:32:00\n[\"k.l\".'m']\nn = ''\n",
)
WORDS = (
    *config_toml.WORDS,
    *(b"a = 1\n", b"b = [", b"{ c = 2 }", b"[d]\n", b"[[e]]\n", b'"\\"f"', b"'g'"),
    *(b'"""\n', b"]\n"),
    *(b"1_000", b"0o7", b"+1.5e+3", b"nan", b"07:32:00", b"false", b"\\\n  ", b".h = ", b" }\n"),
)


def target(data: bytes) -> None:
    """Scan it, and compare it with the result of Python's own parser, if any."""
    text = text_of(data)
    sections = scanned(TomlScanner, text)
    if sections is None:
        return
    check(text, sections, _unquote)
    try:
        meant = _loads(text)
    except (ValueError, RecursionError):
        return
    assert not any(section.body.broken for _, section in sections), "valid, and yet broken"
    assert same(_whole(sections), meant), "valid, and read as something else"


def _loads(text: str) -> dict[str, Any]:
    """Return the result of Python's own parser; ValueError if it rejects the text.

    It accepts numbers of 4,300 digits, and hexadecimal ones of any length, which no TOML number
    has: ours are 0 from 4,000 digits on.
    """
    if re.search(r"\w{3900}", text):
        raise ValueError("a number that is too long")
    if sys.version_info < (3, 11):
        raise ValueError("this Python has no parser of TOML")
    return dict(importlib.import_module("tomllib").loads(text))


def _unquote(token: str) -> str | None:
    try:
        found = _loads(f"x = {token}")["x"]
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _whole(sections: Sections) -> dict[str, Any]:
    """Return the data of a valid file; headers and dotted keys lead to tables."""
    root: dict[str, Any] = {}
    for _, section in sections:
        table = root
        if section.path:
            table, last = _reached(root, section.path[:-1]), section.path[-1]
            if section.is_array:
                table.setdefault(last, []).append({})
            table = _reached(table, (last,))
        _fill(table, section.body)
    return root


def _reached(table: dict[str, Any], path: Iterable[str]) -> dict[str, Any]:
    for name in path:
        found = table.setdefault(name, {})
        table = found[-1] if isinstance(found, list) else found
    return table


def _fill(table: dict[str, Any], node: Node) -> dict[str, Any]:
    for member in node.members:
        *path, last = (part.name for part in member.key)
        _reached(table, path)[last] = _plain(member.value)
    return table


def _plain(node: Node) -> Any:
    if node.kind == "array":
        return [_plain(item) for _, item in node.items]
    if node.kind == "table":
        return _fill({}, node)
    if node.kind == "datetime":
        return _loads(f"x = {node.value}")["x"]
    return node.value
