"""Where a promise gets lost: nothing waits for it, nor for what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.calls import fate_of
from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, call_of, callee, outer, plain
from kvlens.js.tree import ancestor
from kvlens.lint.function_uses import MOST_CALLS, uses_of
from kvlens.lint.handed_on import is_executor, is_handed_on
from kvlens.lint.source_fix_helpers import PROMISE_METHODS
from kvlens.memo import memo

if TYPE_CHECKING:
    from tree_sitter import Node

_OF_SEVERAL = {"Promise.all", "Promise.allSettled", "Promise.race", "Promise.any"}
_TIMERS = {"setTimeout", "setInterval", "queueMicrotask"}
_MAPPING = {"map", "flatMap"}
_TESTING = {"filter", "some", "every", "find", "findIndex", "findLast", "findLastIndex"}
_FURTHEST = 12  # steps that a promise is followed


class Lost(NamedTuple):
    """Where a promise gets lost, and in which way."""

    call: Node  # the call whose promise or callback nothing waits for
    how: str  # "dropped", "array", "each", "timer", "function", "tested"


def lost_promises(
    source: Source, call: Node, known: dict[int, list[Lost]], depth: int = 0
) -> list[Lost]:
    """Return where the promise of a call gets lost: nothing waits for it.

    `known` are the results for the functions that were followed.
    """
    is_array = False
    for _ in range(_FURTHEST):
        fate, here = fate_of(call)
        parent = here.parent
        following: Node | None = None
        if fate == "dropped":
            return [] if _settles(source, call) else [Lost(call, "dropped")]
        if is_array and (fate == "awaited" or _is_waited_for(source, parent)):
            return [Lost(call, "array")] if call.type != "identifier" else []
        if fate == "chained" and not is_array:
            following = _step(source, parent)
        elif fate in ("awaited", "returned") and not is_array:
            function = ancestor(call, FUNCTIONS)
            is_async = function is not None and any(c.type == "async" for c in function.children)
            if function is None or (fate == "awaited" and not is_async):
                return []
            found = of_callback(source, function)
            if isinstance(found, Lost):
                return [] if found.how == "timer" and _settles(source, found.call) else [found]
            if found is None:
                return _of_named(source, function, known, depth)
            following = found
            is_array = is_mapping(source, found)
        elif parent is not None and parent.type in ("arguments", "array"):
            following = _of_several(source, parent)
            if is_array and following is not None and parent.type == "array":
                return [Lost(call, "array")]  # an array in an array
            is_array = False
            if following is None and (pushed := _pushed_to(source, parent)) is not None:
                following, is_array = _only_use(source, pushed), True
        elif parent is not None and parent.type == "variable_declarator":
            following = _only_use(source, parent)
        if following is None:
            return []
        call = following
    return []


def is_awaited(source: Source, call: Node) -> bool:
    """Return whether a function waits for a call, alone, with `catch()`, or in `Promise.all()`."""
    fate, here = fate_of(call)
    for _ in range(_FURTHEST):
        following = _step(source, here.parent) if fate == "chained" else None
        if following is None:
            break
        fate, here = fate_of(following)
    if fate not in ("awaited", "returned") and here.parent is not None:
        several = _of_several(source, here.parent)
        fate = fate_of(several)[0] if several is not None else fate
    return fate in ("awaited", "returned")


def is_mapping(source: Source, call: Node) -> bool:
    """Return whether a call gives an array of what its callback returns."""
    return _word(source, call) in _MAPPING


def _pushed_to(source: Source, arguments: Node) -> Node | None:
    """Return the declarator of the array that a promise is pushed to."""
    function = callee(arguments.parent) if arguments.parent is not None else None
    word = function.child_by_field_name("property") if function is not None else None
    base = function.child_by_field_name("object") if function is not None else None
    if word is None or base is None or source.text_of(word) != "push":
        return None
    declared = source.names.resolve(base) if base.type == "identifier" else None
    start = declared.origin.child_by_field_name("value") if declared is not None else None
    is_new = start is not None and start.type == "array" and not start.named_children
    return declared.origin if declared is not None and is_new else None


@memo
def _only_uses(source: Source) -> dict[int, Node | None]:
    """Return what `_only_use` has found in a source: many promises may be pushed to one array."""
    return {}


def _only_use(source: Source, declarator: Node) -> Node | None:
    """Return the one use of a constant in its function, apart from what is pushed to it."""
    known = _only_uses(source)
    if declarator.id not in known:
        known[declarator.id] = _find_only_use(source, declarator)
    return known[declarator.id]


def _find_only_use(source: Source, declarator: Node) -> Node | None:
    name = declarator.child_by_field_name("name")
    declared = source.names.resolve(name) if name is not None else None
    if declared is None or declared.kind != "const" or declared.path:
        return None
    uses = []
    for use in source.names.references(declared):
        word = use.parent.child_by_field_name("property") if use.parent is not None else None
        if use != name and (word is None or source.text_of(word) != "push"):
            uses.append(use)
    is_here = len(uses) == 1 and ancestor(uses[0], FUNCTIONS) == ancestor(declarator, FUNCTIONS)
    return uses[0] if is_here else None


def _of_named(
    source: Source, function: Node, known: dict[int, list[Lost]], depth: int
) -> list[Lost]:
    """Return where the promises of a function's calls get lost."""
    if depth >= _FURTHEST:
        return []
    if function.id not in known:
        known[function.id] = []  # while it is followed: it may call itself
        found: dict[int, Lost] = {}
        for use in uses_of(source, function):
            call = call_of(use)
            if call is None:  # `ctx.waitUntil(save)`
                lost = of_callback(source, use)
                found |= {lost.call.id: lost} if isinstance(lost, Lost) else {}
            elif call.type == "call_expression":
                found |= {
                    each.call.id: each for each in lost_promises(source, call, known, depth + 1)
                }
        known[function.id] = list(found.values())[:MOST_CALLS]
    return known[function.id]


def _step(source: Source, member: Node | None) -> Node | None:
    """Return the call of `then()` and the like."""
    name = member.child_by_field_name("property") if member is not None else None
    if member is None or name is None or source.text_of(name) not in PROMISE_METHODS:
        return None
    return call_of(member)


def _of_several(source: Source, parent: Node) -> Node | None:
    """Return the `Promise.all()` that waits for a promise or an array."""
    given = outer(parent).parent if parent.type == "array" else parent
    call = given.parent if given is not None and given.type == "arguments" else None
    function = callee(call) if call is not None else None
    return call if function is not None and source.text_of(function) in _OF_SEVERAL else None


def _settles(source: Source, call: Node) -> bool:
    """Return whether a promise settles another one: `new Promise((done) => { get().then(done); })`.

    Something else has to wait for that one. It may be settled in a callback, as of a timer.
    """
    if is_handed_on(source, call):
        return True
    function = ancestor(call, FUNCTIONS)
    while function is not None and not is_executor(source, function):
        function = ancestor(function, FUNCTIONS)
    if function is None:
        return False
    parameters = function.child_by_field_name("parameters")
    names = [function.child_by_field_name("parameter")]
    for each in parameters.named_children if parameters is not None else ():
        names.append(each.child_by_field_name("pattern") or each)
    return any(
        call.start_byte <= use.start_byte < call.end_byte
        for each in names
        if each is not None and (declared := source.names.resolve(each)) is not None
        for use in source.names.references(declared)
    )


def _is_waited_for(source: Source, given: Node | None) -> bool:
    """Return whether something is what `ctx.waitUntil()` gets."""
    call = given.parent if given is not None and given.type == "arguments" else None
    return call is not None and _word(source, call) == "waitUntil"


def of_callback(source: Source, function: Node) -> Node | Lost | None:
    """Return the call whose result has a callback's promise, or that loses it.

    The callback is a function, or the name of one.
    """
    here = outer(function)
    parent = here.parent
    call = call_of(function)
    if call is not None:
        return call  # (async () => { … })()
    call = parent.parent if parent is not None and parent.type == "arguments" else None
    target = callee(call) if call is not None else None
    if call is None or target is None or call.type != "call_expression":
        return None
    word = _word(source, call)
    if target.type == "identifier":
        is_timer = word in _TIMERS and source.names.resolve(target) is None
        return Lost(call, "timer") if is_timer else None
    if word == "forEach":
        return Lost(call, "each")
    if word in _TESTING:
        return Lost(call, "tested")
    if word == "waitUntil":
        return Lost(call, "function")
    if word in ("catch", "finally") and not _is_promise(source, target):
        return None  # of a bot or an app, it registers a handler
    return call if word in _MAPPING or word in PROMISE_METHODS else None


def _is_promise(source: Source, member: Node) -> bool:
    """Return whether `catch()` is of what a call returns, or of a new promise."""
    owner = member.child_by_field_name("object")
    owner = plain(owner) if owner is not None else None
    if owner is None or owner.type != "new_expression":
        return owner is not None and owner.type == "call_expression"
    made = owner.child_by_field_name("constructor")
    return made is not None and source.text_of(made) == "Promise"


def _word(source: Source, call: Node) -> str:
    """Return the last name of what is called."""
    function = callee(call)
    name = function.child_by_field_name("property") if function is not None else None
    return source.text_of(name or function) if function is not None else ""
