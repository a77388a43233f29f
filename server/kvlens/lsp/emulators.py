"""The emulator of a project: `kvlens serve` as a child process, and its store."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from kvlens.emulator.ports import is_free
from kvlens.lsp.subprocesses import Child, ChildError
from kvlens.stores.base import Store
from kvlens.stores.registry import open_store

STARTS = 5  # of an emulator that is stopped as soon as it runs


class Address(NamedTuple):
    """Where an emulator listens, and what a request needs."""

    port: int
    token: str


class EmulatorProcess(Child):
    """A project's emulator."""

    what = "The emulator"
    address: Address | None = None
    """The last one. The next start uses it again, so that copied commands still work."""
    _store: Store | None = None

    async def store(self) -> Store:
        """Return the emulator's store, and start the emulator if necessary. Raises ChildError."""
        for _ in range(STARTS):
            await self.start()
            if self._store is not None:  # else new settings have stopped it meanwhile
                return self._store
        raise ChildError(f"{self.what} is being restarted with other settings. Try again.")

    async def arguments(self) -> list[str]:
        """Return the arguments, from the settings and the last address."""
        port = self.settings.port
        if self.address and not (port in (0, self.address.port) and is_free(self.address.port)):
            self.address = None  # a program that has its port now may have been sent its token
        if self.address:
            port = self.address.port
        return ["serve", "--port", str(port), "--compat", self.settings.compat]

    def environment(self) -> dict[str, str]:
        """Return the store and the token, which don't belong on a command line."""
        history = str(self.settings.historySize)
        told = {"KVLENS_STORE": self.settings.store, "KVLENS_HISTORY": history}
        if self.address and self.address.token:
            told["KVLENS_SERVE_TOKEN"] = self.address.token
        return told

    async def restart(self) -> None:
        """Restart it with another token, on the same port. Raises ChildError."""
        if self.address:
            self.address = self.address._replace(token="")
        await super().restart()

    async def began(self) -> None:
        """Open the store over HTTP."""
        self.address = Address(urlsplit(self.ready["url"]).port or 0, self.ready["token"])
        address = self.ready["url"].replace("://", f"://{self.address.token}@", 1)
        self._store = open_store(address, self.config.parent)

    async def ended(self) -> None:
        """Close the store's connections."""
        if self._store is not None:
            await self._store.close()
            self._store = None
