"""Setting up: what it must never touch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import setup
from scripts.toolchain import ToolError


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_an_environment_that_is_a_link_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`venv --clear` empties what a link leads to, such as the environment of another clone."""
    other = tmp_path / "other"
    (other / ".kvlens").mkdir(parents=True)
    (other / ".kvlens" / "place").write_text(str(other), encoding="utf-8")
    link = tmp_path / ".venv"
    link.symlink_to(other)
    monkeypatch.setattr(setup, "VENV", link)
    with pytest.raises(ToolError, match=r"is a link to .*other, which this would change or empty"):
        setup._python_packages("[dev]", "dev")
    assert (other / ".kvlens" / "place").read_text(encoding="utf-8") == str(other)
