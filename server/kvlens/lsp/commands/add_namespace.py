"""`kvlens.addNamespace`: declare one more namespace in a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from lsprotocol import types

from kvlens.config.edit import add_namespace
from kvlens.config.find import read_config
from kvlens.config.reader import load_text
from kvlens.lsp.command import Command
from kvlens.lsp.documents import to_range
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_project
from kvlens.operations.errors import OperationError
from kvlens.text import LineIndex

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    binding: str
    environment: NotRequired[str | None]


class Result(TypedDict):
    applied: bool
    """Whether the client has applied the `workspace/applyEdit`."""


async def run(server: Server, params: Params) -> Result:
    """Ask the client to edit the open config, without saving it."""
    project = await find_project(server, params)
    binding = params.text("binding")
    uri = params.get("config", str) or server.uri(project.path)
    document = server.documents.get(uri)
    text = document.text if document else read_config(project.path)
    config = load_text(text, str(project.path))
    edit = add_namespace(config, binding, params.get("environment", str))
    place = to_range(LineIndex(text), edit.span, server.documents.encoding)
    change = types.WorkspaceEdit(changes={uri: [types.TextEdit(place, edit.text)]})
    asked = types.ApplyWorkspaceEditParams(change, label=f"Add KV namespace {binding}")
    answer = await server.workspace_apply_edit_async(asked)
    if not answer.applied:
        reason = answer.failure_reason or "no reason given"
        raise OperationError(f"the editor did not apply the edit: {reason}")
    return {"applied": True}


COMMAND = Command(run, needs_trust=False)
