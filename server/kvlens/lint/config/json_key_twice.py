"""A duplicate key in an object of a JSON config.

wrangler silently uses the last one; in TOML it is a syntax error.

## What
An object in `wrangler.json` or `wrangler.jsonc` has the same key twice. The second is underlined.
In TOML this is a [syntax-error](syntax-error.md).

## Why
wrangler silently uses the last one. Two `kv_namespaces` aren't merged: the namespaces in the first
are lost.

## Example
```jsonc
{
  "kv_namespaces": [{ "binding": "CARTS" }],
  "main": "src/index.ts",
  "kv_namespaces": [{ "binding": "PRICES" }]
}
```

## Fix
```jsonc
{
  "main": "src/index.ts",
  "kv_namespaces": [{ "binding": "CARTS" }, { "binding": "PRICES" }]
}
```

*Quick fixes: remove the first, which has no effect, or this one. `kvlens check --fix` removes the
first.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import remove_member
from kvlens.config.model import Config
from kvlens.config.nodes import Node
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.wording import quoted
from kvlens.memo import memo
from kvlens.text import Span

_Found = tuple[int, Node, int, int]  # the table's offset, the table, the earlier, the later member


def _check(config: Config) -> Iterator[Finding]:
    for base, node, earlier, later in _all(config):
        first, second = node.members[earlier].key[0], node.members[later].key[0]
        yield Finding(
            Span(base + second.start, base + second.end),
            f"Duplicate key {quoted(second.name)}: only this value counts, and the first "
            "has no effect. Remove one of the two.",
            related=(Related(Span(base + first.start, base + first.end), "the first one"),),
        )


def _all(config: Config) -> Iterator[_Found]:
    if config.is_json:
        for base, section in config.sections:
            for offset, node, earlier, later in _search(section.body):
                yield base + offset, node, earlier, later


@memo
def _by_place(config: Config) -> dict[int, _Found]:
    """Return all of them by where the later key begins."""
    return {each[0] + each[1].members[each[3]].key[0].start: each for each in _all(config)}


@memo
def _search(node: Node) -> tuple[_Found, ...]:
    return tuple(_look(node))


def _look(node: Node) -> Iterator[_Found]:
    seen: dict[str, int] = {}
    for index, member in enumerate(node.members):
        name = member.key[0].name
        if name in seen and member.value.kind != "missing":
            yield 0, node, seen[name], index
        seen[name] = index
        if member.value.members or member.value.items:
            for offset, table, first, second in _search(member.value):
                yield member.offset + offset, table, first, second
    for start, item in node.items:
        if item.members or item.items:
            for offset, table, first, second in _search(item):
                yield start + offset, table, first, second


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = _by_place(config).get(problem.span.start)
    if found:
        base, node, earlier, later = found
        edits = remove_member(config, base, node, earlier)
        yield Fix("Remove the first one, which has no effect", edits, safe=True)
        yield Fix("Remove this one", remove_member(config, base, node, later))


RULE = ConfigRule(
    "json-key-twice",
    "warning",
    "An object has a duplicate key, and only the last one counts",
    _check,
    _fixes,
)
