"""Objects that a framework passes to all handlers of a project, see `values.Shared`.

What their members are is known by their types, and by the sources that set them: SvelteKit's and
Astro's `event.locals.kv = …`, Nitro's `event.context.kv = …`, and in Remix and React Router what
`getLoadContext` returns, or the handler made by `createRequestHandler` is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.annotations import typed
from kvlens.js.syntax import arguments_of, call_of, outer
from kvlens.js.tree import ancestor, is_field
from kvlens.js.values import (
    NamespaceAccess,
    Record,
    Shared,
    Typed,
    Value,
    join,
    merged,
    settled,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow

_MOST_SOURCES = 10  # that set a member; of more, nothing is known
_TYPES = {name: word for word, name in conventions.SHARED_TYPES.items()}
_WITH_ENV = ("cloudflare", "runtime")  # members with `env`, which is known by its name
_MAKING = r"\b(?:getLoadContext|createRequestHandler)\b"
SETTING = r"\b{0}\??\.{1}\s*(?:\?\?|\|\|)?=(?![=>])|\bassign\(\s*[\w.?]*\b{0}\b|\b{0}\s*=\s*\{{"
"""Where sources set a member of a shared object, or all of it; for the names of both."""
SHARED = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b")
SHARING = "|".join(
    (
        _MAKING,
        SETTING.format("(?:locals|context)", r"[\w$]+"),
        rf"\b(?:{'|'.join(conventions.SHARED_TYPES)})\b",
    )
)
"""Where a project says what shared objects have; with a namespace's name, it may be that one."""


def shared_of(holder: Value | None, word: str) -> Shared | None:
    """Return the shared object that a member may be, of something of which nothing is known."""
    is_unknown = holder is None or (isinstance(holder, NamespaceAccess) and holder.how == "global")
    return Shared(word) if is_unknown and word in _TYPES else None


def shared_member(flow: Flow, shared: Shared, name: str) -> Value | None:
    """Return what a member of a shared object is in the whole project."""
    if name in _WITH_ENV or conventions.is_env_property(name):
        return None
    main = flow.program.main
    return main.once(f"{shared.name}.{name}", main.source.root, lambda: _member(main, shared, name))


def _member(flow: Flow, shared: Shared, name: str) -> Value | None:
    by_type = flow.members.of(_declared(flow, shared), name)
    sources = _setting(flow, shared, name)
    found: list[Value | None] = [None] if len(sources) > _MOST_SOURCES else []
    for other in sources[:_MOST_SOURCES]:
        found += _set_in(other, shared, name)
    return typed(join(found), by_type) if found else by_type


def _declared(flow: Flow, shared: Shared) -> Value | None:
    """Return what the project's interfaces say of a shared object, all that there are."""
    word = _TYPES[shared.name]
    each = [
        Typed(one, node)
        for one in flow.program.flows_with(word, rf"\binterface\s+{word}\b")
        for node in one.types.declarations(word)
        if shared.name == "context" or _is_of_app(one, node)
    ]
    return merged(each)


def _is_of_app(flow: Flow, interface: Node) -> bool:
    """Return whether an interface is in SvelteKit's and Astro's `namespace App`."""
    owner = ancestor(interface, {"internal_module"})
    name = owner.child_by_field_name("name") if owner is not None else None
    return name is not None and flow.text(name) == "App"


def _setting(flow: Flow, shared: Shared, name: str) -> list[Flow]:
    pattern = SETTING.format(shared.name, re.escape(name))
    found = flow.program.flows_with(shared.name, pattern)
    if shared.name == "context":
        found += [each for each in flow.program.flows_with("", _MAKING) if each not in found]
    return found


def _set_in(flow: Flow, shared: Shared, name: str) -> Iterator[Value | None]:
    """Yield what a source sets a member to."""
    members = flow.members
    for base, right in members.assignments(name):
        if flow.value(base) == shared:
            yield flow.value(right)
    merges = [sources for base, sources in members.merges if flow.value(base) == shared]
    values = [flow.value(each) for sources in merges for each in sources]
    for base, right in members.assignments(shared.name):
        if shared_of(flow.value(base), shared.name) is not None:
            values.append(flow.value(right))
    if shared.name == "context":
        values += _load_contexts(flow)
    for value in values:
        has = isinstance(value, Record) and name not in value.flow.members.entries(value.node)[0]
        if value is not None and not has:
            yield members.of(value, name)


def _load_contexts(flow: Flow) -> Iterator[Value | None]:
    """Yield the objects that Remix and React Router pass to loaders and actions as `context`."""
    for word in flow.names.nodes("getLoadContext"):
        owner = word.parent
        if owner is None:
            continue
        value: Value | None = None
        if owner.type == "pair" and is_field(owner, "key", word):
            start = owner.child_by_field_name("value")
            value = flow.value(start) if start is not None else None
        elif is_field(owner, "name", word) and owner.type == "method_definition":
            value = flow.value(owner)
        elif word.type == "identifier" and is_field(owner, "name", word):
            value = flow.value(word)
        yield settled(flow.members.returned(value))
    for word in flow.names.nodes("createRequestHandler"):
        made = call_of(word) if word.type == "identifier" else None
        for call in _calls_of(flow, made) if made is not None else ():
            given = arguments_of(call)
            if len(given) > 1:
                yield flow.value(given[1])


def _calls_of(flow: Flow, made: Node) -> Iterator[Node]:
    """Yield the calls of what a call makes, at once or through a variable."""
    uses = [made]
    holder = outer(made).parent
    if holder is not None and holder.type == "variable_declarator":
        name = holder.child_by_field_name("name")
        declared = flow.names.resolve(name) if name is not None else None
        uses += flow.names.references(declared) if declared is not None else ()
    for use in uses:
        call = call_of(use)
        if call is not None:
            yield call
