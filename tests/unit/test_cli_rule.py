"""`kvlens rule`: the page of a rule, and the list of all."""

from __future__ import annotations

import json

import pytest
from kvlens.cli import main
from kvlens.lint.registry import rules

from scripts.toolchain import ROOT


@pytest.mark.parametrize("code", ["id-empty", "promise-not-awaited", "seed-invalid"])
def test_a_rule_is_explained_as_on_its_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", code]) == 0
    page = (ROOT / "docs" / "rules" / f"{code}.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page


def test_all_rules_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "--all", "--output-format", "json"]) == 0
    items = json.loads(capsys.readouterr().out)
    assert [item["code"] for item in items] == list(rules())
    assert all(item["summary"] and "## What" in item["explanation"] for item in items)
    by_code = {item["code"]: item for item in items}
    assert by_code["id-empty"]["fixable"]
    assert by_code["id-empty"]["default"] == "error"
    assert (by_code["id-twice"]["severity"], by_code["id-twice"]["default"]) == (
        "information",
        "off",
    )
    assert by_code["binding-undeclared"]["domain"] == "js"


def test_all_rules_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(rules())
    assert [line.split()[1] for line in lines] == [rule.default for rule in rules().values()]


WRONG = {
    "none": ([], "name one rule, or give --all"),
    "both": (["id-empty", "--all"], "name one rule, or give --all"),
    "misspelled": (["id-emty"], 'did you mean "id-empty"?'),
    "unknown": (["qqq"], "`kvlens rule --all` lists them"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", *words]) == 2
    assert message in capsys.readouterr().err
