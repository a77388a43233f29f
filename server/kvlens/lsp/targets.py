"""Find the project, scope and namespace that a command's parameters name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from kvlens.lsp.command import ParamsError
from kvlens.operations import target as resolver
from kvlens.operations.errors import NotFoundError
from kvlens.operations.target import Scope, Target
from kvlens.stores.origin import EDITOR, Origin
from kvlens.stores.registry import keys_of

if TYPE_CHECKING:
    from kvlens.lsp.command import Params
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server
    from kvlens.stores.base import Store
    from kvlens.workspace.project import Project

NAMES = {"namespace_id": "id", "expiration_ttl": "expirationTtl", "metadata": "metadataText"}


def spell(name: str) -> str:
    """Return the name of an operation's argument as a parameter, for messages."""
    return f'"{NAMES.get(name, name)}"'


async def find_project(server: Server, params: Params) -> ServedProject:
    """Return the project that `config` names, or the only one. Raises NotFoundError."""
    await server.found.wait()
    uri = params.get("config", str)
    projects = list(server.projects)
    labels = [project.label for project in projects]
    if uri is not None:
        project = server.projects.get(server.path(uri))
        if project is None:
            raise NotFoundError(f"{uri} is not a config of this workspace", known=labels)
        return project
    if not projects:
        raise NotFoundError(
            "no config of a Worker, such as wrangler.jsonc, in this workspace; "
            "KV namespaces are declared there"
        )
    if len(projects) > 1:
        raise NotFoundError(
            f'"config" is missing, and there are several: {", ".join(labels)}', known=labels
        )
    return projects[0]


def scope_of(
    project: ServedProject,
    environments: tuple[str | None, ...] = (),
    origin: Origin | None = None,
) -> Scope:
    """Return a project as a scope for operations; its emulator starts when the store is needed.

    The history has changes under the `origin`.
    """
    by = origin or Origin.action_of(EDITOR, "")

    async def store() -> Store:
        return (await project.emulator.store()).by(by)

    return Scope(project, project.label, store, environments)


async def find_scope(server: Server, params: Params) -> Scope:
    """Return the project with the environment that `environment` names; null is the top level.

    Without it, all environments are included, the top level first. Raises NotFoundError.
    """
    named = "environment" in params.sent
    environments = (params.get("environment", str),) if named else ()
    return scope_of(await find_project(server, params), environments, params.origin)


def find_only(params: Params) -> list[str]:
    """Return the binding that `binding` names, for operations that default to all."""
    binding = params.get("binding", str)
    return [] if binding is None else [binding]


async def find_target(server: Server, params: Params) -> Target:
    """Return the namespace that `binding` or `id` names; the config need not have the id.

    Raises ParamsError and NotFoundError.
    """
    scope = await find_scope(server, params)
    namespace_id = params.get("id", str)
    binding = params.get("binding", str)
    if namespace_id is None and binding is None:
        raise ParamsError('"binding" or "id" is missing; it takes a string')
    try:
        return resolver.find_target(scope, binding=binding, namespace_id=namespace_id)
    except NotFoundError:
        from kvlens.operations.namespaces import find_unclaimed  # late: rarely needed

        others = claimed(server, scope.project)
        found = namespace_id and await find_unclaimed(scope, namespace_id, others)
        if not found:
            raise
        return found


def find_file(server: Server, target: Target, uri: str) -> Path:
    """Return the file that `file` names: a URI, or a path relative to the config's folder.

    Raises ParamsError if a relative path leads out of that folder, even through a link.
    """
    path = server.path(uri)
    if path.is_absolute():
        return path
    folder = target.scope.folder
    whole = Path(os.path.normpath(folder / path))
    for place, root in ((whole, folder), (whole.resolve(), folder.resolve())):
        if not place.is_relative_to(root):
            raise ParamsError(
                f'"file" is {uri!r:.80}, which leads out of {folder}; name that file by its URI'
            )
    return whole


def claimed(server: Server, project: Project) -> set[str]:
    """Return the ids in the configs of a project and of all others with the same store."""
    place = keys_of(project.store, project.folder)
    sharing = [one for one in server.projects if keys_of(one.store, one.folder) == place]
    return {name for one in sharing for name in one.config.store_ids()}
