"""workerd's config, as Cap'n Proto text (schema: `workerd.capnp` in the npm package workerd)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Union

Value = Union[str, bool, "Struct", Sequence["Value"]]
Struct = Mapping[str, Value]


class Raw(str):
    """Text that is written verbatim, such as an enum's name or `embed`."""

    __slots__ = ()


def embed(file: str) -> Raw:
    """Return the content of a file next to the config."""
    return Raw(f"embed {quote(file)}")


def quote(text: str) -> str:
    r"""Return a text literal; anything but printable ASCII is escaped byte by byte.

    >>> print(quote('a "b" \\ \n é'))
    "a \"b\" \\ \n \xc3\xa9"
    """
    parts: list[str] = []
    for byte in text.encode("utf-8", "surrogatepass"):
        char = chr(byte)
        if char in '"\\':
            parts.append("\\" + char)
        elif char == "\n":
            parts.append("\\n")
        elif 32 <= byte < 127:
            parts.append(char)
        else:
            parts.append(f"\\x{byte:02x}")
    return '"' + "".join(parts) + '"'


def write(value: Value) -> str:
    """Return a value as text: dicts are structs, lists are lists, Raw is verbatim.

    >>> write({"name": "main", "worker": {"modules": [{"name": "a", "esModule": embed("a.js")}]}})
    '(name = "main", worker = (modules = [(name = "a", esModule = embed "a.js")]))'
    """
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{name} = {write(item)}" for name, item in value.items()) + ")"
    return "[" + ", ".join(write(item) for item in value) + "]"


def document(services: Iterable[Value], sockets: Iterable[Value], **more: Value) -> str:
    """Return a whole config file with the constant `config`."""
    config: Struct = {"services": list(services), "sockets": list(sockets), **more}
    return (
        'using Workerd = import "/workerd/workerd.capnp";\n'
        f"const config :Workerd.Config = {write(config)};\n"
    )
