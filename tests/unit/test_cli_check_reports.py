"""The formats of `kvlens check` for CI servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from kvlens.cli import main

Report = Callable[[str], str]

CONFIG = """\
[[kv_namespaces]]
binding = "A" # é
id = ""

[[kv_namespaces]]
binding = "B<\u0001&\""
id = ""
"""


@pytest.fixture
def report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Report:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "wrangler.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "wrangler.toml").write_text("name = 'x'\n", encoding="utf-8")

    def run(name: str) -> str:
        capsys.readouterr()
        main(["check", "--select", "id-empty,binding-not-identifier", "--output-format", name])
        return capsys.readouterr().out

    return run


def test_gitlab_has_a_fingerprint_for_each_problem(report: Report, tmp_path: Path) -> None:
    found = json.loads(report("gitlab"))
    assert [item["check_name"] for item in found] == [
        "id-empty",
        "binding-not-identifier",
        "id-empty",
    ]
    assert found[0]["location"] == {"path": "a b/wrangler.toml", "lines": {"begin": 3}}
    prints = [item["fingerprint"] for item in found]
    assert len(set(prints)) == 3
    config = tmp_path / "a b" / "wrangler.toml"
    config.write_text("\n\n" + CONFIG, encoding="utf-8")
    moved = json.loads(report("gitlab"))
    assert [item["fingerprint"] for item in moved] == prints, "lines may move"


def test_junit_is_valid_xml(report: Report) -> None:
    root = ET.fromstring(report("junit"))
    assert root.attrib == {"name": "kvlens", "tests": "4", "failures": "3", "errors": "0"}
    with_problems, clean = root
    assert with_problems.get("name") == "a b/wrangler.toml"
    assert [len(case) for case in with_problems] == [1, 1, 1]
    failure = with_problems[1][0]
    assert "6:11" in str(with_problems[1].get("name"))
    assert failure.get("type") == "warning"
    assert "\\x01" in str(failure.get("message"))
    (case,) = clean
    assert not len(case)


def test_rdjson_counts_bytes(report: Report) -> None:
    found = json.loads(report("rdjson"))
    assert found["source"]["name"] == "kvlens"
    first = found["diagnostics"][0]
    assert first["location"] == {
        "path": "a b/wrangler.toml",
        "range": {"start": {"line": 3, "column": 6}, "end": {"line": 3, "column": 8}},
    }
    assert first["code"]["value"] == "id-empty"
    assert first["code"]["url"].endswith("/docs/rules/id-empty.md")
