"""Check the open seed files: when they are opened, after a pause in typing, and on save.

Imported when the first seed file is opened.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from kvlens.lint.check_seeds import check
from kvlens.lsp.diagnostics import pause_after

if TYPE_CHECKING:
    from kvlens.lsp.documents import Document
    from kvlens.lsp.server import Server


class Opened:
    """A seed file that the editor has open."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.took = 0.0  # seconds, by the last check
        self.pause: asyncio.TimerHandle | None = None
        self.checking = False
        self.stale = False


class SeedFiles:
    """Checks the open seed files."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, Opened] = {}

    def did_open(self, document: Document, path: str) -> None:
        """Check an opened seed file."""
        opened = self._open[document.uri] = Opened(document, path)
        self._check_now(opened)

    def did_change(self, document: Document) -> None:
        """Check an edited seed file, after a pause."""
        opened = self._open.get(document.uri)
        if opened is None:
            return
        if opened.pause:
            opened.pause.cancel()
        loop = asyncio.get_running_loop()
        opened.pause = loop.call_later(pause_after(opened.took), self._check_now, opened)

    def did_save(self, uri: str) -> None:
        """Check a saved seed file again: expirations may have passed meanwhile."""
        if opened := self._open.get(uri):
            self._check_now(opened)

    def did_close(self, uri: str) -> None:
        """Forget a seed file and its problems."""
        if opened := self._open.pop(uri, None):
            if opened.pause:
                opened.pause.cancel()
            self._server.diagnostics.publish(uri, [], None, opened.document.index)

    def check_all(self) -> None:
        """Check every open seed file again: the user changed the severity of a rule."""
        for opened in self._open.values():
            self._check_now(opened)

    def sort(self, document: Document, path: str, *, is_seed: bool) -> None:
        """Check an open text from now on, or no longer: the project file has changed."""
        if is_seed and document.uri not in self._open:
            self.did_open(document, path)
        elif not is_seed:
            self.did_close(document.uri)

    def _check_now(self, opened: Opened) -> None:
        """Check a seed file, once for all changes during the check."""
        opened.stale = True
        if not opened.checking:
            opened.checking = True
            self._server.create_task(self._check(opened))

    async def _check(self, opened: Opened) -> None:
        uri = opened.document.uri
        try:
            while opened.stale and self._open.get(uri) is opened:
                opened.stale = False
                document, index = opened.document, opened.document.index
                version = document.version
                began = time.monotonic()
                problems = await asyncio.to_thread(check, index.text, opened.path)
                opened.took = time.monotonic() - began
                if self._open.get(uri) is opened and document.index is index:
                    self._server.diagnostics.publish(uri, problems, version, index)
        finally:
            opened.checking = False
