"""Find the sources of a project: those in its folder, without third-party and generated files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from kvlens import lookups
from kvlens.config.find import SKIPPED_FOLDERS, has_config_name
from kvlens.js.grammar import is_source

MOST_FILES = 5_000  # per project; the rest isn't read


def source_files(root: Path) -> Iterator[Path]:
    """Yield the sources in a folder and its subfolders in a stable order, at most MOST_FILES.

    Skips third-party and generated files, links that lead nowhere, such as `.#index.ts` of Emacs,
    and subfolders with a config, which are separate projects.
    """
    return islice(_every_source(root), MOST_FILES)


def has_too_many(root: Path) -> bool:
    """Return whether a folder has sources that `source_files` leaves out."""
    return next(islice(_every_source(root), MOST_FILES, None), None) is not None


def _every_source(root: Path) -> Iterator[Path]:
    top = os.fspath(root)
    for folder, folders, files in lookups.walk(top, SKIPPED_FOLDERS):
        if folder != top and any(map(has_config_name, files)):
            folders.clear()
            continue
        for name in files:
            if is_source(name) and not has_config_name(name):
                path = Path(folder, name)
                if not lookups.is_link(path) or lookups.kind(path):
                    yield path
