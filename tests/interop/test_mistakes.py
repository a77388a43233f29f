"""The page that compares the tools has their actual results."""

from __future__ import annotations

import pytest
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check

from scripts.compare import MISTAKES, PAGE, RIGHT, SILENT, Mistake, ours, wrangler


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    """The cells of the page's rows, without the header and the total."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:-1]]


def test_the_page_has_every_mistake(table: list[list[str]]) -> None:
    assert [row[0] for row in table] == [mistake.what for mistake in MISTAKES]
    assert len(table) == 40


def test_the_column_of_kv_lens_is_true(table: list[list[str]]) -> None:
    for row, mistake in zip(table, MISTAKES, strict=True):
        assert row[1] == f"{ours(mistake)}: [{mistake.code}](rules/{mistake.code}.md)"


def test_the_column_of_wrangler_is_true(table: list[list[str]]) -> None:
    assert [row[2] for row in table] == [said or SILENT for said in wrangler(MISTAKES)]


def test_nothing_is_said_of_a_config_without_a_mistake() -> None:
    assert check(load_text(RIGHT, "wrangler.toml")) == []
    assert wrangler([Mistake("None", "", RIGHT)]) == [""]
