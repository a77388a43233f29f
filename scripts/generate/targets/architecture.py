"""The drawing of the package's imports in docs/architecture.md."""

from __future__ import annotations

from scripts.draw_imports import outline
from scripts.generate.tree import Tree


def write(tree: Tree) -> None:
    """Write the drawing, without the counts that change with every edit."""
    tree.fill("docs/architecture.md", "imports", f"```\n{outline()}```\n")
