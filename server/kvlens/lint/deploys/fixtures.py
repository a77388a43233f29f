"""Recognize configs that nobody deploys as they are: in tests, templates, examples, backups."""

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
_ASIDE = re.compile(r".\.(?:backup|bak|old|orig)\Z", re.IGNORECASE)  # not a Worker "db-backup"
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
    """Return whether a config is a fixture, a template, an example or a backup by its path."""
    if _NAME.search(Path(path).name):
        return True
    return is_backup(path) or any(folder.lower() in _FOLDERS for folder in _folders(path))


def is_backup(path: str) -> bool:
    """Return whether a file is in a folder that is set aside: `shop.backup`."""
    return any(_ASIDE.search(folder) for folder in _folders(path))


def _folders(path: str) -> tuple[str, ...]:
    """Return the folders of a file in its repository, which may itself be in a folder "test"."""
    folder = Path(path).parent
    return folder.relative_to(repository(folder)).parts if folder.is_absolute() else ()
