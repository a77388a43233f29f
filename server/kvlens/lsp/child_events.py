"""Passes on to the client what happens in the emulators and Workers of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kvlens.lsp.lens_refresh import is_outdated
from kvlens.lsp.notifications import CHANGED, HISTORY, OUTPUT, STATUS, WORKER
from kvlens.lsp.workers import WorkerProcess

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.schema import Changed, Status
    from kvlens.lsp.server import Server
    from kvlens.lsp.subprocesses import Child


def handle(server: Server, child: Child, event: dict[str, Any]) -> None:
    """Pass on what happened in a child process."""
    uri = server.uri(child.config)
    kind = event.get("event")
    trace = event.pop("traceback", None)
    if trace is not None:
        server.log("error", str(trace))
    if kind == "dropped":
        count = event.get("count", 0)
        text = f"{child.what} printed too fast: {count:,} lines were left out"
        handle(server, child, {"event": "log", "level": "warning", "message": text})
        if not isinstance(child, WorkerProcess):
            handle(server, child, {"event": "changed"})
        return
    if kind == "state":
        _state_changed(server, child, uri, unexpected=event["unexpected"] is True)
    elif kind == "history":
        server.protocol.notify(HISTORY, {"config": uri})
    elif isinstance(child, WorkerProcess):
        _output(server, uri, event)
    elif kind == "log":
        server.log(event.get("level", "info"), str(event.get("message", "")))
    elif kind == "kept" and (kept_in := server.projects.get(child.config)):
        from kvlens.lsp import seed_kept  # late: rarely needed

        server.create_task(seed_kept.ask(server, kept_in, event))
    elif kind in ("namespaces", "changed"):
        note: Changed = {"config": uri}
        if "id" in event:
            note["id"] = event["id"]
        server.create_task(_notify_changed(server, child, note, reload=kind == "namespaces"))


async def _notify_changed(server: Server, child: Child, note: Changed, *, reload: bool) -> None:
    """Notify the client of changes in a child process: its namespaces or their keys."""
    project: ServedProject | None = server.projects.get(child.config)
    if reload and project:
        await project.follow()
        server.check_sources()
        server.offer_moves(project)
    server.protocol.notify(CHANGED, note)
    server.refresh_views(child.config, note.get("id"))
    server.client.refresh_hints()
    if await is_outdated(project, note.get("id")):
        server.client.refresh_lenses()


def _state_changed(server: Server, child: Child, uri: str, *, unexpected: bool) -> None:
    is_worker = isinstance(child, WorkerProcess)
    status: Status = {"config": uri, "state": child.state}
    if child.url:
        status["url"] = child.url
        what = "Worker" if is_worker else "Emulator"
        server.log("info", f"{what} of {child.config} at {child.url}")
    if child.message:
        status["message"] = child.message
        if unexpected:  # otherwise the command that started it fails, and says so
            server.show_message("error", child.message)
    server.protocol.notify(WORKER if is_worker else STATUS, status)
    if child.state == "running" and not is_worker:
        server.refresh_views(child.config, None)  # it may serve another store now
    server.client.refresh_shown()


def _output(server: Server, uri: str, event: dict[str, Any]) -> None:
    """Forward a Worker's output to a client that shows it separately, or to the log."""
    if server.shows_output:
        server.protocol.notify(OUTPUT, {"config": uri, **event})
    elif event.get("message"):
        server.log(event.get("level", "info"), event["message"])
