"""Whether two KV calls are certainly of one key, also where another function makes one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.callers import plain_parameter
from kvlens.js.calls import KvCall
from kvlens.js.scopes import FUNCTIONS, is_assigned, is_set
from kvlens.js.syntax import Source, arguments_of, plain
from kvlens.js.tree import ancestor

if TYPE_CHECKING:
    from tree_sitter import Node


def is_same_key(put: KvCall, get: KvCall, item: Node | None, through: Node | None) -> bool:
    """Return whether both calls are certainly of one key of one namespace.

    `item`: the key with which the value is taken from what a bulk get() returns.
    `through`: the call of the function that reads.
    """
    if put.binding is None or put.binding != get.binding:
        text = put.source.text_of
        if put.binding or get.binding or text(plain(put.receiver)) != text(plain(get.receiver)):
            return False
    if put.key is None or get.key is None or (get.key.kind == "array" and item is None):
        return False
    got = put.folder.value(item) if item is not None else get.key
    if put.key.kind == got.kind == "string":
        return put.key.value == got.value
    one = put.argument_nodes[0]
    if through is not None:
        other = with_arguments(get, get.argument_nodes[0], put.source, through)
    else:
        other = put.source.text_of(item or get.argument_nodes[0])
    if put.source.text_of(one) != other:
        return False
    since = through or get.node
    return all(_is_set_before(put.source, node, since) for node in identifiers(one))


def with_arguments(kv_call: KvCall, node: Node, caller: Source, call: Node) -> str | None:
    """Return the text of an expression, with what a call passes in place of the parameters.

    None if it has other variables that may change. `kv_call`: the call that it is part of;
    `call`: that of the function around it, in the source `caller`.
    """
    source, given = kv_call.source, arguments_of(call)
    text, at = "", node.start_byte
    for name in identifiers(node):
        declared = source.names.resolve(name)
        if declared is None or ancestor(declared.node, FUNCTIONS) is None:
            if declared is not None and is_assigned(source.names, declared):
                return None
            continue
        own = plain_parameter(source.names, declared)
        is_own = ancestor(declared.node, FUNCTIONS) == ancestor(kv_call.node, FUNCTIONS)
        if own is None or not is_own or is_assigned(source.names, declared):
            return None
        if own.at >= len(given) or any(one.type == "spread_element" for one in given):
            return None
        if not all(_is_set_before(caller, one, call) for one in identifiers(given[own.at])):
            return None
        before = source.offsets.data[at : name.start_byte].decode("utf-8", "replace")
        text, at = f"{text}{before}{caller.text_of(given[own.at])}", name.end_byte
    return text + source.offsets.data[at : node.end_byte].decode("utf-8", "replace")


def identifiers(node: Node) -> Iterator[Node]:
    """Yield the variables in an expression."""
    if node.type == "identifier":
        yield node
    for child in node.named_children:
        yield from identifiers(child)


def _is_set_before(source: Source, node: Node, since: Node) -> bool:
    """Return whether a name is only set before a node of the same function."""
    names = source.names
    declared = names.resolve(node)
    if declared is None or not is_assigned(names, declared):
        return True
    function = ancestor(since, FUNCTIONS)
    return all(
        ancestor(use, FUNCTIONS) == function and use.end_byte <= since.start_byte
        for use in names.references(declared)
        if is_set(use)
    )
