"""A namespace of the config that the type of `env` doesn't have.

## What
The config declares a namespace that code uses, and the type that the Worker's entry, `main`, gives
to `env` has no member of this name. The whole type must be known, with all that it extends; it
isn't reported if a part comes from a package, if the type has an index signature, or if another
type of `env` in the project has the member, as each app may list only what it uses. Nor is it if
the type is global and a script of package.json runs `wrangler types`, which adds to it in a file
that git may ignore.
Types that `wrangler types` has generated are checked by [types-outdated](types-outdated.md).

## Why
TypeScript rejects `env.CARTS`, although the Worker has it, and editors don't complete it.

## Example
```toml
main = "src/index.ts"

[[kv_namespaces]]
binding = "CARTS"

[[kv_namespaces]]
binding = "SESSIONS"
```

```ts
interface Env {
  CARTS: KVNamespace;
}

export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get(await env.SESSIONS.get("session:1")));
  },
} satisfies ExportedHandler<Env>;
```

## Fix
```toml
main = "src/index.ts"

[[kv_namespaces]]
binding = "CARTS"

[[kv_namespaces]]
binding = "SESSIONS"
```

```ts
interface Env {
  CARTS: KVNamespace;
  SESSIONS: KVNamespace;
}

export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get(await env.SESSIONS.get("session:1")));
  },
} satisfies ExportedHandler<Env>;
```

*Quick fix: adds the members. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from kvlens.config.edit import Edit, line_end, line_start, newline_of
from kvlens.config.model import Config
from kvlens.js.binding_resolver import signatures
from kvlens.js.config_bindings import declared, entries
from kvlens.js.env_types import Declared, EnvTypes, generated
from kvlens.js.program import is_global
from kvlens.js.syntax import Source
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.guards import is_named
from kvlens.lint.source_fix_helpers import given
from kvlens.lint.wording import listed
from kvlens.lint.written_types import writes_types
from kvlens.text import Span

# What a source must have to declare a type of `env`.
_DECLARES = re.compile(r"\b(?:interface|type)\s+\w|\bBindings\b|\b_?env\??\s*:\s*\{")


def _check(context: Context) -> Iterator[Finding]:
    analysis = context.analysis
    if context.declared.unsure or not _DECLARES.search(analysis.source.text):
        return
    names = [name for name in context.declared.kv if not name.startswith("__")]
    if all(any(signatures(analysis.source.names, name)) for name in names):
        return
    for config in context.project.configs:
        kv = declared([config]).kv
        types = _types_of(context, config)
        if not types or types[0].flow is not analysis.resolver.flow:
            continue  # it is reported where the type begins
        if any(generated(each.flow.source.text) for each in types):
            continue
        if any(is_global(each.flow, each.node) for each in types) and writes_types(config):
            continue  # the generated part of it isn't there
        known = {name for each in types for name in each.names} | context.analysis.types.keys()
        missing = [
            name
            for name in names
            if name in kv and name not in known and is_named(context, name, entries(config))
        ]
        if missing:
            label = analysis.source.text_of(types[0].label)
            file = PurePath(config.path).name
            what = "the KV binding" if len(missing) == 1 else "the KV bindings"
            yield Finding(
                analysis.source.span(types[0].label),
                f"{label} lacks {what} {listed(missing)} of {file}. "
                f"Add {'it' if len(missing) == 1 else 'them'} as KVNamespace.",
                data={"missing": missing},
            )
            return


def _types_of(context: Context, config: Config) -> list[Declared]:
    """Return the types that a Worker's entries give to `env`; none if a part isn't known."""
    found: list[Declared] = []
    for path in dict.fromkeys(entries(config)):
        types = EnvTypes(context.analysis.resolver.program).of_entry(path)
        if types is None:
            return []
        found += types
    return found


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    source, missing = context.analysis.source, given(problem, "missing") or []
    for config in context.project.configs:
        types = _types_of(context, config)
        if types and types[0].flow is context.analysis.resolver.flow:
            title = f"Add {listed(missing)} as KVNamespace"
            yield Fix(title, (_added(source, types[0], missing),), safe=True)
            return


def _added(source: Source, declared: Declared, names: list[str]) -> Edit:
    """Return the edit that adds members, written as the last one is."""
    text, body = source.text, source.span(declared.body)
    members = [each for each in declared.body.named_children if each.type != "comment"]
    start = source.span(declared.node).start
    line = text[line_start(text, start) : start]
    indent = line[: len(line) - len(line.lstrip())]
    if not members:
        lines = [f"{indent}  {name}: KVNamespace;" for name in names]
        newline = newline_of(text)
        return Edit(body, newline.join(["{", *lines, f"{indent}}}"]))
    last = source.span(members[-1])
    mark = text[last.end] if text[last.end] in ";," else ""
    at = last.end + len(mark)
    begin = line_start(text, last.start)
    is_alone = not text[begin : last.start].strip() and begin > body.start
    if not is_alone:
        more = "; ".join(f"{name}: KVNamespace" for name in names)
        return Edit(Span(at, at), f"{'' if mark else ';'} {more}{mark}")
    if (end := line_end(text, at)) < body.end:  # after a comment
        at = end
    between = newline_of(text) + text[begin : last.start]
    return Edit(Span(at, at), "".join(f"{between}{name}: KVNamespace{mark}" for name in names))


RULE = SourceRule(
    "env-member-missing",
    "information",
    "The type of env lacks a namespace that the config declares",
    _check,
    _fixes,
)
