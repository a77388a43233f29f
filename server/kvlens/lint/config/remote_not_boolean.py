"""A `remote` that is neither true nor false. Wrangler: V7 of its validation.

## What
`remote` is a string, a number or another value instead of true or false.

## Why
wrangler stops with `should, optionally, have a boolean "remote" field`. The field decides
whether `wrangler dev` works on the real namespace, so it has to be unambiguous.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
remote = "true"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
remote = true
```

*Quick fix: removes the quotes or the field. `kvlens check --fix` removes the quotes.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, literal
from kvlens.config.model import Config, Entry
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import without_field
from kvlens.lint.wording import described, usable, wrong_kind


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("remote")
    if field and wrong_kind(field, "boolean"):
        word = (usable(field) or "").strip().lower()
        way_out = (
            f"write {word} without quotes."
            if word in ("true", "false")
            else ("write true to use the real namespace in dev, or remove the field.")
        )
        yield Finding(
            field.value_span,
            f"remote should be true or false, but is {described(field)}: {way_out}",
            data={"value": word == "true"} if word in ("true", "false") else None,
        )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    value = problem.data.get("value") if problem.data else None
    if isinstance(value, bool):
        word, written = literal(value), config.text[slice(*problem.span)]
        if written.strip("\"' ").lower() == word:  # in code, it may be another one in another mode
            yield Fix(f"Write {word} without quotes", (Edit(problem.span, word),), safe=True)
    yield from without_field("remote")(config, problem)


RULE = EntryRule(
    "remote-not-boolean",
    "error",
    "remote is neither true nor false",
    _check,
    _fixes,
)
