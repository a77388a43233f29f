"""The parameters of a command, and the namespace that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from kvlens.errors import KVLensError, RequestError
from kvlens.stores.registry import keys_of

if TYPE_CHECKING:
    from kvlens.config.model import Namespace
    from kvlens.kv.limits import Compat
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server
    from kvlens.stores.base import Store


class ParamsError(RequestError):
    """A parameter is missing or of the wrong type."""


class CommandError(KVLensError):
    """The command cannot be done; the text says why and what to do."""


class ConflictError(CommandError):
    """What the client has read is not what is there now; nothing was changed."""


class Params:
    """The one object that a command takes, read with care: a client may send anything."""

    def __init__(self, params: types.ExecuteCommandParams) -> None:
        sent = (params.arguments or [{}])[0]
        if not isinstance(sent, dict):
            raise ParamsError(f"takes one object, not {type(sent).__name__}")
        self.sent: dict[str, Any] = sent
        self.token = params.work_done_token

    def text(self, name: str) -> str:
        """Return a string that must be there."""
        found = self.get(name, str)
        if found is None:
            raise ParamsError(f'"{name}" is missing; it takes a string')
        return str(found)

    def get(self, name: str, *kinds: type) -> Any:
        """Return a parameter of one of these types, or None where it is left out."""
        value = self.sent.get(name)
        wrong_bool = isinstance(value, bool) and bool not in kinds
        if value is not None and (wrong_bool or not isinstance(value, kinds)):
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise ParamsError(f'"{name}" is {value!r:.80}; it takes {wanted}')
        return value


class Target(NamedTuple):
    """A namespace to work on."""

    project: ServedProject
    binding: str
    id: str
    compat: Compat

    async def store(self) -> Store:
        """Return the store that holds it, its emulator started where it does not run."""
        return await self.project.emulator.store()


async def find_project(server: Server, params: Params) -> ServedProject:
    """Return the project that `config` names, or the only one."""
    await server.found.wait()
    uri = params.get("config", str)
    if uri is not None:
        project = server.projects.get(server.path(uri))
        if project is None:
            raise CommandError(f"{uri} is not a config of this workspace.")
        return project
    projects = list(server.projects)
    if not projects:
        raise CommandError(
            "No wrangler.toml, wrangler.json or wrangler.jsonc in this workspace; "
            "KV namespaces are declared there."
        )
    if len(projects) > 1:
        labels = ", ".join(project.label for project in projects)
        raise ParamsError(f'"config" is missing, and there are several: {labels}')
    return projects[0]


async def find_namespaces(server: Server, params: Params) -> tuple[ServedProject, list[Namespace]]:
    """Return the project and its namespaces: with `environment` or `binding` only those."""
    project = await find_project(server, params)
    environment = params.get("environment", str)
    binding = params.get("binding", str)
    named = "environment" in params.sent
    declared = project.config.namespaces(*([environment] if named else []))
    found = [namespace for namespace in declared if binding in (None, namespace.binding)]
    if not found:
        what = f'no KV namespace with binding "{binding}"' if binding else "no KV namespaces"
        where = f' in environment "{environment}"' if environment else ""
        raise CommandError(f"{project.label} declares {what}{where}.")
    return project, found


async def find_target(server: Server, params: Params) -> Target:
    """Return the namespace that `binding` (with `environment`) or `id` names."""
    project = await find_project(server, params)
    wanted = params.get("id", str)
    binding = params.get("binding", str)
    environment = params.get("environment", str)
    if wanted is None and binding is None:
        raise ParamsError('"binding" or "id" is missing; it takes a string')
    named = "environment" in params.sent
    declared = project.config.namespaces(*([environment] if named else []))
    for namespace in declared:
        if wanted is not None and namespace.id != wanted:
            continue
        if binding is not None and namespace.binding != binding:
            continue
        compat = project.emulator.settings.compat
        return Target(project, namespace.binding, namespace.id, compat)
    if wanted is not None and await _is_unclaimed(server, project, wanted):
        return Target(project, wanted, wanted, project.emulator.settings.compat)
    what = f'binding "{binding}"' if binding is not None else f'id "{wanted}"'
    where = f' in environment "{environment}"' if environment else ""
    known = ", ".join(dict.fromkeys(namespace.binding for namespace in declared)) or "none"
    raise CommandError(
        f"{project.label} declares no KV namespace with {what}{where}; it declares: {known}."
    )


async def _is_unclaimed(server: Server, project: ServedProject, wanted: str) -> bool:
    """Tell whether an id that no config names is one under which the store has keys."""
    if wanted in claimed(server, project):
        return False
    store = await project.emulator.store()
    return wanted in await store.namespaces()


def claimed(server: Server, project: ServedProject) -> set[str]:
    """Return the ids that a project's config names, and every other whose store is the same."""
    place = _store_place(project)
    sharing = [one for one in server.projects if _store_place(one) == place]
    return {name for one in sharing for name in one.config.store_ids()}


def _store_place(project: ServedProject) -> str:
    return keys_of(project.emulator.settings.store, project.path.parent)
