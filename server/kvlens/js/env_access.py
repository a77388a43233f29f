"""How code accesses `env`, and which `env` isn't that of a Worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kvlens.js import conventions
from kvlens.js.syntax import plain
from kvlens.js.values import How

if TYPE_CHECKING:
    from tree_sitter import Node

    from kvlens.js.flow import Flow


def how(flow: Flow, env: Node) -> How:
    """Return how the code accesses `env` here: by a name, from `this`, from a context."""
    inner = plain(env)
    if inner.type == "member_expression":
        holder = inner.child_by_field_name("object")
        return "this" if holder is not None and holder.type == "this" else "context"
    if inner.type == "identifier":
        declared = flow.names.resolve(inner)
        return "import" if declared is not None and declared.kind == "import" else "env"
    return "context"


def may_have_env(flow: Flow, holder: Node) -> bool:
    """Return whether the `env` of something may be a Worker's: not `process.env`."""
    if holder.type == "await_expression" and holder.named_children:
        holder = plain(holder.named_children[-1])
    if holder.type == "meta_property":  # import.meta.env
        return False
    last = holder.child_by_field_name("property") or holder
    return last.type == "call_expression" or flow.text(last) not in conventions.NOT_WORKERS
