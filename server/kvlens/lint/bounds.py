"""Whether code keeps a number within bounds, as far as its text says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kvlens.js.scopes import FUNCTIONS
from kvlens.js.syntax import Source, plain
from kvlens.js.tree import ancestor, is_field

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST = 40_000  # bytes of a function that are searched
_NUMBER = r"\d[\d_]*(?:\.\d+)?"
_DEEPEST = 6
_MOST_STATEMENTS = 40  # before a call that are looked at
_NAME = re.compile(r"(?<![\w$.\"'`])[a-zA-Z_$][\w$.]*")
_BLOCKS = {"statement_block", "switch_case", "switch_default", "program"}
_LEAVING = re.compile(r"\b(?:return|throw|continue|break)\b")
_NO_NAMES = {"null", "true", "false", "undefined", "typeof", "await", "this"}


def is_bounded(
    source: Source,
    node: Node,
    words: Iterable[str],
    *,
    least: float | None = None,
    clock: str | None = None,
) -> bool:
    """Return whether the function around a node compares one of these names, or raises it.

    With `least`, which the number mustn't be below, comparing it with a lower one, as in `ttl > 0`,
    keeps nothing. Nor does comparing a time with the `clock`, as in `until > now`.
    """
    function = ancestor(node, FUNCTIONS)
    while function is not None and (more := ancestor(function, FUNCTIONS)) is not None:
        function = more
    around = function or source.root
    if around.end_byte - around.start_byte > _LONGEST:
        return True  # it may be anywhere
    text = source.text_of(around)
    for word in words:
        name = rf"(?<![\w$.]){re.escape(word)}(?![\w$])"
        if re.search(rf"(?:max|clamp)\w*\([^()]*{name}", text):
            return True
        for found in re.finditer(
            rf"{name}\)?\s*[<>]=?(?:\s*(?P<right>{_NUMBER})(?![\w.]|\s*[*/]))?"
            rf"|(?:(?<![\w.$*/])(?<![*/] )(?P<left>{_NUMBER})\s*)?[<>]=?\s*\(?{name}",
            text,
        ):
            if clock and _is_beside(text, found, clock):
                continue
            number = found["left"] or found["right"]
            if number is None or least is None or float(number.replace("_", "")) >= least - 1:
                return True
    return False


def is_chosen_before(source: Source, call: Node, value: Node) -> bool:
    """Return whether what chooses a value, `short ? 10 : 3600`, also decides if a call gets it.

    Then it may be one side of the choice only: `if (short) return;`.
    """
    names: set[str] = set()
    if _is_chosen_twice(source, value, set(), names, 0):
        return True
    is_here = call.start_byte <= value.start_byte < call.end_byte
    return bool(names) and any(
        not names.isdisjoint(_names(source, condition))
        for condition in _conditions(source, value if is_here else call)
    )


def _is_chosen_twice(
    source: Source, value: Node, around: set[str], names: set[str], depth: int
) -> bool:
    """Return whether a choice tests a constant that it gives, or what that was chosen by.

    `around`: the names in the choices around a value; `names` gets those in its own.
    """
    node, tested = plain(value), set(around)
    while node.type == "identifier" and depth < _DEEPEST:
        if source.text_of(node) in tested:
            return True
        declared = source.names.resolve(node)
        start = declared.origin.child_by_field_name("value") if declared is not None else None
        if declared is None or declared.kind == "parameter" or declared.path or start is None:
            return False
        node, depth = plain(start), depth + 1
    condition = node.child_by_field_name("condition") if node.type == "ternary_expression" else None
    if condition is None or depth >= _DEEPEST:
        return False
    own = _names(source, condition)
    if depth and not own.isdisjoint(tested):
        return True
    names |= own
    sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
    return any(
        plain(side).type == "identifier"
        and _is_chosen_twice(source, side, tested | own, names, depth + 1)
        for side in sides
        if side is not None
    )


def _names(source: Source, condition: Node) -> set[str]:
    return set(_NAME.findall(source.text_of(condition))) - _NO_NAMES


def _conditions(source: Source, node: Node) -> Iterator[Node]:
    """Yield the conditions around an expression, and those before it that may leave its block."""
    here = node
    while (parent := here.parent) is not None:
        if parent.type in ("if_statement", "ternary_expression", "while_statement"):
            condition = parent.child_by_field_name("condition")
        elif parent.type == "switch_statement":
            condition = parent.child_by_field_name("value")
        else:
            is_right = parent.type == "binary_expression" and is_field(parent, "right", here)
            condition = parent.child_by_field_name("left") if is_right else None
        if condition is not None and condition.id != here.id:
            yield condition
        before = here.prev_named_sibling if parent.type in _BLOCKS else None
        for _ in range(_MOST_STATEMENTS):
            if before is None:
                break
            condition = before.child_by_field_name("condition")
            is_left = before.type == "if_statement" and _LEAVING.search(source.text_of(before))
            if condition is not None and is_left:
                yield condition
            before = before.prev_named_sibling
        here = parent


def _is_beside(text: str, comparison: re.Match[str], other: str) -> bool:
    """Return whether the other side of a comparison is this expression, and nothing more."""
    after, before = text[comparison.end() :].lstrip(), text[: comparison.start()].rstrip()
    if comparison[0].rstrip().endswith(("<", ">", "=")):
        rest = after.removeprefix(other)
        return rest != after and not re.match(r"[\w$.(\[]|\s*[-+*/%]", rest)
    rest = before.removesuffix(other)
    return rest != before and not re.search(r"[\w$.]\Z|[-+*/%]\s*\Z", rest)
