"""A namespace that the config declares, but no source of the Worker mentions.

Reported only if all sources of the project are known, and the code names every binding that it
uses.

## What
The config declares a namespace, and none of the Worker's sources use it. A type or a comment
doesn't count as use. This is reported only if the whole Worker can be read: its entry, `main`, and
every file that it imports are in the project, and `env` isn't passed to a package, directly, in an
object, by `request.env = env` or by `app.route("/", createCms())`, or read by a computed name
(`env[name]`). Rust, Go and Python aren't read.

## Why
An unused binding looks as if its data mattered, and has to be maintained in every environment.
Sometimes it points to a mistake: the code uses another name.

## Example
```toml
main = "src/index.js"

[[kv_namespaces]]
binding = "CARTS"

[[kv_namespaces]]
binding = "OLD_CARTS"
```

```js
export default {
  async fetch(request, env, ctx) {
    return new Response(await env.CARTS.get("cart:1"));
  },
};
```

## Fix
```toml
main = "src/index.js"

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
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from kvlens.config.edit import remove_entry
from kvlens.config.model import Config, Namespace
from kvlens.js.binding_resolver import BindingResolver
from kvlens.js.calls import called
from kvlens.js.config_bindings import declared
from kvlens.js.conventions import HANDLERS
from kvlens.js.grammar import ENDINGS
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, arguments_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.lint.base import Finding, Fix, Problem, ProjectRule
from kvlens.lint.other_languages import is_in_another_language
from kvlens.lint.wording import quoted

if TYPE_CHECKING:
    from tree_sitter import Node

# Packages that get `env`, and read only what the code names.
_HARMLESS = ("hono", "itty-router", "cloudflare:", "node:")
_MOUNTING = ("route", "use", "mount")
_MADE = ("identifier", "call_expression", "new_expression", "member_expression")
_DEPTH = 12  # how many aliases are followed
# What holds a value: the field that it is in, or any.
_HOLDING = {
    "object": "",
    "array": "",
    "pair": "value",
    "arrow_function": "body",
    "ternary_expression": "",
    "binary_expression": "",
}
_EVERYTHING = re.compile(rb"\.\.\.(\w+)")
_DATA = {".json", ".html", ".css", ".txt", ".md", ".wasm", ".sql", ".svg", ".png", ".bin"}
_GLOBALS_THAT_LOOK = {"Object", "Reflect", "JSON", "Array", "structuredClone", "console"}


def _check(
    config: Config, texts: Mapping[str, str], parse: Callable[[str], Source]
) -> Iterator[Finding]:
    """Reports nothing if the Worker's entry isn't in the texts, or other code can access `env`."""
    facts = declared([config])
    if facts.unsure or is_in_another_language(config) or not _has_entries(config, texts):
        return
    candidates: dict[str, Namespace] = {}
    for namespace in config.namespaces():
        if not namespace.binding.startswith("__") and namespace.binding not in facts.others:
            candidates.setdefault(namespace.binding, namespace)
    for path, text in texts.items():
        named = [name for name in candidates if name in text]
        if named and not path.endswith(".d.ts"):
            source = parse(path)
            if source.refused is not None:
                return
            for name in named:
                if any(_is_use(node) for node in _mentions(source, name)):
                    del candidates[name]
        if not candidates:
            return
    known = {os.path.normpath(path) for path in texts}
    for path in texts:
        if path.endswith(".d.ts"):
            continue
        source = parse(path)
        if source.refused is not None:
            return
        if _is_opaque(source) or not all(_imports(source, known)):
            return
    for name, namespace in candidates.items():
        yield Finding(
            namespace.span,
            f"The KV binding {quoted(name)} is declared, but no source of the Worker uses it. "
            "Remove it, or use it.",
            data={"binding": name},
        )


def _has_entries(config: Config, texts: Mapping[str, str]) -> bool:
    """Return whether the sources have the file that every environment starts."""
    folder = PurePath(config.path).parent
    known = {os.path.normpath(path) for path in texts}
    found = False
    for environment in config.environments:
        for definition in environment.table.get("main"):
            node = definition.node
            if node is None or node.kind != "string" or not isinstance(node.value, str):
                return False
            if os.path.normpath(folder / node.value) not in known:
                return False
            found = True
    return found


def _imports(source: Source, known: set[str]) -> Iterator[bool]:
    """Yield, for each import of the project's own code, whether it is among the sources."""
    folder = PurePath(source.path).parent
    for node in source.captures.get("module", ()):
        module = source.text_of(node)[1:-1]
        if not module.startswith("."):
            continue
        if "_bg.wasm" in module:
            yield False  # wasm-bindgen's output may use any binding
        if PurePath(module).suffix in _DATA:
            yield True
            continue
        place = PurePath(os.path.normpath(folder / module))
        bases = (place, place.with_suffix(""), place / "index")  # "./x.js" may mean x.ts
        yield str(place) in known or any(
            f"{base}{end}" in known for base in bases for end in (*ENDINGS, ".d.ts")
        )


def _mentions(source: Source, name: str) -> Iterator[Node]:
    data, raw = source.offsets.data, name.encode("utf-8", "replace")
    at = data.find(raw)
    while at >= 0:
        node = source.root.descendant_for_byte_range(at, at + len(raw))
        if node is not None:
            yield node
        at = data.find(raw, at + len(raw))


def _is_use(node: Node) -> bool:
    """Return whether a mention is a use: any but a comment or a member of a type."""
    if node.type in ("comment", "html_comment"):
        return False
    parent = node.parent
    return parent is None or parent.type != "property_signature"


def _is_opaque(source: Source) -> bool:
    """Return whether other code may access bindings that this source doesn't name."""
    resolver, seen = BindingResolver(source), set[int]()
    for node in source.captures.get("subscript", ()):
        base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if base is None or index is None or index.type == "string":
            continue
        if resolver.envs.is_env(base):
            return True
    for node in resolver.envs.patterns:
        if any(child.type == "rest_pattern" for child in node.named_children):
            return True
    return (
        any(_is_handed_out(source, node, seen) for node in resolver.envs.nodes)
        or _hands_on_everything(source)
        or any(_exports_foreign(source, node) for node in source.root.named_children)
        or _extends_foreign(source)
        or any(_mounts_foreign(source, word) for word in _MOUNTING)
    )


def _mounts_foreign(source: Source, word: str) -> bool:
    """Return whether an app passes its requests on to a package: `app.route("/", createCms())`."""
    for name in source.names.nodes(word):
        parts = called(name)
        for argument in arguments_of(parts[1]) if parts is not None else ():
            if plain(argument).type in _MADE and _is_foreign(source, argument):
                return True
    return False


def _is_handed_out(source: Source, node: Node, seen: set[int]) -> bool:
    """Return whether a value with the bindings is where a package may look at them.

    `seen`: the variables that have been looked at, by their nodes.
    """
    here = outer(node)
    while (parent := here.parent) is not None and parent.type in _HOLDING:
        field = _HOLDING[parent.type]
        if field and not is_field(parent, field, here):
            return False
        here = outer(parent)
    if parent is None:
        return False
    if parent.type in ("spread_element", "for_in_statement"):
        return True
    if parent.type == "arguments" and parent.parent is not None:
        call = parent.parent
        function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        return function is not None and _is_foreign(source, function)
    if parent.type == "assignment_expression" and is_field(parent, "right", here):
        left = parent.child_by_field_name("left")
        owner = left.child_by_field_name("object") if left is not None else None
        if owner is None or owner.type in ("this", "identifier"):  # `request.env = env`
            return owner is not None and _is_variable_handed_out(source, owner, seen)
        return True
    if parent.type == "variable_declarator" and here.type == "object":
        name = parent.child_by_field_name("name")
        return name is not None and _is_variable_handed_out(source, name, seen)
    return False


def _is_variable_handed_out(source: Source, name: Node, seen: set[int]) -> bool:
    declared = source.names.resolve(name)
    if declared is None or declared.node.id in seen:
        return False
    seen.add(declared.node.id)
    return any(_is_handed_out(source, use, seen) for use in source.names.references(declared))


def _hands_on_everything(source: Source) -> bool:
    """Return whether a handler gives all of its arguments to a package: `pkg.fetch(...args)`."""
    for found in _EVERYTHING.finditer(source.offsets.data):
        node = source.root.descendant_for_byte_range(*found.span(1))
        spread = node.parent if node is not None else None
        call = spread.parent.parent if spread is not None and spread.parent is not None else None
        function = callee(call) if call is not None and call.type == "call_expression" else None
        if node is None or function is None or not _is_foreign(source, function):
            continue
        declared = source.names.resolve(node)
        kind = None if declared is None else declared.kind
        handler = ancestor(node, FUNCTIONS)
        if kind not in (None, "parameter") or handler is None:
            continue
        holder = handler if handler.type == "method_definition" else handler.parent
        name = holder and (holder.child_by_field_name("name") or holder.child_by_field_name("key"))
        if name is not None and source.text_of(name) in HANDLERS:
            return True
    return False


def _is_foreign(source: Source, node: Node) -> bool:
    """Return whether an expression comes from a package or only from itself."""
    for _ in range(_DEPTH):
        node = plain(node)
        while node.type in ("member_expression", "call_expression", "new_expression"):
            inner = (
                node.child_by_field_name("object")
                or node.child_by_field_name("function")
                or node.child_by_field_name("constructor")
            )
            if inner is None:
                return True
            node = plain(inner)
        if node.type in ("this", "super"):
            return False
        if node.type != "identifier":
            return node.type not in ("function_expression", "arrow_function")
        declared = source.names.resolve(node)
        if declared is None:
            return source.text_of(node) in _GLOBALS_THAT_LOOK
        if declared.kind == "import":
            statement = ancestor(declared.origin, {"import_statement"})
            module = statement.child_by_field_name("source") if statement is not None else None
            return module is None or _is_package(source.text_of(module)[1:-1])
        start = declared.origin.child_by_field_name("value")
        if declared.kind not in ("const", "let", "var") or start is None:
            return False
        node = plain(start)
        if node.type not in ("call_expression", "new_expression"):
            return False
    return True


def _is_package(module: str) -> bool:
    return not module.startswith((".", "/", "@/", "~", "#", *_HARMLESS))


def _exports_foreign(source: Source, node: Node) -> bool:
    """Return whether the Worker itself is made by a package: `export default new Provider(…)`."""
    if node.type != "export_statement":
        return False
    module = node.child_by_field_name("source")
    if module is not None:
        return _is_package(source.text_of(module)[1:-1])
    value = node.child_by_field_name("value")
    if value is None:
        return False
    made = plain(value)
    return made.type in ("call_expression", "new_expression", "identifier") and _is_foreign(
        source, made
    )


def _extends_foreign(source: Source) -> bool:
    for node in source.captures.get("heritage", ()):
        for base in node.named_children:
            inner = base.child_by_field_name("value") or base
            if base.type != "implements_clause" and _is_foreign(source, inner):
                return True
    return False


def _fixes(config: Config, problem: Problem) -> Iterator[Fix]:
    name = problem.data.get("binding") if problem.data else None
    edits = dict.fromkeys(  # in code, one entry can be that of several modes
        edit
        for environment in config.environments
        for kv in environment.kv
        for entry in kv.entries
        if entry.text_of("binding") == name
        for edit in remove_entry(config, entry)
    )
    yield Fix(f"Remove {quoted(str(name))} from the config", tuple(edits))


RULE = ProjectRule(
    "binding-unused",
    "information",
    "The config declares a namespace that the code doesn't use",
    _check,
    _fixes,
)
