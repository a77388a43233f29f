"""Recognize configs that a generator fills in first: cargo-generate, Handlebars, Liquid, EJS."""

from __future__ import annotations

import re

from kvlens.config.model import Config
from kvlens.memo import memo
from kvlens.text import Span

_MARKS = ("{{", "{%", "<%")
_LONGEST = 20_000  # characters that are looked at
_SKIPPED = {
    "toml": r"\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|#[^\n]*",
    "json": r"\"(?:\\.|[^\"\\\n])*\"|//[^\n]*|/\*[\s\S]*?\*/",
}
_QUOTED = (
    r"\"\{\{[^{}\n,=#\[\]]*\"[^{}\n,=#\[\]]*\}\}\""  # "{{ "now" | date: "%Y" }}", with its quotes
)
_PLACEHOLDER = r"\{\{[-~#/^&>{]?\s*[\w.$@][^{}\n\"=]*\}\}|\{%[^{}\n]*%\}|<%[^<>\n]*%>"


@memo
def template_mark(config: Config) -> Span | None:
    """Return the first placeholder outside strings and comments; None for a usual config."""
    skipped = _SKIPPED.get(config.syntax)
    text = config.text[:_LONGEST]
    if skipped is None or not any(mark in text for mark in _MARKS):
        return None
    for found in re.finditer(
        rf"(?P<quoted>{_QUOTED})|(?:{skipped})|(?P<mark>{_PLACEHOLDER})", text
    ):
        if found["quoted"]:
            return Span(found.start() + 1, found.end() - 1)
        if found["mark"]:
            return Span(*found.span("mark"))
    return None
