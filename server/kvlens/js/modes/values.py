"""What the code of a config may be in one mode, and the names that it defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

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
    "library",  # `bindings` of the library, or one of its functions: its name
    "throws",  # no value: the code fails here
    "unknown",
]
OTHER_MODE = "\0"  # any mode that the code doesn't name
MOST_STEPS = 20_000  # for all modes of one text
DEEPEST = 60  # expressions and statements within each other


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
    scope: Scope | None = None  # of a function

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None if that isn't known."""
        if self.kind in ("unknown", "throws"):
            return None
        if self.kind in ("string", "number", "boolean"):
            return bool(self.value)
        return self.kind != "nothing"


class Scope:
    """The names that a function or a file defines, each evaluated at first use."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Node | Value] = {}

    def find(self, name: str) -> tuple[Scope, Node | Value] | None:
        scope: Scope | None = self
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
