"""A binding as a global, or `env` where no `env` is: the runtime throws a ReferenceError.

## What
A module Worker (`export default { fetch }`), or a source that only such Workers import, uses a
namespace as a global variable, such as `CARTS.get()`. Or a function uses `env` that has no such
parameter, in the Worker's entry or where another function of the file has it. It isn't reported if
the code sets or declares such a global itself, or in a file with syntax that isn't JavaScript or
TypeScript, such as Flow's types.

## Why
Bindings are globals only in service-worker syntax, with `addEventListener("fetch", …)`. In a module
Worker they're properties of `env`, which the runtime passes to the handlers. Any other use throws
`ReferenceError: CARTS is not defined`.

## Example
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await CARTS.get("cart:1"));
  },
};
```

## Fix
```toml
[[kv_namespaces]]
binding = "CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
};
```

*Quick fix: names the `env` that is in scope. `kvlens check --fix` applies it.*
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.config.edit import Edit
from kvlens.js.analysis import Analysis
from kvlens.js.config_bindings import entries
from kvlens.js.conventions import HANDLERS
from kvlens.js.scopes import Declaration
from kvlens.js.script_blocks import ENDINGS
from kvlens.js.syntax import Source, outer, plain
from kvlens.js.tree import is_field
from kvlens.js.values import Env
from kvlens.lint.base import Context, Finding, Fix, Problem, SourceRule
from kvlens.lint.source_fix_helpers import given
from kvlens.lint.wording import quoted

if TYPE_CHECKING:
    from tree_sitter import Node

_PAGES = re.compile(r"onRequest(?:Get|Post|Put|Patch|Delete|Head|Options)?\Z")
_SETS_GLOBALS = re.compile(r"\b(?:globalThis|self|global|window)\b|/\*\s*globals?\s")
_MOST_IMPORTERS = 50
_HAS_EFFECTS = re.compile(r"(?m)^\s*import\s*[\"']|;\s*import\s*[\"']")  # may set globals
_NOT_MODULE = re.compile(
    r"\baddEventListener\s*\(\s*[\"'](?:fetch|scheduled)[\"']|\bmodule\.exports"
)


def _check(context: Context) -> Iterator[Finding]:
    source = context.analysis.source
    if source.path.endswith(tuple(ENDINGS)) or source.root.has_error:
        return  # what is visible where isn't known, as with Flow's types
    is_module_worker = _is_module_worker(context)
    found = [*_missing_env(context.analysis, is_module_worker=is_module_worker)]
    ambient = [*_globals(context.analysis)]
    if ambient and (is_module_worker or _is_of_module_worker(context)):
        found += ambient
    if found and not _SETS_GLOBALS.search(source.text) and not _NOT_MODULE.search(source.text):
        yield from found


def _globals(analysis: Analysis) -> Iterator[Finding]:
    """Find uses of namespaces as globals."""
    names = analysis.source.names
    for binding in analysis.declared.kv.keys() - analysis.declared.others:
        nodes = [node for node in names.occurrences(binding) if _is_global(analysis, node)]
        if any(analysis.tests_existence(node) for node in nodes):
            continue
        for node in nodes:
            if node.type != "identifier" or not _is_used(node):
                continue
            env = _env_at(analysis, node)
            way_out = f"Use {env}.{binding}." if env else f"Pass env here, and use env.{binding}."
            yield Finding(
                analysis.source.span(node),
                f"{quoted(binding)} isn't a global in a module Worker, so this throws a "
                f"ReferenceError. {way_out}",
                data={"change": f"{env}.{binding}"} if env else None,
            )


def _missing_env(analysis: Analysis, *, is_module_worker: bool) -> Iterator[Finding]:
    """Find `env.X` where no `env` is visible, but the handlers or another function get one."""
    names = analysis.source.names
    declarations = names.declarations("env")
    is_parameter = any(each.kind == "parameter" for each in declarations)
    if not is_parameter and (not is_module_worker or _HAS_EFFECTS.search(analysis.source.text)):
        return
    if any(each.ambient for each in declarations):
        return
    for node in names.occurrences("env"):
        member = outer(node).parent
        if node.type != "identifier" or names.resolve(node) is not None or member is None:
            continue
        name = member.child_by_field_name("property") if is_field(member, "object", node) else None
        if name is None or analysis.source.text_of(name) not in analysis.declared.kv:
            continue
        if analysis.tests_existence(node):
            return
        yield Finding(
            analysis.source.span(node),
            "There is no env here, so this throws a ReferenceError. Pass env from the handler as "
            'an argument, or import { env } from "cloudflare:workers".',
        )


def _is_global(analysis: Analysis, node: Node) -> bool:
    declared = analysis.source.names.resolve(node)
    if declared is None:
        return node.type == "identifier"
    return declared.ambient and declared.node.id != node.id


def _is_used(node: Node) -> bool:
    """Return whether the value is used here: not in a type or an export."""
    parent = outer(node).parent
    if parent is None or parent.type in ("type_query", "export_specifier"):
        return False
    return parent.type in ("member_expression", "subscript_expression", "arguments", "pair")


def _env_at(analysis: Analysis, node: Node) -> str | None:
    """Return the name of the parameter with the bindings that is visible at a place."""
    names = analysis.source.names
    visible: list[Declaration] = [
        each
        for each in names.declarations("env")
        if each.scope[0] <= node.start_byte < each.scope[1]
    ]
    if not visible:
        return None
    innermost = max(visible, key=lambda each: each.scope[0])
    return "env" if isinstance(analysis.resolver.flow.declared(innermost), Env) else None


def _is_module_worker(context: Context) -> bool:
    """Return whether a file exports the handlers of a Worker, or functions of Pages."""
    source = context.analysis.source
    return _exports_worker(source, is_entry=_is_entry(context, source.path))


def _is_entry(context: Context, path: str) -> bool:
    return any(os.path.normpath(path) in entries(config) for config in context.project.configs)


def _exports_worker(source: Source, *, is_entry: bool) -> bool:
    for node in source.root.named_children:
        if node.type != "export_statement":
            continue
        if any(_PAGES.match(source.text_of(name)) for name in _exported(node)):
            return True
        if not any(child.type == "default" for child in node.children):
            continue
        value = node.child_by_field_name("value")
        value = plain(value) if value is not None else None
        if is_entry or (value is not None and value.type == "object" and _handles(source, value)):
            return True
    return False


def _is_of_module_worker(context: Context) -> bool:
    """Return whether only module Workers import a file, and no source sets globals."""
    modules = context.project.modules
    if modules is None or any(modules.matching("=", _SETS_GLOBALS.pattern)):
        return False
    waiting = [context.analysis.source.path]
    seen, is_imported = {*waiting}, False
    while waiting and len(seen) < _MOST_IMPORTERS:
        for path in modules.importers(waiting.pop()):
            source = modules.source(path) if path not in seen else None
            seen.add(path)
            if source is None:
                continue
            if _NOT_MODULE.search(source.text):
                return False
            if _exports_worker(source, is_entry=_is_entry(context, path)):
                is_imported = True
            else:
                waiting.append(path)
    return is_imported and not waiting


def _exported(node: Node) -> Iterator[Node]:
    """Yield the names that a statement declares and exports."""
    declared = node.child_by_field_name("declaration")
    for each in [declared, *declared.named_children] if declared is not None else ():
        name = each.child_by_field_name("name")
        if name is not None:
            yield name


def _handles(source: Source, value: Node) -> bool:
    for member in value.named_children:
        key = member.child_by_field_name("name") or member.child_by_field_name("key")
        if key is not None and source.text_of(key) in HANDLERS:
            return True
    return False


def _fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    new = given(problem, "change")
    if new:
        yield Fix(f"Change to {new}", (Edit(problem.span, new),), safe=True)


RULE = SourceRule(
    "binding-not-in-scope",
    "error",
    "A binding is used as a global in a module Worker, or env isn't in scope",
    _check,
    _fixes,
)
