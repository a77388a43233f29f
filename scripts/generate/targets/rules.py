"""docs/rules: the tables of README.md, and the pages.

A page is the docstring of the rule's module, from its first heading.
"""

from __future__ import annotations

import inspect
import sys

from kvlens.lint.base import Rule
from kvlens.lint.registry import DOMAINS, rules, rules_of

from scripts.generate.tree import Tree, table

FOLDER = "docs/rules"


def write(tree: Tree) -> None:
    """Write the tables and the pages."""
    for domain in DOMAINS:
        rows = (
            (f"[{rule.code}]({rule.code}.md)", rule.severity, rule.summary)
            for rule in rules_of(domain).values()
        )
        tree.fill(f"{FOLDER}/README.md", domain, table(("rule", "severity", "what"), rows))
    for rule in rules().values():
        tree.write(f"{FOLDER}/{rule.code}.md", page(rule))


def page(rule: Rule) -> str:
    """Return a rule's page. Raises ValueError for a docstring without headings."""
    head = f"# {rule.code}\n\n{rule.summary}. Severity: {rule.severity}.\n\n"
    name = f"kvlens.lint.{rule.domain}.{rule.code.replace('-', '_')}"
    _, heading, rest = inspect.cleandoc(sys.modules[name].__doc__ or "").partition("## ")
    if not heading:
        raise ValueError(f"{name} has no page: put its sections into its docstring, from ## What")
    return f"{head}## {rest.rstrip()}\n"
