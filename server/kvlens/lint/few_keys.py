"""Recognize lists of which nobody has over 1,000 keys, so that one page is enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvlens.js.calls import KvCall
from kvlens.js.comments import comments_above
from kvlens.js.constants.values import Value
from kvlens.js.syntax import Source, plain

if TYPE_CHECKING:
    from tree_sitter import Node

# What people enter by hand: the last part of a prefix.
_FEW = re.compile(
    r"(?:domain|destination|tag|role|plan|flag|feature|provider|category|categories|template|setting"
    r"|policy|policies|schema|secret|config(?:uration)?)s?\Z",
    re.IGNORECASE,
)
# What there are few kinds of, for one link or user: days take years to be 1,000.
_FEW_KINDS = re.compile(
    r"(?<![A-Za-z])(?:daily|weekly|monthly|geo|country|countries|device|browser|weekday)s?(?![a-z])",
    re.IGNORECASE,
)
_SAYS_FEW = re.compile(
    r"\b(?:just|only|at most|usually|typically|normally|always)\s+(?:be\s+)?(?:just\s+)?"
    r"(?:one|two|a few|a handful|a couple|[1-9]\d{0,2})\b(?!\s+(?:page|call|request|at a time))"
    r"|\b(?:few|a handful of|a couple of)\s+(?:\w+\s+)?(?:keys|entries|records)\b",
    re.IGNORECASE,
)
_BLOCKS = {"statement_block", "program"}
_ID = re.compile(r"(?:\A|_)(?:id|ID)\Z|[a-z]I[dD]\Z")


def is_prefix_of_few(source: Source, prefix: Value) -> bool:
    """Return whether a prefix names one user or record, or things of which there are few."""
    node = plain(prefix.node)
    return _is_by_hand(prefix) or _is_of_few_kinds(source, node) or _is_of_one(source, node)


def says_few(call: KvCall) -> bool:
    """Return whether a comment on a call says that there are few keys."""
    return any(map(_SAYS_FEW.search, _comments_near(call)))


def _comments_near(call: KvCall) -> Iterator[str]:
    """Yield the comments above a call and right after its statement, above the next one."""
    yield from comments_above(call.source, call.node)
    here: Node | None = call.node
    while here is not None and here.parent is not None and here.parent.type not in _BLOCKS:
        here = here.parent
    after = here.next_named_sibling if here is not None else None
    if after is not None and after.type == "comment":
        yield call.source.text_of(after)


def _is_by_hand(prefix: Value) -> bool:
    """Return whether a constant prefix names things of which nobody has over 1,000."""
    words = re.split(r"[^A-Za-z]+", str(prefix.value)) if prefix.kind == "string" else []
    last = next((word for word in reversed(words) if word), "")
    return bool(_FEW.match(last))


def _is_of_few_kinds(source: Source, prefix: Node) -> bool:
    """Return whether a prefix is of few kinds of one thing: `${code}:country:`."""
    if prefix.type != "template_string":
        return False
    names = [source.text_of(name) for name in _names_in(prefix)]
    has_own = any(not name.isupper() for name in names)  # a constant is the same for all
    return has_own and _FEW_KINDS.search(source.text_of(prefix).replace("_", " ")) is not None


def _is_of_one(source: Source, prefix: Node) -> bool:
    """Return whether a prefix has an id in it: one user or record rarely has over 1,000 keys."""
    declared = source.names.resolve(prefix) if prefix.type.endswith("identifier") else None
    if declared is not None and declared.kind == "const" and not declared.path:
        prefix = declared.origin.child_by_field_name("value") or prefix
    return any(_ID.search(source.text_of(name)) for name in _names_in(plain(prefix)))


def _names_in(node: Node) -> Iterator[Node]:
    if node.type in ("identifier", "property_identifier"):
        yield node
    for child in node.named_children:
        yield from _names_in(child)
