"""The sources whose values are followed together: one, and the modules that it imports.

The modules of a project are looked up with `Modules`; without them, a source is followed alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from kvlens.js.exports import Exports
from kvlens.js.flow import Flow
from kvlens.js.syntax import Source, arguments_of, call_of, outer
from kvlens.js.tree import ancestor
from kvlens.js.values import NOTHING, OTHER, Class, Env, Instance, Module, Value
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.scopes import Declaration

_STEPS = 300_000  # evaluations for one source
_MOST_MODULES = 60  # sources that one is followed into
_MOST_REEXPORTS = 6
_MODULE_STATEMENTS = ("import_statement", "export_statement")
_ENV_MODULES = ("cloudflare:workers", "cloudflare:test")
_OTHER_PACKAGE = re.compile(r"(?!.*(?:cloudflare|miniflare))(?:@[\w-]|\w)")
"""A package that has nothing to do with the runtime's types, and no alias of a folder."""


class Modules(Protocol):
    """The modules of a project, and which of them import which."""

    def resolve(self, importer: str, name: str) -> str | None:
        """Return the path of the project's module that a source imports by this name."""

    def source(self, path: str) -> Source | None:
        """Return a parsed source of the project, if it may be followed."""

    def importers(self, path: str) -> Iterable[str]:
        """Return the paths of the sources that import a module."""

    def matching(self, word: str, pattern: str) -> Iterable[str]:
        """Return the paths of the sources, without tests, with a word that match a pattern."""

    def imported_texts(self, path: str) -> Iterable[str]:
        """Return the texts of the project's modules that a source imports."""

    def is_near(self, path: str, words: tuple[str, ...]) -> bool:
        """Return whether a source imports modules with one of these words, or is imported there."""


class Program:
    """Follows values in a source and the modules that it imports.

    `declared`: the namespaces that the configs declare.
    """

    def __init__(
        self, source: Source, declared: Iterable[str] = (), modules: Modules | None = None
    ) -> None:
        self.declared = frozenset(declared)
        self.steps = _STEPS
        self.open: dict[tuple[int, tuple[str, int]], int] = {}  # being evaluated -> how deep
        self.lowest = 1 << 30  # the outermost evaluation that an inner one has met again
        self.modules = modules
        self._flows: dict[str, Flow | None] = {}
        self._exports: dict[int, Exports] = {}
        self._texts: dict[str, Flow] = {}
        self.main = Flow(source, self)
        self._flows[source.path] = self.main

    def flow(self, path: str) -> Flow | None:
        """Return the flow of another source of the project."""
        if path not in self._flows:
            source = None
            if self.modules is not None and len(self._flows) < _MOST_MODULES:
                source = self.modules.source(path)
            self._flows[path] = (
                Flow(source, self) if source is not None and source.refused is None else None
            )
        return self._flows[path]

    def flows_with(self, word: str, pattern: str) -> list[Flow]:
        """Return the flows of the sources that match a pattern; see `Modules.matching`."""
        paths = self.modules.matching(word, pattern) if self.modules is not None else ()
        return [flow for path in paths if (flow := self.flow(path)) is not None]

    def resolve(self, flow: Flow, name: str) -> Flow | None:
        """Return the flow of the module that a source imports by this name."""
        if self.modules is None:
            return None
        path = self.modules.resolve(flow.source.path, name)
        return self.flow(path) if path is not None else None

    # imports --------------------------------------------------------------------------------

    def module(self, flow: Flow, name: str) -> Value | None:
        """Return what `require` or `import()` of a module gives."""
        found = self.resolve(flow, name)
        if found is None:
            return None
        whole = self.exports(found).named.get("module.exports")
        if whole is not None and whole.node is not None:
            return found.value(whole.node)
        return Module(found, found.source.root)

    def imported(self, flow: Flow, origin: Node, local: str) -> Value | None:
        """Return the value of an imported name."""
        found = self._import(flow, origin, local)
        if found is None:
            return None
        module, name = found
        if module in _ENV_MODULES:
            return Env() if name == "env" else None
        target = self.resolve(flow, module)
        if target is None:
            return None
        if name is None:
            return self.module(flow, module)
        return self.export(target, name)

    def _import(self, flow: Flow, origin: Node, local: str) -> tuple[str, str | None] | None:
        """Return the module of an import, and the name there; None for all of it."""
        statement = (
            origin if origin.type == "import_statement" else ancestor(origin, {"import_statement"})
        )
        module = statement.child_by_field_name("source") if statement is not None else None
        if module is None:
            inner = origin if origin.type == "import_require_clause" else None
            module = inner.child_by_field_name("source") if inner is not None else None
            return (flow.text(module)[1:-1], None) if module is not None else None
        specifier = flow.text(module)[1:-1]
        if origin.type == "import_specifier":
            name = origin.child_by_field_name("name")
            return (specifier, flow.text(name)) if name is not None else None
        if origin.type == "namespace_import":
            return specifier, None
        return specifier, "default"

    def constant(
        self, flow: Flow, declared: Declaration, member: str | None, depth: int = 0
    ) -> tuple[Flow, Declaration | Node] | None:
        """Return what an imported name, or a member of an imported module, is in its source."""
        if depth > _MOST_REEXPORTS:
            return None
        found = self._import(flow, declared.origin, flow.text(declared.node))
        if found is None:
            return None
        module, name = found
        if (name is None) != (member is not None):
            return None
        target = self.resolve(flow, module)
        wanted = member if name is None else name
        for _ in range(_MOST_REEXPORTS):
            if target is None or wanted is None:
                return None
            exported = self.exports(target).named.get(wanted)
            if exported is None:
                return self._among_stars(target, wanted, depth)
            if exported.node is not None:
                return target, exported.node
            if exported.local is not None:
                return self._top(target, exported.local, depth)
            if exported.module is None:
                return None
            target, wanted = self.resolve(target, exported.module), exported.name
        return None

    def _among_stars(
        self, flow: Flow, name: str, depth: int
    ) -> tuple[Flow, Declaration | Node] | None:
        waiting, seen = [flow], {id(flow)}
        while waiting:
            one = waiting.pop()
            exported = self.exports(one).named.get(name)
            if exported is not None and exported.local is not None:
                return self._top(one, exported.local, depth)
            for module in self.exports(one).stars:
                target = self.resolve(one, module)
                if target is not None and id(target) not in seen:
                    seen.add(id(target))
                    waiting.append(target)
        return None

    def _top(self, flow: Flow, local: str, depth: int) -> tuple[Flow, Declaration | Node] | None:
        size = flow.source.root.byte_range
        for declared in flow.names.declarations(local):
            if declared.scope == size:
                if declared.kind == "import":
                    return self.constant(flow, declared, None, depth + 1)
                return flow, declared
        return None

    def imported_type(self, flow: Flow, name: Node, member: str | None) -> Value | str | None:
        """Return what a value of an imported type is; its name there if that isn't known."""
        declared = flow.names.resolve(name)
        if declared is None or declared.kind != "import":
            return None
        found = self._import(flow, declared.origin, flow.text(name))
        if found is None:
            return None
        module, word = found
        word = member if word is None else word
        if word is None:
            return None
        target = self.resolve(flow, module)
        value = self.exported_type(target, word) if target is not None else None
        if value is not None:
            return value
        word = word if word != "default" else flow.text(name)
        if target is None and word == "KVNamespace" and _OTHER_PACKAGE.match(module):
            return OTHER
        return word

    def type_declarations(self, flow: Flow, name: Node) -> list[tuple[Flow, Node]]:
        """Return the interfaces, types and classes that a name stands for; empty if unknown."""
        word = flow.text(name).removeprefix("Cloudflare.")
        if word != flow.text(name):
            return self.global_types(word)
        for _ in range(_MOST_REEXPORTS):
            found = flow.types.declarations(word)
            if any(is_global(flow, each) for each in found):
                return self.global_types(word) or [(flow, each) for each in found]
            if found:
                return [(flow, each) for each in found]
            imported = next((d for d in flow.names.declarations(word) if d.kind == "import"), None)
            if imported is None:
                return self.global_types(word)
            origin = self._import(flow, imported.origin, word)
            target = self.resolve(flow, origin[0]) if origin is not None else None
            exported = self._exported_type(target, origin[1]) if target and origin else None
            if exported is None:
                return []
            flow, word = exported
        return []

    def global_types(self, name: str) -> list[tuple[Flow, Node]]:
        """Return the declarations of a type that all sources have, which add up."""
        return [
            (flow, each)
            for flow in self.flows_with(name, rf"\b(?:interface|type)\s+{re.escape(name)}\b")
            for each in flow.types.declarations(name)
            if is_global(flow, each)
        ]

    def _exported_type(self, flow: Flow, name: str | None) -> tuple[Flow, str] | None:
        """Return the source that declares, or imports, a type exported under a name."""
        waiting: list[tuple[Flow, str | None]] = [(flow, name)]
        seen: set[tuple[int, str | None]] = set()
        while waiting:
            one, word = waiting.pop()
            if word is None or (id(one), word) in seen:
                continue
            seen.add((id(one), word))
            exported = self.exports(one).named.get(word)
            if exported is not None and exported.local is not None:
                return one, exported.local
            modules = [exported.module] if exported is not None else self.exports(one).stars
            for module in modules:
                target = self.resolve(one, module) if module is not None else None
                if target is not None:
                    waiting.append((target, exported.name if exported is not None else word))
        return None

    def exports(self, flow: Flow) -> Exports:
        """Return the exports of a source."""
        found = self._exports.get(id(flow))
        if found is None:
            found = self._exports[id(flow)] = Exports(flow.source)
        return found

    def export(self, flow: Flow, name: str) -> Value | None:
        """Return the value that a module exports under a name."""
        return flow.once(f"export {name}", flow.source.root, lambda: self._export(flow, name))

    def _export(self, flow: Flow, name: str) -> Value | None:
        exports = self.exports(flow)
        found = exports.named.get(name)
        if found is None:
            for module in exports.stars:
                target = self.resolve(flow, module)
                value = self.export(target, name) if target is not None else None
                if value not in (None, NOTHING):
                    return value
            whole = exports.named.get("module.exports")
            if whole is not None and whole.node is not None:
                return flow.members.of(flow.value(whole.node), name)
            return None
        if found.node is not None:
            return flow.value(found.node)
        if found.local is not None:
            return self.top(flow, found.local)
        if found.module is None:
            return None
        if found.name is None:
            return self.module(flow, found.module)
        target = self.resolve(flow, found.module)
        return self.export(target, found.name) if target is not None else None

    def top(self, flow: Flow, local: str) -> Value | None:
        """Return the value of a variable of a module's top level."""
        size = flow.source.root.byte_range
        for declared in flow.names.declarations(local):
            if declared.scope == size:
                return flow.declared(declared)
        return None

    def exported_type(self, flow: Flow, name: str) -> Value | None:
        """Return what a value of a type is that a module exports under a name."""
        return flow.once(f"type {name}", flow.source.root, lambda: self._type(flow, name))

    def _type(self, flow: Flow, name: str) -> Value | None:
        exports = self.exports(flow)
        found = exports.named.get(name)
        if found is None:
            for module in exports.stars:
                target = self.resolve(flow, module)
                value = self.exported_type(target, name) if target is not None else None
                if value is not None:
                    return value
            return None
        if found.module is not None:
            target = self.resolve(flow, found.module)
            if target is None or found.name is None:
                return None
            return self.exported_type(target, found.name)
        local = found.local
        if local is None:
            value = flow.value(found.node) if found.node is not None else None
            return Instance(value.flow, value.node) if isinstance(value, Class) else None
        declared = flow.types.declarations(local)
        if declared:
            return flow.types.of_declarations(local, declared)
        imported = next((d for d in flow.names.declarations(local) if d.kind == "import"), None)
        if imported is None:
            return None
        known = self.imported_type(flow, imported.node, None)
        return known if not isinstance(known, str) else None

    # importers ------------------------------------------------------------------------------

    def exported_names(self, flow: Flow, local: str | int) -> list[str]:
        """Return the names under which a source exports a variable of its top level, or a node."""
        if self.modules is None:
            return []
        return self.exports(flow).of_local.get(local, [])

    def importers(self, flow: Flow, exported: str) -> Iterator[tuple[Flow, Node | str]]:
        """Yield where other sources import an export: by its own name, or with the whole module."""
        waiting, seen = [(flow, exported)], {(id(flow), exported)}
        while waiting and self.modules is not None:
            one, name = waiting.pop()
            for path in self.modules.importers(one.source.path):
                other = self.flow(path)
                if other is None or other is one:
                    continue
                for statement in self._statements_from(other, one):
                    if statement.type == "import_statement":
                        yield from _imported_as(other, statement, name)
                        continue
                    if statement.type == "variable_declarator":
                        yield from _required_as(other, statement, name)
                        continue
                    for again in _exported_as(other, statement, name):
                        if (id(other), again) not in seen:
                            seen.add((id(other), again))
                            waiting.append((other, again))

    def _statements_from(self, flow: Flow, module: Flow) -> Iterator[Node]:
        """Yield the imports and exports of a source that name a module, and what requires it."""
        for word in flow.names.nodes("require"):
            call = call_of(word)
            given = arguments_of(call) if call is not None else []
            declarator = outer(call).parent if call is not None else None
            if declarator is None or declarator.type != "variable_declarator" or not given:
                continue
            if self.resolve(flow, flow.text(given[0])[1:-1]) is module:
                yield declarator
        for statement in flow.source.root.named_children:
            if statement.type in ("import_statement", "export_statement"):
                source = statement.child_by_field_name("source")
                if source is not None and self.resolve(flow, flow.text(source)[1:-1]) is module:
                    yield statement

    # types in comments ----------------------------------------------------------------------

    def type_of_text(self, flow: Flow, text: str) -> Value | None:
        """Return what a value of a type in a comment is; names are those of the source."""
        from kvlens.js.reader import read_source  # late: few sources have such comments

        name = text.strip("?!=. ")
        if name.isidentifier():
            declared = flow.types.declarations(name)
            return flow.types.of_declarations(name, declared) if declared else None
        if not name or len(text) > 2_000 or len(self._texts) > 50 or "KVNamespace" not in text:
            return None
        inner = self._texts.get(text)
        if inner is None:
            source = read_source(f"let value: {text};", "type.ts")
            inner = self._texts[text] = Flow(source, self)
        variable = next(iter(inner.names.declarations("value")), None)
        return inner.declared(variable) if variable is not None else None


def is_global(flow: Flow, declaration: Node) -> bool:
    """Return whether all sources have a type that a source declares, without importing it."""
    if flow.source.path.endswith(".d.ts") and not _is_module(flow.source):
        return True
    around = ancestor(declaration, {"ambient_declaration"})
    while around is not None:
        if any(child.type == "statement_block" for child in around.named_children):
            return True  # declare global
        around = ancestor(around, {"ambient_declaration"})
    return False


@memo
def _is_module(source: Source) -> bool:
    return any(each.type in _MODULE_STATEMENTS for each in source.root.named_children)


def _imported_as(flow: Flow, statement: Node, exported: str) -> Iterator[tuple[Flow, Node | str]]:
    clause = next((c for c in statement.named_children if c.type == "import_clause"), None)
    for child in clause.named_children if clause is not None else ():
        if child.type == "identifier" and exported == "default":
            yield flow, child
        elif child.type == "namespace_import":
            yield flow, flow.text(child.named_children[0])
        elif child.type == "named_imports":
            for specifier in child.named_children:
                name = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias") or name
                if name is not None and alias is not None and flow.text(name) == exported:
                    yield flow, alias


def _required_as(flow: Flow, declarator: Node, exported: str) -> Iterator[tuple[Flow, Node | str]]:
    """Yield where `const … = require()` gets an export."""
    name = declarator.child_by_field_name("name")
    if name is not None and name.type == "identifier":
        yield flow, (name if exported == "module.exports" else flow.text(name))
    for child in name.named_children if name is not None else ():
        key = child.child_by_field_name("key") or child
        own = child.child_by_field_name("value") or child
        if flow.text(key) == exported:
            yield flow, own


def _exported_as(flow: Flow, statement: Node, exported: str) -> Iterator[str]:
    clause = next((c for c in statement.named_children if c.type == "export_clause"), None)
    if clause is None:
        yield exported
    for specifier in clause.named_children if clause is not None else ():
        name = specifier.child_by_field_name("name")
        alias = specifier.child_by_field_name("alias") or name
        if name is not None and alias is not None and flow.text(name) == exported:
            yield flow.text(alias)
