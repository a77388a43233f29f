"""Import the LSP types without building the classes that this server never uses.

lsprotocol describes all of the Language Server Protocol in some 550 attrs classes, and attrs
writes and compiles the methods of each one while the module is imported: most of the time that
an editor would wait for this server. A session touches a small part of them, so here each class
is built when it is first used (its ``__init__`` is called or its fields are asked for).

Only attrs' public `define` and `resolve_types` are used, and `attrs.define` is restored before
`prepare` returns. Anything in lsprotocol that this module doesn't know (options of `define`, types
that were imported earlier) is left unchanged: slower, but never different.

The only difference from a plain import: the classes have no ``__slots__``.
"""

from __future__ import annotations

import gc
import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

TYPES = "lsprotocol.types"
"""The module whose classes are built lazily."""

_building = threading.RLock()


def prepare() -> bool:
    """Import lsprotocol with lazy classes; return False if it was already imported.

    Call it before anything that imports pygls or lsprotocol.
    """
    if TYPES in sys.modules:
        return False
    import attrs

    define = attrs.define
    attrs.define = _late(define)
    try:
        importlib.import_module(TYPES)
    finally:
        attrs.define = define

    from lsprotocol import _hooks

    # The first converter would resolve the forward references of all classes, and so build them
    # all; a lazy class resolves its own. If the flag no longer exists, this line has no effect.
    _hooks._resolved_forward_references = True
    return True


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause the garbage collector in the block, and freeze the block's objects afterwards.

    For the imports at the start of a long-lived process: modules, classes and functions stay until
    its end, and scanning them repeatedly only causes pauses.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def _late(define: Callable[..., Any]) -> Callable[..., Any]:
    """Return a replacement for `attrs.define` that delays building the classes of `TYPES`."""

    def stand_in(cls: type | None = None, **options: Any) -> Any:
        if cls is None or options or cls.__module__ != TYPES or "__init__" in cls.__dict__:
            return define(cls, **options)
        for name in _Late.NAMES:
            setattr(cls, name, _Late(cls, name, define))
        return cls

    return stand_in


class _Late:
    """A class attribute that builds its class at first access."""

    NAMES = ("__init__", "__attrs_attrs__")
    """What attrs adds and a class can be used by: a call, and a question for its fields.

    All else that attrs adds (comparison, repr, validation on assignment, ``__match_args__``)
    needs an instance first."""

    __slots__ = ("cls", "define", "name")

    def __init__(self, cls: type, name: str, define: Callable[..., Any]) -> None:
        self.cls = cls
        self.name = name
        self.define = define

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        self.build()
        value = self.cls.__dict__[self.name]
        bind = getattr(type(value), "__get__", None)
        return value if bind is None else bind(value, instance, owner)

    def build(self) -> None:
        """Let attrs finish the class, in place. Other threads wait, and then do nothing."""
        with _building:
            if self.cls.__dict__.get(self.name) is self:
                # `init` because attrs would take the current `__init__`, this one, for a
                # user-defined one.
                self.define(self.cls, slots=False, init=True, field_transformer=_resolve)


def _resolve(cls: type, fields: list[Any]) -> list[Any]:
    """Resolve the types of a class's fields: lsprotocol has forward references as strings."""
    import attrs

    names: dict[str, Any] = sys.modules[TYPES].ALL_TYPES_MAP
    attrs.resolve_types(cls, names, {}, fields)
    return fields
