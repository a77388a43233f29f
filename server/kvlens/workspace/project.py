"""A Worker's project: one config, the environment in use, and the files that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kvlens.config.find import SEEDS, ConfigError, read_config
from kvlens.config.local_state import WRANGLER, local_state
from kvlens.config.model import Config, Namespace
from kvlens.config.reader import ConfigReader
from kvlens.lint.project_file import NONE, project_file
from kvlens.stores.base import Store
from kvlens.stores.registry import DEFAULT_STORE, keys_of, open_store, shown_url

if TYPE_CHECKING:
    from kvlens.config.renamed import Renamed


class Project:
    """One config as last read from disk, with its environment, folder and store."""

    def __init__(
        self,
        path: Path,
        environment: str | None = None,
        *,
        store: str = DEFAULT_STORE,
        text: str | None = None,
    ) -> None:
        """Read the config at `path`, or use `text` if it is given.

        `store` is the URL of the store that keeps the keys; the default one is where the project's
        development server keeps local state. Raises ConfigError if the config can't be read.
        """
        self.path = path.absolute()
        self.environment = environment
        self.store = store
        self.renamed: list[Renamed] = []
        """Namespaces that `reload` found under another name. Code that offers to move them
        removes them."""
        self._file = NONE if text == "" else project_file(self.folder)
        self._reader = ConfigReader(str(self.path), self._counted())
        self.config: Config = self._reader.read(read_config(self.path) if text is None else text)

    @property
    def store(self) -> str:
        """The URL of the store that keeps the keys."""
        return self._store

    @store.setter
    def store(self, url: str) -> None:
        self._store = self._named_store = url
        if url == DEFAULT_STORE:
            state = local_state(self.path)
            if state != self.folder / WRANGLER:
                self._store = f"{DEFAULT_STORE}{state}"

    @property
    def folder(self) -> Path:
        """The folder of the config. Seed files, snapshots and local state are in it."""
        return self.path.parent

    @property
    def namespaces(self) -> list[Namespace]:
        """The namespaces of the chosen environment, or of all environments, top level first."""
        if self.environment is not None:
            return self.config.namespaces(self.environment)
        return self.config.namespaces()

    @property
    def titles(self) -> Mapping[str, str]:
        """The binding of each namespace in use, by its id; the first if there are several."""
        return {namespace.id: namespace.binding for namespace in reversed(self.namespaces)}

    def open_store(self) -> Store:
        """Open the project's store, with its history if KVLENS_HISTORY doesn't turn that off.

        Raises StoreError for an unknown or malformed URL.
        """
        from kvlens.history.size import limit_bytes  # late: the server of an editor opens none
        from kvlens.history.store import recording

        store = open_store(self.store, self.folder)
        return recording(store, self.folder, self.history_name, limit_bytes())

    @property
    def history_name(self) -> str:
        """What the history calls the project's store: the same for all URLs of the same keys."""
        return shown_url(keys_of(self.store, self.folder))

    # changes on disk ------------------------------------------------------------------------

    def reload(self) -> bool:
        """Read the config again, and return whether its namespaces changed.

        Raises ConfigError, and then keeps the previous config. A config with a syntax error isn't
        used if it lacks namespaces of the previous one: they are behind the error, not gone.
        """
        from kvlens.config.renamed import renamed  # late: few commands reload

        self.store = self._named_store  # the project's scripts may have changed
        self._file = project_file(self.folder)
        if self._counted() != self._reader.counted:
            self._reader = ConfigReader(str(self.path), self._counted())
        before, used = self.config.namespaces(), _ids(self.namespaces)
        config = self._reader.read(read_config(self.path))
        if not set(_ids(before)) <= set(_ids(config.namespaces())):
            self._check(config)
        self.config = config
        self.renamed += renamed(before, self.config.namespaces())
        return used != _ids(self.namespaces)

    def _counted(self) -> frozenset[str] | None:
        """Return the environments that count: the project file's, and the one in use."""
        named = self._file.environments
        return named if named is None or not self.environment else named | {self.environment}

    def _check(self, config: Config) -> None:
        from kvlens.config.syntax_check import find_mistake  # late: few configs are checked

        if found := find_mistake(config):
            raise ConfigError(f"{self.path}: {found}", found.line)

    async def saved(self) -> None:
        """Wait for the end of a save that may be in progress."""
        from kvlens.workspace.saving import keeps_namespaces, saved  # late: it imports asyncio

        await saved(self.path, keeps_namespaces(self.config))

    # seed files -----------------------------------------------------------------------------

    def seed_file(self, binding: str) -> Path:
        """Return where a binding's seed file is by default, even if it doesn't exist."""
        return self.folder / SEEDS / f"{binding}.json"

    def seed_files(self) -> list[Path]:
        """Return the existing seed files, even for unknown bindings."""
        return [path for _, path in self._file.seeds.files(self.folder)]

    def seeds_of(self, binding: str) -> list[Path]:
        """Return the existing seed files of a binding."""
        return [path for name, path in self._file.seeds.files(self.folder) if name == binding]

    @property
    def says_where_seeds_are(self) -> Path | None:
        """The project file, if it names the seed files instead of `seeds/BINDING.json`."""
        return self._file.path if self._file.seeds.folder is not None else None

    def binding_of(self, path: Path) -> str | None:
        """Return the binding that a seed file of the project is for."""
        whole = path.absolute()
        found = (name for name, known in self._file.seeds.files(self.folder) if known == whole)
        return next(found, None)

    def seeded_by(self, path: Path) -> Namespace | None:
        """Return the namespace that a file seeds; None for other files and missing ones.

        It seeds that binding of the chosen environment, or of the top level.
        """
        binding = self.binding_of(path)
        if binding is None or not path.is_file():
            return None
        for namespace in self.config.namespaces(self.environment):
            if namespace.binding == binding:
                return namespace
        return None


def _ids(namespaces: list[Namespace]) -> list[tuple[str | None, str, str]]:
    return [(namespace.environment, namespace.binding, namespace.id) for namespace in namespaces]
