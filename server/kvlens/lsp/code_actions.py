"""Quick fixes, rewrites and fix-all, as the rules offer them for a place of an open config."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.config.model import Config
from kvlens.config.project_context import read_context
from kvlens.lint.base import Fix, Problem
from kvlens.lint.fixes import fix_all, fixes_for, suppress
from kvlens.lint.rewrites import rewrites
from kvlens.lsp.documents import to_range
from kvlens.text import Span

if TYPE_CHECKING:
    from kvlens.lsp.documents import Document
    from kvlens.lsp.server import Server

QUICK_FIX = types.CodeActionKind.QuickFix.value
REWRITE = types.CodeActionKind.RefactorRewrite.value
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.kvlens"
KINDS = [QUICK_FIX, REWRITE, FIX_ALL]


async def answer(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Return what can be done at a range."""
    uri = params.text_document.uri
    document, config = server.documents.get(uri), server.diagnostics.config(uri)
    if document is None or config is None or config.text != document.text:
        return []
    problems = server.diagnostics.problems(uri)
    return await asyncio.to_thread(_actions, params, document, config, problems)


def _actions(
    params: types.CodeActionParams, document: Document, config: Config, problems: list[Problem]
) -> list[types.CodeAction]:
    return list(_offered(params, document, config, problems))


def _offered(
    params: types.CodeActionParams, document: Document, config: Config, problems: list[Problem]
) -> Iterator[types.CodeAction]:
    start = document.offset(params.range.start)
    span = Span(start, max(start, document.offset(params.range.end)))
    context = read_context(Path(config.path))
    only = params.context.only
    if _wanted(QUICK_FIX, only):
        here = [problem for problem in problems if _meet(problem.span, span)]
        for problem in here:
            fixes = fixes_for(config, problem, context)
            for number, fix in enumerate(fixes):
                action = _action(fix, QUICK_FIX, document, params, problem)
                action.is_preferred = number == 0 or None
                yield action
        for code in dict.fromkeys(problem.code for problem in here):
            same = [problem for problem in problems if problem.code == code]
            whole = fix_all(config, same, context) if len(same) > 1 else None
            if whole:
                yield _action(whole, QUICK_FIX, document, params)
        for problem in here:
            if quiet := suppress(config, problem, context):
                yield _action(quiet, QUICK_FIX, document, params, problem)
    if _wanted(REWRITE, only):
        for fix in rewrites(config, span):
            yield _action(fix, REWRITE, document, params)
    if only and _wanted(FIX_ALL, only):  # only where asked for: it is no part of a place's menu
        whole = fix_all(config, problems, context, only_safe=True)
        if whole:
            yield _action(whole, FIX_ALL, document, params)


def _action(
    fix: Fix,
    kind: str,
    document: Document,
    params: types.CodeActionParams,
    problem: Problem | None = None,
) -> types.CodeAction:
    edits = [
        types.TextEdit(to_range(document.index, edit.span, document.encoding), edit.text)
        for edit in fix.edits
    ]
    mended = None
    if problem:
        place = to_range(document.index, problem.span, document.encoding)
        mended = [
            known
            for known in params.context.diagnostics
            if known.code == problem.code and known.range == place
        ]
    return types.CodeAction(
        fix.title,
        kind=kind,
        diagnostics=mended or None,
        edit=types.WorkspaceEdit(changes={document.uri: edits}),
    )


def _wanted(kind: str, only: object) -> bool:
    """Tell whether a client that asks for some kinds wants this one, or one below them."""
    if not isinstance(only, list | tuple):
        return True
    names = [str(getattr(wanted, "value", wanted)) for wanted in only]
    return any(name in ("", kind) or kind.startswith(f"{name}.") for name in names)


def _meet(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
