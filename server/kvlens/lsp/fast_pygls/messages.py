"""Validate what a client sends before anything acts on it, for all methods.

Every request is answered exactly once, so an invalid one gets an error response with its id. A
notification has no response; an invalid one is logged and ignored.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import cattrs
from lsprotocol import types
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage

from kvlens.errors import RequestError

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_INITIALIZED = -32002

_MOST_DIGITS = 4300  # of an integer that Python converts by default
_MAX_UINTEGER = 2**31 - 1  # of LSP


class RefusalError(RequestError):
    """A message is refused. The text says why.

    `number` is the id of the response: None if it can't be read. `silent`: send no response.
    """

    def __init__(
        self, code: int, text: str, number: int | str | None = None, *, silent: bool = False
    ) -> None:
        super().__init__(text)
        self.code = code
        self.number = number
        self.silent = silent

    @classmethod
    def of(cls, message: dict[str, Any], code: int, text: str) -> RefusalError:
        """Return the refusal of a parsed message; a notification gets no response."""
        return cls(code, text, message.get("id"), silent="id" not in message)


class Edited(NamedTuple):
    """The message `textDocument/didChange`, sent for every keystroke, with its params as JSON."""

    params: dict[str, Any]  # DidChangeTextDocumentParams
    method: str = types.TEXT_DOCUMENT_DID_CHANGE
    jsonrpc: str = "2.0"


def parse(body: bytes) -> dict[str, Any]:
    """Return a body's message: an object of JSON-RPC 2.0. Raises RefusalError."""
    try:
        message = _loads(body)
    except RecursionError:
        raise RefusalError(PARSE_ERROR, "The message is nested too deeply to be read.") from None
    except ValueError as error:
        raise RefusalError(PARSE_ERROR, f"The message is not JSON: {error}.") from None
    if isinstance(message, list):
        raise RefusalError(INVALID_REQUEST, "LSP has no batches: send each message separately.")
    if not isinstance(message, dict):
        raise RefusalError(INVALID_REQUEST, "The message is not an object of JSON-RPC 2.0.")
    number = message.get("id")
    if number is not None and (isinstance(number, bool) or not isinstance(number, (int, str))):
        raise RefusalError(INVALID_REQUEST, "An id must be an integer or a string.")
    if message.get("jsonrpc") != "2.0":
        raise RefusalError.of(message, INVALID_REQUEST, 'A message needs "jsonrpc": "2.0".')
    if "method" not in message:
        if "result" not in message and "error" not in message:
            raise RefusalError(
                INVALID_REQUEST,
                "A request needs a method, a response needs a result or an error.",
                number,
            )
    elif not isinstance(message["method"], str):
        raise RefusalError.of(message, INVALID_REQUEST, "A method must be a string.")
    elif "id" in message and number is None:
        raise RefusalError(INVALID_REQUEST, "A request's id must not be null.")
    return message


def structure(message: dict[str, Any], converter: cattrs.Converter) -> Any:
    """Return a request or notification as an LSP object. Raises RefusalError."""
    method = message["method"]
    known = types.METHOD_TO_TYPES.get(method)
    if known and (known[1] is None) is ("id" in message):
        kind = "notification" if known[1] is None else "request"
        raise RefusalError.of(message, INVALID_REQUEST, f"{method} is a {kind}.")
    if method == types.TEXT_DOCUMENT_DID_CHANGE:
        return Edited(_checked_edit(message))
    if known:
        target: Any = known[0]
    else:
        target = JsonRPCRequestMessage if "id" in message else JsonRPCNotification
    names = ("jsonrpc", "id", "method", "params")
    given = {name: message[name] for name in names if name in message}
    if not known:
        given.setdefault("params", None)
    try:
        return converter.structure(given, target)
    except Exception as error:  # the converter may raise anything for invalid input
        raise RefusalError.of(message, INVALID_PARAMS, f"{method}: {_why(error)}") from None


def _loads(body: bytes) -> Any:
    text = body.decode()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer with more digits than Python converts
        return json.loads(text, parse_int=_whole_number)


def _whole_number(text: str) -> float:
    return int(text) if len(text) <= _MOST_DIGITS else float(text)


def _checked_edit(message: dict[str, Any]) -> dict[str, Any]:
    """Check all of an edit before applying any of it: half an edit would make the texts differ."""
    try:
        params: dict[str, Any] = message["params"]
        document, changes = params["textDocument"], params["contentChanges"]
        fits = (
            isinstance(document["uri"], str)
            and isinstance(document.get("version"), (int, type(None)))
            and isinstance(changes, list)
            and all(map(_is_change, changes))
        )
    except (TypeError, KeyError, AttributeError):
        fits = False
    if not fits:
        text = f"{types.TEXT_DOCUMENT_DID_CHANGE}: invalid params; the document is unchanged."
        raise RefusalError.of(message, INVALID_PARAMS, text)
    document.setdefault("version", None)
    return params


def _is_change(change: Any) -> bool:
    if not isinstance(change["text"], str):
        return False
    place = change.get("range")
    return place is None or all(
        type(place[edge][unit]) is int and 0 <= place[edge][unit] <= _MAX_UINTEGER
        for edge in ("start", "end")
        for unit in ("line", "character")
    )


def _why(error: Exception) -> str:
    """Return what is invalid, in one line: the converter's messages with their paths."""
    if isinstance(error, RecursionError):
        return "its params are nested too deeply."
    try:
        reasons = cattrs.transform_error(error)
    except Exception:
        reasons = [str(error)]
    return "; ".join(reason.partition("\n")[0][:200] for reason in reasons[:3])[:500] + "."
