"""Evaluate the code of a cloudflare.config.ts for one mode, from the file alone.

What other code or the environment decides is "unknown". Names of modes that the code compares with
are collected, so that the next run can evaluate them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from kvlens.js.constants.literals import string_text
from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node

Kind = Literal[
    "string",
    "number",
    "boolean",
    "nothing",  # null or undefined
    "object",
    "array",
    "function",
    "kv",  # `bindings.kv(…)`, with the members of its argument
    "binding",  # another function of `bindings`, such as `bindings.d1(…)`: its name and argument
    "throws",  # no value: the code fails here
    "unknown",
]
OTHER_MODE = "\0"  # any mode that the code doesn't name
MOST_STEPS = 20_000  # for all modes of one text
_DEPTH = 60
_LONGEST = 2_000  # characters of a text
_DEFINING = {"defineConfig", "defineWorker"}
_ASSIGNING = {"assignment_expression", "augmented_assignment_expression", "update_expression"}


@dataclass(eq=False)
class Member:
    """One property of an object: its key, and the whole `key: value`."""

    name: str
    key: Node
    whole: Node
    value: Value


@dataclass(eq=False)
class Value:
    """The value of an expression."""

    kind: Kind
    node: Node
    value: str | float | bool | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    items: tuple[Value, ...] = ()
    complete: bool = True  # of objects and arrays: all members are known
    is_mode: bool = False
    chosen: Node | None = None  # the branch of the expression that has the value
    scope: _Scope | None = None  # of a function

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None if that isn't known."""
        if self.kind in ("unknown", "throws"):
            return None
        if self.kind in ("string", "number", "boolean"):
            return bool(self.value)
        return self.kind != "nothing"


class _Scope:
    """The names that a function or a file defines, each evaluated at first use."""

    def __init__(self, parent: _Scope | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Node | Value] = {}

    def find(self, name: str) -> tuple[_Scope, Node | Value] | None:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope, scope.names[name]
            scope = scope.parent
        return None


class Modes:
    """What one text says about modes, and the steps that are left for it."""

    def __init__(self) -> None:
        self.names: dict[str, Node] = {}  # the modes that the code names, and where
        self.has_preview = False  # `isPreview` matters
        self.left = MOST_STEPS


class ModeEvaluator:
    """Evaluates a config's default export for one mode."""

    def __init__(
        self, source: Source, modes: Modes, mode: str = OTHER_MODE, *, is_preview: bool = False
    ) -> None:
        self._source = source
        self._modes = modes
        self._mode = mode
        self._is_preview = is_preview
        self._imports: dict[str, str] = {}  # local name -> the name in its module
        self._changed = _changed_names(source)
        self._file = _Scope()
        self._default: Node | None = None
        for statement in source.root.named_children:
            self._declare(statement, self._file)

    def result(self) -> Value:
        """Return what the file exports by default; a function's is what it returns."""
        if self._default is None:
            return Value("unknown", self._source.root)
        return self._config(self._value(self._default, self._file, 0))

    def _config(self, value: Value) -> Value:
        if value.kind == "function":
            value = self._call(value, [self._context(value.node)], 1)
        return value

    def _context(self, node: Node) -> Value:
        """Return the argument of a config's function, without what isn't known of it."""

        def member(name: str, value: Value) -> tuple[str, Member]:
            return name, Member(name, node, node, value)

        mode = Value("string", node, self._mode, is_mode=True)
        preview = Value("boolean", node, self._is_preview)
        members = dict([member("mode", mode), member("isPreview", preview)])
        return Value("object", node, members=members, complete=False)

    # declarations -------------------------------------------------------------------------------

    def _declare(self, statement: Node, scope: _Scope) -> None:
        if statement.type == "import_statement":
            self._import(statement)
        elif statement.type == "export_statement":
            self._export(statement, scope)
        elif statement.type == "lexical_declaration":
            kind = statement.child_by_field_name("kind")
            is_constant = kind is not None and kind.type == "const"
            for declarator in statement.named_children:
                name = declarator.child_by_field_name("name")
                value = declarator.child_by_field_name("value")
                if name is None or name.type != "identifier":
                    continue
                text = self._text(name)
                known = is_constant and value is not None and text not in self._changed
                scope.names[text] = value if known and value else Value("unknown", declarator)
        elif statement.type == "function_declaration":
            name = statement.child_by_field_name("name")
            if name is not None:
                scope.names[self._text(name)] = Value("function", statement, scope=scope)

    def _import(self, statement: Node) -> None:
        for node in _below(statement):
            if node.type == "import_specifier":
                name = node.child_by_field_name("name")
                alias = node.child_by_field_name("alias") or name
                if name is not None and alias is not None:
                    self._imports[self._text(alias)] = self._text(name)

    def _export(self, statement: Node, scope: _Scope) -> None:
        inner = statement.child_by_field_name("declaration")
        value = statement.child_by_field_name("value")
        is_default = any(child.type == "default" for child in statement.children)
        if inner is not None:
            self._declare(inner, scope)
            if is_default:
                self._default = inner.child_by_field_name("name") or inner
        elif value is not None and is_default:
            self._default = value
        for clause in statement.named_children:
            for each in clause.named_children if clause.type == "export_clause" else ():
                alias = each.child_by_field_name("alias")
                if alias is not None and self._text(alias) == "default":
                    self._default = each.child_by_field_name("name")

    # expressions --------------------------------------------------------------------------------

    def _text(self, node: Node) -> str:
        return self._source.text_of(node)

    def _value(self, node: Node, scope: _Scope, depth: int) -> Value:
        inner = plain(node)
        self._modes.left -= 1
        worker = _WORKERS.get(inner.type)
        if worker is None or depth > _DEPTH or self._modes.left < 0:
            return Value("unknown", node)
        return worker(self, inner, scope, depth + 1)

    def _of(self, parent: Node, name: str, scope: _Scope, depth: int) -> Value:
        """Return the value of a node's field."""
        child = parent.child_by_field_name(name)
        return Value("unknown", parent) if child is None else self._value(child, scope, depth)

    def _string(self, node: Node, _scope: _Scope, _depth: int) -> Value:
        return Value("string", node, string_text(self._source, node))

    def _template(self, node: Node, scope: _Scope, depth: int) -> Value:
        parts: list[str] = []
        for child in node.named_children:
            if child.type == "string_fragment":
                parts.append(self._text(child))
                continue
            if child.type != "template_substitution":
                return Value("unknown", node)
            inside = [each for each in child.named_children if each.type != "comment"]
            value = self._value(inside[0], scope, depth) if inside else Value("unknown", node)
            if value.kind != "string" or value.value == OTHER_MODE:
                return Value("unknown", node)
            parts.append(str(value.value))
        if sum(map(len, parts)) > _LONGEST:
            return Value("unknown", node)
        return Value("string", node, "".join(parts))

    def _number(self, node: Node, _scope: _Scope, _depth: int) -> Value:
        try:
            return Value("number", node, float(self._text(node)))
        except ValueError:
            return Value("unknown", node)

    def _boolean(self, node: Node, _scope: _Scope, _depth: int) -> Value:
        return Value("boolean", node, node.type == "true")

    def _nothing(self, node: Node, _scope: _Scope, _depth: int) -> Value:
        return Value("nothing", node)

    def _function(self, node: Node, scope: _Scope, _depth: int) -> Value:
        return Value("function", node, scope=scope)

    def _awaited(self, node: Node, scope: _Scope, depth: int) -> Value:
        inside = node.named_children
        return self._value(inside[0], scope, depth) if inside else Value("unknown", node)

    def _identifier(self, node: Node, scope: _Scope, depth: int) -> Value:
        name = self._text(node)
        found = scope.find(name)
        if found is None:
            return Value("unknown", node)
        home, known = found
        if not isinstance(known, Value):
            home.names[name] = Value("unknown", node)  # while it is evaluated: it needs itself
            known = home.names[name] = replace(self._value(known, home, depth), chosen=None)
        return known

    def _object(self, node: Node, scope: _Scope, depth: int) -> Value:
        members: dict[str, Member] = {}
        complete = True
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type == "spread_element":
                inside = child.named_children
                spread = self._value(inside[0], scope, depth) if inside else None
                if spread is not None and spread.kind == "object":
                    members |= spread.members
                    complete = complete and spread.complete
                elif spread is None or spread.truth is not False:
                    complete = False
            elif child.type == "shorthand_property_identifier":
                own = self._text(child)
                members[own] = Member(own, child, child, self._identifier(child, scope, depth))
            else:
                key = child.child_by_field_name("key") or child.child_by_field_name("name")
                name = None if key is None else self._key(key, scope, depth)
                if key is None or name is None:
                    complete = False
                    continue
                if child.type == "pair":
                    value = self._of(child, "value", scope, depth)
                else:
                    value = Value("function", child, scope=scope)
                place = key.named_children[0] if key.type == "computed_property_name" else key
                members[name] = Member(name, place, child, value)
        return Value("object", node, members=members, complete=complete)

    def _key(self, key: Node, scope: _Scope, depth: int) -> str | None:
        if key.type == "string":
            return string_text(self._source, key)
        if key.type != "computed_property_name":
            return self._text(key)
        inside = key.named_children
        value = self._value(inside[0], scope, depth) if inside else None
        if value is None or value.kind != "string" or value.value == OTHER_MODE:
            return None
        return str(value.value)

    def _array(self, node: Node, scope: _Scope, depth: int) -> Value:
        items: list[Value] = []
        complete = True
        for child in node.named_children:
            if child.type == "spread_element":
                inside = child.named_children
                spread = self._value(inside[0], scope, depth) if inside else None
                if spread is not None and spread.kind == "array":
                    items += spread.items
                    complete = complete and spread.complete
                else:
                    complete = False
            elif child.type != "comment":
                items.append(self._value(child, scope, depth))
        return Value("array", node, items=tuple(items), complete=complete)

    def _member(self, node: Node, scope: _Scope, depth: int) -> Value:
        holder = self._of(node, "object", scope, depth)
        name = node.child_by_field_name("property")
        return self._lookup(node, holder, "" if name is None else self._text(name))

    def _subscript(self, node: Node, scope: _Scope, depth: int) -> Value:
        holder = self._of(node, "object", scope, depth)
        index = self._of(node, "index", scope, depth)
        if index.kind != "string":
            return Value("unknown", node)
        if index.is_mode and holder.kind == "object":
            for member in holder.members.values():
                self._modes.names.setdefault(member.name, member.key)
        return self._lookup(node, holder, str(index.value), is_typed=index.is_mode)

    def _lookup(self, node: Node, holder: Value, name: str, *, is_typed: bool = False) -> Value:
        """Return a member; with `is_typed`, the type allows only names that are there."""
        if holder.kind != "object":
            return Value("unknown", node)
        member = holder.members.get(name)
        if member is None:
            missing = holder.complete and not is_typed
            return Value("nothing" if missing else "unknown", node)
        if name == "isPreview" and member.key is member.whole:
            self._modes.has_preview = True
        return replace(member.value, chosen=None)

    def _ternary(self, node: Node, scope: _Scope, depth: int) -> Value:
        truth = self._of(node, "condition", scope, depth).truth
        if truth is None:
            for each in ("consequence", "alternative"):  # they may name modes
                self._of(node, each, scope, depth)
            return Value("unknown", node)
        branch = node.child_by_field_name("consequence" if truth else "alternative")
        value = Value("unknown", node) if branch is None else self._value(branch, scope, depth)
        return replace(value, chosen=value.chosen or branch)

    def _binary(self, node: Node, scope: _Scope, depth: int) -> Value:
        operator = node.child_by_field_name("operator")
        sign = "" if operator is None else operator.type
        left = self._of(node, "left", scope, depth)
        if sign in ("&&", "||", "??"):
            decides = left.truth
            if sign == "??":
                decides = None if left.truth is None else left.kind == "nothing"
            elif sign == "||" and decides is not None:
                decides = not decides
            right = self._of(node, "right", scope, depth)
            if decides is None:
                return Value("unknown", node)
            return right if decides else left
        right = self._of(node, "right", scope, depth)
        if sign in ("===", "==", "!==", "!="):
            same = self._equal(left, right)
            if same is None:
                return Value("unknown", node)
            return Value("boolean", node, same == (sign in ("===", "==")))
        texts = [each.value for each in (left, right) if each.kind == "string"]
        if sign != "+" or len(texts) < 2 or OTHER_MODE in texts:
            return Value("unknown", node)
        joined = "".join(map(str, texts))
        return Value("string", node, joined) if len(joined) <= _LONGEST else Value("unknown", node)

    def _equal(self, one: Value, other: Value) -> bool | None:
        for mode, named in ((one, other), (other, one)):
            if mode.is_mode and named.kind == "string" and not named.is_mode:
                self._modes.names.setdefault(str(named.value), named.node)
        scalar = ("string", "number", "boolean", "nothing")
        if one.kind not in scalar or other.kind not in scalar:
            return None
        return one.kind == other.kind and one.value == other.value

    def _unary(self, node: Node, scope: _Scope, depth: int) -> Value:
        operator = node.child_by_field_name("operator")
        truth = self._of(node, "argument", scope, depth).truth
        if operator is None or operator.type != "!" or truth is None:
            return Value("unknown", node)
        return Value("boolean", node, not truth)

    def _called(self, node: Node, scope: _Scope, depth: int) -> Value:
        callee = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if callee is None or arguments is None:
            return Value("unknown", node)
        given = [
            self._value(each, scope, depth)
            for each in arguments.named_children
            if each.type != "comment"
        ]
        name = self._callee(callee, scope)
        if name == "kv":
            about = given[0] if given else Value("object", node)
            if about.kind != "object":
                about = Value("object", node, complete=False)
            return Value("kv", node, members=about.members, complete=about.complete)
        if name == "binding":
            about = given[0] if given else Value("object", node)
            known = len(given) < 2 and about.kind == "object"
            return Value(
                "binding",
                node,
                self._text(plain(callee)).rpartition(".")[2],
                members=about.members if known else {},
                complete=known and about.complete,
            )
        if name in _DEFINING and given:
            return self._config(given[0])
        callee = plain(callee)
        if callee.type == "member_expression" and name == "includes" and len(given) == 1:
            return self._includes(node, self._of(callee, "object", scope, depth), given[0])
        function = self._value(callee, scope, depth)
        return self._call(function, given, depth)

    def _callee(self, callee: Node, scope: _Scope) -> str | None:
        """Return the name of a function of `cf/config`, such as `kv` of `bindings.kv`."""
        callee = plain(callee)
        if callee.type == "identifier":
            name = self._text(callee)
            return self._imports.get(name, name) if scope.find(name) is None else None
        if callee.type != "member_expression":
            return None
        holder, name_node = (callee.child_by_field_name(each) for each in ("object", "property"))
        if holder is None or name_node is None:
            return None
        name, holder = self._text(name_node), plain(holder)
        if name in _DEFINING or name == "includes":
            return name
        if holder.type == "member_expression":  # `cf.bindings.kv`
            inner = holder.child_by_field_name("property")
            is_bindings = inner is not None and self._text(inner) == "bindings"
        else:
            known = self._text(holder)
            is_bindings = self._imports.get(known) == "bindings"
        if not is_bindings:
            return None
        return "kv" if name == "kv" else "binding"

    def _includes(self, node: Node, array: Value, wanted: Value) -> Value:
        if array.kind != "array":
            return Value("unknown", node)
        found = [self._equal(wanted, item) for item in array.items]
        if True in found:
            return Value("boolean", node, True)
        if None in found or not array.complete:
            return Value("unknown", node)
        return Value("boolean", node, False)

    # functions ----------------------------------------------------------------------------------

    def _call(self, function: Value, given: list[Value], depth: int) -> Value:
        node = function.node
        body = node.child_by_field_name("body") if function.kind == "function" else None
        if body is None or depth > _DEPTH or any(child.type == "*" for child in node.children):
            return Value("unknown", node)
        scope = _Scope(function.scope)
        self._bind_all(node, scope, given, depth)
        if body.type != "statement_block":
            return self._value(body, scope, depth)
        done = self._run(body.named_children, scope, depth)
        return done if isinstance(done, Value) else Value("nothing", node)

    def _bind_all(self, node: Node, scope: _Scope, given: list[Value], depth: int) -> None:
        alone = node.child_by_field_name("parameter")
        parameters = node.child_by_field_name("parameters")
        patterns = [alone] if alone else parameters.named_children if parameters else []
        patterns = [each for each in patterns if each.type != "comment"]
        for index, pattern in enumerate(patterns):
            inner = pattern.child_by_field_name("pattern") or pattern
            default = pattern.child_by_field_name("value")
            value = given[index] if index < len(given) else Value("nothing", node)
            if value.kind == "nothing" and default is not None:
                value = self._value(default, scope, depth)
            self._bind(inner, value, scope, depth)

    def _bind(self, pattern: Node, value: Value, scope: _Scope, depth: int) -> None:
        self._modes.left -= 1
        if depth > _DEPTH or self._modes.left < 0:
            return
        if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
            name = self._text(pattern)
            scope.names[name] = Value("unknown", pattern) if name in self._changed else value
        elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
            left, right = (pattern.child_by_field_name(each) for each in ("left", "right"))
            if left is not None and right is not None:
                if value.kind == "nothing":
                    value = self._value(right, scope, depth)
                self._bind(left, value, scope, depth + 1)
        elif pattern.type == "object_pattern":
            for child in pattern.named_children:
                self._bind_member(child, value, scope, depth + 1)

    def _bind_member(self, child: Node, value: Value, scope: _Scope, depth: int) -> None:
        target: Node | None = child
        if child.type == "pair_pattern":
            key, target = (child.child_by_field_name(each) for each in ("key", "value"))
        else:
            key = child.child_by_field_name("left") or child
        if key is None or target is None or child.type in ("comment", "rest_pattern"):
            return
        self._bind(target, self._lookup(child, value, self._text(key)), scope, depth)

    def _run(self, statements: Iterable[Node], scope: _Scope, depth: int) -> Value | str | None:
        """Run statements: the value that they return, "break", or None at their end."""
        listed = [each for each in statements if each.type != "comment"]
        for statement in listed:
            self._declare(statement, scope)
        for statement in listed:
            done = self._step(statement, scope, depth + 1)
            if done is not None:
                return done
        return None

    def _step(self, node: Node, scope: _Scope, depth: int) -> Value | str | None:
        self._modes.left -= 1
        if depth > _DEPTH or self._modes.left < 0:
            return Value("unknown", node)
        if node.type == "return_statement":
            inside = [each for each in node.named_children if each.type != "comment"]
            return self._value(inside[0], scope, depth) if inside else Value("nothing", node)
        if node.type == "statement_block":
            return self._run(node.named_children, _Scope(scope), depth)
        if node.type == "if_statement":
            return self._if(node, scope, depth)
        if node.type == "switch_statement":
            return self._switch(node, scope, depth)
        if node.type == "throw_statement":
            return Value("throws", node)
        if node.type == "break_statement":
            return "break"
        if node.type in ("expression_statement", "lexical_declaration", "function_declaration"):
            return None
        return self._unsure(node)

    def _unsure(self, node: Node) -> Value | None:
        """Return "unknown" for a statement that may return or not."""
        returns = any(each.type in ("return_statement", "throw_statement") for each in _below(node))
        return Value("unknown", node) if returns else None

    def _if(self, node: Node, scope: _Scope, depth: int) -> Value | str | None:
        truth = self._of(node, "condition", scope, depth).truth
        if truth is None:
            return self._unsure(node)
        branch = node.child_by_field_name("consequence" if truth else "alternative")
        if branch is not None and branch.type == "else_clause":
            branch = next((each for each in branch.named_children if each.type != "comment"), None)
        return None if branch is None else self._step(branch, scope, depth)

    def _switch(self, node: Node, scope: _Scope, depth: int) -> Value | str | None:
        wanted = self._of(node, "value", scope, depth)
        body = node.child_by_field_name("body")
        cases = [each for each in body.named_children if each.type != "comment"] if body else []
        inner, start = _Scope(scope), None
        for index, case in enumerate(cases):
            value = case.child_by_field_name("value")
            if value is None:  # default
                continue
            same = self._equal(wanted, self._value(value, scope, depth))
            if same is None:
                return self._unsure(node)
            if same and start is None:
                start = index
        if start is None:
            start = next(
                (i for i, case in enumerate(cases) if case.type == "switch_default"), len(cases)
            )
        for case in cases[start:]:
            done = self._run(case.children_by_field_name("body"), inner, depth)
            if done is not None:
                return None if done == "break" else done
        return None


def _below(node: Node) -> Iterator[Node]:
    """Yield all nodes in a node, without those in functions."""
    waiting = list(node.named_children)
    while waiting:
        here = waiting.pop()
        yield here
        if "function" not in here.type:
            waiting += here.named_children


def _changed_names(source: Source) -> frozenset[str]:
    """Return the names whose values, or members of them, the code changes."""
    found: set[str] = set()
    waiting = [source.root]
    while waiting:
        here = waiting.pop()
        target: Node | None = None
        if here.type in _ASSIGNING:
            target = here.child_by_field_name("left") or here.child_by_field_name("argument")
        elif (
            here.type == "unary_expression" and here.children and here.children[0].type == "delete"
        ):
            target = here.child_by_field_name("argument")
        elif here.type == "call_expression":
            target = _changed_by_call(source, here)
        while target is not None and target.type in ("member_expression", "subscript_expression"):
            target = target.child_by_field_name("object")
        if target is not None and target.type == "identifier":
            found.add(source.text_of(target))
        waiting += here.named_children
    return frozenset(found)


def _changed_by_call(source: Source, call: Node) -> Node | None:
    """Return the first argument of `Object.assign` and the like, which they change."""
    callee = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    if callee is None or arguments is None or not source.text_of(callee).startswith("Object."):
        return None
    return next(iter(arguments.named_children), None)


_Worker = Callable[[ModeEvaluator, "Node", _Scope, int], Value]
_WORKERS: dict[str, _Worker] = {
    "string": ModeEvaluator._string,
    "template_string": ModeEvaluator._template,
    "number": ModeEvaluator._number,
    "true": ModeEvaluator._boolean,
    "false": ModeEvaluator._boolean,
    "null": ModeEvaluator._nothing,
    "undefined": ModeEvaluator._nothing,
    "identifier": ModeEvaluator._identifier,
    "object": ModeEvaluator._object,
    "array": ModeEvaluator._array,
    "member_expression": ModeEvaluator._member,
    "subscript_expression": ModeEvaluator._subscript,
    "ternary_expression": ModeEvaluator._ternary,
    "binary_expression": ModeEvaluator._binary,
    "unary_expression": ModeEvaluator._unary,
    "call_expression": ModeEvaluator._called,
    "await_expression": ModeEvaluator._awaited,
    "arrow_function": ModeEvaluator._function,
    "function_expression": ModeEvaluator._function,
    "function_declaration": ModeEvaluator._function,
}
