"""Follow values through a source: what each expression may be, see `values`.

Everything is evaluated on demand and only once. Calls aren't told apart: a parameter is what all
known callers pass, and what a function returns doesn't depend on the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.constants.evaluator import ConstantEvaluator, Found
from kvlens.js.constants.literals import string_text
from kvlens.js.members import Members, is_promise_step
from kvlens.js.parameters import Parameters
from kvlens.js.scopes import FUNCTIONS, Declaration
from kvlens.js.syntax import Source, arguments_of, callee, plain, prefix_of
from kvlens.js.tree import ancestor, is_field
from kvlens.js.types import Types
from kvlens.js.values import (
    GLOBAL,
    NOTHING,
    OTHER,
    Choice,
    Class,
    Env,
    Function,
    Generic,
    How,
    Instance,
    NamespaceAccess,
    Promised,
    Record,
    Sequence,
    Table,
    Value,
    element_of,
    join,
    merged,
    settled,
    typed,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.program import Program

_DEEPEST = 48  # evaluations within each other
_MOST_RETURNS = 4_000  # nodes of a function that are searched for `return`
_THIS_OWNERS = {
    "class_body",
    "method_definition",
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "program",
}
_REST = "{...}"  # steps of a pattern
_OTHER_ITEMS = "[...]"
_MOST_ITEMS = 64  # of an array that are looked at
_MOST_NAMES = 8  # that an index may be
_OPERATORS = ("??", "||")
_CALLS = ("call_expression", "await_expression")
_LIBRARY = ("Object", "Promise", "Reflect", "Array")


class Flow:
    """The values in one source."""

    def __init__(self, source: Source, program: Program) -> None:
        self.source = source
        self.names = source.names
        self.program = program
        self.types = Types(self)
        self.members = Members(self)
        self.parameters = Parameters(self)
        self.constants = ConstantEvaluator(source, self._constant)
        self.envs: dict[int, Node] = {}  # expressions that were found to be env
        self.env_names: dict[str, None] = {}  # variables that were found to be env
        self.env_patterns: dict[int, Node] = {}  # patterns that destructure env
        self._values: dict[tuple[str, int], Value | None] = {}

    def _constant(self, declared: Declaration, member: str | None) -> Found | None:
        found = self.program.constant(self, declared, member)
        if found is None:
            return None
        flow, what = found
        return flow.constants, what

    def text(self, node: Node) -> str:
        """Return the text of a node."""
        return self.names.text(node)

    def value(self, node: Node) -> Value | None:
        """Return what an expression may be."""
        kind = node.type
        if kind == "identifier":
            return self._identifier(node)
        worker = _WORKERS.get(kind)
        if worker is None:
            return OTHER if kind in _OTHERS else None
        return self.once("value", node, lambda: worker(self, node))

    def once(self, what: str, node: Node, make: Callable[[], Value | None]) -> Value | None:
        """Return a value of a node, made at most once.

        A value that is made of itself is NOTHING inside, so that only its other sources count.
        What was made meanwhile of only a part is not known, as the rest may differ.
        """
        key = (what, node.id)
        if key in self._values:
            return self._values[key]
        program = self.program
        if (id(self), key) in program.open:
            program.lowest = min(program.lowest, program.open[id(self), key])
            return NOTHING
        depth = len(program.open)
        if depth >= _DEEPEST or program.steps <= 0:
            program.lowest = -1
            return None
        program.steps -= 1
        before, program.lowest = program.lowest, depth
        program.open[id(self), key] = depth
        try:
            found = make()
        finally:
            del program.open[id(self), key]
        partial = program.lowest < depth
        self._values[key] = None if partial else found
        program.lowest = min(before, program.lowest) if partial else before
        return found

    def kept(self, what: str, node: Node) -> Value | None:
        """Return a value that was made before; None also if only a part of it was."""
        return self._values.get((what, node.id))

    # names ----------------------------------------------------------------------------------

    def _identifier(self, node: Node) -> Value | None:
        declared = self.names.resolve(node)
        if declared is not None:
            if declared.node.id == node.id and node.type == "identifier":
                return self.declared(declared)
            value = self.declared(declared)
            if isinstance(value, Env):
                self.envs[node.id] = node
                self.env_names[self.text(node)] = None
            return value
        name = self.text(node)
        if name in conventions.GLOBAL_OBJECTS:
            return GLOBAL
        if name == "undefined":
            return NOTHING
        if name == "env":
            self.envs[node.id] = node
            return Env()
        return NamespaceAccess(name, "global")

    def declared(self, declared: Declaration) -> Value | None:
        """Return what a variable may be."""
        return self.once("declared", declared.node, lambda: self._declared(declared))

    def _declared(self, declared: Declaration) -> Value | None:
        kind, origin = declared.kind, declared.origin
        if declared.ambient:
            kind_node = origin.child_by_field_name("type")
            value = self.types.value(kind_node) if kind_node is not None else None
            if isinstance(value, NamespaceAccess) and value.binding is None:
                return NamespaceAccess(self.text(declared.node), "global", typed=True)
            return value
        if kind == "import":
            return self.program.imported(self, origin, self.text(declared.node))
        if kind == "function":
            return Function(self, origin)
        if kind == "class":
            return Class(self, origin) if origin.type.endswith("class_declaration") else None
        if kind == "other" and origin.type != "for_in_statement":
            return None
        found = self._start(declared)
        if kind != "const":
            found = join([found, *self._assigned(declared)])
        return found

    def _start(self, declared: Declaration) -> Value | None:
        """Return what a variable has at first."""
        top, steps = self._steps(declared)
        origin = declared.origin
        if declared.kind == "parameter":
            given = self.parameters
            value = given.of(origin) if steps else given.of_one_name(origin)
        elif origin.type == "for_in_statement":
            right = origin.child_by_field_name("right")
            is_of = any(child.type == "of" for child in origin.children)
            value = element_of(settled(self.value(right))) if right is not None and is_of else None
        else:
            start = origin.child_by_field_name("value")
            value = self.value(start) if start is not None else None
            type_node = origin.child_by_field_name("type")
            if type_node is not None:
                by_type = self.types.value(type_node)
                value = (
                    typed(value, by_type) if declared.kind == "const" or steps else by_type or value
                )
            elif start is None:
                return self.types.documented(origin) or NOTHING
            elif value is None:
                value = self.types.documented(origin)
            is_env = not steps and conventions.is_env_name(self.text(declared.node))
            if value is None and is_env and start is not None and plain(start).type in _CALLS:
                value = Env(guessed=True)
        return self._walk(value, steps, top)

    def _steps(self, declared: Declaration) -> tuple[Node, list[tuple[Node, str | int | None]]]:
        """Return the outermost pattern of a variable, and the steps from it to the variable."""
        steps: list[tuple[Node, str | int | None]] = []
        here = declared.node
        if here.type == "shorthand_property_identifier_pattern":
            steps.append((here, self.text(here)))
        parent = here.parent
        while parent is not None and here.id != declared.origin.id:
            kind = parent.type
            if kind == "pair_pattern":
                key = parent.child_by_field_name("key")
                steps.append((parent, self.key(key) if key is not None else None))
            elif kind == "array_pattern":
                steps.append((here, _place_in(parent, here)))
            elif kind == "rest_pattern":
                if parent.parent is not None and parent.parent.type == "object_pattern":
                    steps.append((parent, _REST))
            elif kind not in ("object_pattern", "assignment_pattern", "object_assignment_pattern"):
                break
            here, parent = parent, parent.parent
        steps.reverse()
        return here, steps

    def _walk(
        self, value: Value | None, steps: list[tuple[Node, str | int | None]], top: Node
    ) -> Value | None:
        """Return what a pattern takes from a value, with the defaults on the way."""
        for node, step in steps:
            pattern = ancestor(node, {"object_pattern"}) if isinstance(step, str) else None
            if isinstance(value, Env) and pattern is not None:
                self.env_patterns[pattern.id] = pattern
            if step == _REST:
                continue  # the rest has what the pattern doesn't name
            if step == _OTHER_ITEMS:
                value = Sequence((), element_of(value))
            elif isinstance(step, str):
                found = self.members.of(value, step)
                if found is None and conventions.is_env_property(step):
                    found = Env() if self._may_have_env(node, top) else None
                if isinstance(found, NamespaceAccess) and isinstance(value, Env):
                    found = replace(found, how="destructured")
                value = found
            elif isinstance(step, int):
                value = self.members.at(value, step)
            else:
                return None
            default = _default_of(node)
            if default is not None and value in (None, NOTHING):
                value = self.value(default)
        return value

    def _may_have_env(self, node: Node, top: Node) -> bool:
        """Return whether `env` of the destructured value may be a Worker's: not `process.env`."""
        declarator = top if top.type == "variable_declarator" else top.parent
        if declarator is None or declarator.type != "variable_declarator":
            return True
        start = declarator.child_by_field_name("value")
        return start is None or self._is_workers(plain(start))

    def _is_workers(self, holder: Node) -> bool:
        """Return whether the `env` of something may be a Worker's: not `process.env`."""
        if holder.type == "await_expression" and holder.named_children:
            holder = plain(holder.named_children[-1])
        if holder.type == "meta_property":  # import.meta.env
            return False
        last = holder.child_by_field_name("property") or holder
        return last.type == "call_expression" or self.text(last) not in conventions.NOT_WORKERS

    def pattern(self, pattern: Node) -> Value | None:
        """Return what an object or array pattern destructures."""
        inner: Node = pattern
        steps: list[tuple[Node, str | int | None]] = []
        parent = inner.parent
        while parent is not None:
            kind = parent.type
            if (step := self._step(parent, inner)) is not None:
                steps.append(step)
            elif kind not in ("object_pattern", "assignment_pattern", "object_assignment_pattern"):
                break
            inner, parent = parent, parent.parent
        steps.reverse()
        if parent is None:
            return None
        origin = parent
        if parent.type == "variable_declarator":
            start = parent.child_by_field_name("value")
            type_node = parent.child_by_field_name("type")
            value = typed(
                self.value(start) if start is not None else None,
                self.types.value(type_node) if type_node is not None else None,
            )
        elif parent.type == "assignment_expression":
            right = parent.child_by_field_name("right")
            value = self.value(right) if right is not None else None
        elif parent.type in ("required_parameter", "optional_parameter"):
            value = self.parameters.of(parent)
        elif parent.type in ("formal_parameters", "arrow_function"):
            origin = inner
            value = self.parameters.of(inner)
        elif parent.type == "for_in_statement":
            right = parent.child_by_field_name("right")
            value = element_of(settled(self.value(right))) if right is not None else None
        else:
            return None
        return self._walk(value, steps, origin)

    def _step(self, pattern: Node, inner: Node) -> tuple[Node, str | int | None] | None:
        """Return what a pattern takes from its value for a node in it; None for other nodes."""
        if pattern.type == "pair_pattern":
            key = pattern.child_by_field_name("key")
            return pattern, self.key(key) if key is not None else None
        if pattern.type == "array_pattern":
            return inner, _place_in(pattern, inner)
        return None

    def _assigned(self, declared: Declaration) -> Iterator[Value | None]:
        """Yield what a variable is set to after its declaration."""
        for node in self.names.references(declared):
            here, parent = node, node.parent
            steps: list[tuple[Node, str | int | None]] = []
            if parent is None or parent.type in ("member_expression", "arguments"):
                continue
            if node.type == "shorthand_property_identifier_pattern":
                steps.append((node, self.text(node)))
            while parent is not None:
                kind = parent.type
                if (step := self._step(parent, here)) is not None:
                    steps.append(step)
                elif kind not in (
                    "object_pattern",
                    "assignment_pattern",
                    "object_assignment_pattern",
                    "non_null_expression",
                    "parenthesized_expression",
                ):
                    break
                here, parent = parent, parent.parent
            if parent is None:
                continue
            if parent.type in ("assignment_expression", "augmented_assignment_expression"):
                right = parent.child_by_field_name("right")
                if right is not None and is_field(parent, "left", here):
                    yield self._walk(self.value(right), steps[::-1], parent)
            elif parent.type == "update_expression":
                yield None
            elif parent.type == "for_in_statement" and is_field(parent, "left", here):
                right = parent.child_by_field_name("right")
                value = element_of(settled(self.value(right))) if right is not None else None
                yield self._walk(value, steps[::-1], parent)

    def key(self, key: Node) -> str | None:
        """Return the name of a member in an object, a pattern, a class or a type."""
        if key.type in ("property_identifier", "private_property_identifier", "identifier"):
            return self.text(key)
        if key.type == "string":
            return string_text(self.source, key)
        if key.type == "computed_property_name" and key.named_children:
            return self.constant(key.named_children[0])
        return None

    def constant(self, node: Node) -> str | None:
        """Return the text that an expression always has."""
        if node.type == "string":
            return string_text(self.source, node)
        value = self.constants.value(node)
        return str(value.value) if value.kind == "string" else None

    # expressions ----------------------------------------------------------------------------

    def _member(self, node: Node) -> Value | None:
        base, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if base is None or name is None:
            return None
        word = self.text(name)
        return self._access(node, base, word)

    def _access(self, node: Node, base: Node, word: str) -> Value | None:
        value = self.value(base)
        found = self.members.of(value, word, self.how(base) if isinstance(value, Env) else "env")
        is_env = found is None and conventions.is_env_property(word.lstrip("#"))
        if is_env and self._is_workers(plain(base)):
            found = Env()
        if isinstance(found, Env):
            self.envs[node.id] = node
        if value is GLOBAL:
            ambient = next((d for d in self.names.declarations(word) if d.ambient), None)
            if ambient is not None:
                found = self.declared(ambient)
        return found

    def how(self, env: Node) -> How:
        """Return how the code accesses `env` here: by a name, from `this`, from a context."""
        inner = plain(env)
        if inner.type == "member_expression":
            holder = inner.child_by_field_name("object")
            return "this" if holder is not None and holder.type == "this" else "context"
        if inner.type == "identifier":
            declared = self.names.resolve(inner)
            return "import" if declared is not None and declared.kind == "import" else "env"
        return "context"

    def _subscript(self, node: Node) -> Value | None:
        base, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if base is None or index is None:
            return None
        if index.type == "number":
            return self.members.at(self.value(base), _number(self.text(index)))
        words = self.texts(index)
        if words:
            return join(self._access(node, base, word) for word in words)
        return self.members.any_of(self.value(base))

    def texts(self, node: Node) -> list[str]:
        """Return the texts that an expression may be; none if there are others."""
        node = plain(node) if node.type == "parenthesized_expression" else node
        word = self.constant(node)
        if word is not None:
            return [word]
        found: list[str] = []
        if node.type == "ternary_expression":
            parts = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
            each = [self.texts(part) for part in parts if part is not None]
            found = [text for texts in each for text in texts] if all(each) else []
        elif node.type == "as_expression":
            found = self.types.texts(node.named_children[-1])
        elif node.type == "identifier":
            declared = self.names.resolve(node)
            found = self._texts_of(declared) if declared is not None else []
        return found if len(found) <= _MOST_NAMES else []

    def _texts_of(self, declared: Declaration) -> list[str]:
        kind = declared.origin.child_by_field_name("type") if not declared.path else None
        if kind is not None:
            return self.types.texts(kind)
        right = declared.origin.child_by_field_name("right")
        if declared.origin.type != "for_in_statement" or right is None or declared.kind != "other":
            return []
        if right.named_child_count > _MOST_NAMES:
            return []
        left = declared.origin.child_by_field_name("left")
        value = self.constants.value(right)
        if left is None or left.type != "identifier" or value.kind != "array" or not value.complete:
            return []
        every = [each.value for each in value.items if each.kind == "string"]
        return [str(each) for each in every] if len(every) == len(value.items) else []

    def _this(self, node: Node) -> Value | None:
        here: Node | None = node
        static = False
        while here is not None:
            here = ancestor(here, _THIS_OWNERS)
            if here is None or here.type == "program":
                return None
            if here.type == "class_body":
                owner = here.parent
                if owner is None:
                    return None
                return Class(self, owner) if static else Instance(self, owner)
            if here.type != "method_definition":
                return self._this_of(here)
            parent = here.parent
            if parent is not None and parent.type == "object":
                return Record(self, parent)
            static = any(child.type == "static" for child in here.children)
        return None

    def _this_of(self, function: Node) -> Value | None:
        """Return `this` in a function: by its type, or an instance that `new` makes."""
        given = function.child_by_field_name("parameters")
        for parameter in given.named_children[:1] if given is not None else ():
            pattern, kind = (parameter.child_by_field_name(name) for name in ("pattern", "type"))
            if pattern is not None and pattern.type == "this" and kind is not None:
                return self.types.value(kind)
        parent = function.parent
        left = parent.child_by_field_name("left") if parent is not None else None
        if left is not None and left.type == "member_expression":  # S.prototype.save = …
            holder = left.child_by_field_name("object")
            base = holder.child_by_field_name("object") if holder is not None else None
            if holder is None or base is None or not self.text(holder).endswith(".prototype"):
                return None
            made = self.value(base)
            return Instance(made.flow, made.node) if isinstance(made, (Class, Function)) else None
        return Instance(self, function) if function.child_by_field_name("name") else None

    def _super(self, node: Node) -> Value | None:
        owner = ancestor(node, {"class_body"})
        if owner is None or owner.parent is None:
            return None
        base = self.members.base(Instance(self, owner.parent))
        return Instance(base.flow, base.node) if isinstance(base, Class) else None

    def _ternary(self, node: Node) -> Value | None:
        one, other = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
        if one is None or other is None:
            return None
        return join([self.value(one), self.value(other)])

    def _binary(self, node: Node) -> Value | None:
        operator = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if operator is None or left is None or right is None:
            return None
        if operator.type == "&&":
            return self.value(right)
        if operator.type not in _OPERATORS:
            return OTHER
        first, second = self.value(left), self.value(right)
        if isinstance(first, NamespaceAccess) and not isinstance(second, NamespaceAccess):
            return first  # the other is for where it is missing
        if isinstance(first, Env):
            return first
        return join([first, second])

    def _assignment(self, node: Node) -> Value | None:
        right = node.child_by_field_name("right")
        return self.value(right) if right is not None else None

    def _last(self, node: Node) -> Value | None:
        return self.value(node.named_children[-1]) if node.named_children else None

    def _parentheses(self, node: Node) -> Value | None:
        before = node.prev_sibling
        value = self._first(node)
        if before is not None and before.type == "comment":  # /** @type {T} */ (x)
            return typed(value, self.types.documented(node))
        return value

    def _first(self, node: Node) -> Value | None:
        inner = next((child for child in node.named_children if child.type != "comment"), None)
        return self.value(inner) if inner is not None else None

    def _cast(self, node: Node) -> Value | None:
        parts = [child for child in node.named_children if child.type != "comment"]
        if not parts:
            return None
        inner, kind = (
            (parts[-1], parts[0]) if node.type == "type_assertion" else (parts[0], parts[-1])
        )
        value = self.value(inner)
        if len(parts) < 2 or self.text(kind) == "const":
            return value
        by_type = self.types.value(kind)
        found = typed(value, by_type)
        if isinstance(found, Env) and not isinstance(value, Env):
            self.envs[node.id] = node
        return found

    def _await(self, node: Node) -> Value | None:
        inner = self._first(node)
        found = settled(inner)
        if isinstance(found, Env):
            self.envs[node.id] = node
        return found

    def _record(self, node: Node) -> Value | None:
        return Record(self, node)

    def _array(self, node: Node) -> Value | None:
        items: list[Value | None] = []
        is_whole = True
        children = node.named_children
        if len(children) > _MOST_ITEMS:
            return Sequence((), None)
        for child in children:
            if child.type == "spread_element":
                is_whole = False
                items.append(element_of(self._first(child)))
            elif child.type != "comment":
                items.append(self.value(child))
        return Sequence(tuple(items) if is_whole else (), join(items))

    def _function(self, node: Node) -> Value | None:
        return Function(self, node)

    def _class(self, node: Node) -> Value | None:
        return Class(self, node)

    def _new(self, node: Node) -> Value | None:
        made = callee(node)
        if made is None:
            return None
        value = self.value(made)
        if isinstance(value, Class):
            return Instance(value.flow, value.node)
        if isinstance(value, Function):
            return Instance(value.flow, value.node)
        name, given = self.text(made).rpartition(".")[2], arguments_of(node)
        if name in ("Set", "Map") and given:
            first = self.value(given[0])
            found = Sequence((), element_of(first)) if name == "Set" else self._table(first)
            if isinstance(first, Sequence) and found is not None:
                return found
        return Generic(self, node, name)

    def _table(self, entries: Value | None) -> Value | None:
        """Return the object or Map with these entries."""
        pair = element_of(entries)
        return Table(pair.items[1]) if isinstance(pair, Sequence) and len(pair.items) == 2 else None

    # calls ----------------------------------------------------------------------------------

    def _call(self, node: Node) -> Value | None:
        found = self._called(node)
        if prefix_of(node) == "await":
            found = settled(found)
        if isinstance(found, Env):
            self.envs[node.id] = node
        return found

    def _called(self, node: Node) -> Value | None:
        function = callee(node)
        if function is None:
            return None
        function = plain(function)
        given = arguments_of(node)
        if function.type == "import":
            return self._module(given, is_promised=True)
        if function.type == "super":
            return None
        if function.type == "member_expression":
            name = function.child_by_field_name("property")
            base = function.child_by_field_name("object")
            if name is None or base is None:
                return None
            return self._method_call(node, function, base, self.text(name), given)
        name_text = self.text(function) if function.type == "identifier" else ""
        value = self.value(function)
        if name_text == "env" and not isinstance(value, Function):
            return Env()  # env(c) of hono/adapter
        if isinstance(value, NamespaceAccess):
            if name_text == "require":
                return self._module(given, is_promised=False)
            value = None
        found = self.members.returned(value)
        if found is None and conventions.gives_env(name_text):
            return Env(guessed=True)
        return found

    def _module(self, given: list[Node], *, is_promised: bool) -> Value | None:
        name = self.constant(given[0]) if given else None
        found = self.program.module(self, name) if name else None
        return Promised(found) if is_promised and found is not None else found

    def _method_call(
        self, node: Node, function: Node, base: Node, name: str, given: list[Node]
    ) -> Value | None:
        is_global = base.type == "identifier" and self.names.resolve(base) is None
        if is_global and self.text(base) in _LIBRARY:
            return self._static_call(f"{self.text(base)}.{name}", given)
        value = self.value(base)
        if name == "bind":
            return value
        if is_promise_step(name) and isinstance(value, Promised):
            if name != "then" or not given:
                return value
            found = self.members.returned(self.value(given[0]))
            return found if isinstance(found, Promised) or found is None else Promised(found)
        if isinstance(value, Sequence):
            return self.members.sequence_call(value, name, given)
        is_namespace = isinstance(value, NamespaceAccess) and (
            value.how != "global" or value.typed or value.binding in self.program.declared
        )
        if is_namespace:
            return OTHER
        if isinstance(value, Table) and name in ("get", "at"):
            return value.element
        if isinstance(value, Table) and name == "values":
            return Sequence((), value.element)
        if name == "getKVNamespace" and given and (word := self.constant(given[0])) is not None:
            return Promised(NamespaceAccess(word, "context", typed=True))
        method = self.members.of(value, name)
        found = self.members.returned(method) if isinstance(method, (Function, Choice)) else None
        if found is None and name in ("get", "getStore"):
            found = self.members.stored(value, name, given)
        if found is None and not isinstance(method, Function) and conventions.gives_env(name):
            return Env(guessed=True)
        return found

    def _static_call(self, name: str, given: list[Node]) -> Value | None:
        values = [self.value(each) for each in given if each.type != "spread_element"]
        if not values or len(values) != len(given):
            return None
        first = values[0]
        if name in ("Object.freeze", "Object.seal", "Object.preventExtensions"):
            return first
        if name == "Object.assign":
            parts = [each for each in reversed(values) if each is not None]
            return merged(parts) if len(parts) == len(values) else None
        if name == "Promise.resolve":
            return first if isinstance(first, Promised) or first is None else Promised(first)
        if name in ("Promise.all", "Promise.allSettled"):
            if not isinstance(first, Sequence) or name != "Promise.all":
                return None
            items = tuple(settled(each) for each in first.items)
            return Promised(Sequence(items, settled(first.element)))
        if name in ("Promise.race", "Promise.any"):
            return Promised(settled(element_of(first)))
        if name == "Reflect.get" and len(given) > 1:
            word = self.constant(given[1])
            return self.members.of(first, word) if word is not None else self.members.any_of(first)
        if name == "Object.fromEntries":
            return self._table(first)
        if name == "Object.values":
            return Sequence((), self.members.any_of(first))
        if name == "Object.entries":
            element = self.members.any_of(first)
            return Sequence((), Sequence((OTHER, element), None))
        if name == "Array.from":
            return Sequence((), element_of(first)) if len(given) == 1 else None
        if name == "Array.of":
            return Sequence(tuple(values), join(values))
        return None

    # functions ------------------------------------------------------------------------------

    def returned(self, function: Node) -> Value | None:
        """Return what a function returns, a promise if it is async."""
        return self.once("returned", function, lambda: self._returned(function))

    def _returned(self, function: Node) -> Value | None:
        by_type: Value | None = None
        kind = function.child_by_field_name("return_type")
        if kind is not None:
            by_type = self.types.value(kind)
        elif function.type in FUNCTIONS:
            by_type = self.types.documented_return(function)
        is_async = any(child.type == "async" for child in function.children)
        if by_type in (OTHER, Promised(OTHER)) or isinstance(settled(by_type), Env):
            return by_type
        body = function.child_by_field_name("body")
        if body is None:
            return by_type
        if body.type != "statement_block":
            value = self.value(body)
        else:
            value = join(self.value(each) for each in self._returns(body))
        if value == NOTHING:
            return by_type
        inner = typed(settled(value), settled(by_type)) if by_type is not None else settled(value)
        if by_type is not None and inner is None:
            return by_type
        if is_async or isinstance(value, Promised):
            return Promised(inner) if inner is not None else by_type
        return inner

    def _returns(self, body: Node) -> Iterator[Node]:
        """Yield what a function's `return` statements return."""
        cursor = body.walk()
        left = _MOST_RETURNS
        while left:
            left -= 1
            node = cursor.node
            goes_in = node is not None and node.type not in _NOT_RETURNING
            if node is not None and node.type == "return_statement":
                value = next((c for c in node.named_children if c.type != "comment"), None)
                if value is not None:
                    yield value
                goes_in = False
            if goes_in and cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent() or cursor.depth == 0:
                    return


_NOT_RETURNING = {
    *FUNCTIONS,
    "class_declaration",
    "class",
    "expression_statement",
    "lexical_declaration",
    "variable_declaration",
    "interface_declaration",
}
_OTHERS = {
    "string",
    "template_string",
    "number",
    "true",
    "false",
    "regex",
    "update_expression",
    "unary_expression",
    "augmented_assignment_expression",
}


def _nothing(flow: Flow, node: Node) -> Value | None:
    return NOTHING


_WORKERS: dict[str, Callable[[Flow, Node], Value | None]] = {
    "identifier": Flow._identifier,
    "shorthand_property_identifier": Flow._identifier,
    "undefined": _nothing,
    "null": _nothing,
    "member_expression": Flow._member,
    "subscript_expression": Flow._subscript,
    "this": Flow._this,
    "super": Flow._super,
    "ternary_expression": Flow._ternary,
    "binary_expression": Flow._binary,
    "assignment_expression": Flow._assignment,
    "augmented_assignment_expression": Flow._assignment,
    "sequence_expression": Flow._last,
    "parenthesized_expression": Flow._parentheses,
    "non_null_expression": Flow._first,
    "as_expression": Flow._cast,
    "satisfies_expression": Flow._cast,
    "type_assertion": Flow._cast,
    "await_expression": Flow._await,
    "object": Flow._record,
    "array": Flow._array,
    "arrow_function": Flow._function,
    "function_expression": Flow._function,
    "function_declaration": Flow._function,
    "class": Flow._class,
    "class_declaration": Flow._class,
    "abstract_class_declaration": Flow._class,
    "call_expression": Flow._call,
    "new_expression": Flow._new,
}


def _place_in(pattern: Node, child: Node) -> int | str | None:
    """Return the place of a child in an array pattern, counting the holes before it."""
    place = 0
    for each in pattern.children:
        if each.id == child.id:
            return _OTHER_ITEMS if each.type == "rest_pattern" else place
        place += each.type == ","
    return None


def _default_of(node: Node) -> Node | None:
    """Return the default of one step of a pattern."""
    inner = node.child_by_field_name("value") if node.type == "pair_pattern" else node.parent
    if inner is not None and inner.type in ("assignment_pattern", "object_assignment_pattern"):
        left = inner.child_by_field_name("left")
        if node.type == "pair_pattern" or (left is not None and left.id == node.id):
            return inner.child_by_field_name("right")
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None
