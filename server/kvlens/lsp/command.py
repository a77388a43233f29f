"""Commands of `workspace/executeCommand` and their parameters."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from kvlens.errors import RequestError
from kvlens.stores.origin import EDITOR, Origin

if TYPE_CHECKING:
    from lsprotocol import types

    from kvlens.lsp.server import Server


LONGEST_NAME = 600  # characters of a key or a file in the history

CONTENT = frozenset(("text", "metadata", "metadataText", "beforeText", "expected", "config"))
"""Parameters that may have lone surrogates: they are stored as U+FFFD, as in a Worker,
and no config has such a name."""


class Command(NamedTuple):
    """A command; its id comes from the name of its file.

    The file has its `Parameters`, and the type that `run` returns, for documents and the extension.
    """

    run: Callable[[Server, Params], Awaitable[Any]]
    needs_trust: bool = True
    """Whether it is refused in an untrusted workspace. Without this, a command must open
    nothing below .wrangler."""


class ParamsError(RequestError):
    """A parameter is missing or of the wrong type."""


class Params:
    """An object that a client sent, validated: it may be anything."""

    def __init__(
        self, sent: object, command: str = "", token: types.ProgressToken | None = None
    ) -> None:
        if not isinstance(sent, dict):
            raise ParamsError(f"takes an object, not {type(sent).__name__}")
        self.sent: dict[str, Any] = sent
        self.origin = Origin.action_of(EDITOR, _title(command, sent))
        """What the history calls the changes of this call."""
        self.token = token

    @classmethod
    def of(cls, params: types.ExecuteCommandParams) -> Params:
        """Return the one argument of a command."""
        return cls((params.arguments or [{}])[0], params.command, params.work_done_token)

    def text(self, name: str) -> str:
        """Return a required string."""
        found = self.get(name, str)
        if found is None:
            raise ParamsError(f'"{name}" is missing; it takes a string')
        return str(found)

    def texts(self, name: str) -> list[str]:
        """Return a required list of strings."""
        found = self.get(name, list)
        if found is None or not all(isinstance(one, str) for one in found):
            raise ParamsError(f'"{name}" takes a list of strings')
        return list(found)

    def get(self, name: str, *kinds: type) -> Any:
        """Return a parameter of one of these types, or None if it is omitted."""
        value = self.sent.get(name)
        wrong_bool = isinstance(value, bool) and bool not in kinds
        if value is not None and (wrong_bool or not isinstance(value, kinds)):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ParamsError(f'"{name}" is {value!r:.80}; it takes {wanted}')
        if isinstance(value, str) and name not in CONTENT and not is_whole(value):
            raise ParamsError(
                f'"{name}" is {value!a:.80}, which has half a character (a lone surrogate); '
                "it takes whole ones"
            )
        return value


_CALLED = {
    "apply": "save table",
    "compareCopy": "copy",
    "compareUndo": "undo",
    "historyRestore": "restore",
    "historyUndo": "undo",
}
"""What users do, where the command is called otherwise."""


def _title(command: str, sent: dict[str, Any]) -> str:
    """Return what the history calls a command: "seed SESSIONS.json", "snapshot restore base"."""
    name = command.rpartition(".")[2]
    words = _CALLED.get(name) or re.sub(r"(?=[A-Z])", " ", name).lower()
    for name in ("file", "name", "key"):
        value = sent.get(name)
        if isinstance(value, str) and value and is_whole(value):
            if name == "file":
                value = unquote(value.rstrip("/").rpartition("/")[2])
            return f"{words} {value[:LONGEST_NAME]}"
    return words


def is_whole(text: str) -> bool:
    """Return whether a text has no lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)
