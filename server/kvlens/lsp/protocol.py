"""What this server adds to pygls' protocol, whichever way messages reach it."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method

INTERNAL_ERROR, REQUEST_FAILED = -32603, -32803
ISSUES = "https://github.com/kvlens/kvlens/issues"


def unexpected(error: Exception | str) -> str:
    """Return the message for an unforeseen error; the log has the traceback."""
    said = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    first = said.partition("\n")[0][:200]
    return f"Internal error: {first}. Please report this at {ISSUES}; the log says more."


class ServerProtocol(LanguageServerProtocol):
    """pygls' protocol, with commands that a client can cancel and readable internal errors."""

    @property
    def is_initialized(self) -> bool:
        """Whether there is a workspace."""
        return self._workspace is not None

    def notify_json(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification whose params are JSON already."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    def _send_response(
        self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        """Answer a request. An unforeseen error is one line; the traceback is in the log."""
        if error is not None and error.code == INTERNAL_ERROR:
            error = types.ResponseError(INTERNAL_ERROR, unexpected(error.message))
        super()._send_response(msg_id, result, error)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # a generator in pygls
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command in a task of its own, so that a cancel reaches it."""
        return await self.fm.features[types.WORKSPACE_EXECUTE_COMMAND](params)
