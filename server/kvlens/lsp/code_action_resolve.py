"""The edit of a code action, when it is chosen: of those that take long to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from kvlens.config.find import ConfigError
from kvlens.lsp.conversions import conversion_edit
from kvlens.lsp.protocol import REQUEST_FAILED
from kvlens.operations.convert_config import LANGUAGES

if TYPE_CHECKING:
    from kvlens.lsp.documents import Document
    from kvlens.lsp.server import Server

_FIX_ALL = "fixAll"


def fix_all_later(document: Document) -> types.CodeAction:
    """Return the action that fixes a whole text, without its edit."""
    return types.CodeAction(
        "Fix all problems that have one certain answer",
        kind="source.fixAll.kvlens",
        data=[document.number, document.version, _FIX_ALL],
    )


async def answer(server: Server, action: types.CodeAction) -> types.CodeAction:
    """Return the action with its edit."""
    if action.data is None:  # it has one already
        return action
    number, version, what = _data(action.data)
    document = server.documents.numbered(number)
    if document is None or document.version != version:
        raise JsonRpcException(
            "The text has changed since these actions were requested; request them again",
            types.LSPErrorCodes.ContentModified,
        )
    if what == _FIX_ALL:
        from kvlens.lsp.code_actions import fix_all_edit  # late: it offers what is resolved here

        action.edit = await fix_all_edit(server, document)
        return action
    try:
        action.edit = await conversion_edit(server, document, what)
    except ConfigError as error:
        raise JsonRpcException(str(error), REQUEST_FAILED) from None
    return action


def _data(data: Any) -> tuple[int, int | None, Any]:
    """Return what an action was sent with: its text's number and version, and what it does."""
    match data:
        case [int(number), int() | None as version, str(what)]:
            if what in (_FIX_ALL, *LANGUAGES):
                return number, version, what
    raise JsonRpcInvalidParams('"data" is not that of an action from textDocument/codeAction')
