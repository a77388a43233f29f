"""Recognize configs that nobody deploys as they are: in tests, templates and examples."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from kvlens.config.model import Config
from kvlens.config.project_context import repository
from kvlens.memo import memo

_FOLDERS = frozenset(
    (
        "test", "tests", "__tests__", "e2e", "conformance", "testdata", "mocks", "__mocks__",
        "fixture", "fixtures", "__fixtures__",
        "template", "templates", "example", "examples", "sample", "samples", "demo", "demos",
    )
)  # fmt: skip
_NAME = re.compile(r"[._-](?:example|sample|template|tmpl|demo|test|e2e|fixture)\b", re.IGNORECASE)


@memo
def is_example(config: Config) -> bool:
    """Return whether a config is a fixture or an example by its path, or by that of its `main`."""
    return is_fixture(config.path) or any(
        not _FOLDERS.isdisjoint(part.lower() for part in (*main.parts[:-1], main.stem))
        for environment in config.environments
        for definition in environment.table.get("main")
        if definition.node is not None and isinstance(definition.node.value, str)
        for main in (PurePosixPath(definition.node.value),)
    )


@lru_cache(maxsize=1_024)
def is_fixture(path: str) -> bool:
    """Return whether a config is a fixture, a template or an example by its path.

    Only folders of its repository count: a repository may itself be in a folder "test".
    """
    whole = Path(path)
    if _NAME.search(whole.name):
        return True
    if not whole.is_absolute():
        return False
    folders = whole.parent.relative_to(repository(whole.parent)).parts
    return any(folder.lower() in _FOLDERS for folder in folders)
