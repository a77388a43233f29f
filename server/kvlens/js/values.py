"""What an expression may be, as far as bindings are concerned.

None stands for a value that isn't known. A value refers to the nodes that make it and to the flow
of their source, so that its members are read only when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

How = Literal["env", "this", "context", "import", "destructured", "global", "alias", "typed"]
_WIDEST = 8  # values that one expression may have


@dataclass(frozen=True)
class Env:
    """The object with a Worker's bindings.

    `guessed`: only its name says so, so that only declared bindings count.
    """

    guessed: bool = False


@dataclass(frozen=True)
class NamespaceAccess:
    """A value that may be a KV namespace, and how the code gets it."""

    binding: str | None  # None: a namespace by its type, with any binding
    how: How
    typed: bool = False  # the file types it as KVNamespace
    others: tuple[NamespaceAccess, ...] = ()  # what it may be too
    added: frozenset[str] = field(default=frozenset(), compare=False)  # members its type adds

    def each(self) -> Iterator[NamespaceAccess]:
        """Yield all that it may be."""
        yield self
        yield from self.others


@dataclass(frozen=True)
class Method:
    """A method taken from a namespace: `const { put } = env.CARTS`."""

    access: NamespaceAccess
    name: str


@dataclass(frozen=True)
class Made:
    """What a node makes; see the subclasses."""

    flow: Flow
    node: Node

    @property
    def key(self) -> tuple[int, int]:
        """The node's identity."""
        return id(self.flow), self.node.id

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Made) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Record(Made):
    """An object literal."""


@dataclass(frozen=True, eq=False)
class Class(Made):
    """A class."""


@dataclass(frozen=True, eq=False)
class Instance(Made):
    """An instance of the class with this node."""


@dataclass(frozen=True, eq=False)
class Function(Made):
    """A function, a method, or their type."""


@dataclass(frozen=True, eq=False)
class Typed(Made):
    """An object of an interface or an object type."""


@dataclass(frozen=True, eq=False)
class Module(Made):
    """The exports of a module; the node is its root."""


@dataclass(frozen=True, eq=False)
class Generic(Made):
    """A value of a library's generic type, such as `Context<Env>`; the node is the type."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class Sequence:
    """An array or the like."""

    items: tuple[Value | None, ...]  # as far as they are known one by one
    element: Value | None  # any of them


@dataclass(frozen=True, eq=False)
class Table:
    """An object or Map whose members are all alike."""

    element: Value | None


@dataclass(frozen=True)
class Promised:
    """A promise."""

    value: Value | None


@dataclass(frozen=True, eq=False)
class Merged:
    """An object with the members of several, the first of which counts."""

    parts: tuple[Value, ...]


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Known:
    """A value that is certainly neither a namespace nor leads to one."""

    name: Literal["nothing", "other", "global"]


@dataclass(frozen=True)
class Shared:
    """An object that a framework passes to all handlers of a project, see `shared_objects`."""

    name: str  # `locals`, `platform` or `context`


NOTHING = Known("nothing")  # null, undefined, or a value that is being looked for
OTHER = Known("other")
GLOBAL = Known("global")  # globalThis

Value = (
    Env
    | NamespaceAccess
    | Method
    | Record
    | Class
    | Instance
    | Function
    | Typed
    | Module
    | Generic
    | Sequence
    | Table
    | Promised
    | Merged
    | Choice
    | Known
    | Shared
)


def join(values: Iterable[Value | None]) -> Value | None:
    """Return what is one of these values: not known if one of them isn't. NOTHING is left out."""
    found: dict[Value, None] = {}
    for value in values:
        if value is None:
            return None
        if value == NOTHING:
            continue
        for each in value.values if isinstance(value, Choice) else (value,):
            found[each] = None
        if len(found) > _WIDEST:
            return None
    if len(found) < 2:
        return next(iter(found), NOTHING)
    if all(isinstance(each, NamespaceAccess) for each in found):
        return _one_of([each for each in found if isinstance(each, NamespaceAccess)])
    if any(isinstance(each, NamespaceAccess) for each in found):
        return None
    if all(isinstance(each, Promised) for each in found):
        return Promised(join(each.value for each in found if isinstance(each, Promised)))
    return Choice(tuple(found))


def _one_of(accesses: list[NamespaceAccess]) -> NamespaceAccess | None:
    every = [each for access in accesses for each in access.each()]
    by_name: dict[str | None, NamespaceAccess] = {}
    for each in every:
        known = by_name.get(each.binding)
        single = replace(each, others=())
        if known is None or (single.typed and not known.typed):
            by_name[each.binding] = single
    if len(by_name) > _WIDEST:
        return None
    first, *rest = by_name.values()
    return replace(first, others=tuple(rest))


def merged(values: Iterable[Value]) -> Value | None:
    """Return an object with the members of several, the first of which counts."""
    parts: dict[Value, None] = {}
    for value in values:
        for each in value.parts if isinstance(value, Merged) else (value,):
            parts[each] = None
    if len(parts) > _WIDEST:
        return None
    return Merged(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def settled(value: Value | None) -> Value | None:
    """Return what awaiting a value gives."""
    if isinstance(value, Promised):
        return value.value
    if isinstance(value, Choice) and any(isinstance(each, Promised) for each in value.values):
        return join(settled(each) for each in value.values)
    return value


def element_of(value: Value | None) -> Value | None:
    """Return what is any element of an array or the like."""
    return value.element if isinstance(value, (Sequence, Table)) else None


def table_of(entries: Value | None) -> Value | None:
    """Return the object or Map with these entries."""
    pair = element_of(entries)
    return Table(pair.items[1]) if isinstance(pair, Sequence) and len(pair.items) == 2 else None
