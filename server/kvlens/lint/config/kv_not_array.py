"""`kv_namespaces` isn't an array. Wrangler: V1 of its validation.

## What
`kv_namespaces`, at the top level, in an environment or in the `previews` of either, is a table, a
string or another value instead of an array.

## Why
wrangler stops with `The field "kv_namespaces" should be an array`. The usual cause is a
header with one pair of brackets where two are needed: `[kv_namespaces]` is one table,
`[[kv_namespaces]]` starts the next element of an array.

## Example
```toml
[kv_namespaces]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

## Fix
Write it in one of two ways:

```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"
```

```toml
kv_namespaces = [{ binding = "CARTS", id = "0f2ac74b498b48028cb68387c421e279" }]
```

In an environment the header is `[[env.NAME.kv_namespaces]]`. In JSON:

```jsonc
{ "kv_namespaces": [{ "binding": "CARTS", "id": "0f2ac74b498b48028cb68387c421e279" }] }
```

*Quick fix: adds the second pair of brackets, puts `[` and `]` around a table, or turns a name into
a namespace. `kvlens check --fix` applies it where no environment lacks the bindings then.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, add_field, list_path, literal
from kvlens.config.model import Config, Entry, Environment, KvList
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem
from kvlens.lint.fix_helpers import free_binding, in_every_environment
from kvlens.lint.misplaced_lists import FIELDS_OF_KV
from kvlens.lint.wording import described_value, path_of
from kvlens.memo import memo
from kvlens.text import Span


def _check(config: Config) -> Iterator[Finding]:
    for environment in config.environments:
        for previews, kv in _lists(environment):
            path = path_of(environment, previews=previews)
            if kv.kind == "array" or kv.kind in ("missing", "invalid") or kv.broken:
                continue
            if config.is_json and config.root.parts[0][1].broken and _on_a_later_line(config, kv):
                continue  # its bracket hasn't been typed yet: this value is from the next line
            node = kv.definition.node
            value = described_value(kv.kind, node.value if node else None)
            way_out = _way_out(config, kv, path)
            yield Finding(
                kv.span,
                f"{path} should be an array of tables, but is {value}: {way_out}",
            )


def _lists(environment: Environment) -> Iterator[tuple[bool, KvList]]:
    """Yield the lists of an environment, each with whether it is for previews."""
    yield from ((False, kv) for kv in environment.kv)
    yield from ((True, kv) for kv in environment.previews)


def _on_a_later_line(config: Config, kv: KvList) -> bool:
    return "\n" in config.text[kv.key_span.end : kv.span.start]


def _way_out(config: Config, kv: KvList, path: str) -> str:
    if config.is_json:
        return 'write [{ "binding": "NAME", "id": "…" }].'
    if kv.kind == "table" and kv.definition.node is None:
        return f"write [[{path}]], with two brackets, above each namespace."
    if kv.kind == "table":
        return "put [ and ] around it."
    return 'write [{ binding = "NAME", id = "…" }].'


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = _by_place(config).get(problem.span)
    if found is None:
        return
    top, kv = found
    if kv.kind == "table" and kv.definition.node is None:
        yield from _double_brackets(config, problem.span, top)
    elif kv.kind == "table" and kv.definition.node is not None:
        inside = Entry(kv.definition.base, kv.definition.node)
        if not any(field.name in FIELDS_OF_KV for field in inside.fields):
            return
        edits = [Edit(Span(kv.span.start, kv.span.start), "[")]
        edits += [Edit(Span(kv.span.end, kv.span.end), "]")]
        yield _fix("Wrap it in an array", config, edits, top, inside)
    elif kv.kind == "string" and kv.definition.node is not None:
        binding = str(kv.definition.node.value)
        key = '"binding":' if config.is_json else "binding ="
        text = f"[{{ {key} {literal(binding)} }}]"
        more = in_every_environment(config, None, [binding]) if top else []
        edits = [Edit(kv.span, text), *more]
        yield Fix(f"Make it a namespace with the binding {literal(binding)}", tuple(edits))


@memo
def _by_place(config: Config) -> dict[Span, tuple[bool, KvList]]:
    """Return every list by where it is, with whether its bindings are the top level's."""
    return {
        kv.span: (environment.name is None and not previews, kv)
        for environment in config.environments
        for previews, kv in _lists(environment)
    }


def _double_brackets(config: Config, name: Span, top: bool) -> Iterator[Fix]:
    """Yield the fix of `[kv_namespaces]` if it is a separate header."""
    base, section = config.section_around(name.start)
    if section.header and base + section.header[-1].start == name.start:
        start, end = base, base + section.body.head
        edits = [Edit(Span(start, start), "["), Edit(Span(end, end), "]")]
        path = list_path(section.path[1] if section.path[0] == "env" else None)
        if section.path[-2:-1] != ("previews",):
            title = f"Write [[{path}]]"
        else:
            title = "Write it with two brackets"
        yield _fix(title, config, edits, top, Entry(base, section.body))


def _fix(title: str, config: Config, edits: list[Edit], top: bool, entry: Entry) -> Fix:
    binding, more = entry.text_of("binding"), []
    if entry.get("binding") is None:
        binding = free_binding(config)
        more = [add_field(config, entry, "binding", literal(binding), first=True)]
        title = f'{title}, with the binding "{binding}"'
    if top and binding:
        more += in_every_environment(config, None, [binding])
    return Fix(title, (*edits, *more), safe=not more)


RULE = ConfigRule(
    "kv-not-array",
    "error",
    "kv_namespaces is not an array",
    _check,
    _fixes,
)
