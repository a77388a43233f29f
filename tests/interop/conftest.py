"""The runtimes that several tests share: each is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.runtimes import Miniflare, Serving, Workerd

BINDINGS = {f"KV{number}": f"id {number}/ü" for number in range(3)}


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """An emulator with workerd's answers and three namespaces on disk."""
    namespaces = {ns: binding for binding, ns in BINDINGS.items()}
    with Serving("wrangler:", tmp_path_factory.mktemp("ours"), namespaces) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def ours(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workerd]:
    """workerd with its KV bindings at our emulator."""
    emulator = serving.emulator
    folder = tmp_path_factory.mktemp("workerd")
    worker = Workerd(folder, emulator.url, emulator.token, BINDINGS)
    yield worker
    worker.stop()


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miniflare]:
    """Miniflare with the same namespaces."""
    worker = Miniflare(Path(tmp_path_factory.mktemp("theirs")), *BINDINGS.values())
    yield worker
    worker.stop()
