"""Helpers for rules that fix a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kvlens.config.edit import Edit, add_bindings, place_of
from kvlens.config.model import Config
from kvlens.js.syntax import Source, outer, plain
from kvlens.js.tree import is_field
from kvlens.lint.base import Context, Fix, Problem
from kvlens.lint.fix_helpers import can_extend
from kvlens.lint.wording import digits, quoted
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node

# Expressions that bind as tightly as a call and can be divided without parentheses.
_TIGHT = frozenset(
    (
        "identifier",
        "shorthand_property_identifier",
        "number",
        "call_expression",
        "member_expression",
        "new_expression",
        "parenthesized_expression",
    )
)
# Statements that go on in the next line if that begins with a parenthesis.
_ENDED_BY_SEMICOLON = frozenset(
    ("expression_statement", "lexical_declaration", "variable_declaration", "export_statement")
)
PROMISE_METHODS = frozenset(("then", "catch", "finally"))
_SHORTHAND = "shorthand_property_identifier"
_LITERALS = ("number", "string")
_THOUSAND = frozenset(("1000", "1_000", "1e3"))


def given(problem: Problem, name: str) -> Any:
    """Return an item of the finding's data; None if there is none."""
    return problem.data.get(name) if problem.data else None


def node_at(source: Source, span: Span) -> Node | None:
    """Return the smallest node with exactly this span."""
    start, end = source.offsets.byte(span.start), source.offsets.byte(span.end)
    node = source.root.descendant_for_byte_range(start, end)
    return node if node is not None and node.byte_range == (start, end) else None


def write(context: Context, problem: Problem, title: str, new: str, *, safe: bool = False) -> Fix:
    """Return the fix that replaces the problem's expression."""
    node = node_at(context.analysis.source, problem.span)
    if node is not None and node.type == _SHORTHAND:  # { expirationTtl }
        new = f"{context.analysis.source.text_of(node)}: {new}"
    return Fix(title, (Edit(problem.span, new),), safe)


def in_seconds(
    context: Context, problem: Problem, *, whole: bool = False, safe: bool = False
) -> Iterator[Fix]:
    """Write the intended number, or divide by 1000; `whole` if it must be an integer.

    `safe`: dividing is the one certain answer; so the finding's `certain` says too.
    """
    source, node = context.analysis.source, node_at(context.analysis.source, problem.span)
    if node is None:
        return
    text, safe = source.text_of(node), safe or bool(given(problem, "certain"))
    number = given(problem, "replace")
    if given(problem, "divide") and node.type == "number" and number is None:
        number = digits(float(text.replace("_", "")) // 1000)
    if number is not None and (node.type in _LITERALS or not given(problem, "divide")):
        yield write(context, problem, f"Change to {number}", number, safe=safe)
    elif given(problem, "divide"):
        factor = thousand_in(source, node)
        if factor is not None:
            product = _without(source, node, factor)
            yield write(context, problem, "Remove * 1000", product, safe=safe)
        dividend = text if node.type in _TIGHT else f"({text})"
        divided = f"{dividend}{given(problem, 'convert') or ''} / 1000"
        new = f"Math.floor({divided})" if whole else divided
        yield write(context, problem, "Divide by 1000", new, safe=safe and factor is None)


def thousand_in(source: Source, node: Node) -> Node | None:
    """Return the literal 1000 that a product is multiplied by, if there is one."""
    for side in reversed(_factors(node)):
        inner = plain(side)
        if inner.type == "number" and source.text_of(inner) in _THOUSAND:
            return side
        if (found := thousand_in(source, inner)) is not None:
            return found
    return None


def _factors(node: Node) -> list[Node]:
    """Return both sides of a product; none of another expression."""
    node = plain(node)
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None or operator.type != "*":
        return []
    return [left, right]


def _without(source: Source, node: Node, factor: Node) -> str:
    """Return the text of a product without one of its factors and the `*` next to it."""
    product = factor.parent
    assert product is not None
    (rest,) = (side for side in _factors(product) if side.id != factor.id)
    start, end = source.span(node)
    removed = source.span(product)
    text = source.text
    return f"{text[start : removed.start]}{source.text_of(rest)}{text[removed.end : end]}"


def without_option(context: Context, problem: Problem, name: str) -> Iterator[Fix]:
    """Remove an option that an object literal has, with its comma."""
    source, node = context.analysis.source, node_at(context.analysis.source, problem.span)
    parent = outer(node).parent if node is not None else None
    option = node if node is not None and node.type == _SHORTHAND else parent
    if option is None or option.type not in ("pair", _SHORTHAND):
        return
    before, after = option.prev_sibling, option.next_sibling
    start, end = source.span(option)
    if after is not None and after.type == "," and after.next_sibling is not None:
        end = source.span(after.next_sibling).start
    elif before is not None and before.type == ",":
        start = source.span(before).start
    yield Fix(f"Remove {name}", (Edit(Span(start, end), ""),))


def wrapped(context: Context, problem: Problem, *, safe: bool = False) -> Iterator[Fix]:
    """Wrap the value in the function that converts it to text."""
    function = given(problem, "wrap")
    if function:
        text = context.analysis.source.text[slice(*problem.span)]
        new = f"{function}({text})"
        yield write(context, problem, f"Wrap in {function}()", new, safe=safe)


def awaited(context: Context, problem: Problem, *, safe: bool = False) -> Iterator[Fix]:
    """Write `await` before a call, in parentheses if something that binds tighter follows."""
    call = context.analysis.call_at(problem.span)
    if call is None or not given(problem, "await"):
        return
    here = outer(call.node)
    parent = here.parent
    tight = parent is not None and _binds_tighter(parent, here)
    name = parent.child_by_field_name("property") if parent is not None else None
    if name is not None and context.analysis.source.text_of(name) in PROMISE_METHODS:
        tight = False
    start, end = problem.span
    before, after = Edit(Span(start, start), "await "), Edit(Span(end, end), ")")
    if tight and here.id == call.node.id:
        opening = opening_parenthesis(context.analysis.source, call.node)
        yield Fix("Add await", (before._replace(text=f"{opening}await "), after), safe)
    else:
        yield Fix("Add await", (before,), safe)


def _binds_tighter(parent: Node, node: Node) -> bool:
    """Return whether an expression applies to a part of it before `await` in front of that does."""
    if parent.type in ("member_expression", "subscript_expression"):
        return is_field(parent, "object", node)
    operator = parent.child_by_field_name("operator")
    is_power = operator is not None and operator.type == "**"
    return is_power and is_field(parent, "left", node)


def opening_parenthesis(source: Source, node: Node) -> str:
    """Return the `(` to write before a node: after `;` where it would call the line before."""
    statement = node
    while statement.type != "expression_statement":
        parent = statement.parent
        if parent is None or parent.start_byte != node.start_byte:
            return "("
        statement = parent
    before = statement.prev_named_sibling
    while before is not None and before.type == "comment":
        before = before.prev_named_sibling
    if before is None or before.type not in _ENDED_BY_SEMICOLON:
        return "("
    return "(" if source.text_of(before).endswith(";") else ";("


def declared_in(config: Config, name: str, environments: Iterable[str | None]) -> Iterator[Fix]:
    """Declare a namespace in the environments of a config that lack it."""
    scopes = [
        scope
        for wanted in environments
        if (scope := config.environment(wanted)) is not None
        and can_extend(config, scope)
        and all(known.binding != name for known in config.namespaces(wanted))
    ]
    if scopes:
        edits = tuple(dict.fromkeys(add_bindings(config, scope, [name]) for scope in scopes))
        *others, last = (place_of(config, scope.name) for scope in scopes)
        where = " and ".join(filter(None, (", ".join(others), last)))
        file = PurePath(config.path).name
        yield Fix(f"Add {quoted(name)} to {where} in {file}", edits, path=config.path)
