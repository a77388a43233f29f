"""`kvlens.namespaces`: every project with its namespaces and their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.config.syntax_check import find_mistake
from kvlens.kv.clock import REAL, Shift
from kvlens.lsp.command import Command
from kvlens.lsp.documents import to_range
from kvlens.lsp.schema import Namespace, Project, Unclaimed
from kvlens.lsp.subprocesses import ChildError
from kvlens.lsp.targets import claimed, scope_of
from kvlens.operations.clock import as_json
from kvlens.operations.namespaces import Row, list_namespaces
from kvlens.operations.other_state import advice, find_elsewhere
from kvlens.stores.base import StoreError
from kvlens.stores.registry import find_store, open_store, shown_url
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


class Parameters(TypedDict):
    pass


async def run(server: Server, params: Params) -> list[Project]:
    """Return the projects. Key counts are known only while an emulator is running."""
    await server.found.wait()
    return [await _describe(server, project) for project in server.projects]


async def _describe(server: Server, project: ServedProject) -> Project:
    emulator = project.emulator
    rows = [Row(namespace) for namespace in project.config.namespaces()]
    others: list[Unclaimed] = []
    if emulator.state == "running":
        found = await list_namespaces(scope_of(project), claimed(server, project))
        rows = found.rows
        if not project.shown_elsewhere:
            project.shown_elsewhere = True
            server.create_task(_tell_elsewhere(server, project))
        others = [{"id": one.id, "keys": one.keys, "size": one.size} for one in found.unclaimed]
    index = LineIndex(project.config.text)
    problem, line = project.problem, project.problem_line
    if not rows and not problem and (mistake := find_mistake(project.config)):
        problem, line = str(mistake), mistake.line
    shown: Project = {
        "config": server.uri(project.path),
        "label": project.label,
        "state": emulator.state,
        "url": emulator.url,
        "message": emulator.message,
        "problem": problem,
        "store": shown_url(project.store),
        "namespaces": [_shown(row, index, server.documents.encoding) for row in rows],
        "unclaimed": others,
        "seedable": _is_seedable(project, rows),
    }
    if emulator.install:
        shown["install"] = emulator.install
    if line:
        shown["problemLine"] = line
    shift = await _shift(project)
    if shift != REAL:
        shown["clock"] = as_json(shift)
    return shown


async def _tell_elsewhere(server: Server, project: ServedProject) -> None:
    """Say once which keys are in a state folder that isn't in use."""
    scope = scope_of(project)
    for one in await find_elsewhere(scope):
        server.show_message("info", advice(scope, one, project.folder))


async def _shift(project: ServedProject) -> Shift:
    """Return how the clock is moved, of local keys even if no emulator is running."""
    emulator = project.emulator
    with suppress(StoreError, ChildError):
        if emulator.state == "running":
            return await (await emulator.store()).shift()
        info = find_store(project.store)
        if emulator.settings.trusted and info is not None and info.local_path is not None:
            store = open_store(project.store, project.folder)
            try:
                return await store.shift()
            finally:
                await store.close()
    return REAL


def _is_seedable(project: ServedProject, rows: Sequence[Row]) -> bool:
    if not rows or any(row.stats is None or row.stats.keys != 0 for row in rows):
        return False
    return any(project.seeds_of(row.namespace.binding) for row in rows)


def _shown(row: Row, index: LineIndex, encoding: Any) -> Namespace:
    place = to_range(index, row.namespace.span, encoding)
    shown: Namespace = {
        "binding": row.namespace.binding,
        "id": row.namespace.id,
        "environment": row.namespace.environment,
        "range": {
            "start": {"line": place.start.line, "character": place.start.character},
            "end": {"line": place.end.line, "character": place.end.character},
        },
    }
    if row.stats is not None:
        shown["keys"], shown["size"] = row.stats
    if row.error is not None:
        shown["message"] = str(row.error)
    return shown


COMMAND = Command(run, needs_trust=False)
