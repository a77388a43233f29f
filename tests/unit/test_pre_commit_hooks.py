"""`.pre-commit-hooks.yaml`: the hook runs whenever a file changes that the check reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kvlens.config.find import CODE_NAMES, CONFIG_NAMES
from kvlens.js.grammar import ENDINGS
from kvlens.lint.project_file import NAMES

HOOKS = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
(PATTERN,) = re.findall(r"^  files: '(.*)'$", HOOKS, re.MULTILINE)

SOURCES = [f"src/a{ending}" for ending in ENDINGS]
OTHER_CONFIGS = ["wrangler.staging.jsonc", "a/wrangler-b.toml", "wrangler_c.toml"]
SEEDS = ["seeds/CACHE.json", "a/seeds/CACHE.json"]
CHECKED = [*CONFIG_NAMES, *OTHER_CONFIGS, *CODE_NAMES, *NAMES, *SOURCES, *SEEDS]
OTHERS = ["README.md", "package-lock.json", "my-wrangler.toml", "Cargo.toml", "src/style.css"]


@pytest.mark.parametrize("name", CHECKED)
def test_the_hook_runs_for_what_is_checked(name: str) -> None:
    assert re.search(PATTERN, name)


@pytest.mark.parametrize("name", OTHERS)
def test_the_hook_does_not_run_for_other_files(name: str) -> None:
    assert not re.search(PATTERN, name)
