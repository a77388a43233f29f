"""Read the sources of one project on disk, for the editor and the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kvlens.errors import KVLensError
from kvlens.files import FileRefusedError, is_regular, read_bytes
from kvlens.js import find
from kvlens.js.analysis import EnvType, merge_types
from kvlens.js.env_types import own_types
from kvlens.js.reader import read_source
from kvlens.js.resolution import Resolver, Workspace, imports_of
from kvlens.js.source_context import env_types, is_test
from kvlens.js.syntax import Source
from kvlens.text import is_utf16

LARGEST = 1_000_000  # bytes; larger files come from a bundler
MOST_MODULES = 40  # that are looked at for whether a source gets a namespace from them


def read_text(path: Path) -> str | None:
    """Return the text of a source; None if it is missing, unreadable or over LARGEST."""
    try:
        return load(path)
    except SourceError:
        return None


class SourceError(KVLensError):
    """A source isn't read. The text says why, and what to do.

    `made`: it is so large that a tool has probably made it, and reported only where it matters.
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
    if is_utf16(data):
        raise SourceError("is UTF-16 text; save it as UTF-8")
    return data.decode("utf-8-sig", "replace")


class SourceFiles:
    """The texts of a project's sources, each parsed at first use and then kept."""

    def __init__(
        self,
        texts: dict[str, str],
        unread: dict[str, SourceError] | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self.texts = texts  # path -> text
        self.unread = unread or {}  # path -> why a file couldn't be read
        self.is_cut = False  # there are more sources than are read
        self._parsed: dict[str, Source] = {}
        self._resolver = Resolver(workspace, texts) if workspace is not None else None
        self._importers: dict[str, list[str]] | None = None
        self._matching: dict[tuple[str, str], list[str]] = {}

    @classmethod
    def of(cls, paths: Iterable[Path], workspace: Workspace | None = None) -> SourceFiles:
        """Read these files; unreadable ones are in `unread`."""
        texts: dict[str, str] = {}
        unread: dict[str, SourceError] = {}
        for path in paths:
            try:
                texts[str(path)] = load(path)
            except SourceError as error:
                unread[str(path)] = error
        return cls(texts, unread, workspace)

    @classmethod
    def below(
        cls, folder: Path, workspace: Workspace | None = None, entries: Iterable[str] = ()
    ) -> SourceFiles:
        """Read the sources of the project with its config in this folder.

        Also the `entries` that the config names elsewhere in the workspace, and what is
        imported from there.
        """
        found = cls.of(find.source_files(folder), workspace)
        is_full = len(found.texts) + len(found.unread) >= find.MOST_FILES
        found.is_cut = is_full and find.has_too_many(folder)
        if found._resolver is not None:
            elsewhere = list(graph(found.texts, found._resolver, outside(folder, entries)))
            found.is_cut = found.is_cut or len(elsewhere) >= find.MOST_FILES
            for path in elsewhere:
                found.text(path)
        return found

    def replace(self, texts: Mapping[str, str]) -> None:
        """Use these texts instead of what is on disk."""
        self.texts |= texts
        for path in texts:
            self.unread.pop(path, None)

    # the modules of a project, see `program.Modules`

    def resolve(self, importer: str, name: str) -> str | None:
        """Return the path of the project's source that another one imports by this name."""
        if self._resolver is None:
            return None
        return self._resolver.resolve(importer, name)

    def source(self, path: str) -> Source | None:
        """Return a parsed source; None if it can't be read."""
        if not self.text(path):
            return None
        return self.parsed(path)

    def importers(self, path: str) -> list[str]:
        """Return the sources that import a source, without those for tests, which pass doubles."""
        if self._importers is None:
            self._importers = {}
            for importer, text in self.texts.items():
                if is_test(importer):
                    continue
                for name in self._imports(importer, text):
                    found = self.resolve(importer, name)
                    if found is not None and found != importer:
                        self._importers.setdefault(found, []).append(importer)
        return list(dict.fromkeys(self._importers.get(path, ())))

    def matching(self, word: str, pattern: str) -> list[str]:
        """Return the sources that contain a word and match a pattern, without those for tests."""
        found = self._matching.get((word, pattern))
        if found is None:
            expression = re.compile(pattern)
            found = self._matching[word, pattern] = [
                path
                for path, text in self.texts.items()
                if word in text and not is_test(path) and expression.search(text)
            ]
        return found

    def imported_texts(self, path: str) -> Iterator[str]:
        """Yield the texts of the project's modules that a source imports."""
        for name in self._imports(path, self.texts.get(path, "")):
            found = self.resolve(path, name)
            if found is not None:
                yield self.texts.get(found, "")

    def is_near(self, path: str, words: tuple[str, ...]) -> bool:
        """Return whether a source imports modules with one of these words, or is imported there."""
        if any(self._has(each, words) for each in self.importers(path)):
            return True
        seen, waiting = {path}, [path]
        while waiting and len(seen) < MOST_MODULES:
            one = waiting.pop()
            for name in self._imports(one, self.texts.get(one, "")):
                found = self.resolve(one, name)
                if found is not None and found not in seen:
                    if self._has(found, words):
                        return True
                    seen.add(found)
                    waiting.append(found)
        return False

    def _imports(self, path: str, text: str) -> Iterable[str]:
        return self._resolver.imports(path, text) if self._resolver is not None else ()

    def _has(self, path: str, words: tuple[str, ...]) -> bool:
        text = self.texts.get(path, "")
        return any(word in text for word in words)

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


def outside(folder: Path, paths: Iterable[str]) -> list[str]:
    """Return the paths that aren't in a folder."""
    inside = os.path.join(folder, "")  # noqa: PTH118 - for every source
    return [
        path
        for path in paths
        if not path.startswith(inside) and not Path(path).is_relative_to(folder)
    ]


def graph(
    texts: Mapping[str, str], resolver: Resolver, entries: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the entries and what they and the texts import, and so on, if not in the texts.

    At most MOST_FILES.
    """
    waiting: list[tuple[str, Iterable[str]]]
    waiting = [(path, resolver.imports(path, text)) for path, text in texts.items()]
    seen = set(texts)
    size = len(seen)
    for entry in entries:
        if entry not in seen and resolver.entry(entry) is not None:
            seen.add(entry)
            yield entry
            waiting.append((entry, _imports(entry, resolver)))
    while waiting:
        path, names = waiting.pop()
        for name in names:
            found = resolver.resolve(path, name)
            if found is None or found in seen:
                continue
            if len(seen) - size >= find.MOST_FILES:
                return
            seen.add(found)
            yield found
            waiting.append((found, _imports(found, resolver)))


def _imports(path: str, resolver: Resolver) -> Iterable[str]:
    """Return what a file imports, which is read once for all projects of a workspace."""
    known = resolver.workspace.imports
    if path not in known:
        known[path] = tuple(imports_of(read_text(Path(path)) or ""))
    return known[path]


def may_type(text: str) -> bool:
    """Return without parsing whether a source could type a member of Env as a namespace."""
    return "KVNamespace" in own_types(text)
