"""A Worker's config: text -> scan -> tables -> what it says of Workers KV."""

from __future__ import annotations

from kvlens.config.json import JsonScanner
from kvlens.config.model import KV_FIELD, Config, Entry, Environment, Field, KvList, Namespace
from kvlens.config.toml import TomlScanner

__all__ = [
    "KV_FIELD",
    "Config",
    "ConfigReader",
    "Entry",
    "Environment",
    "Field",
    "KvList",
    "Namespace",
    "load_text",
]


class ConfigReader:
    """Reads the versions of one config file, keeping what did not change between them."""

    def __init__(self, path: str) -> None:
        self.path = path
        is_json = path.endswith((".json", ".jsonc"))
        self._scanner: JsonScanner | TomlScanner = JsonScanner() if is_json else TomlScanner()

    def read(self, text: str) -> Config:
        """Return the config of one version of the text. Never fails."""
        return Config(self.path, text, self._scanner.scan(text))


def load_text(text: str, path: str) -> Config:
    """Return the config of a text; the path's ending tells TOML from JSON. Never fails."""
    return ConfigReader(path).read(text)
