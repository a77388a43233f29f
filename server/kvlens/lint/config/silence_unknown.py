"""A suppression comment that names an unknown rule.

## What
A comment `kvlens-disable-line` or `kvlens-disable-next-line` in a config or a source names a rule
that doesn't exist, or no rule at all. Or it is another such comment, which has no meaning:
`kvlens-disable`, `kvlens-ignore`.

## Why
It has no effect, although it looks as if it had. See [how to turn off a rule for one
line](README.md).

## Example
```toml
[[kv_namespaces]]
binding = "CARTS" # kvlens-disable-line id-placeholders
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "<YOUR_ID>" # kvlens-disable-line id-placeholder
```

*Quick fix: changes it to the nearest rule, which `kvlens check --fix` applies, or to
`kvlens-disable-line` or `kvlens-disable-next-line`.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kvlens.config.edit import Edit
from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, ProjectRule
from kvlens.lint.registry import codes, rules_of
from kvlens.lint.suppressions import Commented, suppressions
from kvlens.lint.wording import quoted
from kvlens.spelling import nearest
from kvlens.text import Span

_START = "kvlens-"
_OTHER = re.compile(
    rf"(?:#|//|/\*+)\s*({_START}(?:disable|enable|ignore|silence)(?!-(?:next-)?line\b)[\w-]*)"
)


def check(file: Commented) -> Iterator[Finding]:
    """Yield the comments of a config or a source that have no effect."""
    for silence in suppressions(file):
        if not silence.codes:
            yield Finding(
                silence.span,
                "This comment has no effect, because it doesn't name a rule. Add the rule's name, "
                "such as id-placeholder.",
            )
        for code, span in silence.codes:
            if not _is_known(code, file):
                meant = nearest(code, _codes() if isinstance(file, Config) else codes())
                way_out = f"Did you mean {quoted(meant)}?" if meant else "Remove it."
                yield Finding(
                    span,
                    f"There is no rule {quoted(code)}, so this comment has no effect. {way_out}",
                    data={"nearest": meant} if meant else None,
                )
    for span in file.comments_with(_START):
        if other := _OTHER.match(file.text, *span):
            before = file.text[file.text.rfind("\n", 0, span.start) + 1 : span.start]
            meant = "kvlens-disable-line" if before.strip() else "kvlens-disable-next-line"
            yield Finding(
                Span(*other.span(1)),
                f"{quoted(other[1])} has no meaning, so this comment has no effect. Write {meant}, "
                "or turn the rule off for the whole file in kvlens.toml.",
                data={"word": meant},
            )


def _is_known(code: str, file: Commented) -> bool:
    if not isinstance(file, Config):
        return code in codes()
    return code in rules_of("config") or code in _codes()  # imports the rules of sources


def _codes() -> list[str]:
    """Return the codes of rules that report in configs, including those that read sources."""
    with_sources = (rule for rule in rules_of("js").values() if isinstance(rule, ProjectRule))
    return [*rules_of("config"), *(rule.code for rule in with_sources)]


def fixes(_: Commented, problem: Problem) -> Iterator[Fix]:
    """Yield the fix that writes the nearest rule."""
    for name, is_safe in (("nearest", True), ("word", False)):
        if meant := (problem.data or {}).get(name):
            yield Fix(f"Change to {meant}", (Edit(problem.span, str(meant)),), safe=is_safe)


RULE = ConfigRule(
    "silence-unknown",
    "warning",
    "A comment turns off a rule that doesn't exist",
    check,
    fixes,
)
