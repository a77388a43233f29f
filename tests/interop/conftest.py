"""The runtimes that several tests share: each is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.runtimes import Miniflare, Ours

BINDINGS = {f"KV{number}": f"id {number}/ü" for number in range(3)}


@pytest.fixture(scope="session")
def as_workerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Our emulator with `compat` "workerd" and three namespaces on disk."""
    folder = tmp_path_factory.mktemp("workerd")
    worker = Ours(folder, BINDINGS, "workerd", f"wrangler:{folder / 'state'}")
    yield worker
    worker.stop()


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """The same with `compat` "strict"."""
    folder = tmp_path_factory.mktemp("strict")
    worker = Ours(folder, BINDINGS, "strict", f"wrangler:{folder / 'state'}")
    yield worker
    worker.stop()


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miniflare]:
    """Miniflare with the same namespaces."""
    worker = Miniflare(Path(tmp_path_factory.mktemp("theirs")), *BINDINGS.values())
    yield worker
    worker.stop()
