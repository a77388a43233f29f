"""`kvlens.seedFiles`: the seed files of a project, those of one binding first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypedDict

from kvlens.lsp.command import Command
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_project

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server

MOST = 100


class Parameters(InProject):
    binding: str
    environment: NotRequired[str | None]
    """Files with its name, such as `BINDING.staging.json`, come first."""


class Result(TypedDict):
    files: list[str]
    """URIs: `seeds/*.json`, or what the project file says."""


async def run(server: Server, params: Params) -> Result:
    """Return the files that a user can choose from."""
    project = await find_project(server, params)
    binding, environment = params.text("binding"), params.get("environment", str)
    own = f"{binding}.{environment}.json"
    every = await asyncio.to_thread(project.seed_files)
    of_binding = set(await asyncio.to_thread(project.seeds_of, binding))

    def rank(number: int) -> tuple[bool, bool, int]:
        path = every[number]
        return (environment is None or path.name != own, path not in of_binding, number)

    ranked = sorted(range(len(every)), key=rank)
    return {"files": [server.uri(every[number]) for number in ranked[:MOST]]}


COMMAND = Command(run, needs_trust=False)
