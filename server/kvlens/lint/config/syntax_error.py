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
from kvlens.config.syntax_check import SyntaxProblem, check_config_syntax
from kvlens.lint.base import Finding, Fix, Problem, TextRule
from kvlens.lint.fix_helpers import entry_at
from kvlens.text import Span

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
_BARE_BEFORE = re.compile(r"[=:][ \t]*([^\s,\[\]{}#\"'=:]*)\Z")
_BARE_VALUE = re.compile(r"[\w<$.:/@-][^\s,\]}#\"']*")
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_VALUE_BEGINS = re.compile(r"=[ \t]*\Z")


def _check(config: Config) -> Iterator[Finding]:
    if config.refused or config.is_code:
        return  # reported by another rule, or by the editor
    if config.is_json and not config.text.strip("\ufeff \t\r\n"):
        yield Finding(Span(0, 0), "The file is empty, and JSON needs a value: start with {}.")
        return
    problem = check_config_syntax(config)
    if problem:
        language = "JSON" if config.is_json else "TOML"
        said = _plainer(config.text, problem).rstrip(". ")
        end = "" if said.endswith("?") else "."
        yield Finding(
            problem.span,
            f"Not valid {language}, so wrangler can't read the file: {said}{end}",
        )


def _plainer(text: str, problem: SyntaxProblem) -> str:
    if _CONFLICT.match(text, problem.span.start):
        return "this line is left from a merge conflict. Keep one side, and remove the markers"
    for pattern, words in _PLAINER:
        if found := re.match(pattern, problem.message):
            return found.expand(words)
    if problem.message.startswith("Unexpected character"):
        if _VALUE_BEGINS.search(text, 0, problem.span.start):
            return "this isn't a value; if it's a string, put it in quotes"
        return "this is unexpected here: check for a missing comma, quote or bracket before it"
    return problem.message


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
