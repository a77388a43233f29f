"""Read a Worker's config: text -> scan -> tables -> model for Workers KV."""

from __future__ import annotations

import importlib
from typing import Protocol

from kvlens.config.comments import syntax_of
from kvlens.config.json import JsonScanner
from kvlens.config.limits import LARGEST, Refusal, TooMuchError, too_large
from kvlens.config.model import Config
from kvlens.config.nodes import Sections
from kvlens.config.toml import TomlScanner
from kvlens.text import Span

# By name, as stores and rules: reading code is above this part, which only knows its tree.
_CODE_SCANNER = "kvlens.js.config_scanner"


class ConfigReader:
    """Reads the versions of one config file, reusing unchanged parts."""

    def __init__(self, path: str, counted: frozenset[str] | None = None) -> None:
        """Take the environments that count besides the top level; None: all of them."""
        self.path = path
        self.counted = counted
        self._scanner = _scanner(path)

    def read(self, text: str) -> Config:
        """Return the config of one version of the text. Never fails.

        A text over the limits isn't parsed, and `refused` says why.
        """
        try:
            if len(text) > LARGEST:
                raise too_large(len(text))
            return Config(self.path, text, self._scanner.scan(text), counted=self.counted)
        except TooMuchError as error:
            reason, (start, end) = error.refusal
            place = Span(min(start, len(text)), min(end, len(text)))
            return Config(self.path, text, TomlScanner().scan(""), Refusal(reason, place))


class _Scanner(Protocol):
    def scan(self, text: str) -> Sections:
        """Return the sections of a text. Raises TooMuchError."""


def _scanner(path: str) -> _Scanner:
    syntax = syntax_of(path)
    if syntax == "code":
        scanner: _Scanner = importlib.import_module(_CODE_SCANNER).CodeScanner(path)
        return scanner
    return JsonScanner() if syntax == "json" else TomlScanner()


def load_text(text: str, path: str, counted: frozenset[str] | None = None) -> Config:
    """Return the config of a text, in the language of the path's extension. Never fails.

    `counted` are the environments that count besides the top level; None: all of them.
    """
    return ConfigReader(path, counted).read(text)
