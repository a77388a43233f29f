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

from kvlens.config.edit import list_path, remove_entry
from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.bindings_by_env import EnvBindings, bindings_by_env, duplicates, environments_above
from kvlens.lint.fix_helpers import entry_at, header_for
from kvlens.lint.wording import path_of, quoted


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
    above = None if env.environment.name else environments_above(config).get(entry.base)
    return above.environment.name if above and name not in above.by_binding else None


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    meant = problem.data.get("environment") if problem.data else None
    if found and isinstance(meant, str):
        yield Fix(f"Write [[{list_path(meant)}]]", (header_for(config, found[1], meant),))
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
