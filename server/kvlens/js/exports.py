"""What a source exports, under which names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES = ("identifier", "shorthand_property_identifier")


class Exported(NamedTuple):
    """What a module exports under a name: a local name, a node, or another module's export."""

    local: str | None = None
    node: Node | None = None
    module: str | None = None  # re-exported: the name of the module
    name: str | None = None  # and the name there; None: all of it


class Exports:
    """The exports of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.named: dict[str, Exported] = {}
        self.stars: list[str] = []
        for statement in source.root.named_children:
            if statement.type == "export_statement":
                self._add(statement)
            elif statement.type == "expression_statement":
                self._add_common(statement)

    @cached_property
    def of_local(self) -> dict[str | int, list[str]]:
        """The names of each export: by its variable of the top level, or the id of its node."""
        found: dict[str | int, list[str]] = {}
        for name, local, node in self._each():
            inner = plain(node) if node is not None else None
            is_name = inner is not None and inner.type in _NAMES
            key: str | int | None = local
            if key is None and inner is not None:
                key = self._source.text_of(inner) if is_name else inner.id
            if key is not None:
                found.setdefault(key, []).append(name)
        return found

    def _each(self) -> Iterator[tuple[str, str | None, Node | None]]:
        """Yield the exports, also those in an object that is the whole module."""
        for name, each in self.named.items():
            yield name, each.local, each.node
        whole = self.named.get("module.exports")
        record = plain(whole.node) if whole is not None and whole.node is not None else None
        for member in record.named_children if record is not None else ():
            key = member.child_by_field_name("key") or member.child_by_field_name("name") or member
            if member.type in ("pair", "method_definition", "shorthand_property_identifier"):
                value = member.child_by_field_name("value") or member
                yield self._source.text_of(key), None, value

    def _add(self, statement: Node) -> None:
        text = self._source.text_of
        module = statement.child_by_field_name("source")
        name = text(module)[1:-1] if module is not None else None
        value = statement.child_by_field_name("value")
        declaration = statement.child_by_field_name("declaration")
        if value is not None:
            self.named["default"] = Exported(node=value)
            return
        if declaration is not None:
            is_default = any(child.type == "default" for child in statement.children)
            for local in self._declared(declaration):
                self.named["default" if is_default else local] = Exported(local=local)
            if is_default and "default" not in self.named:
                self.named["default"] = Exported(node=declaration)
            return
        is_clause = False
        for child in statement.named_children:
            if child.type == "export_clause":
                is_clause = True
                for specifier in child.named_children:
                    inner = specifier.child_by_field_name("name")
                    alias = specifier.child_by_field_name("alias") or inner
                    if inner is not None and alias is not None:
                        local = text(inner)
                        self.named[text(alias)] = (
                            Exported(local=local)
                            if name is None
                            else Exported(module=name, name=local)
                        )
            elif child.type == "namespace_export" and name is not None:
                is_clause = True
                self.named[text(child.named_children[0])] = Exported(module=name)
            elif child.type != "string" and name is None:
                self.named["default"] = self.named["module.exports"] = Exported(node=child)
        if name is not None and not is_clause:
            self.stars.append(name)

    def _declared(self, declaration: Node) -> Iterator[str]:
        text = self._source.text_of
        if declaration.type in ("lexical_declaration", "variable_declaration"):
            for declarator in declaration.named_children:
                name = declarator.child_by_field_name("name")
                if name is None:
                    continue
                if name.type == "identifier":
                    yield text(name)
                    continue
                waiting = list(name.named_children)
                while waiting:
                    node = waiting.pop()
                    if node.type in ("identifier", "shorthand_property_identifier_pattern"):
                        yield text(node)
                    elif node.type == "pair_pattern":
                        waiting += [n for n in (node.child_by_field_name("value"),) if n]
                    elif node.type.endswith("_pattern"):
                        waiting += node.named_children[:1]
            return
        name = declaration.child_by_field_name("name")
        if name is not None:
            yield text(name)

    def _add_common(self, statement: Node) -> None:
        """Add `module.exports = …` and `exports.x = …`."""
        assignment = statement.named_children[0] if statement.named_children else None
        if assignment is None or assignment.type != "assignment_expression":
            return
        left, right = (assignment.child_by_field_name(name) for name in ("left", "right"))
        if left is None or right is None:
            return
        target = self._source.text_of(left)
        if target == "module.exports":
            self.named["default"] = self.named["module.exports"] = Exported(node=right)
        elif target.startswith(("exports.", "module.exports.")):
            self.named[target.rpartition(".")[2]] = Exported(node=right)
