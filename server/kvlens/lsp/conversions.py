"""The code actions that convert a config to another language, into a new file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.files import is_there
from kvlens.lint.fixable_config import still_valid
from kvlens.operations.convert_config import (
    Language,
    convert_config,
    converted_path,
    languages,
)
from kvlens.stopping import in_thread
from kvlens.visible import notice

if TYPE_CHECKING:
    from kvlens.lsp.documents import Document
    from kvlens.lsp.server import Server

REWRITE = types.CodeActionKind.RefactorRewrite.value
COMMAND = "kvlens.convertConfig"


def conversions(
    server: Server, document: Document, config: Config, context: types.CodeActionContext
) -> list[types.CodeAction]:
    """Return an action for each language, if the user has asked for the menu of actions.

    VS Code's extension asks what becomes of the original; other clients get a file that is created
    beside it, unless one is there.
    """
    if context.trigger_kind == types.CodeActionTriggerKind.Automatic or not still_valid(config):
        return []
    found: list[types.CodeAction] = []
    for to in languages(config.path):
        target = converted_path(Path(config.path), to)
        title = notice(f"Convert to {target.name}")
        if server.has_palette:
            argument = {"config": document.uri, "to": to}
            chosen = types.Command(title, COMMAND, arguments=[argument])
            found.append(types.CodeAction(title, kind=REWRITE, command=chosen))
        elif server.client.creates_files and server.client.resolves_edits and not is_there(target):
            data = [document.number, document.version, to]
            found.append(types.CodeAction(title, kind=REWRITE, data=data))
    return found


async def conversion_edit(server: Server, document: Document, to: Language) -> types.WorkspaceEdit:
    """Return the edit that creates a config in another language. Raises ConfigError."""
    path = server.path(document.uri)
    done = await in_thread(convert_config, document.text, str(path), to)
    uri = server.uri(converted_path(path, to))
    start = types.Position(0, 0)
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False)),
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri),
                [types.TextEdit(types.Range(start, start), done.text)],
            ),
        ]
    )
