"""Help while the arguments of a KV call are typed: its parameters, with their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from kvlens.js.api import calling
from kvlens.js.methods import DOCS_URL, METHODS, PARAMETERS

if TYPE_CHECKING:
    from kvlens.lsp.server import Server


async def answer(server: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """Return the signature of the call at a position in a source."""
    read = await server.sources.read(params.text_document.uri)
    if read is None:
        return None
    found = calling(read.source, read.offset(params.position), read.context)
    if found is None:
        return None
    info, known = METHODS[found.method], PARAMETERS[found.method]
    label = f"{found.method}({', '.join(parameter.label for parameter in known)})"
    start = len(found.method) + 1
    shown: list[types.ParameterInformation] = []
    for parameter in known:
        end = start + len(parameter.label)
        shown.append(types.ParameterInformation((start, end), _markdown(parameter.about)))
        start = end + 2
    about = f"{info.about} [Documentation]({DOCS_URL}{info.page})"
    signature = types.SignatureInformation(label, _markdown(about), shown)
    active = min(found.argument, len(known))  # beyond the last one, none is active
    return types.SignatureHelp([signature], active_signature=0, active_parameter=active)


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)
