"""Helpers for rules about the type of `env`: its members, and what `wrangler types` has written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from kvlens.config.edit import Edit, line_end, line_start, newline_of
from kvlens.config.model import Config
from kvlens.js.env_types import EnvTypes, Generated, generated
from kvlens.js.renames import references
from kvlens.js.syntax import Source
from kvlens.js.tree import ancestor
from kvlens.lint.base import Context, Fix, Problem
from kvlens.lint.source_fix_helpers import declared_in, given
from kvlens.lint.wording import quoted
from kvlens.text import Span

if TYPE_CHECKING:
    from tree_sitter import Node


class MemberName(NamedTuple):
    """The name of a type's member; the span is without quotes."""

    name: str
    span: Span


def name_of(source: Source, member: Node | None) -> MemberName | None:
    """Return the name of a type's member, if it is one."""
    node = member.child_by_field_name("name") if member is not None else None
    if member is None or member.type != "property_signature" or node is None:
        return None
    span = source.span(node)
    if node.type == "string":
        span = Span(span.start + 1, span.end - 1)
    return MemberName(source.text[slice(*span)], span)


def generated_for(context: Context) -> Generated | None:
    """Return what the header says if the source was written by `wrangler types`."""
    return generated(context.analysis.source.text)


def is_env(context: Context, member: Node) -> bool:
    """Return whether a member is one of the type of `env`, for the configs of the source."""
    made = generated_for(context)
    if made is None:
        return EnvTypes(context.analysis.resolver.program).is_given(member)
    if context.analysis.source.span(member).start > len(made.text):
        return False  # the runtime's own types
    names = {PurePath(config.path).name for config in context.project.configs}
    return made.config is None or PurePath(made.config).name in names


def undeclared(name: str, nearest: str | None) -> dict[str, str]:
    """Return the data of a report about an undeclared binding, for `undeclared_fixes`."""
    return {"binding": name, **({"nearest": nearest} if nearest else {})}


def undeclared_fixes(context: Context, problem: Problem) -> Iterator[Fix]:
    """Yield the fixes of an undeclared binding: its nearest name, or an entry in a config."""
    name, nearest = given(problem, "binding"), given(problem, "nearest")
    if not name:
        return
    if nearest:
        yield Fix(f"Change to {quoted(nearest)}", _corrected(context, name, nearest))
    for config in context.project.configs:
        yield from declared_in(config, name, _lacking(context, config))


def _lacking(context: Context, config: Config) -> tuple[str | None, ...]:
    """Return where to declare a namespace that no environment has.

    At the top level too if a config has no namespaces yet: environments don't inherit them, and
    `wrangler dev` uses the top level.
    """
    environments = context.declared.environments
    has_some = any(kv.entries for each in config.environments for kv in each.kv)
    if has_some or config.is_code:
        return environments or (None,)
    return tuple(dict.fromkeys((None, *environments)))


def _corrected(context: Context, name: str, meant: str) -> tuple[Edit, ...]:
    """Return the edits that change a misspelled binding in a source, in its types too.

    A misspelled member is removed from a type that also has the right one.
    """
    edits = []
    for use in references(context.analysis, name):
        member = ancestor(use.node, {"property_signature"}) if use.how == "type" else None
        if member is not None and _has_sibling(context.analysis.source, member, meant):
            edits.append(Edit(_whole(context.analysis.source, member), ""))
        else:
            edits.append(Edit(use.span, f"{meant}: {name}" if use.shorthand else meant))
    return tuple(edits)


def _has_sibling(source: Source, member: Node, name: str) -> bool:
    siblings = member.parent.named_children if member.parent is not None else ()
    return any((place := name_of(source, each)) and place.name == name for each in siblings)


def _whole(source: Source, member: Node) -> Span:
    """Return the span of a member with what separates it from others, or all of its line."""
    text, (start, end) = source.text, source.span(member)
    end += text[end : end + 1] in (";", ",")
    begin, after = line_start(text, start), line_end(text, end)
    if not text[begin:start].strip() and not text[end:after].strip():
        return Span(begin, min(after + len(newline_of(text)), len(text)))
    blank = len(text[:start]) - len(text[:start].rstrip(" \t"))
    return Span(start - blank, end)
