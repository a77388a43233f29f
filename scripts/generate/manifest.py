"""The extension's manifest, with short values on one line each, and its English texts.

The manifest has a `%key%` for each text. The texts are in package.nls.json: those of generated
parts are written by the targets, the others by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts.generate.tree import Tree

MANIFEST = "extension/package.json"
TEXTS = "extension/package.nls.json"


def put_texts(tree: Tree, prefix: str, texts: Mapping[str, str]) -> None:
    """Set the texts whose keys begin with a prefix, and sort all texts by key."""
    others = {
        key: text
        for key, text in json.loads(tree.read(TEXTS) or "{}").items()
        if not key.startswith(prefix)
    }
    put_json(tree, TEXTS, {**others, **{prefix + key: text for key, text in texts.items()}})


def put_json(tree: Tree, path: str, texts: Mapping[str, str]) -> None:
    """Write texts as JSON, one to a line, so that versions merge well."""
    tree.write(path, json.dumps(dict(sorted(texts.items())), ensure_ascii=False, indent=2) + "\n")


def inline(value: Any) -> str:
    """Return a value as JSON on one line, in the style of the manifest.

    >>> print(inline({"a": [1, "…"]}))
    { "a": [1, "…"] }
    """
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{inline(k)}: {inline(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
