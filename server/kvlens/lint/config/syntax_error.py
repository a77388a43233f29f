"""The file isn't valid TOML or JSON.

## What
The file isn't valid TOML, or a `.json` or `.jsonc` file isn't valid JSON with comments. The first
error is underlined. TOML is checked by tomlkit.

## Why
wrangler can't read an invalid file: no command works until you fix it. The other rules still check
what can be understood, so one open quote doesn't hide the rest.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = 0f2ac74b498b48028cb68387c421e279
```

The value needs quotes.

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

*Quick fix: puts quotes around a bare word, or removes the second of two equal fields.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.config.edit import Edit, literal, remove_field
from kvlens.config.model import Config
from kvlens.config.syntax_check import check_config_syntax
from kvlens.lint.base import Finding, Fix, Problem, TextRule
from kvlens.lint.fix_helpers import entry_at
from kvlens.text import Span

_BARE_BEFORE = re.compile(r"[=:][ \t]*([^\s,\[\]{}#\"'=:]*)\Z")
_BARE_VALUE = re.compile(r"[\w<$.:/@-][^\s,\]}#\"']*")


def _check(config: Config) -> Iterator[Finding]:
    if config.refused or config.is_code:
        return  # reported by another rule, or by the editor
    if config.is_json and not config.text.strip("\ufeff \t\r\n"):
        yield Finding(Span(0, 0), "The file is empty, and JSON needs a value: start with {}.")
        return
    problem = check_config_syntax(config)
    if problem:
        language = "JSON" if config.is_json else "TOML"
        yield Finding(
            problem.span,
            f"Not valid {language}, so wrangler can't read the file: {problem.message}.",
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    start = problem.span.start
    begins = _BARE_BEFORE.search(config.text, 0, start)
    bare = _BARE_VALUE.match(config.text, begins.start(1)) if begins else None
    if bare:
        edit = Edit(Span(*bare.span()), literal(bare[0]))
        yield Fix(f"Put {literal(bare[0])} in quotes", (edit,))
    found = entry_at(config, Span(start, start))
    field = found[1].field_at(start) if found else None
    if found and field and field.key_span.start == start:
        first = found[1].get(field.name)
        if first and first.key_span != field.key_span:
            yield Fix("Remove the second one", remove_field(config, found[1], field))


RULE = TextRule(
    "syntax-error",
    "error",
    "The file isn't valid TOML or JSON",
    _check,
    _fixes,
)
