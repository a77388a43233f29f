"""`workspace/executeCommand`: find and run commands.

A command is a file in `commands/`: snapshot_save.py has the COMMAND of `kvlens.snapshotSave`. It
takes one object of parameters. The client gets errors as readable messages, never as stack traces.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from kvlens.errors import KVLensError
from kvlens.internal import internal_error_message
from kvlens.lsp import commands
from kvlens.lsp.command import Command, Params, ParamsError
from kvlens.lsp.documents import json_range
from kvlens.lsp.protocol import REQUEST_FAILED
from kvlens.lsp.subprocesses import ChildError, require_trust
from kvlens.lsp.targets import spell
from kvlens.operations.errors import ConflictError, FilesError, InvalidError, OperationError
from kvlens.seeds.array import FileError
from kvlens.seeds.progress import CancelledError
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

CONTENT_MODIFIED = -32801  # the content has changed since it was read


def command_id(stem: str) -> str:
    """Return a command's id, from the name of its file.

    >>> command_id("snapshot_save")
    'kvlens.snapshotSave'
    """
    first, *rest = stem.split("_")
    return f"kvlens.{first}{''.join(word.capitalize() for word in rest)}"


class _Commands(Mapping[str, Command]):
    """The commands by id; a command's module is imported at first use."""

    def __init__(self) -> None:
        stems = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
        self._stems = {command_id(stem): stem for stem in stems}

    def __getitem__(self, command: str) -> Command:
        module = importlib.import_module(f"{commands.__name__}.{self._stems[command]}")
        return cast(Command, module.COMMAND)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stems)

    def __len__(self) -> int:
        return len(self._stems)


COMMANDS: Mapping[str, Command] = _Commands()


async def run(server: Server, params: types.ExecuteCommandParams) -> Any:
    """Run one command; raise JsonRpcException with a readable message if it fails."""
    if params.command not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise JsonRpcInvalidParams(f"No command {params.command!r}; there are {known}.")
    command = COMMANDS[params.command]
    try:
        if command.needs_trust:
            require_trust(server.settings)
        return await command.run(server, Params.of(params))
    except ParamsError as error:
        raise JsonRpcInvalidParams(f"{params.command}: {error}") from None
    except InvalidError as error:
        raise JsonRpcInvalidParams(f"{params.command}: {error.text(spell)}") from None
    except (FileError, FilesError) as error:
        errors = error.errors if isinstance(error, FilesError) else (error,)
        for line in (line for one in errors for line in one.lines()):
            server.log("error", line)
        data = {"mistakes": mistakes} if (mistakes := _mistakes(server, errors)) else None
        raise JsonRpcException(str(error), REQUEST_FAILED, data) from None
    except ChildError as error:
        raise JsonRpcException(str(error), REQUEST_FAILED, {"kind": error.kind}) from None
    except OperationError as error:
        code = CONTENT_MODIFIED if isinstance(error, ConflictError) else REQUEST_FAILED
        raise JsonRpcException(sentence(error.text(spell)), code) from None
    except CancelledError as error:
        raise JsonRpcException(sentence(str(error)), REQUEST_FAILED) from None
    except (KVLensError, OSError) as error:
        raise JsonRpcException(str(error), REQUEST_FAILED) from None
    except Exception as error:
        server.report_server_error(error, None)
        raise JsonRpcException(
            f"{params.command}: {internal_error_message(error)}", REQUEST_FAILED
        ) from None


def _mistakes(server: Server, errors: Sequence[FileError]) -> list[dict[str, Any]]:
    """Return how many mistakes each file has, and where the first one is."""
    encoding = server.documents.encoding
    return [
        {
            "file": server.uri(Path(error.name)),
            "count": error.count,
            "range": json_range(LineIndex(error.text), error.problems[0].span, encoding),
        }
        for error in errors
        if error.text and error.problems
    ]


def sentence(text: str) -> str:
    """Return an error's text as a sentence; a name at its start is unchanged.

    >>> sentence('no key "k"')
    'No key "k".'
    """
    first = text.partition(" ")[0]
    if first.isalpha() and first.islower():
        text = text[0].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
