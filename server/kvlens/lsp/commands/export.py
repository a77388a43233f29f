"""`kvlens.export`: write all keys of a namespace to a seed file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import Target
from kvlens.lsp.targets import find_file, find_target
from kvlens.operations.errors import OperationError
from kvlens.operations.export import export, export_items

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(Target):
    file: NotRequired[str]
    """A URI, or a path in the folder of the config."""


class Result(TypedDict):
    file: NotRequired[str]
    keys: NotRequired[int]
    items: NotRequired[list[Any]]
    """Without `file`: the content of the file."""


async def run(server: Server, params: Params) -> Result:
    """Write the file, or return its items if no file is named."""
    target = await find_target(server, params)
    uri = params.get("file", str)
    if uri is None:
        return {"items": await export_items(target)}
    path = find_file(server, target, uri)
    async with Progress(server, params.token, f"Exporting {target.name}") as progress:
        try:
            done = await export(
                target, path, progress=progress.report, cancelled=progress.cancelled
            )
        except OSError as error:
            raise OperationError(f"{path.name}: {error.strerror or error}") from None
    for one in done.damaged:
        server.log("error", str(one))
    if done.damaged:
        others = len(done.damaged) - 1
        more = f" {others:,} more are in the log." if others else ""
        raise OperationError(
            f"{path.name} has {done.keys:,} keys. Left out: {done.damaged[0]}{more}"
        )
    return {"file": server.uri(path), "keys": done.keys}


COMMAND = Command(run)
