"""Completion in code: the existing keys, the bindings that the config declares, KV's methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.js.api import completing
from kvlens.js.methods import DOCS_URL, METHODS
from kvlens.js.query import CursorTarget
from kvlens.lsp.bindings import owner_config
from kvlens.lsp.live_store import Live, store_of
from kvlens.lsp.sources import Read
from kvlens.stores.base import StoreError
from kvlens.text import Span
from kvlens.visible import one_line

if TYPE_CHECKING:
    from kvlens.lsp.server import Server

SHOWN = 60  # characters of a value
MOST = 200  # keys offered at a time; typing more narrows them down


async def answer(server: Server, params: types.CompletionParams) -> types.CompletionList | None:
    """Return keys inside `get("…")`, bindings after `env.`, or methods after `env.X.`."""
    uri = params.text_document.uri
    read = await server.sources.read(uri)
    if read is None:
        return None
    offset = read.offset(params.position)
    place = completing(read.source, offset, read.context)
    if place is None:
        return None
    where = read.range(Span(place.span.start, max(offset, place.span.end)))
    if place.kind == "key":
        return await _keys(server, uri, read, place, offset, where)
    dot = _dot(server, read, place)
    if place.kind == "method":
        return _first(_with_dot(_methods(server, read, place, where), dot))
    owner = server.sources.owner(server.path(uri))
    if owner is None:
        return None
    names = dict.fromkeys(n.binding for n in owner_config(server, owner).namespaces())
    items = (
        types.CompletionItem(
            label=name,
            kind=types.CompletionItemKind.Field,
            detail="KV namespace",
            text_edit=types.TextEdit(where, name),
        )
        for name in names
    )
    return _first(_with_dot(items, dot))


def _dot(server: Server, read: Read, place: CursorTarget) -> str:
    """Return the dot before a name, for VS Code; empty for other clients.

    VS Code's completions of JavaScript replace the dot too, so that what is typed fits them better
    than any that replace only the name.
    """
    before = read.source.text[max(0, place.span.start - 2) : place.span.start]
    if not server.has_palette or not before.endswith("."):
        return ""
    return before if before == "?." else "."


def _with_dot(items: Iterable[types.CompletionItem], dot: str) -> Iterable[types.CompletionItem]:
    for item in items:
        edit = item.text_edit
        if dot and isinstance(edit, types.TextEdit):
            edit.range = types.Range(
                types.Position(edit.range.start.line, edit.range.start.character - len(dot)),
                edit.range.end,
            )
            edit.new_text = dot + edit.new_text
            item.filter_text = dot + item.label
        yield item


def _first(
    items: Iterable[types.CompletionItem], *, is_incomplete: bool = False
) -> types.CompletionList:
    """Return the items in this order, ahead of what others propose, with the first one selected."""
    listed = list(items)
    for order, item in enumerate(listed):
        item.sort_text = f"0{order:04}"
        item.preselect = order == 0
    return types.CompletionList(is_incomplete=is_incomplete, items=listed)


def _methods(
    server: Server, read: Read, place: CursorTarget, where: types.Range
) -> Iterable[types.CompletionItem]:
    text = read.source.text
    called = text[place.span.end : place.span.end + 1] == "("
    quote = "'" if text.count("'") > text.count('"') else '"'
    for name, info in METHODS.items():
        snippet = f"{name}({info.arguments.replace('Q', quote)})$0"
        about = f"{info.about}\n\n[Documentation]({DOCS_URL}{info.page})"
        item = types.CompletionItem(
            label=name,
            kind=types.CompletionItemKind.Method,
            detail=name + info.signature,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, about),
            text_edit=types.TextEdit(where, name if called else snippet),
        )
        if not called:
            item.insert_text_format = types.InsertTextFormat.Snippet
            if server.has_palette:  # go on with the keys
                item.command = types.Command("Keys", "editor.action.triggerSuggest")
        yield item


async def _keys(
    server: Server, uri: str, read: Read, place: CursorTarget, offset: int, where: types.Range
) -> types.CompletionList | None:
    live = await store_of(server, uri, place.binding)
    if live is None:
        return None
    typed = read.source.text[place.span.start : offset]
    try:
        page = await live.store.list(live.id, prefix=typed, limit=MOST)
        values = await _values(live, [key.name for key in page.keys])
    except StoreError:
        return None
    quote = read.source.text[place.span.start - 1 : place.span.start]
    items = (
        types.CompletionItem(
            label=key.name,
            kind=types.CompletionItemKind.Value,
            detail=values.get(key.name) or key.metadata,
            documentation=key.metadata if key.name in values else None,
            text_edit=types.TextEdit(where, _escaped(key.name, quote)),
        )
        for key in page.keys
    )
    return _first(items, is_incomplete=not page.complete)


async def _values(live: Live, names: Sequence[str]) -> dict[str, str]:
    """Return the start of each value, or what it is; none from a store that reads them slowly."""
    if not names or not live.reads_fast:
        return {}
    rows = [row for row in await live.store.rows(live.id, names) if row is not None]
    texts = ((row.name, row.preview or row.kind or "") for row in rows)
    return {name: one_line(text)[:SHOWN] for name, text in texts if text}


def _escaped(name: str, quote: str) -> str:
    """Escape a key for a literal with these quotes."""
    text = name.replace("\\", "\\\\").replace(quote, "\\" + quote) if quote else name
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    return text.replace("${", "\\${") if quote == "`" else text
