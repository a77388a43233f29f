"""Additions to pygls' protocol, for the fast path and plain pygls."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.protocol import LanguageServerProtocol, lsp_method

from kvlens.internal import internal_error_message

INTERNAL_ERROR, REQUEST_FAILED = -32603, -32803


class ServerProtocol(LanguageServerProtocol):
    """pygls' protocol, with commands that a client can cancel and readable internal errors."""

    @property
    def is_initialized(self) -> bool:
        """Whether the client has initialized the session."""
        return self._workspace is not None

    def notify_json(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification whose params are already JSON."""
        self._send_data({"jsonrpc": self.VERSION, "method": method, "params": params})

    def _send_response(
        self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        """Answer a request. An unforeseen error is one line; the traceback is in the log."""
        if error is not None and error.code == INTERNAL_ERROR:
            error = types.ResponseError(INTERNAL_ERROR, internal_error_message(error.message))
        super()._send_response(msg_id, result, error)

    def _send_handler_result(self, future: Future[Any], *, msg_id: Any) -> None:
        """Answer a request with its result. A refusal is an answer, so its reason isn't logged."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            self._request_futures.pop(msg_id, None)
            self._send_response(msg_id, error=error.to_response_error())
        else:
            super()._send_handler_result(future, msg_id=msg_id)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]  # a generator in pygls
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command in a separate task, which can be canceled."""
        return await self.fm.features[types.WORKSPACE_EXECUTE_COMMAND](params)
