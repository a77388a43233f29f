"""The Workers' sources: the open ones, and those of a project on disk.

Imported when the first source is opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.files import is_there
from kvlens.js.analysis import EnvType, merge_types
from kvlens.js.config_bindings import belonging, entries
from kvlens.js.files import (
    SourceError,
    SourceFiles,
    graph,
    load,
    may_type,
    outside,
)
from kvlens.js.find import MOST_FILES, has_too_many, source_files
from kvlens.js.grammar import is_source, unavailable
from kvlens.js.reader import read_source
from kvlens.js.resolution import Resolver, Workspace, workspace_root
from kvlens.js.source_context import (
    ALONE,
    SourceContext,
    env_types,
    is_other_config,
    other_config_texts,
)
from kvlens.js.syntax import Source
from kvlens.lint.base import Problem
from kvlens.lint.check_sources import check_with_sources
from kvlens.lint.problems import too_many_sources
from kvlens.lint.source_checker import SourceChecker
from kvlens.lsp.documents import Document, to_range
from kvlens.lsp.spelling import file_path
from kvlens.stopping import in_thread
from kvlens.text import LineIndex, Span

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server

Types = Mapping[str, EnvType]
PAUSE = 0.5  # seconds without a key, longer than between two keys, before all of it is checked
_MOST_PROJECTS = 50  # that a source outside their folders may belong to


class ProjectSources(NamedTuple):
    """What a project's sources say of each other."""

    types: Types
    other_texts: frozenset[str]
    files: SourceFiles


class Opened:
    """A source that the editor has open."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.checker = SourceChecker(path)
        self.checking = False
        self.stale = True  # not yet checked as it is now
        self.typed = False  # nothing but its text has changed since
        self.pause: asyncio.TimerHandle | None = None


def _stop(opened: Opened) -> None:
    """Don't check a source after a pause: it is checked now, or closed."""
    if opened.pause is not None:
        opened.pause.cancel()
        opened.pause = None


class Read(NamedTuple):
    """One version of an open source, with its positions: the text may change meanwhile."""

    source: Source
    context: SourceContext
    lines: LineIndex
    encoding: str

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position in this version."""
        return self.lines.offset(position.line, position.character, self.encoding)

    def range(self, span: Span) -> types.Range:
        """Return the range of a span in this version."""
        return to_range(self.lines, span, self.encoding)


class Text:
    """The text of a source, parsed on demand."""

    def __init__(self, path: Path, text: str, stamp: tuple[int, int] | None = None) -> None:
        self.path = path
        self.text = text
        self.stamp = stamp  # of the file, if it was read from disk
        self._parsed: Source | None = None

    def source(self) -> Source:
        """Return the parsed source."""
        if self._parsed is None:
            self._parsed = read_source(self.text, str(self.path))
        return self._parsed


class Sources:
    """Checks open sources, and reads the sources of a project."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, Opened] = {}
        self._disk: dict[Path, Text] = {}
        self._contexts: dict[Path, asyncio.Future[ProjectSources]] = {}  # by a project's folder
        self._outside: dict[Path, list[Path]] = {}  # sources that a project imports from elsewhere
        self._reported = False

    # open texts -----------------------------------------------------------------------------

    def did_open(self, document: Document) -> None:
        """Check an opened document, if it is a source."""
        path = file_path(document.uri)
        if path is None or not is_source(path) or self.is_parser_missing():
            return
        self._open[document.uri] = Opened(document, path)
        self.check(document.uri)

    def did_change(self, document: Document) -> None:
        """Check an edited source; of a large one, what was edited, and the rest after a pause."""
        opened = self._open.get(document.uri)
        if opened is not None:
            opened.typed = opened.typed or not opened.stale
            self._check_soon(document.uri, opened)

    def did_close(self, uri: str) -> None:
        """Forget a source and clear its diagnostics."""
        if opened := self._open.pop(uri, None):
            _stop(opened)
            self._server.diagnostics.publish(uri, [], None, opened.document.index)

    def files_changed(self, uris: Iterable[str]) -> None:
        """Check projects and open sources again if sources changed on disk."""
        paths = [self._server.path(uri) for uri in uris]
        if any(is_source(str(path)) or is_other_config(path.name) for path in paths):
            self._contexts.clear()
            self._outside.clear()
            self.check_all()
            self._server.diagnostics.sources_changed()

    def check_all(self) -> None:
        """Check every open source again: a config or another source has changed."""
        for uri in self._open:
            self.check(uri)

    def check(self, uri: str) -> None:
        """Check an open source. Changes during a check lead to one more check."""
        opened = self._open[uri]
        opened.typed = False
        self._check_soon(uri, opened)

    def _check_soon(self, uri: str, opened: Opened) -> None:
        _stop(opened)
        opened.stale = True
        if not opened.checking:
            opened.checking = True
            self._server.create_task(self._check(uri, opened))

    def is_parser_missing(self) -> bool:
        """Return whether the parser is missing, and log that once."""
        missing = unavailable()
        if missing and not self._reported:
            self._reported = True
            self._server.log("warning", f"Worker sources aren't checked: {missing}")
        return bool(missing)

    async def _check(self, uri: str, opened: Opened) -> None:
        try:
            await self._server.found.wait()
            while opened.stale and self._open.get(uri) is opened:
                typed, opened.stale, opened.typed = opened.typed, False, False
                document, index = opened.document, opened.document.index
                version, checker = document.version, opened.checker
                context = await self.context(Path(opened.path))
                problems = None
                if typed:
                    problems = await in_thread(checker.check_part, index.text, context)
                is_part = problems is not None
                if problems is None:
                    problems = await in_thread(checker.check, index.text, context)
                if self._open.get(uri) is opened and document.index is index:
                    self._server.diagnostics.publish(uri, problems, version, index)
                    if is_part and not opened.stale:
                        loop = asyncio.get_running_loop()
                        opened.pause = loop.call_later(PAUSE, self.check, uri)
        finally:
            opened.checking = False

    # reading --------------------------------------------------------------------------------

    async def read(self, uri: str) -> Read | None:
        """Return a parsed open source with its project."""
        opened = self._open.get(uri)
        if opened is None:
            return None
        await self._server.found.wait()
        context = await self.context(Path(opened.path))
        index, encoding = opened.document.index, opened.document.encoding
        source = await asyncio.to_thread(opened.checker.reader.read, index.text)
        return Read(source, context, index, encoding)

    def configs(self) -> list[Config]:
        """Return the configs of all projects, with the editor's text if they are open."""
        diagnostics, uri = self._server.diagnostics, self._server.uri
        return [
            diagnostics.config(uri(project.path)) or project.config
            for project in self._server.projects
        ]

    def owner(self, path: Path) -> ServedProject | None:
        """Return the project that a source belongs to."""
        for config in belonging(str(path), self.configs()):
            return self._server.projects.get(Path(config.path))
        return None

    async def context(self, path: Path) -> SourceContext:
        """Return the context of a source: its configs, and the project's other sources."""
        configs = belonging(str(path), self.configs())
        owner = self._server.projects.get(Path(configs[0].path)) if configs else None
        if owner is not None:
            types, other_texts, files = await self._project(owner)
            return SourceContext(configs, types, other_texts, files)
        importing = [
            (config, found)
            for config in self.configs()[:_MOST_PROJECTS]
            if (project := self._server.projects.get(Path(config.path))) is not None
            and self._may_import(project, path)
            and str(path) in (found := await self._project(project)).files.texts
        ]
        if not importing:
            return ALONE
        _, (types, other_texts, files) = importing[0]
        return SourceContext([config for config, _ in importing], types, other_texts, files)

    def _may_import(self, project: ServedProject, path: Path) -> bool:
        return path.is_relative_to(self._root(project.path.parent))

    def _project(self, owner: ServedProject) -> asyncio.Future[ProjectSources]:
        folder = owner.path.parent
        looking = self._contexts.get(folder)
        if looking is None:
            looking = asyncio.ensure_future(asyncio.to_thread(self._read_project, owner))
            self._contexts[folder] = looking
        return asyncio.shield(looking)

    def _read_project(self, owner: ServedProject) -> ProjectSources:
        folder = owner.path.parent
        texts = list(self._texts(owner))
        types = merge_types(env_types(text.source()) for text in texts if may_type(text.text))
        files = SourceFiles(
            {str(text.path): text.text for text in texts}, workspace=Workspace(self._root(folder))
        )
        return ProjectSources(types, other_config_texts(folder), files)

    def _root(self, folder: Path) -> Path:
        """Return the folder in which a project's imports are followed."""
        opened = [path for path in self._server.folder_paths() if folder.is_relative_to(path)]
        return min(opened, key=lambda path: len(path.parts)) if opened else workspace_root(folder)

    async def unused(self, config: Config) -> list[Problem]:
        """Return the namespaces of a config that no source uses, as problems of the config."""
        await self._server.found.wait()
        owner = self._server.projects.get(Path(config.path))
        if owner is None or self.is_parser_missing():
            return []
        return await in_thread(self._unused, owner, config)

    def _unused(self, owner: ServedProject, config: Config) -> list[Problem]:
        try:
            found = {str(text.path): text for text in self._texts(owner, whole=True)}
        except SourceError:
            return []  # unread sources may use any binding
        folder = owner.path.parent
        if len(found) >= MOST_FILES and has_too_many(folder):
            return [too_many_sources(MOST_FILES)]
        texts = {path: text.text for path, text in found.items()}
        return check_with_sources(config, texts, lambda path: found[path].source())

    async def of_project(self, owner: ServedProject, word: str) -> list[tuple[Path, Source]]:
        """Return a project's sources that contain a word, with the editor's text if open."""
        return await asyncio.to_thread(self._with_word, owner, word)

    def texts_of(self, owner: ServedProject) -> list[tuple[Path, str]]:
        """Return the texts of a project's sources, the editor's if open. Slow: for a thread."""
        return [(text.path, text.text) for text in self._texts(owner)]

    def real_path(self, owner: ServedProject, path: Path) -> Path:
        """Return where a source is in the workspace without the links on the way to it."""
        root = self._root(owner.path.parent)
        real, top = Path(os.path.realpath(path)), Path(os.path.realpath(root))
        return root / real.relative_to(top) if real.is_relative_to(top) else path

    def parsed(self, path: Path, text: str) -> Source:
        """Return a source parsed, which is kept while it stays the same on disk."""
        known = self._disk.get(path)
        return (known if known is not None and known.text == text else Text(path, text)).source()

    def _with_word(self, owner: ServedProject, word: str) -> list[tuple[Path, Source]]:
        texts = self._texts(owner)
        return [(text.path, text.source()) for text in texts if word in text.text]

    def _texts(self, owner: ServedProject, *, whole: bool = False) -> Iterator[Text]:
        """Yield a project's sources, with the editor's text if they are open.

        Unreadable ones are skipped, or raise SourceError with `whole`.
        """
        edited = {Path(opened.path): opened for opened in list(self._open.values())}
        found: dict[str, str] = {}
        for path in self._files(owner, found):
            try:
                opened = edited.get(path)
                text = Text(path, opened.document.text) if opened else self._load(path)
            except SourceError:
                if whole and is_there(path):
                    raise
                continue
            found[str(path)] = text.text
            yield text

    def _files(self, owner: ServedProject, texts: Mapping[str, str]) -> Iterator[Path]:
        """Yield the sources in a folder, and then what the `texts` read so far import."""
        folder = owner.path.parent
        yield from source_files(folder)
        if folder not in self._outside:
            resolver = Resolver(Workspace(self._root(folder)), texts)
            started = outside(folder, entries(owner.config))
            self._outside[folder] = [Path(path) for path in graph(texts, resolver, started)]
        yield from self._outside[folder]

    def _load(self, path: Path) -> Text:
        try:
            stat = path.stat()
        except OSError as error:
            raise SourceError(str(error)) from error
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._disk.get(path)
        if known is None or known.stamp != stamp:
            known = self._disk[path] = Text(path, load(path), stamp)
        return known
