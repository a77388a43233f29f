"""The page of a rule: the docstring of its module, from its first heading."""

from __future__ import annotations

import inspect
import sys

from kvlens.lint.base import Rule


def page(rule: Rule) -> str:
    """Return a rule's page in Markdown. Raises ValueError for a docstring without headings."""
    head = f"# {rule.code}\n\n{rule.summary}. Severity: {rule.level}.\n\n"
    name = f"kvlens.lint.{rule.domain}.{rule.code.replace('-', '_')}"
    _, heading, rest = inspect.cleandoc(sys.modules[name].__doc__ or "").partition("## ")
    if not heading:
        raise ValueError(f"{name} has no page: put its sections into its docstring, from ## What")
    return f"{head}## {rest.rstrip()}\n"
