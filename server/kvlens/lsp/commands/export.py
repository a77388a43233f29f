"""`kvlens.export`: write a namespace as a seed file, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import CommandError, find_target
from kvlens.lsp.progress import Progress
from kvlens.seeds.export import export, export_file
from kvlens.stores.base import DamagedKeyError

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return the file and how many keys are in it; without `file`, the items themselves."""
    target = await find_target(server, params)
    store = await target.store()
    uri = params.get("file", str)
    if uri is None:
        return {"items": await export(store, target.id)}
    path = server.path(uri)
    damaged: list[DamagedKeyError] = []
    async with Progress(server, params.token, f"Exporting {target.binding}") as progress:
        try:
            keys = await export_file(
                store,
                target.id,
                path,
                project=target.project.path.parent,
                progress=progress.report,
                cancelled=progress.cancelled,
                damaged=damaged.append,
            )
        except OSError as error:
            raise CommandError(f"{path.name}: {error.strerror or error}.") from None
    if damaged:
        for one in damaged:
            server.log("error", str(one))
        more = f" {len(damaged) - 1:,} more are in the log." if len(damaged) > 1 else ""
        raise CommandError(f"{path.name} has {keys:,} keys. Left out: {damaged[0]}{more}")
    return {"file": server.uri(path), "keys": keys}
