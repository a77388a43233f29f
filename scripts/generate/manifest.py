"""Format the extension's manifest, with short values on one line each."""

from __future__ import annotations

import json
from typing import Any

MANIFEST = "extension/package.json"


def inline(value: Any) -> str:
    """Return a value as JSON on one line, in the style of the manifest.

    >>> print(inline({"a": [1, "…"]}))
    { "a": [1, "…"] }
    """
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{inline(k)}: {inline(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
