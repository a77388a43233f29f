"""A binding that isn't a JavaScript identifier.

wrangler accepts it, and a module Worker can use `env["my-kv"]`, but not `env.my-kv`. In
service-worker syntax, where a binding is a global variable, it can't be used.

## What
A binding has a character that isn't allowed in a JavaScript identifier, such as a hyphen or a
space, or starts with a digit. A Worker in Rust, Go or Python may use any name.

## Why
wrangler accepts it. A module Worker can then reach the namespace only as `env["my-kv"]`, because
`env.my-kv` is a subtraction. Destructuring and generated types need quotes too. In service-worker
syntax a binding is a global variable, so the code can't reach it at all.

## Example
```toml
[[kv_namespaces]]
binding = "my-kv"
```

## Fix
```toml
[[kv_namespaces]]
binding = "MY_KV"
```

Rename it in the code too.

*Quick fix: renames it in every environment. Change the code too.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config, Entry
from kvlens.js.identifiers import identifier_like, is_identifier
from kvlens.lint.base import EntryRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import entry_at, free_binding, rename_binding
from kvlens.lint.other_languages import is_in_another_language
from kvlens.lint.wording import quoted, usable


def _check(entry: Entry) -> Iterator[Finding]:
    field = entry.get("binding")
    name = usable(field)
    if not field or not name or is_identifier(name):
        return
    better = identifier_like(name)
    way_out = f"Rename it, for example to {quoted(better)}" if better else "Rename it"
    yield Finding(
        field.value_span,
        f"The binding {quoted(name)} isn't a JavaScript identifier: a module Worker can use it "
        f"only as env[{quoted(name)}], a service worker not at all. {way_out}.",
        data={"name": better} if better else None,
    )


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    name = found[1].text_of("binding") if found else None
    if name:
        yield rename_binding(config, name, free_binding(config, identifier_like(name) or "KV"))


RULE = EntryRule(
    "binding-not-identifier",
    "warning",
    "A binding is not a JavaScript identifier",
    _check,
    _fixes,
    lambda config, environment, entry: is_in_another_language(config),
)
