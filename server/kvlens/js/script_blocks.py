"""The code in Astro, Svelte and Vue files, at its own place.

All else becomes spaces, so that the code has the same offsets as in the file.
"""

from __future__ import annotations

import os
import re

ENDINGS = {".astro", ".svelte", ".vue"}
_FENCE = re.compile(r"\s*---[ \t]*\r?\n")
_FENCE_END = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_OPENING = re.compile(r"<!--|<script\b", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"""((?:[^>"']|"[^"]*"|'[^']*')*)>""")
_LONGEST = 2_000  # characters of a tag
_CLOSING = re.compile(r"</script\s{0,100}>", re.IGNORECASE)
_TYPE = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]*)""", re.IGNORECASE)
_CODE_TYPES = ("", "module", "text/javascript", "application/javascript", "text/typescript", "ts")
_NOT_BREAK = re.compile(r"[^\r\n]")


def code_of(text: str, path: str) -> str:
    """Return a source's code: the text itself, unless the file has code in blocks."""
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122 - for every source
    if ending not in ENDINGS:
        return text
    blocks = _frontmatter(text) if ending == ".astro" else _scripts(text)
    parts: list[str] = []
    at = 0
    for start, end in blocks:
        parts += [_NOT_BREAK.sub(" ", text[at:start]), text[start:end]]
        at = end
        if end < len(text) and text[end] not in "\r\n":
            parts.append(";")  # ends the last statement of the block
            at += 1
    parts.append(_NOT_BREAK.sub(" ", text[at:]))
    return "".join(parts)


def _frontmatter(text: str) -> list[tuple[int, int]]:
    opening = _FENCE.match(text)
    closing = _FENCE_END.search(text, opening.end()) if opening is not None else None
    if opening is None or closing is None:
        return []
    return [(opening.end(), closing.start())]


def _scripts(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        if opening[0] == "<!--":
            end = text.find("-->", opening.end())
            if end < 0:
                break
            at = end + 3
            continue
        limit = opening.end() + _LONGEST
        tag = _ATTRIBUTES.match(text, opening.end(), limit)
        if tag is None:
            at = limit
            continue
        closing = _CLOSING.search(text, tag.end())
        if closing is None:
            break
        kind = _TYPE.search(tag[1])
        if kind is None or kind[1].lower() in _CODE_TYPES:
            found.append((tag.end(), closing.start()))
        at = closing.end()
    return found
