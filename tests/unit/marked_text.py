"""Texts in which « and » mark spans."""

from __future__ import annotations

import re


def marked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without marks, and the marked spans."""
    spans: list[tuple[int, int]] = []
    plain = ""
    for piece in re.split("([«»])", text):
        if piece == "«":
            spans.append((len(plain), -1))
        elif piece == "»":
            spans[-1] = (spans[-1][0], len(plain))
        else:
            plain += piece
    return plain, spans
