"""The Workers' sources: the ones that are open, and those of a project on disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pygls.uris import to_fs_path

from kvlens import source as js
from kvlens.config import Config
from kvlens.config.find import walk
from kvlens.lsp.documents import Document
from kvlens.rules import Problem
from kvlens.source.syntax import Source

if TYPE_CHECKING:
    from kvlens.lsp.projects import Project
    from kvlens.lsp.server import Server

LARGEST = 1_000_000  # bytes; what is longer was made by a bundler
MOST_FILES = 5_000  # of one project; beyond it the rest is left unread


class Opened:
    """A source that the editor has open."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.reader = js.SourceReader(path)
        self.checking = False
        self.stale = True


class OnDisk:
    """A source that is not open, as it was when it was last read."""

    def __init__(self, path: Path, stamp: tuple[int, int]) -> None:
        self.stamp = stamp
        self.text = path.read_text(encoding="utf-8-sig", errors="replace")
        self.parsed: Source | None = None

    def source(self, path: Path) -> Source:
        """Return it parsed."""
        if self.parsed is None:
            self.parsed = js.read_source(self.text, str(path))
        return self.parsed


class Sources:
    """Reads sources with what their configs declare."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: dict[str, Opened] = {}
        self._disk: dict[Path, OnDisk] = {}
        self._types: dict[Path, Mapping[str, js.EnvType]] = {}
        self._told = False

    # open texts -----------------------------------------------------------------------------

    def opened(self, document: Document) -> None:
        """Take up a text that was opened, if it is a source."""
        path = to_fs_path(document.uri)
        if path is None or not js.is_source(path) or self.absent():
            return
        self._open[document.uri] = Opened(document, path)
        self.check(document.uri)

    def changed(self, document: Document) -> None:
        """Check a source that was edited."""
        if document.uri in self._open:
            self.check(document.uri)

    def closed(self, uri: str) -> None:
        """Forget a source and what was said of it."""
        if opened := self._open.pop(uri, None):
            self._server.diagnostics.say(uri, [], None, opened.document.index)

    def check_all(self) -> None:
        """Check every open source again: a config or another source has changed."""
        for uri in self._open:
            self.check(uri)

    def check(self, uri: str) -> None:
        """Check an open source, once for all changes that come while it is checked."""
        opened = self._open[uri]
        opened.stale = True
        if not opened.checking:
            opened.checking = True
            self._server.soon(self._check(uri, opened))

    def absent(self) -> bool:
        """Tell whether sources cannot be read here, and say so once."""
        missing = js.unavailable()
        if missing and not self._told:
            self._told = True
            self._server.log("warning", f"Sources are not checked: {missing}")
        return bool(missing)

    async def _check(self, uri: str, opened: Opened) -> None:
        try:
            await self._server.found.wait()
            while opened.stale and self._open.get(uri) is opened:
                opened.stale = False
                document, index = opened.document, opened.document.index
                version = document.version
                project = await self.project(Path(opened.path))
                problems = await asyncio.to_thread(_check, opened.reader, index.text, project)
                if self._open.get(uri) is opened and document.index is index:
                    self._server.diagnostics.say(uri, problems, version, index)
        finally:
            opened.checking = False

    # reading --------------------------------------------------------------------------------

    def document(self, uri: str) -> Document | None:
        """Return an open source's text."""
        opened = self._open.get(uri)
        return opened.document if opened else None

    async def read(self, uri: str) -> tuple[Source, js.Project] | None:
        """Return an open source, parsed, with the project that it belongs to."""
        opened = self._open.get(uri)
        if opened is None:
            return None
        await self._server.found.wait()
        project = await self.project(Path(opened.path))
        return await asyncio.to_thread(opened.reader.read, opened.document.text), project

    def configs(self) -> list[Config]:
        """Return the configs of all projects, open ones as the editor has them."""
        diagnostics, uri = self._server.diagnostics, self._server.uri
        return [
            diagnostics.config(uri(project.path)) or project.config
            for project in self._server.projects
        ]

    def owner(self, path: Path) -> Project | None:
        """Return the project that a source belongs to."""
        for config in js.belonging(str(path), self.configs()):
            return self._server.projects.get(Path(config.path))
        return None

    async def project(self, path: Path) -> js.Project:
        """Return what a source is read with: its configs and the types of its other files."""
        owner = self.owner(path)
        if owner is None:
            return js.ALONE
        folder = owner.path.parent
        if folder not in self._types:
            self._types[folder] = {}
            self._types[folder] = await asyncio.to_thread(self._read_types, owner)
        configs = js.belonging(str(path), self.configs())
        return js.Project(configs, self._types[folder])

    def forget_types(self) -> None:
        """Read the types of Env anew: sources have changed on disk."""
        self._types.clear()

    async def unused(self, config: Config) -> list[Problem]:
        """Return the namespaces of a config that no source uses, as problems of the config."""
        owner = self._server.projects.get(Path(config.path))
        if owner is None or self.absent():
            return []
        return await asyncio.to_thread(self._unused, owner, config)

    def _unused(self, owner: Project, config: Config) -> list[Problem]:
        texts: dict[str, str] = {}
        edited = {Path(opened.path): opened for opened in self._open.values()}
        for path in self._files(owner):
            known = None if path in edited else self._load(path)
            if path in edited:
                texts[str(path)] = edited[path].document.text
            elif known:
                texts[str(path)] = known.text
        return js.unused(config, texts)

    async def of_project(self, owner: Project, word: str) -> list[tuple[Path, Source]]:
        """Return a project's sources that have a word in them, open ones as the editor has them."""
        return await asyncio.to_thread(self._with_word, owner, word)

    def _with_word(self, owner: Project, word: str) -> list[tuple[Path, Source]]:
        edited = {Path(opened.path): opened for opened in self._open.values()}
        found = []
        for path in self._files(owner):
            if path in edited:
                text = edited[path].document.text
                if word in text:
                    found.append((path, js.read_source(text, str(path))))
                continue
            known = self._load(path)
            if known and word in known.text:
                found.append((path, known.source(path)))
        return found

    def _read_types(self, owner: Project) -> Mapping[str, js.EnvType]:
        groups = []
        for path in self._files(owner):
            known = self._load(path)
            if known and "KVNamespace" in known.text:
                groups.append(js.env_types(known.source(path)))
        return js.merge_types(groups)

    def _files(self, owner: Project) -> Iterable[Path]:
        configs = [str(project.path.parent) for project in self._server.projects]
        count = 0
        for path in walk(owner.path.parent):
            if not js.is_source(str(path)):
                continue
            folders = [folder for folder in configs if str(path).startswith(folder + os.sep)]
            if max(folders, key=len, default="") != str(owner.path.parent):
                continue  # of a project in a folder below
            count += 1
            if count > MOST_FILES:
                return
            yield path

    def _load(self, path: Path) -> OnDisk | None:
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            known = self._disk.get(path)
            if known is None or known.stamp != stamp:
                if stat.st_size > LARGEST:
                    return None
                known = self._disk[path] = OnDisk(path, stamp)
        except OSError:
            return None
        return known


def _check(reader: js.SourceReader, text: str, project: js.Project) -> list[Problem]:
    path = reader.path
    if js.is_test(path, project.configs) or not js.may_matter(text, project):
        return []
    return js.check_source(reader.read(text), project)
