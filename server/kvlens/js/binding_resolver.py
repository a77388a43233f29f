"""Resolve expressions to bindings: what `flow` knows, as the analysis and the rules ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js import env_access
from kvlens.js.env import Envs
from kvlens.js.program import Modules, Program
from kvlens.js.scopes import Scopes
from kvlens.js.syntax import Source, plain
from kvlens.js.values import Env, How, Method, NamespaceAccess

if TYPE_CHECKING:
    from tree_sitter import Node


class BindingResolver:
    """Resolves names to `env` and to namespaces in one source.

    `declared`: the namespaces that the configs declare. `modules`: the project's other sources.
    """

    def __init__(
        self, source: Source, declared: Iterable[str] = (), modules: Modules | None = None
    ) -> None:
        self.program = Program(source, declared, modules)
        self.flow = self.program.main
        self.envs = Envs(self.flow)

    def namespace(self, node: Node) -> NamespaceAccess | None:
        """Return the binding of an expression, or that it is a KVNamespace by its type."""
        found = self.flow.value(node)
        if not isinstance(found, NamespaceAccess):
            return None
        inner = plain(node)
        is_global = inner.type == "identifier" and self.flow.names.resolve(inner) is None
        if not is_global and not all(self._is_declared(each) for each in found.each()):
            return None  # a variable of another file, whatever it is
        if inner.type == "identifier" and found.how in ("env", "this", "context", "import"):
            return replace(found, how="alias")
        return found

    def _is_declared(self, access: NamespaceAccess) -> bool:
        is_known = access.typed or access.binding in self.program.declared
        return access.how != "global" or is_known

    def method(self, node: Node) -> Method | None:
        """Return the method of a namespace that an expression is, without its namespace."""
        found = self.flow.value(node)
        return found if isinstance(found, Method) else None

    def how(self, env: Node) -> How:
        """Return how the code accesses `env` here: by a name, from `this`, from a context."""
        return env_access.how(self.flow, env)

    def is_guessed(self, env: Node) -> bool:
        """Return whether only its name says that an expression is `env`."""
        found = self.flow.value(env)
        return isinstance(found, Env) and found.guessed

    def is_kv_type(self, node: Node) -> bool:
        """Return whether a type, or its annotation, is KVNamespace (or that or nothing)."""
        found = self.flow.types.value(node)
        return isinstance(found, NamespaceAccess) and found.typed


def signatures(names: Scopes, name: str) -> Iterator[Node]:
    """Yield the members with this name in the file's types."""
    for node in names.nodes(name):
        owner = node.parent
        if owner is not None and owner.type == "string":
            owner = owner.parent
        if owner is not None and owner.type == "property_signature":
            yield owner
