"""Convert between JSON and LSP objects; each conversion function is generated at first use.

cattrs generates and compiles one function per class and direction, and first those of every nested
class: answering `initialize` takes about a hundred, most of them for client capabilities that
nobody reads. Here, a function is generated for its first object, and a client's capabilities are
converted field by field as they are read.

For an invalid array, only the first error is kept: cattrs would keep one for every item, and take a
quarter of a millisecond for each, blocking all other requests.
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
    # The generic messages of pygls, as in its own converter.
    for message, hook in (
        (protocol.JsonRPCRequestMessage, protocol._params_field_structure_hook),
        (protocol.JsonRPCNotification, protocol._params_field_structure_hook),
        (protocol.JsonRPCResponseMessage, protocol._result_field_structure_hook),
    ):
        converter.register_structure_hook(message, hook)
    return converter


class _LateConverter(cattrs.Converter):
    """A converter that generates functions for attrs classes at their first call."""

    def __init__(self) -> None:
        super().__init__()
        super().register_structure_hook_factory(is_sequence, self._array)

    def _array(self, cls: Any) -> Hook:
        """Return the hook for an array type. A string is rejected, although it is iterable."""
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
    """Delay a factory's work until its hook is called."""
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
    """Return the factory of hooks for client capabilities."""

    def hook_for(cls: type) -> Hook:
        fields = attrs.fields_dict(cls)
        announced = type(cls.__name__, (_Announced, cls), {"_fields": fields})
        return lambda value, _: announced(value, converter)

    return hook_for


class _Announced:
    """Client capabilities that are converted as they are read.

    An invalid one counts as not announced: a client's mistake in a capability that isn't used here
    must not keep the server from starting.
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
