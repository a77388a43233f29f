"""A short soak: a few kills, seconds of load, thousands of keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.soak import kills, load, million
from tests.soak.__main__ import main
from tests.soak.result import Result, save, table


def wrong(results: list[Result], *without: str) -> list[Result]:
    return [r for r in results if not r.is_fine and not r.name.startswith(without)]


def test_kills() -> None:
    """Each operation once, with one of the three companies."""
    assert wrong(kills.run(10 / kills.KILLS, 1)) == []


def test_load() -> None:
    """Times of keystrokes need an otherwise idle machine: `make soak`."""
    results = load.run(8 / (load.MINUTES * 60), 1)
    assert wrong(results, "typing") == []
    assert results[0].value > load.CLIENTS


def test_a_million_keys() -> None:
    """Only twenty thousand here; times are measured in `make soak`."""
    assert [r for r in wrong(million.run(0.02, 1)) if r.unit != "s"] == []


def test_what_is_over_its_limit_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = [Result("lost", 1, "keys", limit=0, found=["k0001"]), Result("took", 2, "s")]
    assert [result.is_fine for result in results] == [False, True]
    assert table("t", results).splitlines() == [
        "t",
        "  lost             1 keys   at most 0   WRONG",
        "    k0001",
        "  took             2 s",
    ]
    save(tmp_path / "build" / "soak.json", {"t": results})
    assert json.loads((tmp_path / "build" / "soak.json").read_text("utf-8"))["t"][0]["value"] == 1
    monkeypatch.setattr("tests.soak.__main__.PARTS", {"t": ("t", lambda *_: results)})
    assert main(["--out", str(tmp_path / "x.json")]) == 1
