"""The configs for every server: both array syntaxes, of any length."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

HEAD = """\
# A Worker with many namespaces.
name = "bench-worker"
main = "src/index.ts"
compatibility_date = "2026-01-15"
workers_dev = true

"""
TAIL = """
[vars]
API_HOST = "example.com"
LIMIT = 100

[[routes]]
pattern = "example.com/*"
zone_name = "example.com"

[observability]
enabled = true
"""
ENTRY_LINES = 5  # of one `[[…]]` including its empty line


@dataclass(frozen=True)
class Typed:
    """A position where the benchmark types one character of a field's name.

    The entry has an `id` and a field whose name is `i` and one more letter. With `d`, it is a
    duplicate `id`, which every TOML server must report; with any other letter, it is valid TOML,
    but an unknown field, which KV Lens reports.
    """

    line: int
    character: int


def make_config(lines: int) -> tuple[str, list[Typed]]:
    """Return a config of this many lines and the positions to type at, one per syntax.

    Each syntax has a separate environment with the same bindings: apart from the typed field,
    nothing is wrong.
    """
    room = lines - HEAD.count("\n") - TAIL.count("\n") - 3
    tables = room // 2 // ENTRY_LINES
    inline = room - tables * ENTRY_LINES
    text: list[str] = ["[env.staging]", "kv_namespaces = ["]
    for number in range(inline):
        text.append(f'  {{ binding = "KV_{number}", id = "{_id(number)}" }},')
    text.append("]")
    for number in range(inline, inline + tables):
        text += [
            "",
            "[[env.production.kv_namespaces]]",
            f'binding = "KV_{number}"',
            f'id = "{_id(number)}"',
            f'preview_id = "{_id(number + lines)}"',
        ]
    base = HEAD.count("\n")
    at_inline = 2 + inline // 2
    text[at_inline] = text[at_inline].replace(" }", f', ix = "{_id(0)}" }}')
    at_table = inline + 3 + ENTRY_LINES * (tables // 2) + 4
    text[at_table] = f'ix = "{_id(1)}"'
    places = [
        Typed(base + at_inline, text[at_inline].index("ix =") + 1),
        Typed(base + at_table, 1),
    ]
    whole = HEAD + "\n".join(text) + "\n" + TAIL
    assert whole.count("\n") == lines, (whole.count("\n"), lines)
    return whole, places


def _id(number: int) -> str:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
