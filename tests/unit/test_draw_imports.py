"""The drawing of the package's imports matches the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.draw_imports import drawing, levels, outline, read_parts

FILES = {
    "__init__.py": "from kvlens import low\n",
    "low.py": "import os\n\nX = 1\n",
    "middle/__init__.py": "from kvlens.low import X\n",
    "middle/deep.py": "from ..low import X\nfrom . import other\n",
    "middle/other.py": "",
    "high/__init__.py": "",
    "high/one.py": "import kvlens.middle.deep\nfrom kvlens import low, middle\n",
    "high/two.py": "def late() -> None:\n    from kvlens.middle import deep\n",
}
DRAWN = """\
level  part    modules  lines  imports (by how many of its modules)
    2  high          3      4  middle 2, low 1
    1  middle        3      3  low 2
    0  low           1      3
       all           7     10
"""

OUTLINE = """\
level  part    imports
    2  high    middle,
               low
    1  middle  low
    0  low     nothing
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with three parts."""
    for name, text in FILES.items():
        path = tmp_path / "kvlens" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "kvlens"


def test_parts_are_drawn_below_what_imports_them(package: Path) -> None:
    assert drawing(package) == DRAWN
    assert drawing(package) == drawing(package)
    assert outline(package, width=24) == OUTLINE


def test_a_circle_is_told_at_its_thinner_side(package: Path) -> None:
    (package / "low.py").write_text("from kvlens import middle\n", encoding="utf-8")
    text = drawing(package)
    assert text.endswith("circle: low imports middle, which imports it too\n")
    assert text.startswith(DRAWN.splitlines()[0])


def test_this_package_has_no_circle() -> None:
    parts = read_parts()
    level, circles = levels(parts)
    assert circles == []
    assert all(level[name] > level[other] for name, part in parts.items() for other in part.imports)
    assert level["errors"] == 0
