"""docs/rules: the tables of README.md, and the pages.

A rule whose docstring has headings is explained there, and its page is made from it. Of a page
that is written by hand, the first lines are made.
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
        path = f"{FOLDER}/{rule.code}.md"
        tree.write(path, page(rule, tree.read(path)))


def page(rule: Rule, text: str) -> str:
    """Return a rule's page; `text` is the page as it is."""
    head = f"# {rule.code}\n\n{rule.summary}. Severity: {rule.severity}.\n\n"
    name = f"kvlens.lint.{rule.domain}.{rule.code.replace('-', '_')}"
    _, heading, rest = inspect.cleandoc(sys.modules[name].__doc__ or "").partition("## ")
    if not heading:
        _, heading, rest = text.partition("## ")
    if not heading:
        raise ValueError(f"{name} has no page: put its sections into its docstring, from ## What")
    return f"{head}## {rest.rstrip()}\n"
