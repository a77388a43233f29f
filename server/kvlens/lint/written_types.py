"""Whether a project writes its types with `wrangler types`: they may not be there yet."""

from __future__ import annotations

import os
import re
from pathlib import Path

from kvlens import files, lookups
from kvlens.config.model import Config
from kvlens.config.references import LARGEST, scripts_of

_WRITES = re.compile(r"\bwrangler(?:@\S+)?\s+types\b")


def writes_types(config: Config) -> bool:
    """Return whether a script of the nearest package.json runs `wrangler types`."""
    path = Path(config.path)
    if not path.is_absolute():
        return False
    return bool(lookups.nearest(("writes types",), str(path.parent), _scripts_write))


def _scripts_write(folder: str) -> bool | None:
    package = os.path.join(folder, "package.json")  # noqa: PTH118 - for every folder above
    if lookups.kind(package) != "file":
        return None
    try:
        text = files.read_text(Path(package), LARGEST, errors="replace")
    except OSError:
        return None
    return any(_WRITES.search(script) for script in scripts_of(text))
