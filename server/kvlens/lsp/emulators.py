"""The emulator of a project: `kvlens serve` as a child process, and its store."""

from __future__ import annotations

from kvlens.lsp.subprocesses import Child, ChildError
from kvlens.stores.base import Store
from kvlens.stores.registry import open_store

STARTS = 5  # of an emulator that is stopped as soon as it runs


class EmulatorProcess(Child):
    """A project's emulator."""

    what = "The emulator"
    _store: Store | None = None

    async def store(self) -> Store:
        """Return the emulator's store, and start the emulator if necessary. Raises ChildError."""
        for _ in range(STARTS):
            await self.start()
            if self._store is not None:  # else new settings have stopped it meanwhile
                return self._store
        raise ChildError(f"{self.what} is being restarted with other settings. Try again.")

    async def arguments(self) -> list[str]:
        """Return the arguments, from the settings."""
        return ["serve", "--port", str(self.settings.port), "--compat", self.settings.compat]

    def environment(self) -> dict[str, str]:
        """Return the store. Its URL may hold a password, which doesn't belong on a command line."""
        history = str(self.settings.historySize)
        return {"KVLENS_STORE": self.settings.store, "KVLENS_HISTORY": history}

    async def began(self) -> None:
        """Open the store over HTTP."""
        address = self.ready["url"].replace("://", f"://{self.ready['token']}@", 1)
        self._store = open_store(address, self.config.parent)

    async def ended(self) -> None:
        """Close the store's connections."""
        if self._store is not None:
            await self._store.close()
            self._store = None
