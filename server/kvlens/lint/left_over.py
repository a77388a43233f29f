"""Whether a source is what another one in TypeScript was made of, or is compiled to."""

from __future__ import annotations

import os
from collections.abc import Container

_TYPED = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}


def is_left_over(path: str, sources: Container[str], starts: Container[str]) -> bool:
    """Return whether a source has one in TypeScript beside it: `index.js` beside `index.ts`.

    What is wrong in both is to be fixed in TypeScript. `starts` are the sources that configs name
    as the start of a Worker: those run.
    """
    stem, ending = os.path.splitext(path)  # noqa: PTH122 - for every source
    typed = (stem + other for other in _TYPED.get(ending, ()))
    return path not in starts and any(other in sources for other in typed)
