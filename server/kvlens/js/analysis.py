"""Analyze a source's use of KV: the bindings it uses and the calls it makes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from kvlens.js import conventions
from kvlens.js.absence import only_throws
from kvlens.js.binding_resolver import BindingResolver, signatures
from kvlens.js.calls import METHODS, OF_OTHER_KINDS, KvCall, Method, called, may_assert
from kvlens.js.config_bindings import NOTHING, ConfigBindings
from kvlens.js.parts import Part
from kvlens.js.program import Modules
from kvlens.js.syntax import Source, call_of, outer, written_name
from kvlens.js.tree import ancestor, is_field
from kvlens.js.values import How, NamespaceAccess
from kvlens.memo import Memos
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES = ("property_identifier", "string", "template_string")
_VARIABLES = ("identifier", "shorthand_property_identifier_pattern")
_FOLLOWED = 100  # variables, each defined by the one before
ENV_OWNERS = ("Env", "Bindings", "Environment")

Absence = Literal["handled", "thrown"]
"""What code does if a binding is missing: something else, or it only throws an error."""

EnvType = Literal["kv", "maybe", "other"]
"""The type of an Env member: a namespace, one that may be missing, or something else."""


def merge_types(groups: Iterable[Mapping[str, EnvType]]) -> dict[str, EnvType]:
    """Merge the types of several files. A name that they disagree on is left out."""
    found: dict[str, set[EnvType]] = {}
    for group in groups:
        for name, what in group.items():
            found.setdefault(name, set()).add(what)
    merged: dict[str, EnvType] = {}
    for name, kinds in found.items():
        if kinds == {"other"} or "other" not in kinds:
            merged[name] = "maybe" if "maybe" in kinds else kinds.pop()
    return merged


@dataclass(frozen=True)
class BindingUse:
    """One place in the code that names a binding."""

    name: str
    span: Span  # of the name only, without quotes
    how: How | str  # "type" and "object" aren't uses, but are renamed too
    node: Node
    shorthand: bool = False  # `{ X }`: renamed to `{ NEW: X }`, the variable stays
    absence: Absence | None = None  # what the code does here if the binding is missing


class Analysis:
    """The analysis of one version of a source, with its configs' bindings.

    `types` are the members of Env in other files of the project, see `env_types`. `modules` are the
    project's sources, to follow what is imported. With a `part`, only the `uses` and `calls` in it
    are found, with what the whole source says of them.
    """

    def __init__(
        self,
        source: Source,
        declared: ConfigBindings = NOTHING,
        types: Mapping[str, EnvType] | None = None,
        modules: Modules | None = None,
        part: Part | None = None,
    ) -> None:
        self.source = source
        self.part = part
        self.declared = declared
        self.types = types or {}
        self.modules = modules
        self.memos: Memos = {}  # what rules derive from it
        self._called_as_kv: dict[str, bool] = {}  # see _only_fits_kv
        self._kinds: dict[str, bool | None] = {}  # see _typed
        self.resolver = BindingResolver(source, declared.kv, modules)
        self.folder = self.resolver.flow.constants
        self.folder.numbers_of_env = self._numbers_of_env

    @cached_property
    def uses(self) -> list[BindingUse]:
        """Every place in the code that reads a binding from `env`, in the order of the file.

        Includes bindings of every type; see `is_kv`.
        """
        return sorted(self._uses(), key=lambda use: use.span)

    def _numbers_of_env(self, base: Node, name: str) -> tuple[float, ...]:
        values = self.declared.variables.get(name, ())
        numbers = tuple(value for value in values if value is not None)
        is_known = bool(numbers) and len(numbers) == len(values)
        return numbers if is_known and self.resolver.envs.is_env(base) else ()

    def uses_of(self, binding: str) -> list[BindingUse]:
        """Return the uses of one binding, in the order of the file."""
        return self._uses_by_name.get(binding, [])

    @cached_property
    def _uses_by_name(self) -> dict[str, list[BindingUse]]:
        found: dict[str, list[BindingUse]] = {}
        for use in self.uses:
            found.setdefault(use.name, []).append(use)
        return found

    @cached_property
    def calls(self) -> list[KvCall]:
        """The calls of KV methods on anything that may be a namespace, in order.

        In service-worker syntax, namespaces are globals; only certain ones are included.
        """
        return [
            call
            for call in self._calls_here
            if call.access.how != "global" or self.is_certain(call.access)
        ]

    def places(self, name: str) -> list[Node]:
        """Return the nodes with exactly this text, only those in the part if there is one."""
        names = self.source.names
        return names.nodes(name) if self.part is None else names.nodes_between(name, *self.part)

    @cached_property
    def _all_calls(self) -> list[KvCall]:
        return self._calls_at(self.source.names.nodes)

    @cached_property
    def _calls_here(self) -> list[KvCall]:
        return self._calls_at(self.places) if self.part is not None else self._all_calls

    def _calls_at(self, places: Callable[[str], list[Node]]) -> list[KvCall]:
        found = []
        for method in METHODS:
            for name in places(method):
                parts = called(name)
                access = self.resolver.namespace(parts[0]) if parts else None
                if parts and access is not None:
                    receiver, node = parts
                    found.append(
                        KvCall(self.source, self.folder, node, method, name, receiver, access)
                    )
                elif name.type == "shorthand_property_identifier_pattern":
                    found += self._unbound(name)
                elif parts is None:
                    found += self._unbound(self._taken(name))
                    found += self._applied(name, method)
        return sorted(found, key=lambda call: call.node.start_byte)

    @staticmethod
    def _taken(name: Node) -> Node | None:
        """Return the variable that a method is kept in: `put = kv.put`, `{ put: save }`."""
        pair = name.parent
        if pair is None:
            return None
        if pair.type == "pair_pattern":
            value = pair.child_by_field_name("value")
            return value if value is not None and value.type == "identifier" else None
        if pair.type != "member_expression":
            return None
        here = outer(pair)
        call = here.parent
        if call is not None and call.type == "member_expression":  # kv.put.bind(kv)
            call = call_of(call)
            here = outer(call) if call is not None else here
        holder = here.parent
        if holder is None or holder.type != "variable_declarator":
            return None
        variable = holder.child_by_field_name("name")
        return variable if variable is not None and variable.type == "identifier" else None

    def _applied(self, name: Node, method: Method) -> Iterator[KvCall]:
        """Yield `kv.put.call(kv, …)`."""
        member = name.parent
        whole = outer(member).parent if member is not None else None
        word = whole.child_by_field_name("property") if whole is not None else None
        receiver = member.child_by_field_name("object") if member is not None else None
        if whole is None or word is None or receiver is None or self.source.text_of(word) != "call":
            return
        call, access = call_of(whole), self.resolver.namespace(receiver)
        if call is not None and access is not None:
            yield KvCall(self.source, self.folder, call, method, name, receiver, access, 1)

    def _unbound(self, variable: Node | None) -> Iterator[KvCall]:
        """Yield the calls of a method that a variable holds."""
        declared = self.source.names.resolve(variable) if variable is not None else None
        for node in self.source.names.references(declared) if declared is not None else ():
            call = call_of(node)
            taken = self.resolver.method(node) if call is not None else None
            if call is None or taken is None:
                continue
            method = next((each for each in METHODS if each == taken.name), None)
            if method is not None:
                yield KvCall(self.source, self.folder, call, method, node, node, taken.access)

    @cached_property
    def certain_calls(self) -> list[KvCall]:
        """The calls that are certainly of a namespace, whole, and not failing on purpose."""
        return [call for call in self.complete_calls if call.whole]

    @cached_property
    def complete_calls(self) -> list[KvCall]:
        """The certain calls, and those that are only whole but for what a spread hides."""
        asserting, lost = may_assert(self.source), self.source.root.has_error
        return [
            call
            for call in self.calls
            if self.is_certain(call.access)
            and call.is_complete
            and not (asserting and call.in_assertion)
            and not (lost and self._is_broken(call.node))
        ]

    def call_of(self, node: Node) -> KvCall | None:
        """Return the sure call that an expression is."""
        return self._by_node.get(node.id)

    @cached_property
    def _by_node(self) -> dict[int, KvCall]:
        return {call.node.id: call for call in self.certain_calls}

    def call_at(self, place: Span) -> KvCall | None:
        """Return the innermost of the sure calls that a place is in."""
        at: int | None = bisect_right(self._starts, place.start) - 1
        while at is not None and at >= 0:
            call, around = self._nested[at]
            if place.end <= call.span.end:
                return call
            at = around
        return None

    @cached_property
    def _starts(self) -> list[int]:
        return [call.span.start for call, _ in self._nested]

    @cached_property
    def _nested(self) -> list[tuple[KvCall, int | None]]:
        """The sure calls in order, each with which of them it is in."""
        found: list[tuple[KvCall, int | None]] = []
        open_calls: list[int] = []
        # of two that begin together, `kv.get(x).then(kv.get)`, the longer is around the other
        for call in sorted(self.complete_calls, key=lambda call: (call.span.start, -call.span.end)):
            while open_calls and found[open_calls[-1]][0].span.end < call.span.end:
                open_calls.pop()
            found.append((call, open_calls[-1] if open_calls else None))
            open_calls.append(len(found) - 1)
        return found

    def is_certain(self, access: NamespaceAccess) -> bool:
        """Return whether a value is certainly a namespace, whichever it is."""
        return all(
            each.typed or (each.binding is not None and self.is_kv(each.binding))
            for each in access.each()
        )

    def is_kv(self, binding: str) -> bool:
        """Return whether a binding is certainly a namespace, by config, by type or by its calls."""
        if binding in self.declared.kv:
            return True
        if binding in self.declared.others or binding in conventions.BUILT_IN:
            return False
        typed = self._typed(binding)
        if typed is None and binding in self.types:
            typed = self.types[binding] != "other"
        return typed if typed is not None else self._only_fits_kv(binding)

    # the kinds of bindings, from their types and calls

    def _typed(self, binding: str) -> bool | None:
        """Decide by the file's types; return None if there are none, or they differ."""
        if binding not in self._kinds:
            self._kinds[binding] = self._kind(binding)
        return self._kinds[binding]

    def _kind(self, binding: str) -> bool | None:
        found: set[bool] = set()
        for signature in signatures(self.source.names, binding):
            kind = signature.child_by_field_name("type")
            if kind is not None and self.source.text_of(kind).strip(": ") != "any":
                found.add(self.resolver.is_kv_type(kind))
        return found.pop() if len(found) == 1 else None

    def is_typed_otherwise(self, binding: str) -> bool:
        """Return whether the file's types say that a binding isn't a namespace."""
        return self._typed(binding) is False

    def _only_fits_kv(self, binding: str) -> bool:
        """Return whether a binding is called as only a namespace is."""
        if binding not in self._called_as_kv:
            nodes = [node for node in self.source.names.nodes(binding) if node.is_named]
            is_here = len(self._inside(nodes)) == len(nodes)
            calls = self._calls_here if is_here else self._all_calls
            self._called_as_kv[binding] = any(
                call.only_fits_kv for call in calls if call.binding == binding
            ) and not any(self._is_of_another_kind(node) for node in nodes)
        return self._called_as_kv[binding]

    def _is_of_another_kind(self, node: Node) -> bool:
        """Return whether the binding that a node names has a method called that KV lacks."""
        holder = outer(node.parent) if node.parent is not None else None
        member = holder.parent if holder is not None else None
        name = member.child_by_field_name("property") if member is not None else None
        return name is not None and self.source.text_of(name) in OF_OTHER_KINDS

    def is_optional(self, binding: str, *, throws: bool = True) -> bool:
        """Return whether the code handles a missing binding anywhere; with `throws`, or throws."""
        for signature in signatures(self.source.names, binding):
            kind = signature.child_by_field_name("type")
            if any(child.type == "?" for child in signature.children) or (
                kind is not None and "undefined" in self.source.text_of(kind)
            ):
                return True
        if self.types.get(binding) == "maybe":
            return True
        known = ("handled", "thrown") if throws else ("handled",)
        if any(use.absence in known for use in self.uses_of(binding)):
            return True
        return any(self._is_looked_for(node) for node in self.source.names.nodes(binding))

    @staticmethod
    def _is_looked_for(node: Node) -> bool:
        """Return whether this is the name in `"X" in env`."""
        text = node.parent if node.type == "string_fragment" else None
        holder = text.parent if text is not None else None
        if holder is None or holder.type != "binary_expression":
            return False
        operator = holder.child_by_field_name("operator")
        return operator is not None and operator.type == "in"

    @cached_property
    def env_types(self) -> dict[str, EnvType]:
        """The members of this file's types named Env, Bindings and the like."""
        found: list[dict[str, EnvType]] = []
        for signature in self.source.captures.get("signature", ()):
            name, kind = (
                signature.child_by_field_name("name"),
                signature.child_by_field_name("type"),
            )
            if name is None or kind is None or not self.is_env_type(signature):
                continue
            what: EnvType = "other"
            if self.resolver.is_kv_type(kind):
                optional = any(child.type == "?" for child in signature.children)
                maybe = optional or "undefined" in self.source.text_of(kind)
                what = "maybe" if maybe else "kv"
            if self.source.text_of(kind).strip(": ") != "any":
                found.append({self.source.text_of(name).strip("\"'"): what})
        return merge_types(found)

    def is_env_type(self, node: Node) -> bool:
        """Return whether a member's type is named Env, Bindings or the like."""
        owner = ancestor(node, {"interface_declaration", "type_alias_declaration"})
        name = owner.child_by_field_name("name") if owner is not None else None
        return name is not None and self.source.text_of(name).endswith(ENV_OWNERS)

    # uses

    def _uses(self) -> Iterator[BindingUse]:
        self._follow()
        for env in self._inside(self.resolver.envs.nodes):
            here = outer(env)
            parent = here.parent
            if parent is None or not is_field(parent, "object", here):
                continue
            field = "property" if parent.type == "member_expression" else "index"
            name = parent.child_by_field_name(field)
            name = written_name(name) if name is not None else None
            if name is None or name.type not in _NAMES:
                continue
            how = self.resolver.how(env) if field == "property" else "env"
            use = self.use(name, how, self.absence(parent))
            if use.name in self.declared.kv or not self.resolver.is_guessed(env):
                yield use
        for pattern in self._inside(self.resolver.envs.patterns):
            yield from self._destructured(pattern)
        for binding in self.declared.kv:
            for node in self._inside(self.source.names.occurrences(binding)):
                if node.type == "shorthand_property_identifier_pattern":
                    continue
                if self.source.names.resolve(node) is None:
                    shorthand = node.type == "shorthand_property_identifier"
                    yield BindingUse(
                        binding,
                        self.source.span(node),
                        "global",
                        node,
                        shorthand,
                        self.absence(node),
                    )

    def _inside(self, nodes: list[Node]) -> list[Node]:
        if self.part is None:
            return nodes
        start, end = self.part
        return [node for node in nodes if start <= node.start_byte < end]

    def _follow(self) -> None:
        """Follow the calls and the declared bindings, so that the ways to them are known."""
        assert self._calls_here is not None
        for binding in self.declared.kv:
            for node in self.places(binding):
                parent = node.parent
                if parent is None:
                    continue
                if parent.type == "string":
                    parent = parent.parent
                if parent is not None and parent.type in (
                    "member_expression",
                    "subscript_expression",
                ):
                    self.resolver.flow.value(parent)
                else:
                    self._follow_variable(node)

    def _follow_variable(self, node: Node) -> None:
        """Follow the variable that a pattern declares: `{ X }`, `{ X: kv }`, `{ X: kv = y }`."""
        pair = ancestor(node, {"pair_pattern"}) if node.type == "string_fragment" else node.parent
        if pair is not None and pair.type == "pair_pattern":
            value = pair.child_by_field_name("value")
            if value is not None and value.type == "assignment_pattern":
                value = value.child_by_field_name("left")
            variable = value if value is not None and value.type == "identifier" else None
        else:
            is_name = node.type == "shorthand_property_identifier_pattern"
            variable = node if is_name else None
        declared = self.source.names.resolve(variable) if variable is not None else None
        if declared is not None and variable is not None and declared.node.id == variable.id:
            self.resolver.flow.declared(declared)

    def use(self, node: Node, how: str, absence: Absence | None = None) -> BindingUse:
        """Return a node that names a binding as a use of it."""
        span = self.source.span(node)
        if node.type in ("string", "template_string"):
            span = Span(span.start + 1, span.end - 1)
        text = self.source.text
        return BindingUse(text[span.start : span.end], span, how, node, False, absence)

    def _destructured(self, pattern: Node) -> Iterator[BindingUse]:
        for child in pattern.named_children:
            if child.type == "pair_pattern":
                key = child.child_by_field_name("key")
                key = written_name(key) if key is not None else None
                value = child.child_by_field_name("value")
                if key is not None and key.type in _NAMES:
                    has_default = value is not None and value.type == "assignment_pattern"
                    absence = "handled" if has_default else self._tested(value)
                    yield self.use(key, "destructured", absence)
                continue
            has_default = child.type == "object_assignment_pattern"
            inner = child.child_by_field_name("left") if has_default else child
            if inner is not None and inner.type == "shorthand_property_identifier_pattern":
                absence = "handled" if has_default else self._tested(inner)
                use = self.use(inner, "destructured", absence)
                yield BindingUse(use.name, use.span, use.how, inner, True, use.absence)

    def _tested(self, node: Node | None) -> Absence | None:
        """Return what the code does if the variable that a pattern declares is undefined."""
        found: Absence | None = None
        waiting = [node]
        seen: set[int] = set()
        while waiting:
            one = waiting.pop()
            if one is None or one.type not in _VARIABLES:
                continue
            declared = self.source.names.resolve(one)
            if declared is None or declared.node.id in seen:
                continue
            seen.add(declared.node.id)
            if len(seen) > _FOLLOWED:
                return "handled"  # it may be used anywhere
            for each in self.source.names.references(declared):
                if self.tests_existence(each):
                    if not only_throws(self.source, each):
                        return "handled"
                    found = "thrown"
                waiting.append(self._copy_of(each))
        return found

    def absence(self, node: Node) -> Absence | None:
        """Return what the code does if a binding is missing, tested here or as a variable."""
        if self.tests_existence(node):
            return "thrown" if only_throws(self.source, node) else "handled"
        return self._tested(self._copy_of(node))

    def _copy_of(self, node: Node) -> Node | None:
        """Return the variable that is initialized here: `const kv = env.X`."""
        parent = alternative(node).parent
        if parent is None or parent.type != "variable_declarator":
            return None
        name = parent.child_by_field_name("name")
        return name if name is not None and name.type == "identifier" else None

    def tests_existence(self, node: Node) -> bool:
        """Return whether the code tests here if the binding exists."""
        return is_tested(self.source, node)

    @staticmethod
    def _is_broken(node: Node) -> bool:
        """Return whether there are syntax errors around a node."""
        here = node.parent
        while here is not None:
            if here.is_error:
                return True
            here = here.parent
        return False


def is_tested(source: Source, node: Node) -> bool:
    """Return whether the code tests here if a value exists, is true or equals another one."""
    here = alternative(node)
    parent = here.parent
    if parent is None:
        return False
    kind = parent.type
    if kind in ("member_expression", "call_expression", "subscript_expression"):
        return any(child.type == "optional_chain" for child in parent.children)
    if kind == "binary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in (
            "&&", "||", "??", "==", "===", "!=", "!==", "in", "instanceof",
        )  # fmt: skip
    if kind == "unary_expression":
        operator = parent.child_by_field_name("operator")
        return operator is not None and operator.type in ("!", "typeof")
    if kind in ("if_statement", "ternary_expression", "while_statement"):
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == here.id
    if kind == "arguments":  # Boolean(env.X)
        call = parent.parent
        function = call.child_by_field_name("function") if call is not None else None
        return function is not None and source.text_of(function) == "Boolean"
    return False


def alternative(node: Node) -> Node:
    """Return the outermost expression that is this one where its other parts are missing.

    Being right of `||` or `??` isn't a guard: nothing comes after it.
    """
    here = outer(node)
    while (parent := here.parent) is not None and parent.type == "binary_expression":
        operator = parent.child_by_field_name("operator")
        if operator is None or operator.type not in ("||", "??"):
            break
        if not is_field(parent, "right", here):
            break
        here = outer(parent)
    return here
