"""Find a binding's declarations and uses across configs and code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.config.query import entry_at
from kvlens.js.api import at, references
from kvlens.js.files import read_text
from kvlens.lsp.documents import to_range
from kvlens.text import LineIndex, Span

if TYPE_CHECKING:
    from kvlens.lsp.projects import ServedProject
    from kvlens.lsp.server import Server


class BindingRef(NamedTuple):
    """A binding at a position, and its project."""

    name: str
    span: Span
    project: ServedProject


class Use(NamedTuple):
    """One place that names a binding. The span includes quotes in a config, but not in code."""

    path: Path
    span: Span
    in_config: bool
    shorthand: bool = False


async def named_at(
    server: Server, uri: str, position: types.Position
) -> tuple[BindingRef, LineIndex] | None:
    """Return the binding at a position in an open config or source."""
    await server.found.wait()
    document = server.documents.get(uri)
    if document is None:
        return None
    config = server.diagnostics.config(uri)
    if config is not None:
        offset = document.offset(position)
        project = server.projects.get(Path(config.path))
        found = entry_at(config, offset)
        field = found[1].get("binding") if found else None
        name = found[1].text_of("binding") if found else None
        if project is None or field is None or name is None:
            return None
        if not field.value_span.start <= offset <= field.value_span.end:
            return None
        return BindingRef(name, field.value_span, project), document.index
    read = await server.sources.read(uri)
    if read is None:
        return None
    place = at(read.source, read.offset(position), read.context)
    if place is None or place.binding is None or place.kind not in ("binding", "alias", "method"):
        return None
    for each in read.context.configs:  # several, if Workers share the source
        owner = server.projects.get(Path(each.path))
        if owner is not None and declarations(server, owner, place.binding):
            return BindingRef(place.binding, place.span, owner), read.lines
    return None


def owner_config(server: Server, project: ServedProject) -> Config:
    """Return a project's config, with unsaved changes."""
    return server.diagnostics.config(server.uri(project.path)) or project.config


def declarations(server: Server, project: ServedProject, name: str) -> list[Use]:
    """Return the declarations of a binding in every environment of the configs of its code."""
    return [
        Use(one.path, span, True)
        for one in sharing(server, project)
        for span in owner_config(server, one).declarations(name)
    ]


def sharing(server: Server, project: ServedProject) -> list[ServedProject]:
    """Return a project and those with the same sources: the other configs of its folder."""
    others = [one for one in server.projects if one.folder == project.folder]
    return [project, *(one for one in others if one is not project)]


async def uses(server: Server, project: ServedProject, name: str) -> list[Use]:
    """Return the uses of a binding in a project's code; those in a linked file once."""
    if server.sources.is_parser_missing():
        return []
    found: dict[Use, None] = {}
    for path, source in await server.sources.of_project(project, name):
        context = await server.sources.context(path)
        home = path if server.documents.find(path) else server.sources.real_path(project, path)
        for use in references(source, name, context):
            found[Use(home, use.span, False, use.shorthand)] = None
    return list(found)


async def uses_with_sharers(server: Server, project: ServedProject, name: str) -> list[Use]:
    """Return all places of a binding: also those of Workers that use it in the same sources."""
    found: dict[Use, None] = {}
    waiting, others = [project], [one for one in server.projects if one is not project]
    while waiting:
        one = waiting.pop()
        others = [other for other in others if other.folder != one.folder]
        found.update(dict.fromkeys(declarations(server, one, name)))
        in_code = await uses(server, one, name)
        found.update(dict.fromkeys(in_code))
        shared = {use.path for use in in_code if not use.path.is_relative_to(one.folder)}
        for other in others if shared else ():
            if declarations(server, other, name):
                theirs = await uses(server, other, name)
                waiting += [other] if any(use.path in shared for use in theirs) else []
    return list(found)


def locations(server: Server, found: list[Use]) -> list[types.Location]:
    """Convert places to LSP locations."""
    indexes: dict[Path, LineIndex] = {}
    encoding = server.documents.encoding
    result = []
    for use in found:
        index = indexes.get(use.path)
        if index is None:
            index = indexes[use.path] = text_of(server, use.path)
        result.append(types.Location(server.uri(use.path), to_range(index, use.span, encoding)))
    return result


def text_of(server: Server, path: Path) -> LineIndex:
    """Return a file's text: the editor's if it is open, else the one on disk."""
    document = server.documents.find(path)
    if document is not None:
        return document.index
    return LineIndex(read_text(path) or "")
