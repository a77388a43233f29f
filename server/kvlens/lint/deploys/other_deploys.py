"""Whether a source is of another deploy than those of the configs it is checked with.

Sources: `entrypoint` and `main` of Alchemy's Worker, `handler` of SST's; Pages, which runs the
functions in the folder `functions` of the project, and one Worker, `_worker.js`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import PurePath

from kvlens.js.config_bindings import entries
from kvlens.lint.base import Context

_FUNCTION = re.compile(r"\bexport\s+(?:const|(?:async\s+)?function)\s+onRequest")
_WORKER = re.compile(r"(?m)^export\s+default\s*\{\s*(?:async\s+)?fetch\b")
_APP = re.compile(r"(?m)^export\s+default\s+(\w+)\s*;?\s*$")
_BUILT = {"dist", "build", "out", "lib", "public"}  # folders that tools write a `main` to


def is_of_another_deploy(context: Context) -> bool:
    """Return whether a source starts a Worker, or is a function of Pages, that no config is for.

    A source that imports it may name it as the start of a Worker, whose bindings no config has. If
    nothing imports it, it starts one itself.
    """
    modules, path = context.project.modules, context.analysis.source.path
    if modules is None or path in _entries(context):
        return False
    if _is_run_by_pages(context):
        return True
    importers = modules.importers(path)
    if not importers:
        return _is_elsewhere(context) or _is_another_worker(context)
    name = re.escape(PurePath(path).name)
    starts = re.compile(rf"\b(?:main|entrypoint|handler)\s*:\s*[\"'`](?:[^\"'`\n]*/)?{name}[\"'`]")
    sources = (modules.source(importer) for importer in importers)
    return any(source is not None and starts.search(source.text) for source in sources)


def _entries(context: Context) -> Iterator[str]:
    return (path for config in context.project.configs for path in entries(config))


def _is_elsewhere(context: Context) -> bool:
    """Return whether a source is a function of Pages in the folder of another project."""
    source, homes = context.analysis.source, set(_homes(context))
    folders = {each.parent for each in PurePath(source.path).parents if each.name == "functions"}
    if not folders or not homes or not _FUNCTION.search(source.text):
        return False
    return folders.isdisjoint(homes)


def _is_run_by_pages(context: Context) -> bool:
    """Return whether Pages runs a source, and its configs are for nothing that has code.

    Pages doesn't read a config without `pages_build_output_dir`: its bindings are in the dashboard.
    """
    configs, path = context.project.configs, PurePath(context.analysis.source.path)
    return bool(configs) and all(
        PurePath(config.path).parent / "functions" in path.parents
        and not any(config.root.get(name) for name in ("main", "pages_build_output_dir"))
        for config in configs
    )


def _homes(context: Context) -> Iterator[PurePath]:
    """Yield the folders of the configs of Pages projects."""
    for config in context.project.configs:
        if config.root.get("pages_build_output_dir"):
            yield PurePath(config.path).parent


def _is_app(text: str) -> bool:
    """Return whether a source exports an app as its Worker: `const app = new Hono()`."""
    found = _APP.search(text)
    return found is not None and bool(
        re.search(rf"(?m)^(?:const|let|var)\s+{found[1]}\s*=\s*new\s+(?:Hono|OpenAPIHono)\b", text)
    )


def _is_another_worker(context: Context) -> bool:
    """Return whether a source has a `fetch` handler, and another one starts the config's Worker."""
    modules, source = context.project.modules, context.analysis.source
    if modules is None or not (_WORKER.search(source.text) or _is_app(source.text)):
        return False
    if any(_homes(context)):
        return PurePath(source.path).stem != "_worker"
    starts = [
        (PurePath(config.path).parent, path)
        for config in context.project.configs
        for path in entries(config)
    ]
    return bool(starts) and all(
        modules.source(path) is not None
        and _BUILT.isdisjoint(PurePath(os.path.relpath(path, folder)).parts)
        for folder, path in starts
    )
