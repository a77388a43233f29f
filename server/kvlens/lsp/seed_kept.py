"""The question about keys of a seed file whose values something else changed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvlens.formatting import amount
from kvlens.lsp.moving import named
from kvlens.lsp.targets import scope_of
from kvlens.operations.seed import read_job, write
from kvlens.operations.target import Target

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


async def ask(server: Server, project: ServedProject, event: dict[str, Any]) -> None:
    """Show which keys were left alone, and overwrite them if the user agrees."""
    keys, binding, path = event["keys"], event["binding"], Path(event["file"])
    they, them = ("it", "it") if len(keys) == 1 else ("they", "them")
    question = (
        f"{path.name}: {named(keys)} changed in {binding} since the file was last seeded, "
        f"so {they} {'was' if they == 'it' else 'were'} left alone. Overwrite {them}?"
    )
    if not await server.ask(question, "Overwrite"):
        return
    target = Target(scope_of(project), event["id"], binding)
    job = await asyncio.to_thread(read_job, target, path, only=set(keys))
    written = await write(job)
    server.show_message("info", f"Put {amount(written, None)} of {path.name} into {binding}.")
