"""The Worker of a project, run on workerd: `kvlens dev` as a child process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kvlens.lsp.emulators import EmulatorProcess
from kvlens.lsp.settings import Settings
from kvlens.lsp.subprocesses import Child
from kvlens.stores.registry import find_store


class WorkerProcess(Child):
    """A project's Worker. It uses the same keys as the editor."""

    what = "The Worker"

    def __init__(
        self,
        config: Path,
        settings: Settings,
        changed: Callable[[Any, dict[str, Any]], None],
        emulator: EmulatorProcess,
    ) -> None:
        super().__init__(config, settings, changed)
        self.port: int | None = None
        self.of_environment: str | None = None
        self._emulator = emulator

    async def arguments(self) -> list[str]:
        """Return the arguments. Keys in memory are accessed through the editor's emulator."""
        if self._has_own_keys:
            await self._emulator.start()
        port = [] if self.port is None else ["--port", str(self.port)]
        words = ["dev", *port, "--compat", self.settings.compat]
        for name in self.settings.allowedHosts:
            words += ["--allowed-host", name]
        return [*words, "--env", self.of_environment] if self.of_environment else words

    def environment(self) -> dict[str, str]:
        """Return the store. Its URL may hold secrets, which don't belong on a command line."""
        if not self._has_own_keys:
            history = str(self.settings.historySize)
            return {"KVLENS_STORE": self.settings.store, "KVLENS_HISTORY": history}
        ready = self._emulator.ready
        return {"KVLENS_STORE": ready["url"], "KVLENS_TOKEN": ready["token"]}

    @property
    def _has_own_keys(self) -> bool:
        info = find_store(self.settings.store)
        return info is not None and not info.shared
