"""extension/l10n/bundle.l10n.json: the texts of the extension's code, for translators."""

from __future__ import annotations

from scripts.generate.manifest import put_json
from scripts.generate.tree import Tree
from scripts.texts import translated


def write(tree: Tree) -> None:
    """Write the bundle."""
    texts = {one.text for one in translated(tree)}
    put_json(tree, "extension/l10n/bundle.l10n.json", {text: text for text in texts})
