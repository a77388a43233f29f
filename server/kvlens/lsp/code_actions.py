"""Quick fixes, rewrites and fix-all for open configs and sources, from the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.config.project_context import read_context
from kvlens.lint.base import Fix, Levels, Problem
from kvlens.lint.fix_file import fix_file
from kvlens.lint.fixable_config import FixableConfig
from kvlens.lint.fixes import Fixable, affordable, fix_all, fixes_for, suppress
from kvlens.lint.rewrites import rewrites
from kvlens.lint.suppressions import with_severity
from kvlens.lsp.code_action_resolve import fix_all_later
from kvlens.lsp.conversions import conversions
from kvlens.lsp.documents import Document, to_range
from kvlens.lsp.palette import PUT, command, subject
from kvlens.stopping import in_thread
from kvlens.stores.base import StoreError
from kvlens.text import LineIndex, Span
from kvlens.visible import notice

if TYPE_CHECKING:
    from kvlens.lsp.server import Server
    from kvlens.lsp.sources import Read

QUICK_FIX = types.CodeActionKind.QuickFix.value
EXTRACT = types.CodeActionKind.RefactorExtract.value
REWRITE = types.CodeActionKind.RefactorRewrite.value
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.kvlens"
MOST_PROBLEMS = 20  # of a selection: the first ones can be fixed


async def answer(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return the code actions for a range.

    What takes long has no edit yet where the client asks for it: see `code_action_resolve`.
    """
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or (config is not None and config.refused):
        return []
    only = params.context.only
    if only and [*only] == [FIX_ALL] and server.client.resolves_edits:
        return [fix_all_later(document)]
    actions = await actions_at(server, document, params)
    if config is not None and config.text == document.text and _wanted(REWRITE, only):
        actions += conversions(server, document, config, params.context)
    return actions


async def fix_all_edit(server: Server, document: Document) -> types.WorkspaceEdit:
    """Return the edit that fixes all problems of a text that have one certain answer."""
    start = types.Position(0, 0)
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(document.uri),
        types.Range(start, start),
        types.CodeActionContext([], only=[FIX_ALL]),
    )
    for action in await actions_at(server, document, params):
        if action.edit is not None:
            return action.edit
    return types.WorkspaceEdit()


async def actions_at(
    server: Server, document: Document, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """Return the code actions for a range, with their edits."""
    uri, config = document.uri, server.diagnostics.config(document.uri)
    levels, encoding = server.diagnostics.levels(uri), document.encoding
    if config is not None:
        if config.text != document.text:
            return []
        file = _File(uri, document.index, encoding, server.diagnostics.problems(uri))
        return await in_thread(_of_config, params, file, config, levels)
    read = await server.sources.read(uri)
    if read is None:
        return []
    from kvlens.lsp.bindings import text_of  # late: only where there are sources

    others = {
        config.path: _File(server.uri(path), index, encoding, [])
        for config in read.context.configs
        if (index := text_of(server, path := Path(config.path))).text == config.text
    }
    file = _File(uri, read.lines, encoding, [])
    actions = await in_thread(_of_source, params, file, read, levels, others)
    if _wanted(EXTRACT, params.context.only):
        actions += await in_thread(_extractions, params, file, read)
    if server.has_palette and _wanted(QUICK_FIX, params.context.only):
        actions += await _creating(server, uri, read, params.range.start)
    return actions


async def _creating(
    server: Server, uri: str, read: Read, position: types.Position
) -> list[types.CodeAction]:
    """Return the action that creates the key at a position, if there is no such key."""
    from kvlens.js.api import at  # late: only where there are sources
    from kvlens.lsp.live_store import store_of

    place = at(read.source, read.offset(position), read.context)
    if place is None or place.kind != "key" or not place.is_kv or not place.name:
        return []
    live = await store_of(server, uri, place.binding)
    try:
        if live is None or await live.has(place.name):
            return []
    except StoreError:
        return []
    binding = place.binding or ""
    named = subject(server, live.config, live.id, binding, live.environment, place.name)
    title = notice(f'Create the key "{place.name:.60}" in {binding}…')
    return [types.CodeAction(title, kind=QUICK_FIX, command=command(title, PUT, named))]


@dataclass
class _File:
    """A text that actions edit, with its problems."""

    uri: str
    index: LineIndex
    encoding: str
    problems: list[Problem]

    def offset(self, position: types.Position) -> int:
        return self.index.offset(position.line, position.character, self.encoding)

    def range(self, span: Span) -> types.Range:
        return to_range(self.index, span, self.encoding)


def _of_config(
    params: types.CodeActionParams, file: _File, config: Config, levels: Levels
) -> list[types.CodeAction]:
    fixable = FixableConfig(config, read_context(Path(config.path)))
    actions = list(_offered(params, file, fixable, {}, levels))
    if _wanted(REWRITE, params.context.only):
        found = rewrites(config, _span(params, file))
        actions += [_action(fix, REWRITE, file, params) for fix in found]
    return actions


def _of_source(
    params: types.CodeActionParams,
    file: _File,
    read: Read,
    levels: Levels,
    others: Mapping[str, _File],
) -> list[types.CodeAction]:
    from kvlens.lint.fixable_source import FixableSource  # late: only where there are sources

    fixable = FixableSource(read.source, read.context)
    found = (with_severity(problem, levels) for problem in fixable.problems)
    file.problems = [problem for problem in found if problem]
    return list(_offered(params, file, fixable, others, levels))


def _extractions(params: types.CodeActionParams, file: _File, read: Read) -> list[types.CodeAction]:
    from kvlens.js.extract_prefix import extract_prefix  # late: only where there are sources
    from kvlens.js.source_context import read as analyzed

    found = extract_prefix(analyzed(read.source, read.context), _span(params, file))
    if found is None:
        return []
    title = notice(f'Extract the key prefix "{found.prefix:.60}" to {found.name}')
    return [_action(Fix(title, found.edits), EXTRACT, file, params)]


def _offered(
    params: types.CodeActionParams,
    file: _File,
    fixable: Fixable,
    others: Mapping[str, _File],
    levels: Levels,
) -> Iterator[types.CodeAction]:
    span, only = _span(params, file), params.context.only
    if _wanted(QUICK_FIX, only):
        overlapping = (problem for problem in file.problems if _overlap(problem.span, span))
        here = list(islice(overlapping, MOST_PROBLEMS))
        each = here[: affordable(fixable, MOST_PROBLEMS)]
        last: list[types.CodeAction] = []
        for problem in each:
            for number, fix in enumerate(fixes_for(fixable, problem)):
                edited = file if fix.path is None else others.get(fix.path)
                if edited is None:  # the config has changed meanwhile
                    continue
                action = _action(fix, QUICK_FIX, edited, params, (file, problem))
                if fix.last:
                    last.append(action)
                    continue
                preferred = number == 0 and (fix.safe or fixable.prefers_unsafe)
                action.is_preferred = preferred or None
                yield action
        for code in dict.fromkeys(problem.code for problem in here):
            same = [problem for problem in file.problems if problem.code == code]
            whole = fix_all(fixable, same) if len(same) > 1 else None
            if whole:
                yield _action(whole, QUICK_FIX, file, params)
        for problem in each:
            if quiet := suppress(fixable, problem):
                yield _action(quiet, QUICK_FIX, file, params, (file, problem))
        yield from last
    if only and _wanted(FIX_ALL, only):  # only on request: it isn't in the quick-fix menu
        whole = fix_file(fixable, file.problems, levels)
        if whole:
            yield _action(whole, FIX_ALL, file, params)


def _span(params: types.CodeActionParams, file: _File) -> Span:
    start = file.offset(params.range.start)
    return Span(start, max(start, file.offset(params.range.end)))


def _action(
    fix: Fix,
    kind: str,
    edited: _File,
    params: types.CodeActionParams,
    fixed: tuple[_File, Problem] | None = None,
) -> types.CodeAction:
    edits = [types.TextEdit(edited.range(edit.span), edit.text) for edit in fix.edits]
    solved = None
    if fixed:
        file, problem = fixed
        place = file.range(problem.span)
        solved = [
            known
            for known in params.context.diagnostics
            if known.code == problem.code and known.range == place
        ]
    return types.CodeAction(
        fix.title,
        kind=kind,
        diagnostics=solved or None,
        edit=types.WorkspaceEdit(changes={edited.uri: edits}),
    )


def _wanted(kind: str, only: object) -> bool:
    """Return whether the requested kinds include this one or a parent of it."""
    if not isinstance(only, list | tuple):
        return True
    names = [str(getattr(wanted, "value", wanted)) for wanted in only]
    return any(name in ("", kind) or kind.startswith(f"{name}.") for name in names)


def _overlap(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
