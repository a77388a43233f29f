"""Import the protocol's types without building the classes that this server never uses.

lsprotocol describes all of the Language Server Protocol in some 550 attrs classes, and attrs
writes and compiles the methods of each one while the module is imported: most of the time that
an editor would wait for this server. A session touches a small part of them, so here each class
is built when it is first used (its ``__init__`` is called or its fields are asked for).

Only attrs' public `define` and `resolve_types` are used, and `attrs.define` is put back before
`prepare` returns. Whatever lsprotocol does in a way this module does not know (options given to
`define`, types imported earlier by someone else) is left as it is: slower, never different.

What differs from the plain import: the classes have no ``__slots__``.
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
"""The module whose classes are built late."""

_building = threading.RLock()


def prepare() -> bool:
    """Import lsprotocol with late classes; return False where it was imported already.

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
    # all; a late class resolves its own. Where the flag has gone this line changes nothing.
    _hooks._resolved_forward_references = True
    return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector out of the block, and what the block made out of its later runs.

    For the imports at the start of a process that lives long: modules, classes and functions
    stay to the end, and looking through them again and again only makes pauses.
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
    """Return a stand-in for `attrs.define` that puts off the classes of `TYPES`."""

    def stand_in(cls: type | None = None, **options: Any) -> Any:
        if cls is None or options or cls.__module__ != TYPES or "__init__" in cls.__dict__:
            return define(cls, **options)
        for name in _Late.NAMES:
            setattr(cls, name, _Late(cls, name, define))
        return cls

    return stand_in


class _Late:
    """A class attribute that has its class built when it is first looked at."""

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
        """Let attrs finish the class, in place. Threads that come second wait and do nothing."""
        with _building:
            if self.cls.__dict__.get(self.name) is self:
                # `init` because attrs takes the present `__init__`, this one, for the author's.
                self.define(self.cls, slots=False, init=True, field_transformer=_resolve)


def _resolve(cls: type, fields: list[Any]) -> list[Any]:
    """Give the fields of a class their types: lsprotocol writes forward references as text."""
    import attrs

    names: dict[str, Any] = sys.modules[TYPES].ALL_TYPES_MAP
    attrs.resolve_types(cls, names, {}, fields)
    return fields
