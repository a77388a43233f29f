"""Show the progress of long work in the client, with a way to cancel it."""

from __future__ import annotations

import uuid
from types import TracebackType
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.visible import notice

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


class Progress:
    """Shows the progress of work, if the client supports it.

    Uses the client's token if there is one; else requests one.
    """

    def __init__(self, server: Server, token: types.ProgressToken | None, title: str) -> None:
        self._server = server
        self._token = token
        self._title = title

    async def __aenter__(self) -> Progress:
        reports = self._server.work_done_progress
        if self._token is None:
            window = self._server.client_capabilities.window
            if window and window.work_done_progress:
                token = str(uuid.uuid4())
                await reports.create_async(token)
                self._token = token
        if self._token is not None:
            begin = types.WorkDoneProgressBegin(notice(self._title), cancellable=True, percentage=0)
            reports.begin(self._token, begin)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            reports = self._server.work_done_progress
            reports.end(self._token, types.WorkDoneProgressEnd())
            reports.tokens.pop(self._token, None)

    def cancelled(self) -> bool:
        """Return whether the user asked to stop."""
        if self._token is None:
            return False
        future = self._server.work_done_progress.tokens.get(self._token)
        return future is not None and future.cancelled()

    def report(self, done: int, total: int | None = None) -> None:
        """Show that `done` keys are done, of `total` if known."""
        if self._token is None:
            return
        message = f"{done:,} keys" if total is None else f"{done:,} of {total:,} keys"
        percentage = None if not total else 100 * done // total
        report = types.WorkDoneProgressReport(message=message, percentage=percentage)
        self._server.work_done_progress.report(self._token, report)
