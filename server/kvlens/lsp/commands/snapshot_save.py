"""`kvlens.snapshotSave`: keep what the namespaces of a config hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.commands.params import CommandError, find_namespaces
from kvlens.lsp.commands.snapshot_list import described
from kvlens.lsp.progress import Progress
from kvlens.seeds.snapshots import (
    NamespaceRef,
    SnapshotError,
    SnapshotExistsError,
    check_name,
    save,
)
from kvlens.stores.base import DamagedKeyError

if TYPE_CHECKING:
    from kvlens.lsp.commands.params import Params
    from kvlens.lsp.server import Server


async def run(server: Server, params: Params) -> dict[str, Any]:
    """Return the snapshot. One of that name is written over with `force` only."""
    project, found = await find_namespaces(server, params)
    name = params.text("name")
    damaged: list[DamagedKeyError] = []
    namespaces = [NamespaceRef(one.binding, one.environment, one.id) for one in found]
    try:
        check_name(name)
        store = await project.emulator.store()
        async with Progress(server, params.token, f"Saving snapshot {name}") as progress:
            snapshot = await save(
                store,
                project.path.parent,
                name,
                namespaces,
                force=bool(params.get("force", bool)),
                progress=progress.report,
                cancelled=progress.cancelled,
                damaged=damaged.append,
            )
    except SnapshotExistsError as error:
        raise CommandError(f'{error}; take another name, or write over it with "force"') from None
    except SnapshotError as error:
        raise CommandError(str(error)) from None
    for one in damaged:
        server.log("error", str(one))
    if damaged:
        raise CommandError(
            f'The snapshot "{name}" is saved without {len(damaged):,} damaged keys, which the log '
            f"names; the first: {damaged[0]}"
        )
    return described(server, snapshot)
