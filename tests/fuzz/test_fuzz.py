"""A short run of every target, the same each time, and every input that once failed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import inputs
from tests.fuzz.table import TARGETS, corpus, load

KEPT = [(name, path) for name in TARGETS for path in corpus(name)]
EXAMPLES = 60  # inputs per target


@pytest.fixture(autouse=True)
def logs_stay() -> Iterator[None]:
    """Restore logging: some targets log a lot, and so switch it off."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_target(name: str) -> None:
    target = load(name)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        target.run(data.draw(inputs(target.examples, target.words)))

    run()


@pytest.mark.parametrize("name", TARGETS)
def test_the_examples_are_fine(name: str) -> None:
    target = load(name)
    for example in target.examples:
        target.run(example)


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{n}-{p.name}" for n, p in KEPT])
def test_what_once_broke_a_target_does_no_more(name: str, path: Path) -> None:
    load(name).run(path.read_bytes())
