"""Helpers for rules about the type of `env`: its members, and what `wrangler types` has written."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from kvlens.js.env_types import EnvTypes, Generated, generated
from kvlens.js.syntax import Source
from kvlens.lint.base import Context
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
