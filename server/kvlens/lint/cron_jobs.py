"""Code that never runs twice at once: in a cron job or an alarm, and what only these call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from kvlens.js.callers import name_of
from kvlens.js.importing_calls import importing_calls
from kvlens.js.program import Modules
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, call_of
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node

_HANDLERS = ("scheduled", "alarm")
_MOST = 8  # calls of a function that are looked at
_HOPS = 4  # from function to function


def is_in_cron_job(source: Source, node: Node, modules: Modules | None, hops: int = _HOPS) -> bool:
    """Return whether code is in such a handler, or in a function that only they call."""
    function, outermost = ancestor(node, FUNCTIONS), None
    while function is not None:
        name = function.child_by_field_name("name")
        if name is None and function.parent is not None and function.parent.type == "pair":
            name = function.parent.child_by_field_name("key")
        if name is not None and source.text_of(name) in _HANDLERS:
            return True
        function, outermost = ancestor(function, FUNCTIONS), function
    if outermost is None or not hops:
        return False
    calls = list(islice(_calls(source, outermost, modules), _MOST + 1))
    return 0 < len(calls) <= _MOST and all(
        call is not None and is_in_cron_job(where, call, modules, hops - 1) for where, call in calls
    )


def _calls(
    source: Source, function: Node, modules: Modules | None
) -> Iterator[tuple[Source, Node | None]]:
    """Yield the calls of a function outside all others; None for another use."""
    name = name_of(function)
    declared = source.names.resolve(name) if name is not None else None
    if name is None or declared is None:
        yield source, None
        return
    for use in source.names.references(declared):
        if use.id != declared.node.id and (
            use.parent is None or use.parent.type != "export_specifier"
        ):
            yield source, call_of(use)
    if modules is not None:
        yield from importing_calls(source, source.text_of(name), modules)
