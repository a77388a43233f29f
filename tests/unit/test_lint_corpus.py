"""The script that reads reports on third-party repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.lint_corpus import main

EMPTY_ID = '[[kv_namespaces]]\nbinding = "A"\nid = ""\n'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "wrangler.toml").write_text(EMPTY_ID, encoding="utf-8")
    source = 'export default { fetch: (r, env) => env.A.put("k", "v", 5) };\n'
    (folder / "one" / "index.js").write_text(source, encoding="utf-8")
    return folder


def test_reports_by_rule_with_samples(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(corpus)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# reports: 3 of 2 rules in 2 repositories\n")
    assert "## id-empty: 2 error in 2 repositories" in out
    assert "- one/index.js:1: env.A.put() takes its options as an object" in out
    assert main([str(corpus), "--code", "options-not-object"]) == 0
    assert "id-empty" not in capsys.readouterr().out


def test_before_and_after(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "before.json"
    assert main([str(corpus), "--save", str(kept)]) == 0
    (corpus / "two" / "wrangler.toml").write_text("name = 'x'\n", encoding="utf-8")
    moved = "// a comment\n" + (corpus / "one" / "index.js").read_text(encoding="utf-8")
    (corpus / "one" / "index.js").write_text(moved, encoding="utf-8")
    capsys.readouterr()
    assert main([str(corpus), "--before", str(kept)]) == 0
    out = capsys.readouterr().out
    assert "# new: 0 of 0 rules" in out
    assert "# gone: 1 of 1 rules in 1 repositories" in out
    assert "- two/wrangler.toml:3" in out


def test_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err
