"""One name for two bindings, of different types or of one. Wrangler: V12, V13.

wrangler checks this only if every entry is valid; this rule always does. binding-duplicate reports
two KV namespaces with one name.

## What
In one environment, two things have the same name: a KV namespace and a variable, a D1 database and
a queue, two R2 buckets. All types that wrangler 4.164 has are checked, including `vars` and
`secrets.required`. Two KV namespaces with one name are reported as
[binding-duplicate](binding-duplicate.md).

## Why
A Worker has one value for each name. wrangler stops with `CARTS assigned to KV Namespace and
Environment Variable bindings.`, but only after every other mistake is fixed, and not at all for
`send_email` and `ratelimits`, where the API rejects the upload.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[vars]
CARTS = "on"
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
id = "0f2ac74b498b48028cb68387c421e279"

[vars]
CARTS_MODE = "on"
```

*Quick fix: renames the namespace, in every environment. Change the code too.*
"""

from __future__ import annotations

from collections.abc import Iterator

from kvlens.config.model import Config
from kvlens.lint.base import ConfigRule, Finding, Fix, Problem, Related
from kvlens.lint.bindings_by_env import bindings_by_env
from kvlens.lint.env_names import KV, Name, names_of, other_names
from kvlens.lint.fix_helpers import entry_at, free_binding, rename_binding
from kvlens.lint.wording import path_of, quoted
from kvlens.memo import memo


def _check(config: Config) -> Iterator[Finding]:
    for env in bindings_by_env(config):
        environment, bindings = env.environment, env.by_binding
        found = other_names(config, environment)
        names = {name.name for name in found}
        if len(names) == len(found) and names.isdisjoint(bindings):
            continue
        found = names_of(config, environment)
        first: dict[str, list[Name]] = {}
        for holder in found:
            first.setdefault(holder.name, []).append(holder)
        where = path_of(environment).rpartition(".")[0] or "the top level"
        for name, holders in first.items():
            others = [holder for holder in holders if holder.what != KV]
            if len(holders) < 2 or not others:
                continue
            if len(others) < len(holders):  # the namespace is reported once
                reported, known = [holders[0]], others
            else:
                reported, known = holders[1:], holders[:1]
            for holder in reported:
                yield Finding(
                    holder.span,
                    f"{quoted(name)} is the name of {holder.what} and of "
                    f"{_also(holder, known[0])} in {where}. "
                    "In a Worker, a name has only one value: rename one of the two.",
                    related=tuple(Related(other.span, other.what) for other in known[:5]),
                )


def _also(holder: Name, other: Name) -> str:
    return f"{other.what} too" if other.what != holder.what else "another one"


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    found = entry_at(config, problem.span)
    name = found[1].text_of("binding") if found else None
    if name:
        taken = _taken(config)
        better = free_binding(config, f"{name}_KV")
        while better in taken:
            better += "_"
        yield rename_binding(config, name, better, thing="the namespace ")


@memo
def _taken(config: Config) -> set[str]:
    return {known.name for env in config.environments for known in names_of(config, env)}


RULE = ConfigRule(
    "name-duplicate",
    "error",
    "Two bindings, variables or secrets have the same name",
    _check,
    _fixes,
)
