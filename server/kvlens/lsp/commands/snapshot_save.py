"""`kvlens.snapshotSave`: save the current content of a config's namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.lsp.command import Command
from kvlens.lsp.progress import Progress
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_only, find_scope
from kvlens.operations.errors import OperationError
from kvlens.operations.snapshot_list import as_json
from kvlens.operations.snapshot_save import save_snapshot

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server
    from kvlens.operations.snapshot_list import SnapshotInfo


class Parameters(InProject):
    name: str
    environment: NotRequired[str | None]
    binding: NotRequired[str]
    """Without it, every namespace of the config is saved."""
    force: NotRequired[bool]
    """Overwrite a snapshot with the same name."""


async def run(server: Server, params: Params) -> SnapshotInfo:
    """Return the snapshot. An existing one is overwritten only with `force`."""
    scope = await find_scope(server, params)
    name = params.text("name")
    async with Progress(server, params.token, f"Saving snapshot {name}") as progress:
        snapshot, damaged = await save_snapshot(
            scope,
            name,
            only=find_only(params),
            force=bool(params.get("force", bool)),
            progress=progress.report,
            cancelled=progress.cancelled,
        )
    for one in damaged:
        server.log("error", str(one))
    if damaged:
        raise OperationError(
            f'the snapshot "{name}" is saved without {len(damaged):,} damaged keys, which the log '
            f"names; the first: {damaged[0]}"
        )
    return as_json(snapshot, server.uri(snapshot.folder))


COMMAND = Command(run)
