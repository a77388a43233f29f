"""What the parameters of functions are: by type, by name, by place, or by what callers pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.property_names import property_name
from kvlens.js.runtime_parameters import is_of_runtime
from kvlens.js.syntax import arguments_of, call_of, callee, outer, plain
from kvlens.js.tree import ancestor, is_field
from kvlens.js.values import (
    NOTHING,
    OTHER,
    Class,
    Env,
    Function,
    Generic,
    Instance,
    Merged,
    NamespaceAccess,
    Promised,
    Record,
    Sequence,
    Typed,
    Value,
    element_of,
    join,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_EACH = {
    *("forEach", "map", "filter", "some", "every", "find", "findLast", "flatMap", "findIndex"),
}
_LONGEST_CHAIN = 1_000
_ROUTES = {"get", "post", "put", "patch", "delete", "head", "options", "all", "on", "use"}
_HONO = {"notFound", "onError", "createMiddleware", "createHandlers", "createApp"}
_MOST_USES = 300  # of a name, to find its callers; of more, nothing is known
_MOST_CALLERS = 40


class Parameters:
    """Finds what the parameters of one source's functions are."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._roots: dict[int, tuple[Node, str] | None] = {}  # see _root

    def of(self, parameter: Node) -> Value | None:
        """Return what a parameter is, before a pattern takes it apart."""
        return self._flow.once("parameter", parameter, lambda: self.of_one_name(parameter))

    def of_one_name(self, parameter: Node) -> Value | None:
        """Return what a parameter is whose only variable keeps the result."""
        flow = self._flow
        pattern = parameter.child_by_field_name("pattern") or parameter
        default = parameter.child_by_field_name("value")
        if pattern.type == "assignment_pattern":
            default = pattern.child_by_field_name("right")
            pattern = pattern.child_by_field_name("left") or pattern
        if pattern.type == "rest_pattern":
            kind = parameter.child_by_field_name("type")
            return flow.types.value(kind) if kind is not None else None
        name = flow.text(pattern) if pattern.type == "identifier" else ""
        kind = parameter.child_by_field_name("type")
        function = _function_of(parameter)
        if kind is not None:
            by_type = flow.types.value(kind)
            if by_type is not None:
                return Env() if self._is_env(by_type, name, parameter) else by_type
            if "ProcessEnv" in flow.text(kind):
                return OTHER
            if conventions.is_env_name(name):
                return Env()
            if flow.text(kind).strip(": ") not in ("any", "unknown"):
                return None
        elif function is not None and not conventions.is_env_name(name):
            documented = flow.types.documented_parameter(function, name, _place_of(parameter))
            if documented is not None:
                return documented
        if conventions.is_env_name(name):
            return Env()
        start = flow.value(default) if default is not None else NOTHING
        if function is None:
            return None
        place = _place_of(parameter)
        found = self.passed(function, place) if place is not None else None
        if found is None and default is not None:
            return start
        return join([start, found]) if found is not None else None

    def _is_env(self, kind: Value, name: str, parameter: Node) -> bool:
        """Return whether a parameter is `env` although its type is called otherwise.

        If only its name says so, the type has to have a namespace: `{ CARTS: Map<string, string> }`
        is of a double.
        """
        members = self._flow.members
        if not isinstance(kind, Typed | Merged):
            return False
        found = [each for each in self._flow.program.declared if members.has(kind, each)]
        if not found:
            return False
        if is_of_runtime(self._flow.source, parameter):
            return True
        kinds = [members.of(kind, each) for each in found]
        has_kv = any(isinstance(each, NamespaceAccess) for each in kinds)
        return conventions.is_env_name(name) and has_kv and not self._flow.types.is_double(kind)

    def from_callers(self, parameter: Node) -> Value | None:
        """Return what all known callers pass for a parameter, whatever its type says."""
        function, place = _function_of(parameter), _place_of(parameter)
        return self.passed(function, place) if function is not None and place is not None else None

    def passed(self, function: Node, place: int) -> Value | None:
        """Return what a function gets at a place, from all that is known to call it."""
        return self._flow.once(f"passed {place}", function, lambda: self._passed(function, place))

    def _passed(self, function: Node, place: int) -> Value | None:
        found: list[Value | None] = []
        for count, value in enumerate(self._each_passed(function, place)):
            if value is None or count > _MOST_CALLERS:
                return None
            found.append(value)
        return join(found) if found else None

    def _each_passed(self, function: Node, place: int) -> Iterator[Value | None]:
        flow = self._flow
        kind = function.type
        if kind == "method_definition":
            yield from self._to_method(function, place)
            return
        if kind in ("function_declaration", "generator_function_declaration"):
            name = function.child_by_field_name("name")
            if name is not None:
                yield from self._to_name(name, place)
            parent = function.parent
            if parent is not None and parent.type == "export_statement":
                yield from self._to_export(parent, place)
            return
        here = outer(function)
        parent = here.parent
        if parent is None:
            return
        if parent.type == "variable_declarator":
            kind_node = parent.child_by_field_name("type")
            if kind_node is not None:
                yield from self._by_type(flow.types.value(kind_node), kind_node, place)
            name = parent.child_by_field_name("name")
            if name is not None and name.type == "identifier":
                yield from self._to_name(name, place)
        elif parent.type == "pair":
            key = parent.child_by_field_name("key")
            word = property_name(flow, key) if key is not None else None
            if word is not None and parent.parent is not None:
                yield from self._to_member(parent.parent, word, place)
        elif parent.type == "arguments" and parent.parent is not None:
            yield from self._to_callback(parent.parent, here, place)
        elif parent.type == "export_statement":
            yield from self._to_export(parent, place)
        elif parent.type == "call_expression" and is_field(parent, "function", here):
            yield self._argument(parent, place)  # (function (kv) { … })(env.CARTS)
        elif parent.type in ("public_field_definition", "field_definition"):
            yield from self._to_class_member(parent, place)
        elif parent.type in ("return_statement", "arrow_function"):
            yield from self._to_returned(function, place)
        if function.type in ("arrow_function", "function_expression"):
            cast = _cast_of(function)
            if cast is not None:
                yield from self._by_type(flow.types.value(cast), cast, place)

    def _to_name(self, name: Node, place: int) -> Iterator[Value | None]:
        """Yield what is passed where a variable that holds the function is used."""
        names = self._flow.names
        declared = names.resolve(name)
        if declared is None or declared.node.id != name.id:
            return
        references = names.references(declared)
        if len(references) > _MOST_USES:
            yield None
        for node in references[:_MOST_USES]:
            yield from self._to_use(node, place)
        text = self._flow.text(name)
        for exported in self._flow.program.exported_names(self._flow, text):
            yield from self._to_importers(exported, place)

    def _to_use(self, node: Node, place: int) -> Iterator[Value | None]:
        here = outer(node)
        parent = here.parent
        if parent is None:
            return
        call = call_of(node)
        if call is not None:
            yield self._argument(call, place)
        elif parent.type == "pair" and is_field(parent, "value", here):
            key = parent.child_by_field_name("key")
            word = property_name(self._flow, key) if key is not None else None
            if word is not None and parent.parent is not None:
                yield from self._to_member(parent.parent, word, place)
        elif node.type == "shorthand_property_identifier":
            if parent.type == "object":
                yield from self._to_member(parent, self._flow.text(node), place)
        elif parent.type == "arguments" and parent.parent is not None:
            yield from self._to_callback(parent.parent, here, place)
        elif parent.type == "member_expression" and is_field(parent, "object", here):
            name = parent.child_by_field_name("property")
            call = call_of(parent)
            if call is not None and name is not None:
                word = self._flow.text(name)
                if word == "call" or (word == "bind" and len(arguments_of(call)) > place + 1):
                    yield self._argument(call, place + 1)
        elif parent.type == "export_statement" and is_field(parent, "value", here):
            yield from self._to_importers("default", place)

    def _argument(self, call: Node, place: int) -> Value | None:
        given = arguments_of(call)
        if any(each.type == "spread_element" for each in given[: place + 1]):
            return None
        return self._flow.value(given[place]) if place < len(given) else NOTHING

    # objects --------------------------------------------------------------------------------

    def _to_member(self, record: Node, word: str, place: int) -> Iterator[Value | None]:
        """Yield what is passed to a member of an object: a handler, or a method."""
        flow = self._flow
        if word in conventions.HANDLERS and self.is_handlers(record):
            if place == 1:
                yield Env()
            return
        cast = _cast_of(record) or _annotation_of(record)
        if cast is not None:
            method = flow.members.of(flow.types.value(cast), word)
            yield from self._by_type(method, cast, place)
        yield from self._to_calls_of(word, Record(flow, record), place)
        declarator = outer(record).parent
        if declarator is not None and declarator.type == "variable_declarator":
            name = declarator.child_by_field_name("name")
            yield from self._to_calls_elsewhere(name, word, Record(flow, record), place)

    def is_handlers(self, record: Node) -> bool:
        """Return whether an object is a Worker: exported, or of the type ExportedHandler."""
        flow = self._flow
        cast = _cast_of(record) or _annotation_of(record)
        said = flow.text(cast) if cast is not None else flow.types.documented_text(record)
        if "ExportedHandler" in said:
            return True
        exported = ancestor(record, {"export_statement", "statement_block", "class_body"})
        if exported is not None and exported.type == "export_statement":
            return exported.child_by_field_name("value") is not None
        here = outer(record)
        parent = here.parent
        if parent is None:
            return False
        if parent.type == "assignment_expression":
            left = parent.child_by_field_name("left")
            return left is not None and flow.text(left) in ("module.exports", "exports.default")
        if parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
            if name is None or name.type != "identifier":
                return False
            declared = flow.names.resolve(name)
            return declared is not None and any(
                self._is_default(node) for node in flow.names.references(declared)
            )
        return False

    def _is_default(self, node: Node) -> bool:
        here = outer(node)
        parent = here.parent
        while parent is not None and parent.type in ("arguments", "call_expression"):
            here, parent = parent, parent.parent
        if parent is None:
            return False
        if parent.type == "export_statement":
            return parent.child_by_field_name("value") is not None
        if parent.type == "export_specifier":
            alias = parent.child_by_field_name("alias")
            return alias is not None and self._flow.text(alias) == "default"
        if parent.type == "assignment_expression":
            left = parent.child_by_field_name("left")
            return left is not None and self._flow.text(left) == "module.exports"
        return False

    def _to_calls_of(self, word: str, holder: Value, place: int) -> Iterator[Value | None]:
        """Yield what is passed in calls of a method of this object or class."""
        flow = self._flow
        every = flow.names.nodes(word)
        if len(every) > _MOST_USES:
            yield None
        for name in every[:_MOST_USES]:
            member = name.parent
            if member is None or member.type != "member_expression":
                continue
            call = call_of(member)
            base = member.child_by_field_name("object")
            if call is None or base is None:
                continue
            owner = flow.value(base)
            same = owner == holder or (isinstance(owner, Merged) and holder in owner.parts)
            if same or (isinstance(owner, Instance) and self._extends(owner, holder)):
                yield self._argument(call, place)

    def _to_calls_elsewhere(
        self, name: Node | None, word: str, holder: Value, place: int
    ) -> Iterator[Value | None]:
        """Yield what the modules pass to a method that import its class or object by this name."""
        flow = self._flow
        local = flow.text(name) if name is not None else ""
        for exported in flow.program.exported_names(flow, local):
            for other, _ in flow.program.importers(flow, exported):
                yield from other.parameters._to_calls_of(word, holder, place)

    def _extends(self, value: Instance, base: Value) -> bool:
        here: Value | None = value
        for _ in range(8):
            if not isinstance(here, (Instance, Class)) or not isinstance(base, (Instance, Class)):
                return False
            if here.key == base.key:
                return True
            here = self._flow.members.base(here)
        return False

    def _to_method(self, method: Node, place: int) -> Iterator[Value | None]:
        owner = method.parent
        key = method.child_by_field_name("name")
        word = property_name(self._flow, key) if key is not None else None
        if owner is None or word is None:
            return
        if owner.type == "object":
            yield from self._to_member(owner, word, place)
        elif owner.type == "class_body":
            yield from self._to_class_member(method, place)

    def _to_class_member(self, member: Node, place: int) -> Iterator[Value | None]:
        flow = self._flow
        body = member.parent
        owner = body.parent if body is not None else None
        key = member.child_by_field_name("name") or member.child_by_field_name("property")
        word = property_name(flow, key) if key is not None else None
        if owner is None or word is None:
            return
        if word == "constructor":
            if place == 1 and self._is_made_by_runtime(owner):
                yield Env()
                return
            yield from self._to_class(owner, place)
            return
        is_static = any(child.type == "static" for child in member.children)
        holder: Value = Class(flow, owner) if is_static else Instance(flow, owner)
        yield from self._to_calls_of(word, holder, place)
        name = owner.child_by_field_name("name")
        yield from self._to_calls_elsewhere(name, word, holder, place)

    def _is_made_by_runtime(self, owner: Node) -> bool:
        heritage = next((c for c in owner.children if c.type == "class_heritage"), None)
        words = self._flow.text(heritage) if heritage is not None else ""
        return any(name in words for name in conventions.ENV_CLASSES)

    def _to_class(self, owner: Node, place: int) -> Iterator[Value | None]:
        """Yield what `new` passes to the constructor of a class, and `super()` in its heirs."""
        flow = self._flow
        name = owner.child_by_field_name("name")
        holder = outer(owner).parent
        if name is None and holder is not None and holder.type == "variable_declarator":
            name = holder.child_by_field_name("name")
        if name is None:
            return
        text = flow.text(name)
        for node in flow.names.occurrences(text):
            call = call_of(node)
            is_new = call is not None and call.type == "new_expression"
            if call is not None and is_new and flow.value(node) == Class(flow, owner):
                yield self._argument(call, place)
        yield from self._to_super(Class(flow, owner), place)
        for exported in flow.program.exported_names(flow, text):
            yield from self._to_importers(exported, place, is_class=True)
            for other, _ in flow.program.importers(flow, exported):
                yield from other.parameters._to_super(Class(flow, owner), place)

    def _to_super(self, base: Class, place: int) -> Iterator[Value | None]:
        """Yield what the heirs of a class pass to its constructor in this source."""
        flow = self._flow
        heirs = flow.names.nodes("super")
        if len(heirs) > _MOST_USES:
            yield None
        for word in heirs[:_MOST_USES]:
            call = call_of(word)
            body = ancestor(word, {"class_body"}) if call is not None else None
            heir = body.parent if body is not None else None
            if call is None or heir is None:
                continue
            if flow.members.base(Instance(flow, heir)) == base:
                yield self._argument(call, place)

    # callbacks ------------------------------------------------------------------------------

    def _to_callback(self, call: Node, argument: Node, place: int) -> Iterator[Value | None]:
        """Yield what a callback gets from the function that it is passed to."""
        flow = self._flow
        function = callee(call)
        given = arguments_of(call)
        at = next((n for n, each in enumerate(given) if each.id == argument.id), None)
        if function is None or at is None:
            return
        function = plain(function)
        if call.type == "call_expression" and function.type == "member_expression":
            base, key = (
                function.child_by_field_name("object"),
                function.child_by_field_name("property"),
            )
            if base is not None and key is not None:
                found = self._from_library(base, flow.text(key), given, at, place)
                if found is not None:
                    yield found
                    return
        elif place == 0 and flow.text(function) in conventions.CONTEXT_FUNCTIONS:
            yield Generic(flow, call, "Context")
            return
        value = flow.value(function)
        if isinstance(value, Class):
            made = value.flow.members.constructor(value.node)
            value = Function(value.flow, made) if made is not None else None
        if isinstance(value, Function):
            yield value.flow.parameters.given_to_callback(value.node, at, place)

    def _from_library(
        self, base: Node, name: str, given: list[Node], at: int, place: int
    ) -> Value | None:
        flow = self._flow
        if name in ("then", "finally", "catch"):
            value = flow.value(base)
            if isinstance(value, Promised) and name == "then":
                return value.value if at == 0 and place == 0 else None
            return None
        if name in _EACH or name in ("reduce", "from"):
            value = flow.value(base)
            if name == "from" and given:
                value = flow.value(given[0])
            if isinstance(value, Sequence):
                wanted = 1 if name == "reduce" else 0
                return element_of(value) if place == wanted else None
        if name in _ROUTES or name in _HONO:
            root = self._root(base)
            if root is None:
                return None
            made, word = root
            if word in conventions.APPS or word == "createFactory":
                return Generic(flow, made, "Context") if place == (name == "onError") else None
            if conventions.ROUTERS.search(word) and place == 1:
                return Env()
        return None

    def _root(self, node: Node) -> tuple[Node, str] | None:
        """Return what makes the first object of a chain of calls, and its name."""
        way: list[int] = []
        while (here := plain(node)).id not in self._roots and len(way) < _LONGEST_CHAIN:
            way.append(here.id)
            self._roots[here.id] = None  # a chain that is made of itself
            following = self._before(here)
            if not isinstance(following, tuple):
                if following is None:
                    return None
                node = following
                continue
            self._roots.update(dict.fromkeys(way, following))
            return following
        found = self._roots.get(here.id)
        self._roots.update(dict.fromkeys(way, found))
        return found

    def _before(self, node: Node) -> Node | tuple[Node, str] | None:
        """Return what an expression gets a method from, or what makes it and by which name."""
        flow = self._flow
        if node.type == "identifier":
            declared = flow.names.resolve(node)
            if declared is None or declared.path:
                return None
            return declared.origin.child_by_field_name("value")
        if node.type not in ("new_expression", "call_expression"):
            return None
        function = callee(node)
        if function is None:
            return None
        if node.type == "call_expression" and function.type == "member_expression":
            return function.child_by_field_name("object")
        return node, flow.text(function).rpartition(".")[2]

    def given_to_callback(self, function: Node, at: int, place: int) -> Value | None:
        """Return what a function of this source passes to the callback that is its parameter."""
        return self._flow.once(
            f"callback {at} {place}",
            function,
            lambda: _joined(self._to_own_callback(function, at, place)),
        )

    def _to_own_callback(self, function: Node, at: int, place: int) -> Iterator[Value | None]:
        parameters = function.child_by_field_name("parameters")
        if parameters is None or at >= len(parameters.named_children):
            return
        parameter = parameters.named_children[at]
        kind = parameter.child_by_field_name("type")
        if kind is not None:
            yield from self._by_type(self._flow.types.value(kind), kind, place)
        name = parameter.child_by_field_name("pattern") or parameter
        if name.type != "identifier":
            return
        declared = self._flow.names.resolve(name)
        for node in self._flow.names.references(declared) if declared is not None else ():
            call = call_of(node)
            if call is not None:
                yield self._argument(call, place)

    def _to_returned(self, function: Node, place: int) -> Iterator[Value | None]:
        """Yield what a function gets that another one returns: by that one's return type."""
        owner = ancestor(
            function,
            {"arrow_function", "function_declaration", "method_definition", "function_expression"},
        )
        kind = owner.child_by_field_name("return_type") if owner is not None else None
        if kind is not None:
            yield from self._by_type(self._flow.types.value(kind), kind, place)

    def _by_type(self, value: Value | None, kind: Node, place: int) -> Iterator[Value | None]:
        """Yield what the type of a function says of its parameter."""
        if isinstance(value, Function):
            found = value.flow.parameters.typed(value.node, place)
            if found is not None:
                yield found
            return
        text = self._flow.text(kind).lstrip(": ")
        name = text.split("<")[0]
        if name in conventions.CONTEXT_FUNCTIONS and place == 0:
            inner = next((c for c in kind.named_children if c.type == "generic_type"), kind)
            yield Generic(self._flow, inner, "Context")
        elif name.startswith("ExportedHandler") and name.endswith("Handler") and place == 1:
            yield Env()

    def typed(self, function: Node, place: int) -> Value | None:
        """Return what the annotation of a function's parameter says."""
        parameters = function.child_by_field_name("parameters")
        every = [
            each
            for each in (parameters.named_children if parameters is not None else ())
            if each.type != "comment"
        ]
        if place >= len(every):
            return None
        kind = every[place].child_by_field_name("type")
        return self._flow.types.value(kind) if kind is not None else None

    # other modules --------------------------------------------------------------------------

    def _to_export(self, statement: Node, place: int) -> Iterator[Value | None]:
        if statement.child_by_field_name("value") is not None or any(
            child.type == "default" for child in statement.children
        ):
            yield from self._to_importers("default", place)

    def _to_importers(
        self, exported: str, place: int, *, is_class: bool = False
    ) -> Iterator[Value | None]:
        """Yield what the modules that import a function pass to it."""
        for flow, name in self._flow.program.importers(self._flow, exported):
            if isinstance(name, str):
                yield from flow.parameters.in_module(name, exported, place)
                continue
            declared = flow.names.resolve(name)
            for node in flow.names.references(declared) if declared is not None else ():
                call = call_of(node)
                if call is not None and (call.type == "new_expression") == is_class:
                    yield flow.parameters._argument(call, place)
                elif not is_class:
                    yield from flow.parameters._to_use(node, place)

    def in_module(self, namespace: str, exported: str, place: int) -> Iterator[Value | None]:
        """Yield what is passed to a function of an imported module: `module.save(env.CARTS)`."""
        for word in self._flow.names.nodes(exported):
            member = word.parent
            if member is None or member.type != "member_expression":
                continue
            base, call = member.child_by_field_name("object"), call_of(member)
            if call is not None and base is not None and self._flow.text(base) == namespace:
                yield self._argument(call, place)


def _function_of(parameter: Node) -> Node | None:
    parent = parameter.parent
    if parent is None:
        return None
    return parent.parent if parent.type == "formal_parameters" else parent


def _place_of(parameter: Node) -> int | None:
    parent = parameter.parent
    if parent is None or parent.type != "formal_parameters":
        return 0
    place = 0
    for each in parent.named_children:
        if each.id == parameter.id:
            return place
        pattern = each.child_by_field_name("pattern")
        place += each.type != "comment" and (pattern is None or pattern.type != "this")
    return None


def _cast_of(node: Node) -> Node | None:
    """Return the type that an expression is asserted to be of: `x satisfies T`."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    if parent is None or parent.type not in ("satisfies_expression", "as_expression"):
        return None
    return parent.named_children[-1]


def _annotation_of(record: Node) -> Node | None:
    """Return the type of the variable that an object initializes."""
    parent = outer(record).parent
    if parent is None or parent.type != "variable_declarator":
        return None
    return parent.child_by_field_name("type")


def _joined(values: Iterable[Value | None]) -> Value | None:
    every = list(values)
    return join(every) if every else None
