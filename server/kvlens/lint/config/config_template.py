"""A config that a generator has to fill in: it isn't valid until then, and isn't checked.

## What
A value or a key is a placeholder of a template, such as `{{project-name}}`, `{% if kv %}` or
`<%= name %>`, outside of strings and comments. Nothing else is reported in such a file, and nothing
at all in a folder for templates, such as `templates/`.

## Why
The file isn't valid TOML or JSON, so wrangler and KV Lens can't read it. That's right for a
template, which a tool such as `cargo generate` fills in first.

## Example
```toml
name = {{project-name}}
main = "src/index.ts"
```

## Fix
In quotes, the template is a valid config itself:

```toml
name = "{{project-name}}"
main = "src/index.ts"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.lint.base import Finding, TextRule
from kvlens.lint.deploys.fixtures import is_fixture
from kvlens.lint.deploys.templates import template_mark
from kvlens.lint.wording import quoted


def _check(config: Config) -> Iterator[Finding]:
    span = template_mark(config)
    if span is not None and not is_fixture(config.path):
        mark = config.text[slice(*span)]
        yield Finding(
            span,
            f"{quoted(mark)} is a placeholder of a template, so this file isn't checked until a "
            "generator fills it in. In quotes, it could be checked as it is.",
        )


RULE = TextRule(
    "config-template",
    "information",
    "The config is a template, and isn't checked",
    _check,
)
