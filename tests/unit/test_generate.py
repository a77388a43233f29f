"""What repeats the Python tables is generated, and is as it was generated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.generate.tree import Tree

ROOT = Path(__file__).parents[2]


def test_nothing_is_left_to_generate() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with one document."""
    text = "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- end -->\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    return Tree(tmp_path)


def test_what_is_between_markers_is_replaced(tree: Tree, tmp_path: Path) -> None:
    tree.fill("a.md", "one", "new\n")
    assert "".join(tree.changes()).endswith("-old\n+new\n <!-- end -->\n b\n <!-- end -->\n")
    assert "old" in (tmp_path / "a.md").read_text("utf-8")
    assert tree.save() == ["a.md"]
    text = "a\n<!-- generated: one -->\nnew\n<!-- end -->\nb\n<!-- end -->\n"
    assert (tmp_path / "a.md").read_text("utf-8") == text


def test_the_same_text_is_no_change(tree: Tree) -> None:
    tree.fill("a.md", "one", "old\n")
    assert [*tree.changes(), *tree.save()] == []


def test_markers_have_to_be_there(tree: Tree) -> None:
    with pytest.raises(ValueError, match=r"a\.md has 0 places for <!-- generated: two -->"):
        tree.fill("a.md", "two", "new\n")


def test_a_file_may_be_new(tree: Tree, tmp_path: Path) -> None:
    tree.write("b.md", "new\n")
    assert tree.save() == ["b.md"]
    assert (tmp_path / "b.md").read_text("utf-8") == "new\n"
