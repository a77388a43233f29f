"""Read a Worker's config: text -> scan -> tables -> model for Workers KV."""

from __future__ import annotations

from kvlens.config.json import JsonScanner
from kvlens.config.limits import LARGEST, Refusal, TooMuchError, too_large
from kvlens.config.model import Config
from kvlens.config.toml import TomlScanner
from kvlens.text import Span


class ConfigReader:
    """Reads the versions of one config file, reusing unchanged parts."""

    def __init__(self, path: str) -> None:
        self.path = path
        is_json = path.endswith((".json", ".jsonc"))
        self._scanner: JsonScanner | TomlScanner = JsonScanner() if is_json else TomlScanner()

    def read(self, text: str) -> Config:
        """Return the config of one version of the text. Never fails.

        A text over the limits isn't parsed, and `refused` says why.
        """
        try:
            if len(text) > LARGEST:
                raise too_large(len(text))
            return Config(self.path, text, self._scanner.scan(text))
        except TooMuchError as error:
            reason, (start, end) = error.refusal
            place = Span(min(start, len(text)), min(end, len(text)))
            return Config(self.path, text, self._scanner.scan(""), Refusal(reason, place))


def load_text(text: str, path: str) -> Config:
    """Return the config of a text, as TOML or JSON by the path's extension. Never fails."""
    return ConfigReader(path).read(text)
