"""Values in JSON: as text, or in base64 if they aren't UTF-8."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import ParamsError

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params


class Body(TypedDict):
    """A value's bytes."""

    text: NotRequired[str]
    base64: NotRequired[str]
    """Instead of `text` if the bytes aren't UTF-8."""


def body_of(value: bytes) -> Body:
    """Return a value for JSON."""
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def value_of(params: Params) -> bytes:
    """Return the value that a client sent. Raises ParamsError."""
    text = params.get("text", str)
    if text is not None:
        return str(text).encode("utf-8", "surrogatepass")
    encoded = params.get("base64", str)
    if encoded is None:
        raise ParamsError('"text" or "base64" is missing; it takes a string')
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParamsError(f'"base64" is not base64: {error}') from None
