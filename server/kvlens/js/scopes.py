"""Names in a source: where they are, what declares them, and what a use refers to.

Everything is computed on demand: of the thousands of names in a file, only a few concern KV.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

Kind = Literal["const", "let", "var", "parameter", "import", "function", "class", "other"]

_MANY = 500  # names that are looked for one by one
_WORD = re.compile(rb"[\w$]+")
_LETTERS = frozenset((string.ascii_letters + string.digits + "_$").encode())
_NAME_NODES = {
    "identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
}
_BLOCKS = {
    "statement_block",
    "program",
    "for_statement",
    "for_in_statement",
    "switch_body",
    "class_static_block",
    "internal_module",
}
FUNCTIONS = {
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
}
_FUNCTIONS = FUNCTIONS | {
    "function_signature",
    "method_signature",
    "abstract_method_signature",
    "function_type",
    "constructor_type",
    "call_signature",
    "construct_signature",
}


_DECLARING = {
    *("variable_declarator", "required_parameter", "optional_parameter", "formal_parameters"),
    *("arrow_function", "for_in_statement", "import_specifier", "namespace_import"),
    *("import_clause", "import_require_clause", "catch_clause", "function_declaration"),
    *("generator_function_declaration", "function_signature", "function_expression"),
    *("generator_function", "class_declaration", "enum_declaration", "internal_module"),
}


class Declaration(NamedTuple):
    """One place that declares a name."""

    node: Node  # the name
    kind: Kind
    origin: Node  # the declarator, parameter, specifier, function or class
    scope: tuple[int, int]  # bytes
    path: tuple[str | None, ...]  # destructured name: properties leading to it; None: unknown
    ambient: bool = False  # `declare const`


class Scopes:
    """The names of one version of a source."""

    def __init__(self, data: bytes, root: Node) -> None:
        self._data = data
        self._root = root
        self._nodes: dict[str, list[Node]] = {}
        self._places: dict[bytes, list[int]] = {}  # of all words, once many have been looked for
        self._variables: dict[str, list[Node]] = {}
        self._declarations: dict[str, list[Declaration]] = {}
        self._resolved: dict[str, dict[int, Declaration]] = {}
        self.assigned: dict[int, bool] = {}  # see is_assigned
        self._by_node: dict[int, Declaration | None] = {}  # what `resolve` has returned
        self._references: dict[int, list[Node]] = {}  # id of the declaring node -> references

    def text(self, node: Node) -> str:
        """Return the text of a node."""
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def occurrences(self, name: str) -> list[Node]:
        """Return the nodes where a variable with this name is declared or used."""
        found = self._variables.get(name)
        if found is None:
            found = [node for node in self.nodes(name) if node.type in _NAME_NODES]
            self._variables[name] = found
        return found

    def nodes(self, name: str) -> list[Node]:
        """Return the nodes with exactly this text: variables, properties, types, strings."""
        found = self._nodes.get(name)
        if found is None:
            if len(self._nodes) < _MANY:
                found = self.nodes_between(name, 0, len(self._data))
            else:  # one pass over the text for each of them would take too long
                found = self._indexed(name)
            self._nodes[name] = found
        return found

    def _indexed(self, name: str) -> list[Node]:
        raw = name.encode("utf-8", "replace")
        if not _WORD.fullmatch(raw):
            return self.nodes_between(name, 0, len(self._data))
        if not self._places:
            made: dict[bytes, list[int]] = {}
            for found in _WORD.finditer(self._data):
                made.setdefault(found[0], []).append(found.start())
            self._places = made
        places = self._places.get(raw, ())
        return [node for at in places if (node := self._exactly(at, at + len(raw))) is not None]

    def _exactly(self, at: int, end: int) -> Node | None:
        node = self._root.descendant_for_byte_range(at, end)
        is_whole = node is not None and node.start_byte == at and node.end_byte == end
        return node if is_whole else None

    def nodes_between(self, name: str, start: int, end: int) -> list[Node]:
        """Return the nodes with exactly this text between two bytes."""
        raw = name.encode("utf-8", "replace")
        at = self._data.find(raw, start, end) if raw else -1
        return list(self._find(raw, at, end)) if at >= 0 else []

    def _find(self, raw: bytes, at: int, stop: int) -> Iterator[Node]:
        # finding bytes is faster than a pattern, and than walking the tree
        data, size, last = self._data, len(raw), len(self._data)
        while at >= 0:
            end = at + size
            is_start = not at or data[at - 1] not in _LETTERS
            if is_start and (end == last or data[end] not in _LETTERS):
                node = self._exactly(at, end)
                if node is not None:
                    yield node
            at = data.find(raw, end, stop)

    def declarations(self, name: str) -> list[Declaration]:
        """Return the places that declare a variable with this name, anywhere in the file."""
        found = self._declarations.get(name)
        if found is None:
            classes = [node for node in self.nodes(name) if node.type == "type_identifier"]
            made = [self._declared(node) for node in [*self.occurrences(name), *classes]]
            found = self._declarations[name] = [each for each in made if each]
        return found

    def resolve(self, node: Node) -> Declaration | None:
        """Return the declaration of the variable at this node; None for a global."""
        node_id = node.id
        if node_id not in self._by_node:
            self._by_node[node_id] = self._resolve_all(self.text(node)).get(node_id)
        return self._by_node[node_id]

    def references(self, declaration: Declaration) -> list[Node]:
        """Return the uses of a declared variable, without its declaration, in order."""
        self._resolve_all(self.text(declaration.node))
        return self._references.get(declaration.node.id, [])

    def _resolve_all(self, name: str) -> dict[int, Declaration]:
        """Return the declaration of each occurrence of a name, in one pass over its scopes."""
        found = self._resolved.get(name)
        if found is not None:
            return found
        found = {}  # kept when it is complete: other threads may follow the same source
        references: dict[int, list[Node]] = {}
        waiting = sorted(self.declarations(name), key=lambda each: (each.scope[0], -each.scope[1]))
        waiting.reverse()
        open_: list[Declaration] = []  # scopes are nested: the last one is the innermost
        for node in self.occurrences(name):
            start = node.start_byte
            while waiting and waiting[-1].scope[0] <= start:
                each = waiting.pop()
                while open_ and open_[-1].scope[1] <= each.scope[0]:
                    open_.pop()
                if open_ and open_[-1].scope == each.scope:
                    if open_[-1].ambient:  # overrides a `declare`
                        open_[-1] = each
                else:
                    open_.append(each)
            while open_ and open_[-1].scope[1] <= start:
                open_.pop()
            if open_:
                found[node.id] = open_[-1]
                if node.id != open_[-1].node.id:
                    references.setdefault(open_[-1].node.id, []).append(node)
        self._references.update(references)
        self._resolved[name] = found
        return found

    def _declared(self, node: Node) -> Declaration | None:
        """Return the declaration whose name this node is, if any."""
        path: list[str | None] = []
        if node.type == "shorthand_property_identifier_pattern":
            path.append(self.text(node))
        elif node.type == "type_identifier":
            return _class(node)
        elif node.type != "identifier":
            return None
        here, parent = node, node.parent
        while parent is not None:
            kind = parent.type
            if kind == "pair_pattern":
                if not is_field(parent, "value", here):
                    return None
                key = parent.child_by_field_name("key")
                path.append(self._key(key) if key is not None else None)
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                if not is_field(parent, "left", here):
                    return None
            elif kind in ("array_pattern", "rest_pattern"):
                path.append(None)
            elif kind != "object_pattern":
                break
            here, parent = parent, parent.parent
        if parent is None:
            return None
        kind = parent.type
        if kind not in _DECLARING:
            return None
        steps = tuple(reversed(path))
        if kind == "variable_declarator":
            return self._variable(node, here, parent, steps)
        if kind in ("required_parameter", "optional_parameter"):
            if not is_field(parent, "pattern", here) or parent.parent is None:
                return None
            owner = parent.parent.parent
            return _declaration(node, "parameter", parent, owner, steps)
        if kind == "formal_parameters":
            return _declaration(node, "parameter", here, parent.parent, steps)
        if kind == "arrow_function":
            if is_field(parent, "parameter", here):
                return _declaration(node, "parameter", here, parent, steps)
            return None
        if kind == "for_in_statement":
            word = parent.child_by_field_name("kind")
            if word is None or not is_field(parent, "left", here):
                return None
            owner = _around_var(parent) if word.type == "var" else parent
            return _declaration(node, "other", parent, owner, (None,))
        if path:
            return None
        if kind == "import_specifier":
            alias = parent.child_by_field_name("alias")
            if alias is None or alias.id == node.id:
                return _declaration(node, "import", parent, self._root, ())
            return None
        if kind in ("namespace_import", "import_clause", "import_require_clause"):
            return _declaration(node, "import", parent, self._root, ())
        if kind == "catch_clause":
            if not is_field(parent, "parameter", here):
                return None
            return _declaration(node, "other", parent, parent, ())
        if not is_field(parent, "name", here):
            return None
        if kind in ("function_declaration", "generator_function_declaration", "function_signature"):
            return _declaration(node, "function", parent, ancestor(parent, _BLOCKS), ())
        if kind in ("function_expression", "generator_function"):
            return _declaration(node, "function", parent, parent, ())
        if kind in ("class_declaration", "enum_declaration", "internal_module"):
            return _declaration(node, "class", parent, ancestor(parent, _BLOCKS), ())
        return None

    def _variable(
        self, node: Node, here: Node, declarator: Node, steps: tuple[str | None, ...]
    ) -> Declaration | None:
        statement = declarator.parent
        if statement is None or not is_field(declarator, "name", here):
            return None
        if statement.type == "variable_declaration":
            made = _declaration(node, "var", declarator, _around_var(statement), steps)
        else:
            word = statement.child_by_field_name("kind")
            kind: Kind = "let" if word is not None and word.type == "let" else "const"
            made = _declaration(node, kind, declarator, ancestor(statement, _BLOCKS), steps)
        if made and _is_ambient(statement):
            return made._replace(ambient=True, scope=self._root.byte_range)
        return made

    def _key(self, key: Node) -> str | None:
        if key.type == "property_identifier":
            return self.text(key)
        if key.type == "string":
            return self.text(key)[1:-1]
        return None


def _around_var(statement: Node) -> Node | None:
    """Return the function or the program in which a `var` of a statement is visible."""
    owner = statement.parent
    while owner is not None and owner.type not in _FUNCTIONS and owner.type != "program":
        owner = owner.parent
    return owner


def is_assigned(names: Scopes, declared: Declaration) -> bool:
    """Return whether a variable may be set after its declaration."""
    known = names.assigned.get(declared.node.id)
    if known is None:
        known = names.assigned[declared.node.id] = any(map(is_set, names.references(declared)))
    return known


def is_set(node: Node) -> bool:
    """Return whether a use of a variable may set it."""
    here = node
    while (parent := here.parent) is not None:
        if parent.type in ("assignment_expression", "augmented_assignment_expression"):
            return is_field(parent, "left", here)
        if parent.type == "update_expression":
            return True
        if parent.type == "for_in_statement":
            return is_field(parent, "left", here)
        if not parent.type.endswith("pattern"):
            return False
        here = parent
    return False


def _declaration(
    node: Node, kind: Kind, origin: Node, owner: Node | None, path: tuple[str | None, ...]
) -> Declaration | None:
    if owner is None:
        return None
    return Declaration(node, kind, origin, owner.byte_range, path)


def _class(node: Node) -> Declaration | None:
    parent = node.parent
    if parent is None or parent.type not in ("class_declaration", "abstract_class_declaration"):
        return None
    return (
        _declaration(node, "class", parent, ancestor(parent, _BLOCKS), ())
        if is_field(parent, "name", node)
        else None
    )


def _is_ambient(statement: Node) -> bool:
    """Return whether this is in `declare const …` or `declare global { … }`."""
    parent = statement.parent
    if parent is not None and parent.type == "statement_block":
        parent = parent.parent
    return parent is not None and parent.type == "ambient_declaration"
