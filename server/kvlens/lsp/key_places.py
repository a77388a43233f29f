"""Find who uses a key, over all Workers of the workspace that bind the same namespace."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from kvlens.js.api import key_use_at, key_uses
from kvlens.js.config_bindings import declared
from kvlens.js.key_uses import KeyPattern, KeyUse
from kvlens.js.source_context import SourceContext, is_test, may_matter
from kvlens.js.syntax import Source
from kvlens.lsp.bindings import owner_config, sharing
from kvlens.lsp.documents import to_range
from kvlens.stopping import in_thread
from kvlens.text import LineIndex, Span

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server

_IDS = ("id", "preview_id")


class KeyPlace(NamedTuple):
    """One use of a key in a source of the workspace."""

    path: Path
    lines: LineIndex
    source: Source
    context: SourceContext
    use: KeyUse

    def location(self, server: Server) -> types.Location:
        """Return where the key is."""
        return types.Location(server.uri(self.path), self.range(server, self.use.span))

    def range(self, server: Server, span: Span) -> types.Range:
        """Return the range of a span in this source."""
        return to_range(self.lines, span, server.documents.encoding)


class KeyAsked(NamedTuple):
    """A key that was asked for, and the namespaces that it may be in, by project."""

    pattern: KeyPattern
    ids: frozenset[str]
    place: KeyPlace
    owner: ServedProject


async def key_at(server: Server, uri: str, position: types.Position) -> KeyAsked | None:
    """Return the key of a call at a position in an open source."""
    read = await server.sources.read(uri)
    owner = server.sources.owner(server.path(uri)) if read is not None else None
    if read is None or owner is None:
        return None
    use = await in_thread(key_use_at, read.source, read.offset(position), read.context)
    if use is None:
        return None
    place = KeyPlace(server.path(uri), read.lines, read.source, read.context, use)
    return KeyAsked(use.pattern, ids_of(server, owner, use.bindings), place, owner)


def ids_of(server: Server, owner: ServedProject, bindings: Collection[str]) -> frozenset[str]:
    """Return the ids of a project's namespaces; of those without one, their own name there."""
    found: set[str] = set()
    for project in sharing(server, owner):
        for environment in owner_config(server, project).environments:
            for entry in (entry for kv in environment.kv for entry in kv.entries):
                binding = entry.text_of("binding")
                if binding in bindings:
                    ids = {text for name in _IDS if (text := entry.text_of(name))}
                    found |= ids or {f"{project.folder}\0{binding}"}
    return frozenset(found)


async def places_of(server: Server, pattern: KeyPattern, ids: Collection[str]) -> list[KeyPlace]:
    """Return the calls whose keys can match a pattern, in namespaces with these ids."""
    if server.sources.is_parser_missing():
        return []
    seen: set[tuple[Path, Span]] = set()
    found: list[KeyPlace] = []
    for place in await uses_of(server, ids):
        key = place.path, place.use.span
        if key not in seen and place.use.pattern.can_match(pattern):
            seen.add(key)
            found.append(place)
    return found


async def uses_of(server: Server, ids: Collection[str]) -> list[KeyPlace]:
    """Return all known keys in namespaces with these ids."""
    found: list[KeyPlace] = []
    folders: set[Path] = set()
    for project in server.projects:
        if project.folder in folders:
            continue  # another config of the same sources
        folders.add(project.folder)
        names = {
            binding
            for one in sharing(server, project)
            for binding in declared([owner_config(server, one)]).kv
            if ids_of(server, project, [binding]).intersection(ids)
        }
        if not names:
            continue
        context = await server.sources.context(project.folder / "x.ts")
        texts = await asyncio.to_thread(server.sources.texts_of, project)
        for path, text in texts:
            contexts = (
                context
                if path.is_relative_to(project.folder)
                else (await server.sources.context(path))
            )
            if is_test(str(path), contexts.configs) or not may_matter(text, contexts, str(path)):
                continue
            source = await asyncio.to_thread(server.sources.parsed, path, text)
            found += await in_thread(_uses, path, text, source, contexts, names)
    return found


def _uses(
    path: Path, text: str, source: Source, context: SourceContext, names: Collection[str]
) -> list[KeyPlace]:
    lines = LineIndex(text)
    return [
        KeyPlace(path, lines, source, context, use)
        for use in key_uses(source, context)
        if not use.bindings.isdisjoint(names)
    ]


def with_verbs(places: Collection[KeyPlace]) -> str:
    """Return what calls do with a key: `reads, writes`."""
    found = {place.use.verb for place in places}
    return ", ".join(verb for verb in _ORDER if verb in found)


_ORDER = ("reads", "writes", "deletes", "lists")
