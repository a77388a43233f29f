"""Find `env`, the object with a Worker's bindings, in all the ways that code gets it.

The search starts from names and follows the tree: only a few places of a large file are visited.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from kvlens.js.scopes import Declaration
from kvlens.js.syntax import Source, outer, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

HANDLERS = ("fetch", "scheduled", "queue", "email", "tail", "trace", "test")
_WORDS = ("env", "_env", "cfEnv", "cloudflareEnv", "workerEnv", "workersEnv", "#env")
_ENV_NAME = re.compile(r"_?(?:env|(?:cf|cloudflare|worker|workers)Env)\Z")
_ENV_TYPE = re.compile(
    r":?\s*(?:(?:Readonly|Partial|Required)<\s*)?(?:\w+\.)*"
    r"(?!ProcessEnv\b)(?:\w*Env|\w*Bindings|\w*Environment)\b(?:\s*&[^|]*)?>?\s*\Z"
)
_TYPE_WORDS = (b"Env", b"Bindings")
_IN_TYPES = {
    "type_identifier",
    "nested_type_identifier",
    "generic_type",
    "type_arguments",
    "intersection_type",
    "union_type",
}
_NOT_WORKERS = {"process", "Deno", "Bun", "Netlify"}
_TARGETS = {"variable_declarator": "name", "assignment_expression": "left"}
_DEPTH = 12


class Envs:
    """The places of `env` in one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names = source.names
        self._declared: dict[int, bool] = {}  # declaring node -> result

    @cached_property
    def nodes(self) -> list[Node]:
        """The expressions that are `env`, directly or through variables."""
        found: dict[int, Node] = {}
        waiting = ["env", *self._typed_names, *self._handler_names]
        for word in _WORDS:
            waiting.append(word)
            for node in self._names.nodes(word):
                parent = node.parent
                if node.type == "identifier" and parent is not None:
                    if parent.type == "call_expression" and self.is_env(parent):
                        found[parent.id] = parent
                    elif parent.type == "import_specifier":  # import { env as other }
                        alias = parent.child_by_field_name("alias")
                        waiting += [self._text(alias)] if alias is not None else []
                elif parent is not None and parent.type == "member_expression":
                    if self.is_env(parent):
                        found[parent.id] = parent
                elif parent is not None and parent.type == "pair_pattern":
                    value = parent.child_by_field_name("value")
                    waiting += [self._text(value)] if value is not None else []
        waiting += [name for node in found.values() if (name := self._variable_of(node))]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen or name.startswith("{"):
                continue
            seen.add(name)
            for node in self._names.occurrences(name):
                if node.type != "shorthand_property_identifier_pattern" and self._is_used(node):
                    found[node.id] = node
                    other = self._variable_of(node)
                    waiting += [other] if other else []
        return sorted(found.values(), key=lambda node: node.start_byte)

    @cached_property
    def patterns(self) -> list[Node]:
        """The object patterns that destructure `env`."""
        found = []
        for node in self.nodes:
            here = outer(node)
            parent = here.parent
            while parent is not None and parent.type == "await_expression":
                here = outer(parent)
                parent = here.parent
            if parent is None:
                continue
            place = {"variable_declarator": "name", "assignment_expression": "left"}.get(
                parent.type
            )
            target = parent.child_by_field_name(place) if place else None
            if target is not None and target.type == "object_pattern":
                found.append(target)
        for node in self._names.nodes("env"):  # { env: { X } }
            pair = node.parent
            if pair is not None and pair.type == "pair_pattern":
                value = pair.child_by_field_name("value")
                if value is not None and value.type == "object_pattern" and self.takes(value):
                    found.append(value)
        candidates = [*self._typed_patterns, *self._handler_patterns]
        return found + [node for node in candidates if self.takes(node)]

    def _is_used(self, node: Node) -> bool:
        """Return whether a name refers to `env` here, and isn't being declared here."""
        declared = self._names.resolve(node)
        if declared is not None and declared.node.id == node.id:
            return False
        if node.type == "shorthand_property_identifier":
            return declared is not None and self._declares_env(declared)
        return self.is_env(node)

    def _variable_of(self, node: Node) -> str | None:
        """Return the variable that an expression initializes."""
        here = outer(node)
        parent = here.parent
        if parent is None or parent.type != "variable_declarator":
            return None
        name = parent.child_by_field_name("name")
        return self._text(name) if name is not None and name.type == "identifier" else None

    @cached_property
    def _typed(self) -> list[Node]:
        """The names and patterns of variables and parameters of type Env or the like."""
        found: dict[int, Node] = {}
        data, root = self._source.offsets.data, self._source.root
        for word in _TYPE_WORDS:
            at = data.find(word)
            while at >= 0:
                node = root.descendant_for_byte_range(at, at + len(word))
                at = data.find(word, at + len(word))
                here = node
                while here is not None and here.type in _IN_TYPES:
                    here = here.parent
                owner = here.parent if here is not None and here.type == "type_annotation" else None
                if owner is None or here is None or not _ENV_TYPE.match(self._text(here)):
                    continue
                target = owner.child_by_field_name("pattern") or owner.child_by_field_name("name")
                if target is not None:
                    found[target.id] = target
        return list(found.values())

    @property
    def _typed_names(self) -> list[str]:
        return [self._text(node) for node in self._typed if node.type == "identifier"]

    @property
    def _typed_patterns(self) -> list[Node]:
        return [node for node in self._typed if node.type == "object_pattern"]

    @cached_property
    def _second_parameters(self) -> list[Node]:
        """The second parameters of the file's handlers."""
        found = []
        for word in HANDLERS:
            for node in self._names.nodes(word):
                if node.type != "property_identifier" or node.parent is None:
                    continue
                function = node.parent
                if function.type == "pair":
                    value = function.child_by_field_name("value")
                    if value is None:
                        continue
                    function = value
                parameters = function.child_by_field_name("parameters")
                if parameters is None or len(parameters.named_children) < 2:
                    continue
                second = parameters.named_children[1]
                if self._is_handler(function):
                    found.append(second.child_by_field_name("pattern") or second)
        return found

    @property
    def _handler_names(self) -> list[str]:
        return [self._text(node) for node in self._second_parameters if node.type == "identifier"]

    @property
    def _handler_patterns(self) -> list[Node]:
        return [node for node in self._second_parameters if node.type == "object_pattern"]

    def is_env(self, node: Node, depth: int = 0) -> bool:
        """Return whether an expression is the object with a Worker's bindings."""
        node = plain(node)
        kind = node.type
        if kind == "identifier":
            declared = self._names.resolve(node)
            if declared is None:
                return self._text(node) == "env"
            return self._declares_env(declared, depth)
        if kind == "member_expression":
            name = node.child_by_field_name("property")
            return name is not None and self._is_env_property(node, name)
        if kind == "call_expression":  # env(c) of hono/adapter
            function = node.child_by_field_name("function")
            return function is not None and self._text(function) == "env"
        if kind == "await_expression" and node.named_children:
            return depth < _DEPTH and self.is_env(node.named_children[0], depth + 1)
        return False

    def _is_env_property(self, node: Node, name: Node) -> bool:
        if not _ENV_NAME.match(self._text(name).lstrip("#")):
            return False
        base = node.child_by_field_name("object")
        return base is not None and self._is_workers(base)

    def _is_workers(self, holder: Node) -> bool:
        """Return whether the `env` of something may be a Worker's: not `process.env`."""
        if holder.type == "meta_property":  # import.meta.env
            return False
        last = holder.child_by_field_name("property") or holder
        return last.type == "call_expression" or self._text(last) not in _NOT_WORKERS

    def _declares_env(self, declared: Declaration, depth: int = 0) -> bool:
        key = declared.node.id
        known = self._declared.get(key)
        if known is None:
            self._declared[key] = False  # a name that refers to itself
            known = self._declared[key] = depth < _DEPTH and self._find_env(declared, depth)
        return known

    def _find_env(self, declared: Declaration, depth: int) -> bool:
        name = self._text(declared.node)
        if declared.kind == "import":
            return self._imports_env(declared)
        if declared.path:
            if declared.path[-1] != "env":
                return False
            start = declared.origin.child_by_field_name("value")
            return start is None or self._is_workers(plain(start))
        type_node = declared.origin.child_by_field_name("type")
        if type_node is not None and _ENV_TYPE.match(self._text(type_node)):
            return True
        if declared.kind == "parameter":
            if _ENV_NAME.match(name):
                return type_node is None or "ProcessEnv" not in self._text(type_node)
            return self._is_handlers_env(declared)
        if declared.kind in ("const", "let", "var"):
            start = declared.origin.child_by_field_name("value")
            if start is None:
                return False
            if plain(start).type == "object":  # made by hand, as in tests
                return False
            return self.is_env(start, depth + 1)
        return False

    def _imports_env(self, declared: Declaration) -> bool:
        if declared.origin.type != "import_specifier":
            return False
        name = declared.origin.child_by_field_name("name")
        statement = ancestor(declared.origin, {"import_statement"})
        module = statement.child_by_field_name("source") if statement is not None else None
        return (
            name is not None
            and module is not None
            and self._text(name) == "env"
            and self._text(module)[1:-1] == "cloudflare:workers"
        )

    def _is_handlers_env(self, declared: Declaration) -> bool:
        """Return whether this is the second parameter of a handler in `export default { … }`."""
        return self._is_second_of_handler(declared.origin)

    def _is_handler(self, function: Node) -> bool:
        name = function.child_by_field_name("name")
        if function.type != "method_definition":
            pair = function.parent
            if pair is None or pair.type != "pair":
                return False
            name = pair.child_by_field_name("key")
        if name is None or self._text(name) not in HANDLERS:
            return False
        exported = ancestor(function, {"export_statement", "statement_block", "class_body"})
        return (
            exported is not None
            and exported.type == "export_statement"
            and exported.child_by_field_name("value") is not None
        )

    def takes(self, pattern: Node) -> bool:
        """Return whether an object pattern destructures `env`."""
        parent = pattern.parent
        if parent is None:
            return False
        kind = parent.type
        if kind == "variable_declarator":
            start = parent.child_by_field_name("value")
            return start is not None and self.is_env(start)
        if kind == "assignment_expression":
            start = parent.child_by_field_name("right")
            return start is not None and self.is_env(start)
        if kind == "assignment_pattern":
            return self.takes(parent)
        if kind == "pair_pattern":
            key = parent.child_by_field_name("key")
            return key is not None and self._text(key) == "env" and self._not_elsewhere(parent)
        if kind in ("required_parameter", "optional_parameter"):
            type_node = parent.child_by_field_name("type")
            if type_node is not None and _ENV_TYPE.match(self._text(type_node)):
                return True
            return self._is_second_of_handler(parent)
        return kind == "formal_parameters" and self._is_second_of_handler(pattern)

    def _is_second_of_handler(self, parameter: Node) -> bool:
        parameters = parameter.parent
        if parameters is None or len(parameters.named_children) < 2:
            return False
        function = parameters.parent
        return (
            function is not None
            and parameters.named_children[1].id == parameter.id
            and self._is_handler(function)
        )

    def _not_elsewhere(self, pair: Node) -> bool:
        declarator = ancestor(pair, {"variable_declarator", "formal_parameters"})
        if declarator is None or declarator.type != "variable_declarator":
            return True
        start = declarator.child_by_field_name("value")
        return start is None or self._is_workers(plain(start))

    def _text(self, node: Node) -> str:
        return self._names.text(node)
