"""Whether a source starts a Worker that code deploys, with bindings that no config has.

Sources: `entrypoint` and `main` of Alchemy's Worker, `handler` of SST's.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from kvlens.js.config_bindings import entries
from kvlens.lint.base import Context


def is_deployed_by_code(context: Context) -> bool:
    """Return whether a source that imports this one names it as the start of a Worker."""
    modules, path = context.project.modules, context.analysis.source.path
    if modules is None or any(path in entries(config) for config in context.project.configs):
        return False
    name = re.escape(PurePath(path).name)
    starts = re.compile(rf"\b(?:main|entrypoint|handler)\s*:\s*[\"'`](?:[^\"'`\n]*/)?{name}[\"'`]")
    importers = (modules.source(importer) for importer in modules.importers(path))
    return any(source is not None and starts.search(source.text) for source in importers)
