r"""TOML 1.1 in a project whose wrangler reads only TOML 1.0.

wrangler reads TOML 1.1 since 4.137.0, which has smol-toml 1.8; earlier versions, with smol-toml up
to 1.5.2 or @iarna/toml, fail on it. If the project's wrangler version is unknown, nothing is
reported.

## What
The file uses TOML 1.1 (an inline table over several lines or with a comma after its last field, the
escapes `\e` and `\xHH`), and the project's wrangler is older than 4.137.0. The version is that of
the wrangler in `node_modules`, or the lowest that `package.json` allows. If neither is known, this
isn't reported.

## Why
wrangler has read TOML 1.1 since 4.137.0. An older one stops with `Invalid TOML document`, although
editors accept the file.

## Example
With wrangler 4.100:

```toml
kv_namespaces = [{
  binding = "CARTS",
  id = "0f2ac74b498b48028cb68387c421e279",
}]
```

## Fix
Update wrangler, or write TOML 1.0:

```toml
kv_namespaces = [
  { binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" },
]
```

*Quick fix: writes the table on one line, removes the comma, or writes the escape as `\uHHHH`.
`kvlens check --fix` applies it.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kvlens.config.comments import comments
from kvlens.config.edit import Edit
from kvlens.config.model import Config
from kvlens.config.project_context import ProjectContext, Version
from kvlens.lint.base import Finding, Fix, PlaceRule, Problem
from kvlens.text import Span

FIRST: Version = (4, 137, 0)  # the first wrangler that reads TOML 1.1

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\r\n]|\\[^\r\n])*"?|\'[^\'\r\n]*\'?'
    r"|#[^\r\n]*|\r\n|[{}\[\],\r\n]",
    re.DOTALL,
)
_LAST = re.compile(r",(?:\s|#[^\r\n]*)*\}")
_ESCAPE = re.compile(r"\\(?:e|x([0-9A-Fa-f]{2}))|\\.", re.DOTALL)


class _Form(NamedTuple):
    """One use of TOML 1.1."""

    span: Span
    what: str


def _check(config: Config, context: ProjectContext) -> Iterator[Finding]:
    if not config.is_toml or context.wrangler is None or context.wrangler >= FIRST:
        return
    version = ".".join(map(str, context.wrangler))
    whose = (
        f"wrangler {version} of this project does"
        if context.installed
        else (f"wrangler {version}, which this project allows, does")
    )
    first = ".".join(map(str, FIRST))
    for form in _forms(config.text):
        yield Finding(
            form.span,
            f"{form.what} is TOML 1.1, and the {whose} not read it. Write it as TOML 1.0, or "
            f"update wrangler to {first} or newer.",
        )


def _forms(text: str) -> Iterator[_Form]:
    """Yield what TOML 1.0 lacks: line ends and trailing commas in inline tables; escapes."""
    opened: list[tuple[str, int]] = []
    reported: set[int] = set()
    comma: int | None = None
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token in "{[":
            opened.append((token, found.start()))
        elif token in "}]":
            last = comma is not None and _LAST.match(text, comma)
            if last and last.end() == found.end() and opened and opened[-1][1] not in reported:
                assert comma is not None
                yield _Form(Span(comma, comma + 1), "A comma after the last field")
            if opened:
                opened.pop()
        elif token == ",":
            comma = found.start()
            continue
        elif token in ("\n", "\r\n", "\r"):
            if opened and opened[-1][0] == "{" and opened[-1][1] not in reported:
                reported.add(opened[-1][1])
                start = opened[-1][1]
                yield _Form(Span(start, start + 1), "An inline table over several lines")
            continue
        elif token.startswith("#"):
            continue
        elif token.startswith('"'):
            for escape in _ESCAPE.finditer(text, *found.span()):
                if escape[0] == r"\e" or escape[1]:
                    yield _Form(Span(*escape.span()), f"The escape {escape[0]}")
        comma = None


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    text, start = config.text, problem.span.start
    if text[start] == ",":
        yield Fix("Remove the comma", (Edit(problem.span, ""),), safe=True)
    elif text[start] == "\\":
        escape = _ESCAPE.match(text, start)
        assert escape
        code = f"\\u00{escape[1]}" if escape[1] else "\\u001b"
        yield Fix(f"Write {code}", (Edit(problem.span, code),), safe=True)
    elif edits := tuple(_one_line(text, start)):
        yield Fix("Write the table on one line", edits, safe=True)


def _one_line(text: str, start: int) -> Iterator[Edit]:
    """Yield the edits that put an inline table on one line; none if it contains a comment."""
    depth, end = 0, start
    for found in _TOKEN.finditer(text, start):
        depth += (found[0] == "{") - (found[0] == "}")
        end = found.end()
        if not depth:
            break
    if depth or comments(text, syntax="toml", start=start, end=end):
        return
    inside = [
        found.span()
        for found in _TOKEN.finditer(text, start, end)
        if found[0][0] in "\"'" and "\n" in found[0]
    ]
    for gap in re.compile(r"[ \t]*(,?)[ \t]*[\r\n]\s*(\}?)").finditer(text, start, end):
        if any(first <= gap.start() < last for first, last in inside):
            continue
        if gap[2]:
            yield Edit(Span(*gap.span()), " }")
        else:
            yield Edit(Span(*gap.span()), f"{gap[1]} ")


RULE = PlaceRule(
    "toml-too-new",
    "warning",
    "The project's wrangler can't read this TOML 1.1 syntax",
    _check,
    _fixes,
)
