"""The LSP protocol with a fast path for the messages of every keystroke.

pygls keeps its own text of each document, and passes every notification through a generator and two
futures. This server keeps its own texts, so the editor's messages about them go straight to plain
functions. All messages are checked by `messages`.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureNotificationError, JsonRpcException
from pygls.protocol import JsonRPCResponseMessage, lsp_method

from kvlens.kv.values import valid_json
from kvlens.lsp.fast_pygls import messages
from kvlens.lsp.fast_pygls.messages import RefusalError
from kvlens.lsp.protocol import INTERNAL_ERROR, REQUEST_FAILED, ServerProtocol

TEXTS = frozenset(
    (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE, types.TEXT_DOCUMENT_DID_CLOSE)
)
_NOTIFICATIONS = frozenset(
    method for method, kinds in types.METHOD_TO_TYPES.items() if kinds[1] is None
)
MOST_REQUESTS = 5000  # that wait for a response, in each direction

logger = logging.getLogger(__name__)


class Protocol(ServerProtocol):
    """The server's protocol without pygls' documents, and with checks of incoming messages."""

    _initialized = False  # `initialize` was answered, or is in progress
    _ending: int | str | None = None  # the id of `shutdown`

    # incoming --------------------------------------------------------------------------

    def receive(self, body: bytes) -> None:
        """Handle one message or refuse it. Never raises, whatever a client sends."""
        try:
            message = messages.parse(body)
            if message.get("method") == types.EXIT and "id" not in message:
                self._exit()
            elif "method" in message:
                self._check_allowed(message)
                self.handle_message(messages.structure(message, self._converter))
            else:
                self._take_response(message)
        except RefusalError as refusal:
            logger.warning("%s", refusal)
            if not refusal.silent:
                error = {"code": refusal.code, "message": str(refusal)}
                self._send_data({"jsonrpc": self.VERSION, "id": refusal.number, "error": error})

    def _exit(self) -> None:
        """End after `shutdown` has finished; with exit code 1 if it wasn't sent."""
        code = 1 if self._ending is None else 0
        self._server.ending(code)  # type: ignore[attr-defined]
        shutdown = self._request_futures.get(self._ending) if self._ending is not None else None
        if shutdown is None:
            self._server.end(code)  # type: ignore[attr-defined]
        else:
            shutdown.add_done_callback(lambda _: self._server.end(code))  # type: ignore[attr-defined]

    def _check_allowed(self, message: dict[str, Any]) -> None:
        """Raise RefusalError for what the state of the session doesn't allow."""
        method = message["method"]
        is_request = "id" in message
        code, text = messages.INVALID_REQUEST, ""
        if self._ending is not None:
            text = "The server has been shut down; only exit is allowed now."
        elif method == types.INITIALIZE:
            text = "initialize can be sent only once." if self._initialized else ""
        elif not self._initialized:
            code, text = (
                messages.NOT_INITIALIZED,
                "The server isn't initialized: send initialize first.",
            )
        elif method not in self.fm.builtin_features and method not in self.fm.features:
            if not is_request and method != types.CANCEL_REQUEST:
                raise RefusalError(0, f"The notification {method[:100]!r} is ignored.", silent=True)
            if is_request and method not in _NOTIFICATIONS:
                code, text = messages.METHOD_NOT_FOUND, f"Unknown method {method[:100]!r}."
        if not text and is_request and len(self._request_futures) >= MOST_REQUESTS:
            code = REQUEST_FAILED
            text = f"Over {MOST_REQUESTS:,} requests are pending. Send fewer at once."
        if text:
            raise RefusalError.of(message, code, text)
        if method == types.SHUTDOWN and is_request:
            self._ending = message["id"]

    def handle_message(self, message: Any) -> None:
        """Handle one message. Those about documents go straight to their handlers."""
        method = getattr(message, "method", None)
        if method in TEXTS:
            try:
                self.fm.features[method](message.params)
            except Exception as error:
                logger.exception("Failed to handle %s", method)
                self._server.report_server_error(error, FeatureNotificationError)
        else:
            if method == types.INITIALIZE:
                self._initialized = True
            super().handle_message(message)

    def _execute_handler(self, msg_id: Any, *arguments: Any, **named: Any) -> None:
        """Forget finished work: pygls would keep a future for each notification forever."""
        super()._execute_handler(msg_id, *arguments, **named)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda done: self._forget(msg_id, done))

    def _forget(self, number: Any, done: Future[Any]) -> None:
        if self._request_futures.get(number) is done:
            del self._request_futures[number]

    def _take_response(self, message: dict[str, Any]) -> None:
        """Deliver the response to a request of this server; drop any other."""
        number = message.get("id")
        if number not in self._result_types:
            raise RefusalError(
                0, f"A response to an unknown request: id {number!r:.80}.", silent=True
            )
        kind = self._result_types.pop(number) or JsonRPCResponseMessage
        future = self._request_futures.pop(number, None)
        if future is None or future.done():
            return
        try:
            if "error" in message:
                answer = self._converter.structure(message, types.ResponseErrorMessage)
                error = answer.error or types.ResponseError(INTERNAL_ERROR, "no reason given")
                future.set_exception(JsonRpcException.from_error(error))
            else:
                future.set_result(self._converter.structure(message, kind).result)
        except Exception as error:  # an invalid response is a failed request
            if not future.done():
                future.set_exception(JsonRpcException(f"Invalid response from the client: {error}"))

    # outgoing --------------------------------------------------------------------------

    def send_request(self, *arguments: Any, **named: Any) -> Future[Any]:
        """Send a request. If the client never answers, only the latest requests are kept."""
        while len(self._result_types) >= MOST_REQUESTS:
            oldest = next(iter(self._result_types))
            del self._result_types[oldest]
            self._request_futures.pop(oldest, None)
        return super().send_request(*arguments, **named)

    def _send_data(self, data: Any) -> None:
        """Write one message; a result that JSON can't represent becomes an error."""
        if self.writer is None or not data:
            return
        try:
            body = valid_json(data, default=self._serialize_message)
        except Exception as error:
            logger.exception("Unable to write a message")
            if hasattr(data, "result"):
                failed = types.ResponseError(INTERNAL_ERROR, f"{type(error).__name__}: {error}")
                self._send_response(data.id, error=failed)
            return
        try:
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body.encode()))
        except (OSError, ValueError):  # its end of the pipe is closed, or ours
            self._server.client_gone()  # type: ignore[attr-defined]

    # pygls' own handlers of these keep texts, which isn't wanted.

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Handle an opened document."""
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: Any) -> None:
        """Handle the changes of a document."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Handle a closed document."""
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)
