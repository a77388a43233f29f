"""What a value of a TypeScript type is, and of a type in a JSDoc comment."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.annotations import is_like_kv
from kvlens.js.jsdoc import TAG, object_type, parameter_type, typedefs, written_out
from kvlens.js.tree import ancestor
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
    Sequence,
    Shared,
    Table,
    Typed,
    Value,
    join,
    merged,
    settled,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from kvlens.js.flow import Flow
    from kvlens.text import Span

KV = NamespaceAccess(None, "typed", typed=True)
_SAME = {
    *("Partial", "Required", "Readonly", "NonNullable", "Pick", "Omit", "Exclude", "Extract"),
    *("DeepReadonly", "Mutable", "Awaited", "Optional", "Nullable", "Maybe"),
}
_PROMISES = {"Promise", "PromiseLike"}
_SEQUENCES = {
    *("Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable", "AsyncIterable", "Iterator"),
    *("Generator", "AsyncGenerator", "IterableIterator"),
}
_TABLES = {"Record": 1, "Map": 1, "ReadonlyMap": 1, "WeakMap": 1}
_WRAPPERS = ("readonly_type", "parenthesized_type", "optional_type", "type_arguments")
_UNKNOWN = ("any", "unknown")
_LIBRARY = {
    *("Map", "Set", "WeakMap", "WeakSet", "Headers", "URLSearchParams", "FormData", "Request"),
    *("Response", "Cache", "CacheStorage", "URL", "R2Bucket", "D1Database", "Date", "Error"),
    *("DurableObjectStorage", "DurableObjectNamespace", "Fetcher", "Queue", "String", "Number"),
    *("ExecutionContext", "ScheduledEvent", "MessageBatch", "ReadableStream", "Uint8Array"),
}
_LONGEST_COMMENT = 3_000  # characters
_DECLARING = {
    "interface_declaration",
    "type_alias_declaration",
    "class_declaration",
    "abstract_class_declaration",
    "enum_declaration",
    "type_parameter",
}
_JSDOC_KV = re.compile(
    r"[?!]?(?:import\([^)]*\)\.)?(?:\w+\.)*KVNamespace(?:<[^<>]*>)?=?(?:\s*\|\s*(?:null|undefined))*\Z"
)


class Types:
    """Reads the types of one source."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._declared: dict[str, list[Node]] = {}
        self._comments: dict[int, list[tuple[str, str, str]]] = {}
        self._plain: dict[str, Value | None] = {}  # by name, of types without arguments

    def value(self, node: Node) -> Value | None:
        """Return what a value of a type is: OTHER if it is certainly of no use, None if unknown."""
        if node.type == "type_annotation":
            inner = [child for child in node.named_children if child.type != "comment"]
            return self.value(inner[0]) if inner else None
        if node.type != "type_identifier":
            return self._flow.once("type", node, lambda: self._value(node))
        word = self._flow.text(node)
        if word not in self._plain:
            found = self._flow.once("type", node, lambda: self._named(node, word, []))
            if any(each.type == "type_parameter" for each in self.declarations(word)):
                return found
            self._plain[word] = self._flow.kept("type", node)
            return found
        return self._plain[word]

    def _value(self, node: Node) -> Value | None:
        kind = node.type
        inner = [child for child in node.named_children if child.type != "comment"]
        if kind == "identifier":
            return self._named(node, self._flow.text(node), [])
        if kind == "nested_type_identifier":
            return self._nested(node, [])
        if kind == "generic_type" and inner:
            given = inner[1].named_children if len(inner) > 1 else []
            name = inner[0]
            if name.type == "nested_type_identifier":
                return self._nested(name, given)
            return self._named(node, self._flow.text(name), given)
        if kind == "object_type":
            table = next((c for c in inner if c.type == "index_signature"), None)
            if table is not None and len(inner) == 1:
                element = table.child_by_field_name("type")
                return Table(self.value(element)) if element is not None else None
            return Typed(self._flow, node)
        if kind == "union_type":
            return join(self.value(each) for each in inner)
        if kind == "intersection_type":
            parts = [self.value(each) for each in inner]
            known = [each for each in parts if each is not None and each != OTHER]
            named = [each for each in known if isinstance(each, (Env, NamespaceAccess))]
            if named and isinstance(named[0], NamespaceAccess):
                return _extended(parts)
            return named[0] if named else merged(known)
        if kind == "lookup_type" and len(inner) == 2:
            return self._lookup(inner[0], inner[1])
        if kind == "array_type" and inner:
            return Sequence((), self.value(inner[0]))
        if kind in _WRAPPERS and inner:
            return self.value(inner[0])
        if kind == "tuple_type":
            items = tuple(self.value(self._in_tuple(each)) for each in inner)
            return Sequence(items, join(items))
        if kind in ("function_type", "constructor_type"):
            return Function(self._flow, node)
        if kind == "type_query" and inner:
            return self._flow.value(inner[0])
        if kind == "predefined_type":
            return None if self._flow.text(node) in _UNKNOWN else OTHER
        if kind == "literal_type":
            return NOTHING if self._flow.text(node) in ("null", "undefined") else OTHER
        if kind in ("template_literal_type", "index_type_query", "this_type"):
            return OTHER
        if kind == "member_expression":  # import("…").KVNamespace
            member = node.child_by_field_name("property")
            return self._imported(node, self._flow.text(member)) if member is not None else None
        return None

    def _in_tuple(self, node: Node) -> Node:
        return node.child_by_field_name("type") or node

    def _nested(self, node: Node, given: list[Node]) -> Value | None:
        name = node.child_by_field_name("name")
        holder = node.child_by_field_name("module")
        word = self._flow.text(name) if name is not None else ""
        if holder is not None and holder.type == "identifier":
            declared = self._flow.names.resolve(holder)
            if declared is not None and declared.kind == "import":
                found = self._flow.program.imported_type(self._flow, holder, word)
                if found is not None and not isinstance(found, str):
                    return found
        return self._known(node, word, given)

    def _imported(self, node: Node, word: str) -> Value | None:
        base = node.child_by_field_name("object")
        value = self._flow.value(base) if base is not None else None
        found = self._flow.members.of(settled(value), word)
        if isinstance(found, Class):
            return Instance(found.flow, found.node)
        return found if found is not None else self._known(node, word, [])

    def _known(self, node: Node, word: str, given: list[Node]) -> Value | None:
        """Return what a type of this name is where no source declares it."""
        text = self._flow.text(node)
        if word == "KVNamespace":
            return KV
        if word in _SAME and given:
            return settled(self.value(given[0])) if word == "Awaited" else self.value(given[0])
        if word in _PROMISES and given:
            return Promised(self.value(given[0]))
        if word in _SEQUENCES and given:
            return Sequence((), self.value(given[0]))
        if word in _TABLES and len(given) > 1:
            element = self.value(given[_TABLES[word]])
            return Table(element) if element not in (OTHER, None) else OTHER
        if word == "ReturnType" and given:
            return self._flow.members.returned(self.value(given[0]))
        if word == "InstanceType" and given:
            made = self.value(given[0])
            return Instance(made.flow, made.node) if isinstance(made, Class) else made
        if word in conventions.SHARED_TYPES and text in (f"App.{word}", "AppLoadContext"):
            return Shared(conventions.SHARED_TYPES[word])
        if word in conventions.CONTEXTS and given:
            return Generic(self._flow, node, word)
        if word in _LIBRARY:
            return OTHER
        return self._by_name(word)

    def _by_name(self, text: str) -> Value | None:
        """Return what a type is of which only the name is known."""
        found = conventions.ENV_TYPE.match(text)
        if found is None:
            return None
        word = found["name"]
        if conventions.is_env_type(word):
            return Env()
        comments = (self._flow.source.offsets.text[slice(*s)] for s in self._typedefs)
        written = next((text for text in comments if word in text.split()), None)
        return Env(guessed=True) if written is None or "KVNamespace" in written else None

    @cached_property
    def _typedefs(self) -> list[Span]:
        return self._flow.source.comments_with("@typedef")

    @cached_property
    def _defined(self) -> dict[str, str]:
        """The types that comments define."""
        source = self._flow.source
        return typedefs(source.offsets.text[slice(*span)] for span in self._typedefs)

    def _named(self, node: Node, word: str, given: list[Node]) -> Value | None:
        declared = self.declarations(word)
        if not declared:
            imported = next(
                (d for d in self._flow.names.declarations(word) if d.kind == "import"), None
            )
            if imported is not None:
                found = self._flow.program.imported_type(self._flow, imported.node, None)
                if isinstance(found, str):
                    return self._known(node, found, given)
                if found is not None:
                    return found
            return self._known(node, word, given)
        for each in declared:
            owner = each.parent.parent if each.type == "type_parameter" and each.parent else None
            if owner is not None and owner.start_byte <= node.start_byte < owner.end_byte:
                constraint = each.child_by_field_name("constraint")
                bound = constraint.named_children[0] if constraint is not None else None
                return self.value(bound) if bound is not None else None
        outside = [each for each in declared if each.type != "type_parameter"]
        return self.of_declarations(word, outside) if outside else None

    def of_declarations(self, word: str, declared: list[Node]) -> Value | None:
        """Return what a declared interface, type or class is."""
        first = declared[0]
        if first.type.endswith("class_declaration"):
            is_described = word == "KVNamespace" and ancestor(first, {"ambient_declaration"})
            return KV if is_described else Instance(self._flow, first)
        if first.type == "enum_declaration":
            return OTHER
        if first.type == "type_alias_declaration":
            target = first.child_by_field_name("value")
            value = self.value(target) if target is not None else None
            if word == "KVNamespace" and not isinstance(value, Instance):
                return KV  # a description of the runtime's
        elif word == "KVNamespace":
            return KV
        else:
            every = [each for each in declared if each.type == "interface_declaration"]
            value = merged(Typed(self._flow, each) for each in every)
            bases = [self.value(kind) for each in every for kind in _bases(each)]
            if KV in bases:
                return _extended([*bases, value])
        if not conventions.ENV_TYPE.match(word) or isinstance(value, Env):
            return value
        if value is None:
            return self._by_name(word)
        if not isinstance(value, (Typed, Merged)) or self._flow.members.has(value, "Bindings"):
            return value  # of a framework, or not an object
        return Env() if self._is_env(word, value, declared) else value

    def _is_env(self, word: str, value: Value, declared: list[Node]) -> bool:
        """Return whether a declared type is that of `env`, by its members or by where it is used.

        A name such as `TestEnv` isn't enough, nor is `Env` if a namespace is something else in it.
        """
        if not self.is_double(value):
            if conventions.is_env_type(word) or self._has_kv(value, declared):
                return True
            bases = (kind for each in declared for kind in _bases(each))
            if any(isinstance(self.value(base), Env) for base in bases):
                return True
        from kvlens.js.env_types import EnvTypes  # late: it reads types with this

        return EnvTypes(self._flow.program).is_used(self._flow, word)

    def _has_kv(self, value: Value, declared: list[Node]) -> bool:
        if any("KVNamespace" in self._flow.text(each) for each in declared):
            return True
        kinds = (self._flow.members.of(value, name) for name in self._flow.program.declared)
        return any(isinstance(kind, NamespaceAccess) for kind in kinds)

    def is_double(self, value: Value) -> bool:
        """Return whether a type has something else for a namespace: `{ CARTS: Map<…> }`.

        A type with some of a namespace's methods describes one.
        """
        for name in self._flow.program.declared:
            kind = self._flow.members.of(value, name)
            if kind is not None and not isinstance(kind, NamespaceAccess) and not is_like_kv(kind):
                return True
        return False

    def declarations(self, word: str) -> list[Node]:
        """Return the interfaces, types and classes of this name in the source."""
        found = self._declared.get(word)
        if found is None:
            found = self._declared[word] = []
            for node in self._flow.names.nodes(word):
                owner = node.parent if node.type == "type_identifier" else None
                if owner is None or owner.type not in _DECLARING:
                    continue
                name = owner.child_by_field_name("name")
                if name is not None and name.id == node.id:
                    found.append(owner)
        return found

    def _lookup(self, holder: Node, index: Node) -> Value | None:
        text = self._flow.text(index)
        value = self.value(holder)
        if text[:1] in "\"'":
            word = text[1:-1]
            return self._flow.members.of(value, word)
        if text == "number" or text.startswith("keyof"):
            return self._flow.members.any_of(value)
        return None

    def texts(self, node: Node) -> list[str]:
        """Return the texts that a type of literals allows; none for any other type."""
        if node.type in ("type_annotation", "parenthesized_type") and node.named_children:
            return self.texts(node.named_children[0])
        if node.type == "literal_type" and self._flow.text(node)[:1] in "\"'":
            return [self._flow.text(node)[1:-1]]
        if node.type == "union_type":
            each = [self.texts(part) for part in node.named_children]
            return [text for texts in each for text in texts] if all(each) else []
        return []

    # generic types of libraries -------------------------------------------------------------

    def argument(self, node: Node, place: int = 0) -> Value | None:
        """Return what a value of a type argument is: of `T` in `new AsyncLocalStorage<T>()`."""
        given = _arguments(node)
        return self.value(given[place]) if len(given) > place else None

    def variables(self, node: Node) -> Value | None:
        """Return the `Variables` of Hono's `Context<E>`, `Hono<E>` and the like."""
        given = _arguments(node)
        if not given:
            return None
        return self._flow.members.of(self.value(given[0]), "Variables")

    def variable(self, word: str) -> Value | None:
        """Return a variable of Hono's contexts, from the types in the source."""
        found: list[Value | None] = []
        for node in self._flow.names.nodes(word):
            signature = node.parent
            if signature is None or signature.type != "property_signature":
                continue
            holder = signature.parent
            owner = holder.parent if holder is not None else None
            name = owner.child_by_field_name("name") if owner is not None else None
            kind = signature.child_by_field_name("type")
            if name is None or kind is None:
                continue
            if self._flow.text(name).endswith(("Variables", "ContextVariableMap")):
                found.append(self.value(kind))
        return join(found) if found else None

    # comments -------------------------------------------------------------------------------

    def documented(self, node: Node) -> Value | None:
        """Return what a JSDoc comment before a variable or a field says it is."""
        return next((self._text(kind) for tag, kind, _ in self._tags(node) if tag == "type"), None)

    def documented_text(self, node: Node) -> str:
        """Return the type that a JSDoc comment gives before a variable, as it is written."""
        return next((kind for tag, kind, _ in self._tags(node) if tag == "type"), "")

    def documented_parameter(self, function: Node, name: str, place: int | None) -> Value | None:
        """Return what a JSDoc comment before a function says a parameter is.

        The name of a parameter that is a pattern is free: its place counts.
        """
        tags = [tag for tag in self._tags(function) if tag[0] in ("param", "arg", "argument")]
        own = [(kind, word) for _, kind, word in tags if "." not in word]
        if name:
            found = next((each for each in own if each[1] == name), None)
        else:
            found = own[place] if place is not None and place < len(own) else None
        if found is None:
            kind = self.documented_text(function) if not tags and place is not None else ""
            return self._text(parameter_type(kind, place or 0)) if kind else None
        kind, word = found
        members = [
            (each, inner)
            for _, each, whole in tags
            if (inner := whole.removeprefix(f"{word}.")) != whole and "." not in inner
        ]
        return self._text(object_type(kind, members))

    def documented_return(self, function: Node) -> Value | None:
        """Return what a JSDoc comment before a function says it returns."""
        tags = self._tags(function)
        return next((self._text(kind) for tag, kind, _ in tags if tag.startswith("return")), None)

    def _tags(self, node: Node) -> list[tuple[str, str, str]]:
        here: Node | None = node
        for _ in range(4):
            if here is None:
                return []
            before = here.prev_sibling
            if before is not None and before.type == "(":
                before = before.prev_sibling
            if before is not None and before.type == "comment":
                if before.id not in self._comments:
                    text = self._flow.text(before)
                    is_doc = text.startswith("/**") and len(text) < _LONGEST_COMMENT
                    self._comments[before.id] = TAG.findall(text) if is_doc else []
                return self._comments[before.id]
            if here.type in ("statement_block", "program", "class_body", "arguments"):
                return []
            here = here.parent
        return []

    def _text(self, text: str) -> Value | None:
        text = written_out(text.strip(), self._defined)
        if _JSDOC_KV.match(text):
            own = self.declarations("KVNamespace") if "import(" not in text else []
            return self.of_declarations("KVNamespace", own) if own else KV
        if conventions.ENV_TYPE.match(text) and not self.declarations(text):
            return self._by_name(text)
        if text.startswith("Promise<") and text.endswith(">"):
            return Promised(self._text(text[8:-1]))
        return self._flow.program.type_of_text(self._flow, text)


def _extended(parts: Iterable[Value | None]) -> NamespaceAccess:
    """Return a namespace whose type has more members: `KVNamespace & { has(…): … }`."""
    added: set[str] = set()
    for part in parts:
        for each in part.parts if isinstance(part, Merged) else (part,):
            if isinstance(each, NamespaceAccess):
                added |= each.added
            elif isinstance(each, Typed):
                added |= each.flow.members.names_of(each.node)
    return replace(KV, added=frozenset(added))


def _bases(interface: Node) -> list[Node]:
    """Return the types that an interface extends."""
    clauses = [c for c in interface.named_children if c.type == "extends_type_clause"]
    return [kind for clause in clauses for kind in clause.named_children]


def _arguments(node: Node) -> list[Node]:
    given = node.child_by_field_name("type_arguments")
    if given is None:
        given = next((c for c in node.named_children if c.type == "type_arguments"), None)
    return list(given.named_children) if given is not None else []
