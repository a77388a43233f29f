"""The example project has no problems, and its seeds can be written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from kvlens.cli import main
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check as check_config
from kvlens.seeds.file import read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CONFIG = EXAMPLES / "wrangler.toml"
SEEDS = sorted((EXAMPLES / "seeds").glob("*.json"))


def test_config_has_no_problem_and_shows_both_syntaxes() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    config = load_text(text, str(CONFIG))
    assert check_config(config) == []
    assert "kv_namespaces = [" in text
    assert "[[env.staging.kv_namespaces]]" in text
    found = [(space.environment, space.binding) for space in config.namespaces()]
    assert found == [
        (None, "SESSIONS"),
        (None, "FEATURE_FLAGS"),
        ("staging", "SESSIONS"),
        ("staging", "FEATURE_FLAGS"),
    ]
    ids = re.findall(r'"([0-9a-f]{32})"', text)
    assert len(ids) == len(set(ids)) == 6


def test_worker_uses_the_bindings_of_the_config() -> None:
    source = (EXAMPLES / "src" / "index.js").read_text(encoding="utf-8")
    used = set(re.findall(r"\benv\.([A-Z_]+)\.", source))
    assert used == {path.stem for path in SEEDS} == {"SESSIONS", "FEATURE_FLAGS"}


def test_nothing_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(EXAMPLES), "--output-format", "json", "--no-cache"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_seeds_have_neither_errors_nor_warnings(path: Path) -> None:
    assert read(path, 1_800_000_000).problems == []


def test_seeds_show_every_form() -> None:
    items = [item for path in SEEDS for item in json.loads(path.read_bytes())]
    shown = {name for item in items for name in item}
    assert shown == {"key", "value", "expiration_ttl", "metadata", "base64"}


def test_seeding_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "examples"
    shutil.copytree(EXAMPLES, project, ignore=shutil.ignore_patterns(".wrangler"))
    monkeypatch.chdir(project)
    assert main(["seed"]) == 0
    capfd.readouterr()
    assert main(["namespace", "list", "--json", "--env", ""]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert {row["binding"]: row["keys"] for row in rows} == {"SESSIONS": 4, "FEATURE_FLAGS": 5}
