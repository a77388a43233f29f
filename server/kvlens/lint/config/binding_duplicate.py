"""Two namespaces of one environment under one binding. Wrangler: V11 of its validation.

wrangler checks this only if every entry is valid; this rule always does.

## What
Two namespaces of the same environment, or of the top level, have the same binding. The same
binding in different environments is fine: each environment is checked separately.

## Why
A Worker has one value for each name. wrangler stops with `CARTS assigned to multiple KV
Namespace bindings.`, but only after every other mistake is fixed. This rule reports it
immediately and shows where the name is used first.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[kv_namespaces]]
binding = "CARTS"
id = "06779da6940b431db6e566b4846d64db"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[[kv_namespaces]]
binding = "SESSIONS"
id = "06779da6940b431db6e566b4846d64db"
```

If a `[[kv_namespaces]]` follows `[env.NAME]`, it still belongs to the top level: the header of an
environment's namespace is `[[env.NAME.kv_namespaces]]`.

*Quick fixes: write the header of the environment above, or remove the later one.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.edit import Edit, list_path, remove_entry
from kvlens.config.model import KV_FIELD, Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.bindings_by_env import EnvBindings, bindings_by_env, duplicates
from kvlens.lint.fix_helpers import entry_at
from kvlens.lint.wording import path_of, quoted
from kvlens.memo import memo
from kvlens.text import Span


def _check(config: Config) -> Iterator[Finding]:
    for env in bindings_by_env(config):
        for first, later in duplicates(env.bindings):
            name = env.bindings[later] or ""
            field = env.entries[later].get("binding")
            earlier = env.entries[first].get("binding")
            assert field and earlier
            meant = _meant(config, env, later)
            yield Finding(
                field.value_span,
                f"The binding {quoted(name)} is declared twice in {path_of(env.environment)}. "
                + (
                    f"A header doesn't continue the table above it: if this one is for {meant}, "
                    f"write [[{list_path(meant)}]]."
                    if meant
                    else "A Worker sees only one of them: rename or remove the other."
                ),
                related=(Related(earlier.value_span, f"{quoted(name)} is declared here first"),),
                data={"environment": meant} if meant else None,
            )


def _meant(config: Config, env: EnvBindings, later: int) -> str | None:
    """Return the environment above a `[[kv_namespaces]]`, if it lacks the binding."""
    entry, name = env.entries[later], env.bindings[later]
    above = None if env.environment.name else _environments_above(config).get(entry.base)
    return above.environment.name if above and name not in above.by_binding else None


@memo
def _environments_above(config: Config) -> dict[int, EnvBindings]:
    """Return the environment that the last header before a `[[kv_namespaces]]` belongs to."""
    known = {one.environment.name: one for one in bindings_by_env(config)}
    found: dict[int, EnvBindings] = {}
    last: EnvBindings | None = None
    for start, section in config.sections:
        path = section.path
        if path == (KV_FIELD,) and last:
            found[start] = last
        elif path != (KV_FIELD,):
            last = known.get(path[1]) if len(path) > 1 and path[0] == "env" else None
    return found


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    meant = problem.data.get("environment") if problem.data else None
    if found and isinstance(meant, str):
        start, section = config.section_around(found[1].base)
        header = Span(start + section.header[0].start, start + section.header[-1].end)
        path = list_path(meant)
        yield Fix(f"Write [[{path}]]", (Edit(header, path),))
    if found:
        same = {(field.name, str(field.value)) for field in found[1].fields}
        first = entry_at(config, problem.related[0].span) if problem.related else None
        safe = bool(first and same == {(f.name, str(f.value)) for f in first[1].fields})
        yield Fix("Remove this duplicate", remove_entry(config, found[1]), safe)


RULE = ConfigRule(
    "binding-duplicate",
    "error",
    "Two namespaces of one environment have the same binding",
    _check,
    _fixes,
)
