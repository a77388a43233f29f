"""The table of commands for `workspace/executeCommand`, and how one is run.

A command takes one object of parameters. What goes wrong reaches the client as a message that
a user can read, never as a stack trace.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from kvlens.errors import KVLensError
from kvlens.lsp.commands.params import ConflictError, Params, ParamsError
from kvlens.lsp.protocol import REQUEST_FAILED, unexpected
from kvlens.lsp.subprocesses import require_trust
from kvlens.seeds.array import FileError

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

CONTENT_MODIFIED = -32801  # what was read is not what is there now

COMMANDS: dict[str, str] = {
    # id: the module here whose `run(server, params)` does it
    "kvlens.namespaces": "namespaces",
    "kvlens.list": "list_keys",
    "kvlens.get": "get",
    "kvlens.put": "put",
    "kvlens.delete": "delete",
    "kvlens.seed": "seed",
    "kvlens.export": "export",
    "kvlens.clear": "clear",
    "kvlens.moveKeys": "move_keys",
    "kvlens.snapshotSave": "snapshot_save",
    "kvlens.snapshotList": "snapshot_list",
    "kvlens.snapshotRestore": "snapshot_restore",
    "kvlens.restart": "restart",
    "kvlens.address": "address",
    "kvlens.run": "run_worker",
    "kvlens.stop": "stop_worker",
    "kvlens.addNamespace": "add_namespace",
}
WITHOUT_TRUST = {"kvlens.namespaces", "kvlens.stop", "kvlens.addNamespace"}
"""What a workspace that is not trusted allows: nothing below .wrangler is opened by these."""


async def run(server: Server, params: types.ExecuteCommandParams) -> Any:
    """Run one command; raise JsonRpcException with a readable message where it fails."""
    name = COMMANDS.get(params.command)
    if name is None:
        known = ", ".join(COMMANDS)
        raise JsonRpcInvalidParams(f"No command {params.command!r}; there are {known}.")
    module = importlib.import_module(f"kvlens.lsp.commands.{name}")
    try:
        if params.command not in WITHOUT_TRUST:
            require_trust(server.settings)
        return await module.run(server, Params(params))
    except ParamsError as error:
        raise JsonRpcInvalidParams(f"{params.command}: {error}") from None
    except FileError as error:
        for line in error.lines():
            server.log("error", line)
        raise JsonRpcException(str(error), REQUEST_FAILED) from None
    except ConflictError as error:
        raise JsonRpcException(str(error), CONTENT_MODIFIED) from None
    except (KVLensError, OSError) as error:
        raise JsonRpcException(str(error), REQUEST_FAILED) from None
    except Exception as error:
        server.report_server_error(error, None)
        raise JsonRpcException(f"{params.command}: {unexpected(error)}", REQUEST_FAILED) from None
