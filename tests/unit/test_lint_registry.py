"""Rules are found by their files: a new file is a new rule, in a folder and in a zip archive."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import kvlens
import pytest
from kvlens.lint.registry import DOMAINS, find_rule, rules, rules_of

RULE = f'''
"""A made-up rule, with its page.

## What
A binding has more than 64 characters.

## Why
Nobody types it right.

## Example
```toml
kv_namespaces = [{{ binding = "{"A" * 65}" }}]
```

## Fix
```toml
kv_namespaces = [{{ binding = "A" }}]
```
"""

from kvlens.lint.base import EntryRule, Finding


def _check(entry):
    field = entry.get("binding")
    if field and isinstance(field.value, str) and len(field.value) > 64:
        yield Finding(field.value_span, "The binding is too long.")


RULE = EntryRule("binding-made-up", "warning", "A binding is longer than 64 characters", _check)
'''
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from kvlens.config.reader import load_text
from kvlens.lint.check_config import check
from kvlens.lint.registry import find_rule, rules_of
text = "kv_namespaces = [{ binding = '%s', id = '%s' }]" % ("A" * 65, "0f2ac74b498b48028cb68387c421e279")
found = [problem.code for problem in check(load_text(text, "wrangler.toml"))]
parsers = [name for name in sys.modules if "tree_sitter" in name or name == "kvlens.js.syntax"]
from kvlens.lsp.settings import read_levels
print(json.dumps([found, parsers, read_levels({"binding-made-up": "off"})[1], [*rules_of("config")]]))
"""


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_new_file_is_a_new_rule(form: str, tmp_path: Path) -> None:
    package = Path(kvlens.__file__).parent
    copy = tmp_path / "server" / "kvlens"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "lint" / "config" / "binding_made_up.py").write_text(RULE, encoding="utf-8")
    place = copy.parent
    if form == "zip":
        place = Path(shutil.make_archive(str(tmp_path / "kvlens"), "zip", copy.parent, "kvlens"))
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(place)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    found, parsers, complaints, codes = json.loads(done.stdout)
    assert (found, parsers, complaints) == (["binding-made-up"], [], [])
    assert codes == sorted([*rules_of("config"), "binding-made-up"])


def test_rules_are_listed_by_domain_then_by_code() -> None:
    assert list(rules()) == [code for domain in DOMAINS for code in sorted(rules_of(domain))]
    assert {rule.domain for rule in rules().values()} == set(DOMAINS)


@pytest.mark.parametrize("code", rules())
def test_a_rule_is_found_by_its_code(code: str) -> None:
    assert find_rule(code) is rules()[code]


def test_an_unknown_code_is_no_rule() -> None:
    assert find_rule("no-such-rule") is None
