"""Offer to move a namespace's keys when the config renames it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kvlens.config.renamed import Renamed
from kvlens.formatting import amount
from kvlens.lsp.targets import scope_of
from kvlens.operations.clear import count
from kvlens.operations.move import move
from kvlens.operations.target import Target
from kvlens.stores.base import DamagedKeyError
from kvlens.stores.origin import EDITOR, Origin

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server

SHOWN = 3  # keys that a question names


async def offer(server: Server, project: ServedProject, pair: Renamed) -> None:
    """Ask whether to move the keys, and move them."""
    old, new = pair.old, pair.new
    if project.emulator.state != "running":
        return  # the tree shows them once it runs
    origin = Origin.action_of(EDITOR, "move keys")
    target = Target(scope_of(project, (), origin), new.id, new.binding)
    keys = await count(target._replace(id=old.id))
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
    moved = await move(target, old.id)
    while moved.digest is not None:  # ask again if the keys have changed meanwhile
        overwrite, keep = "Overwrite", "Move the Others"
        answer = await server.ask(
            f"{new.binding} already has {named(moved.conflicts)} with other values. "
            f"Overwrite {'it' if len(moved.conflicts) == 1 else 'them'}?",
            overwrite,
            keep,
        )
        if not answer:
            return
        existing = "overwrite" if answer == overwrite else "keep"
        moved = await move(target, old.id, existing, moved.digest)
    server.show_message("info", f"Moved {amount(moved.keys, None)} from {old.id} to {new.binding}.")
    warn_damaged(server, moved.damaged)
    server.keys_changed(project, (old.id, new.id))


def warn_damaged(server: Server, damaged: Sequence[DamagedKeyError]) -> None:
    """Say which damaged keys weren't moved."""
    for one in damaged:
        server.log("error", str(one))
    if damaged:
        more = f" {len(damaged) - 1:,} more are in the log." if len(damaged) > 1 else ""
        server.show_message("warning", f"Not moved: {damaged[0]}{more}")


def named(keys: list[str]) -> str:
    """Return keys for a message: a few names, then the number of others."""
    shown = ", ".join(f'"{key}"' for key in keys[:SHOWN])
    more = len(keys) - SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
