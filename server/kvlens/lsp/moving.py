"""The offer to take a namespace's keys along when it gets another name in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.config.renamed import Renamed
from kvlens.lsp.formatting import amount
from kvlens.seeds.move import Existing, move

if TYPE_CHECKING:
    from kvlens.lsp.projects import Project
    from kvlens.lsp.server import Server

SHOWN = 3  # keys that a question names


async def offer(server: Server, project: Project, pair: Renamed) -> None:
    """Ask whether the keys are to be moved, and move them."""
    old, new = pair.old, pair.new
    if project.emulator.state != "running":
        return  # the tree shows them once it runs
    store = await project.emulator.store()
    keys = (await store.stats(old.id)).keys
    if not keys:
        return
    what = amount(keys, None)
    them, are = ("it", "is") if keys == 1 else ("them", "are")
    change = f"renamed to {new.binding}" if new.binding != old.binding else "given an id"
    question = (
        f"{old.binding} was {change} in {project.label}. Its {what} {are} still stored under the "
        f'old name "{old.id}". Move {them} to {new.binding}?'
    )
    if not await server.ask(question, f"Move {what}"):
        return
    existing: Existing = "refuse"
    moved = await move(store, old.id, new.id)
    if moved.conflicts:
        overwrite, keep = "Overwrite", "Move the Others"
        answer = await server.ask(
            f"{new.binding} has {named(moved.conflicts)} with other content. "
            f"Overwrite {'it' if len(moved.conflicts) == 1 else 'them'}?",
            overwrite,
            keep,
        )
        if not answer:
            return
        existing = "overwrite" if answer == overwrite else "keep"
        moved = await move(store, old.id, new.id, existing)
    server.show_message(
        "info", f"Moved {amount(moved.moved, None)} from {old.id} to {new.binding}."
    )
    server.keys_changed(project, (old.id, new.id))


def named(keys: list[str]) -> str:
    """Return keys as a message names them: a few, then how many more."""
    shown = ", ".join(f'"{key}"' for key in keys[:SHOWN])
    more = len(keys) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
