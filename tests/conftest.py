"""With `pytest -n 2`, the tests in an editor run beside all others: both mostly wait."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvlens.cli.check_cache import FOLDER
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Keep the answers of `kvlens check` out of the user's cache."""
    os.environ[FOLDER] = str(Path(tempfile.gettempdir(), f"kvlens-tests-{os.getpid()}"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove them."""
    shutil.rmtree(os.environ[FOLDER], ignore_errors=True)


class InTwo(LoadScopeScheduling):  # type: ignore[misc]  # xdist isn't typed
    """Give each of two processes one half of the tests, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return "editor" if nodeid.startswith("tests/editor/") else "others"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InTwo:
    """Decide which process runs which tests."""
    return InTwo(config, log)
