"""Between JSON and the protocol's objects, with each conversion written when it is first needed.

cattrs writes and compiles one function a class and direction, and to write one it first writes
those of every class below it: answering `initialize` takes about a hundred, most of them for
client capabilities that nobody reads. Here a function is written when its first object comes
by, and a client's capabilities are converted field by field as they are read.

Of an array that does not fit only the first mistake is kept: cattrs would keep one for every item,
and take a quarter of a millisecond for each, in which nothing else is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import cattrs
from cattrs.cols import is_sequence
from lsprotocol import converters
from pygls import protocol

Hook = Callable[..., Any]


def make_converter() -> cattrs.Converter:
    """Return the converter for a pygls server (its `converter_factory`)."""
    converter = converters.get_converter(_LateConverter())
    converter.register_structure_hook_factory(_is_capabilities, _announced(converter))
    # The generic messages of pygls, as its own converter has them.
    for message, hook in (
        (protocol.JsonRPCRequestMessage, protocol._params_field_structure_hook),
        (protocol.JsonRPCNotification, protocol._params_field_structure_hook),
        (protocol.JsonRPCResponseMessage, protocol._result_field_structure_hook),
    ):
        converter.register_structure_hook(message, hook)
    return converter


class _LateConverter(cattrs.Converter):
    """A converter whose functions for attrs classes are written when they are first called."""

    def __init__(self) -> None:
        super().__init__()
        super().register_structure_hook_factory(is_sequence, self._array)

    def _array(self, cls: Any) -> Hook:
        """Return what converts an array; a text has characters too, but is refused."""
        (kind,) = cls.__args__

        def hook(values: Any, _: Any) -> tuple[Any, ...]:
            if not isinstance(values, (list, tuple)):
                raise TypeError(f"'{type(values).__name__}' object is not iterable")
            found = []
            for index, value in enumerate(values):
                try:
                    found.append(self.structure(value, kind))
                except Exception as error:
                    note = cattrs.IterableValidationNote(f"@ index {index}", index, kind)
                    error.__notes__ = [*getattr(error, "__notes__", []), note]  # type: ignore[attr-defined]
                    raise cattrs.IterableValidationError("An array", [error], cls) from None
            return tuple(found)

        return hook

    def register_structure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        late = _late(factory) if predicate is attrs.has and factory else factory
        return super().register_structure_hook_factory(predicate, late)

    def register_unstructure_hook_factory(self, predicate: Any, factory: Any = None) -> Any:
        late = _late(factory) if predicate is attrs.has and factory else factory
        return super().register_unstructure_hook_factory(predicate, late)


def _late(factory: Callable[[type], Hook]) -> Callable[[type], Hook]:
    """Put off a factory's work until the hook that it makes is called."""
    written: dict[type, Hook] = {}

    def hook_for(cls: type) -> Hook:
        def hook(value: Any, *rest: Any) -> Any:
            function = written.get(cls)
            if function is None:
                function = written[cls] = factory(cls)
            return function(value, *rest)

        return hook

    return hook_for


def _is_capabilities(cls: Any) -> bool:
    return isinstance(cls, type) and cls.__name__.endswith("ClientCapabilities")


def _announced(converter: cattrs.Converter) -> Callable[[type], Hook]:
    """Return the factory of hooks for what a client announces that it can do."""

    def hook_for(cls: type) -> Hook:
        fields = attrs.fields_dict(cls)
        announced = type(cls.__name__, (_Announced, cls), {"_fields": fields})
        return lambda value, _: announced(value, converter)

    return hook_for


class _Announced:
    """Client capabilities that are converted as they are read.

    One that cannot be converted reads as not announced: a client's mistake in a capability that
    is of no use here must not keep the server from starting.
    """

    _fields: Mapping[str, attrs.Attribute[Any]]

    def __init__(self, announced: Any, converter: cattrs.Converter) -> None:
        values = announced if isinstance(announced, dict) else {}
        object.__setattr__(self, "_announced", (values, converter))

    def __getattr__(self, name: str) -> Any:
        field = self._fields.get(name)
        if field is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        values, converter = object.__getattribute__(self, "_announced")
        value = values.get(_wire_name(name))
        if value is not None:
            try:
                value = converter.structure(value, field.type)
            except Exception:
                value = None
        object.__setattr__(self, name, value)
        return value


def _wire_name(name: str) -> str:
    """Return a field's name in JSON, as lsprotocol writes it: `text_document` -> `textDocument`."""
    first, *others = name.removesuffix("_").split("_")
    return first + "".join(other.title() for other in others)
