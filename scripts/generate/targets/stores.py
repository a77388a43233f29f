"""The table of stores in docs/stores.md and docs/settings.md."""

from __future__ import annotations

from kvlens.stores.registry import every_store

from scripts.generate.tree import Tree, table


def write(tree: Tree) -> None:
    """Write both."""
    rows = [(", ".join(f"`{url}`" for url in info.urls), info.summary) for info in every_store()]
    for path in ("docs/stores.md", "docs/settings.md"):
        tree.fill(path, "stores", table(("URL", "what"), rows))
