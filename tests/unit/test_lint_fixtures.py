"""Configs that nobody deploys as they are, by their paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.lint.deploys.fixtures import is_fixture

PATHS = {
    "project": ("wrangler.toml", False),
    "package": ("packages/api/wrangler.jsonc", False),
    "folder-of-a-similar-name": ("testing/wrangler.toml", False),
    "environment": ("wrangler.staging.toml", False),
    "fixture": ("packages/a/fixtures/kv/wrangler.toml", True),
    "test": ("test/wrangler.toml", True),
    "template": ("templates/worker-kv/wrangler.jsonc", True),
    "example": ("Examples/kv/wrangler.toml", True),
    "demo": ("demos/kv/wrangler.jsonc", True),
    "conformance": ("conformance/worker/wrangler.jsonc", True),
    "named-e2e": ("wrangler.e2e.jsonc", True),
    "named-example": ("wrangler.example.toml", True),
    "named-template": ("wrangler.toml.template", True),
}


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("home", ["shop", "tests/shop"])
def test_only_folders_of_the_repository_count(
    home: str, path: str, expected: bool, tmp_path: Path
) -> None:
    (tmp_path / home / ".git").mkdir(parents=True)
    assert is_fixture(str(tmp_path / home / path)) == expected


def test_without_a_repository_only_the_name_counts(tmp_path: Path) -> None:
    assert not is_fixture(str(tmp_path / "tests" / "wrangler.toml"))
    assert is_fixture(str(tmp_path / "tests" / "wrangler.test.toml"))
