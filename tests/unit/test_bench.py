"""The benchmarks' own parts: the files they make, the figures they give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomlkit
from kvlens.cli import main
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check
from kvlens.search.language import read
from kvlens.stores.base import Step
from kvlens.stores.registry import open_store
from tomlkit.exceptions import TOMLKitError

from tests.bench.browse import NEEDLES, fill_keys, fill_values, searcher
from tests.bench.configs import make_config
from tests.bench.monorepo import SOURCES, make_monorepo
from tests.bench.report import NO_PEER, Row, percentile, save, table
from tests.bench.sources import TYPED, make_source


@pytest.mark.parametrize("lines", [60, 61, 62, 63, 64, 2000])
def test_a_config_is_as_long_as_asked_and_breaks_at_one_letter(lines: int) -> None:
    text, places = make_config(lines)
    assert text.count("\n") == lines
    config = load_text(text, "wrangler.toml")
    _, inline, tables = config.environments
    assert len(inline.kv[0].entries) > 5 and len(tables.kv[0].entries) > 3
    assert len(config.namespaces()) == len(inline.kv[0].entries) + len(tables.kv[0].entries)
    assert [problem.code for problem in check(config)] == ["unknown-field", "unknown-field"]
    tomlkit.parse(text)
    assert len(places) == 2
    for place in places:
        written = text.splitlines(keepends=True)
        line = written[place.line]
        assert line[place.character] == "x"
        written[place.line] = f"{line[: place.character]}d{line[place.character + 1 :]}"
        with pytest.raises(TOMLKitError):
            tomlkit.parse("".join(written))


@pytest.mark.parametrize(
    ("ours", "theirs", "higher", "ratio"),
    [
        pytest.param(2.0, 8.0, False, 4.0, id="half-the-time-is-better"),
        pytest.param(8.0, 2.0, False, 0.25, id="more-time-is-worse"),
        pytest.param(8.0, 2.0, True, 4.0, id="more-a-second-is-better"),
        pytest.param(0.0, 2.0, False, float("inf"), id="nothing-at-all"),
    ],
)
def test_a_ratio_says_how_many_times_better(
    ours: float, theirs: float, higher: bool, ratio: float
) -> None:
    assert Row("", "", ours, "", theirs, 1, higher=higher).ratio == ratio


@pytest.mark.parametrize(
    ("samples", "share", "expected"),
    [
        pytest.param([3, 1, 2], 0.5, 2, id="odd"),
        pytest.param([4, 1, 2, 3], 0.5, 2, id="even"),
        pytest.param(list(range(1, 101)), 0.95, 95, id="hundred"),
        pytest.param([7], 0.95, 7, id="one"),
        pytest.param(list(range(1, 21)), 0.95, 19, id="twenty"),
    ],
)
def test_percentiles(samples: list[float], share: float, expected: float) -> None:
    assert percentile(samples, share) == expected


def test_a_missed_aim_is_said() -> None:
    rows = [
        Row("fast", "ms", 1.0, "peer", 4.0, 3, aim=4.0),
        Row("slow", "ms", 2.0, "peer", 4.0, 3, aim=4.0),
        Row("big", "MB", 70.0, "peer", 4.0, 3, limit=60.0),
    ]
    fast, slow, big = table("Title", rows).splitlines()[2:]
    assert "missed" not in fast
    assert "aim 4.00x missed" in slow
    assert "under 60.0 MB missed" in big


def test_a_row_without_a_peer_has_a_limit_alone() -> None:
    row = Row("alone", "s", 2.0, NO_PEER, None, 3, limit=3.0)
    assert row.ratio is None
    line = table("Title", [row]).splitlines()[2]
    assert line.split() == ["alone", "[s]", "2.00", "(no", "peer)", "3", "under", "3.00", "s"]


def test_a_made_monorepo_has_the_mistakes_that_were_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = make_monorepo(tmp_path, 8)
    assert len(list(tmp_path.rglob("*.ts"))) == 8 * SOURCES
    assert main(["check", "--output-format", "json", str(tmp_path)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [Path(problem["file"]).parts[-3:] for problem in found] == [
        ("worker-7", "src", "cache.ts")
    ]
    assert wrong == 1


def test_a_made_source_is_right_until_it_is_typed_into(tmp_path: Path) -> None:
    make_monorepo(tmp_path, 1)
    folder = next(tmp_path.rglob("src"))
    text, places = make_source(600)
    assert abs(text.count("\n") - 600) < 20
    (folder / "steps.ts").write_text(text, encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    for place in reversed(places):
        text = text[:place] + TYPED + text[place:]
    (folder / "steps.ts").write_text(text, encoding="utf-8")
    assert main(["check", str(folder)]) == 1


def test_results_are_written_as_json(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench.json"
    alone = Row("alone", "ms", 1.0, NO_PEER, None, 3)
    save(path, {"topic": [Row("what", "ms", 1.0, "peer", 2.0, 3), alone]})
    document = json.loads(path.read_text(encoding="utf-8"))
    assert [row["ratio"] for row in document["topics"]["topic"]] == [2.0, None]


async def test_the_namespaces_to_browse_are_what_is_measured(tmp_path: Path) -> None:
    state = tmp_path / ".wrangler" / "state" / "v3"
    fill_keys(state, "K", 500)
    fill_values(state, "V", 500)
    store = open_store("wrangler:", tmp_path)
    try:
        assert await store.count("K") == 500
        found = await store.find("V", read("value:NEEDLE-xyz"), Step(seconds=9.0))
        assert (found.matched, found.scanned) == (NEEDLES, 500)
        rows = await store.rows("V", found.names)
        assert {(row.kind, row.size) for row in rows if row} == {("text", 1024)}
    finally:
        await store.close()
    name, command = searcher()
    assert name in ("ripgrep", "grep -r") and Path(command[0]).is_file()
