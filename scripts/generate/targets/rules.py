"""docs/rules: the tables of README.md, and the pages."""

from __future__ import annotations

from kvlens.lint.pages import page
from kvlens.lint.registry import DOMAINS, rules, rules_of

from scripts.generate.tree import Tree, table

FOLDER = "docs/rules"


def write(tree: Tree) -> None:
    """Write the tables and the pages."""
    for domain in DOMAINS:
        rows = (
            (f"[{rule.code}]({rule.code}.md)", rule.level, rule.summary)
            for rule in rules_of(domain).values()
        )
        tree.fill(f"{FOLDER}/README.md", domain, table(("rule", "severity", "what"), rows))
    for rule in rules().values():
        tree.write(f"{FOLDER}/{rule.code}.md", page(rule))
