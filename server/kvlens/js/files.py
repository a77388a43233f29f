"""The sources of one project on disk, read as the editor and the command line both read them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kvlens.config.find import CONFIG_NAMES, SKIPPED_FOLDERS
from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, is_regular, read_bytes
from kvlens.js.analysis import EnvType, merge_types
from kvlens.js.grammar import is_source
from kvlens.js.reader import read_source
from kvlens.js.source_context import env_types
from kvlens.js.syntax import Source

LARGEST = 1_000_000  # bytes; what is longer was made by a bundler
MOST_FILES = 5_000  # of one project; beyond it the rest is left unread


def source_files(root: Path) -> Iterator[Path]:
    """Yield the sources below a folder in a stable order, MOST_FILES at most.

    Left out are other people's and generated files, and folders below that have a config: they
    are projects of their own.
    """
    count = 0
    top = os.fspath(root)
    for folder, folders, files in os.walk(top):
        if folder != top and any(name in CONFIG_NAMES for name in files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if is_source(name):
                if count == MOST_FILES:
                    return
                count += 1
                yield Path(folder, name)


def read_text(path: Path) -> str | None:
    """Return the text of a source; None where it is gone, cannot be read or is over LARGEST."""
    try:
        return load(path)
    except SourceError:
        return None


class SourceError(KVLensError):
    """A source is not read; the text says why, and what to do.

    `made` tells that it is so large that a bundler made it: nobody wants to hear of it.
    """

    made = False


def load(path: Path) -> str:
    """Return the text of a source, a byte order mark left out; SourceError where it is not read."""
    try:
        data = read_bytes(path, LARGEST)
    except OSError as error:
        failed = SourceError(error.strerror or type(error).__name__)
        failed.made = isinstance(error, FileRefusedError) and is_regular(path)
        raise failed from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceError("is UTF-16 text; save it as UTF-8")
    return data.decode("utf-8-sig", "replace")


class SourceFiles:
    """The texts of a project's sources, each parsed when it is first asked for and then kept."""

    def __init__(self, texts: dict[str, str], unread: dict[str, SourceError] | None = None) -> None:
        self.texts = texts  # by their paths
        self.unread = unread or {}  # what is there and could not be read, by its path
        self._parsed: dict[str, Source] = {}

    @classmethod
    def of(cls, paths: Iterable[Path]) -> SourceFiles:
        """Read these files; those that cannot be read are in `unread`."""
        texts: dict[str, str] = {}
        unread: dict[str, SourceError] = {}
        for path in paths:
            try:
                texts[str(path)] = load(path)
            except SourceError as error:
                unread[str(path)] = error
        return cls(texts, unread)

    @classmethod
    def below(cls, folder: Path) -> SourceFiles:
        """Read the sources of the project whose config is in this folder."""
        return cls.of(source_files(folder))

    def text(self, path: str) -> str:
        """Return the text of one of them, or of another file; empty where it cannot be read."""
        if path not in self.texts:
            try:
                self.texts[path] = load(Path(path))
            except SourceError as error:
                self.unread[path] = error
                self.texts[path] = ""
        return self.texts[path]

    def parsed(self, path: str) -> Source:
        """Return one of them parsed.

        Raises:
            Unavailable: there is no parser here.
        """
        source = self._parsed.get(path)
        if source is None:
            source = self._parsed[path] = read_source(self.texts[path], path)
        return source

    def types(self) -> dict[str, EnvType]:
        """Return the members of Env that they write, for `SourceContext.types`.

        Raises:
            Unavailable: there is no parser here.
        """
        return merge_types(
            env_types(self.parsed(path)) for path, text in self.texts.items() if may_type(text)
        )


def may_type(text: str) -> bool:
    """Tell without parsing whether a source could say that a member of Env is a namespace."""
    return "KVNamespace" in text
