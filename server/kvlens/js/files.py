"""Read the sources of one project on disk, for the editor and the command line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kvlens.config.find import SKIPPED_FOLDERS, has_config_name
from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, is_regular, read_bytes
from kvlens.js.analysis import EnvType, merge_types
from kvlens.js.grammar import is_source
from kvlens.js.reader import read_source
from kvlens.js.source_context import env_types
from kvlens.js.syntax import Source

LARGEST = 1_000_000  # bytes; larger files come from a bundler
MOST_FILES = 5_000  # per project; the rest isn't read


def source_files(root: Path) -> Iterator[Path]:
    """Yield the sources in a folder and its subfolders in a stable order, at most MOST_FILES.

    Skips third-party and generated files, and subfolders with a config, which are separate
    projects.
    """
    count = 0
    top = os.fspath(root)
    for folder, folders, files in os.walk(top):
        if folder != top and any(map(has_config_name, files)):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if is_source(name) and not has_config_name(name):
                if count == MOST_FILES:
                    return
                count += 1
                yield Path(folder, name)


def read_text(path: Path) -> str | None:
    """Return the text of a source; None if it is missing, unreadable or over LARGEST."""
    try:
        return load(path)
    except SourceError:
        return None


class SourceError(KVLensError):
    """A source isn't read. The text says why, and what to do.

    `made`: it is so large that it comes from a bundler, and shouldn't be reported.
    """

    made = False


def load(path: Path) -> str:
    """Return the text of a source without a byte order mark. Raises SourceError."""
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
    """The texts of a project's sources, each parsed at first use and then kept."""

    def __init__(self, texts: dict[str, str], unread: dict[str, SourceError] | None = None) -> None:
        self.texts = texts  # path -> text
        self.unread = unread or {}  # path -> why a file couldn't be read
        self._parsed: dict[str, Source] = {}

    @classmethod
    def of(cls, paths: Iterable[Path]) -> SourceFiles:
        """Read these files; unreadable ones are in `unread`."""
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
        """Read the sources of the project with its config in this folder."""
        return cls.of(source_files(folder))

    def text(self, path: str) -> str:
        """Return the text of a source, or of another file; empty if it can't be read."""
        if path not in self.texts:
            try:
                self.texts[path] = load(Path(path))
            except SourceError as error:
                self.unread[path] = error
                self.texts[path] = ""
        return self.texts[path]

    def parsed(self, path: str) -> Source:
        """Return a parsed source.

        Raises:
            Unavailable: there is no parser here.
        """
        source = self._parsed.get(path)
        if source is None:
            source = self._parsed[path] = read_source(self.texts[path], path)
        return source

    def types(self) -> dict[str, EnvType]:
        """Return the members of Env in these sources, for `SourceContext.types`.

        Raises:
            Unavailable: there is no parser here.
        """
        return merge_types(
            env_types(self.parsed(path)) for path, text in self.texts.items() if may_type(text)
        )


def may_type(text: str) -> bool:
    """Return without parsing whether a source could type a member of Env as a namespace."""
    return "KVNamespace" in text
