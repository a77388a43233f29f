"""`kvlens.historyValue`: a key's value before or after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from kvlens.kv.records import Unknown
from kvlens.lsp.command import Command, ParamsError
from kvlens.lsp.schema import InProject
from kvlens.lsp.targets import find_scope
from kvlens.operations.history import find_change
from kvlens.seeds.export import to_item

if TYPE_CHECKING:
    from typing_extensions import NotRequired

    from kvlens.lsp.command import Params
    from kvlens.lsp.server import Server


class Parameters(InProject):
    change: int
    before: NotRequired[bool]
    """Return the value before the change, not after it."""


class HistoryValue(TypedDict):
    """A value in the history with its metadata and expiration."""

    text: NotRequired[str]
    base64: NotRequired[str]
    """Instead of `text` if the bytes aren't UTF-8."""
    size: int
    """Bytes."""
    expiration: NotRequired[int]
    metadata: NotRequired[Any]


async def run(server: Server, params: Params) -> HistoryValue | None:
    """Return the value, or None if there was no such key or its value isn't known."""
    scope = await find_scope(server, params)
    number = params.get("change", int)
    if number is None:
        raise ParamsError('"change" is missing; it takes a number')
    change, before, after = await find_change(scope, number)
    state = before if params.get("before", bool) else after
    if state is None or isinstance(state, Unknown):
        return None
    item = to_item(change.key, state)
    value: HistoryValue = {"size": len(state.value)}
    value["base64" if item.get("base64") else "text"] = item["value"]
    if "expiration" in item:
        value["expiration"] = item["expiration"]
    if "metadata" in item:
        value["metadata"] = item["metadata"]
    return value


COMMAND = Command(run)
