"""A project: its config, read again as it changes, and its seed files."""

from __future__ import annotations

from pathlib import Path

import pytest
from kvlens.config.find import ConfigError
from kvlens.workspace.project import Project

ONE = '[[kv_namespaces]]\nbinding = "A"\nid = "1"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wrangler.toml"
    path.write_text(ONE, encoding="utf-8")
    return path


RELOADS: list[tuple[str, str, bool]] = [
    ("same", ONE, False),
    ("comment", "# c\n" + ONE, False),
    ("added", ONE + '[[kv_namespaces]]\nbinding = "B"\n', True),
    ("other-id", ONE.replace('"1"', '"2"'), True),
    ("preview-id", ONE + 'preview_id = "p"\n', True),
    ("environment", ONE + '[[env.x.kv_namespaces]]\nbinding = "B"\n', True),
    ("gone", "", True),
]


@pytest.mark.parametrize(("text", "changed"), [r[1:] for r in RELOADS], ids=[r[0] for r in RELOADS])
def test_reload_tells_whether_namespaces_changed(config: Path, text: str, changed: bool) -> None:
    project = Project(config)
    config.write_text(text, encoding="utf-8")
    assert project.reload() is changed


def test_a_config_that_cannot_be_read_leaves_what_was_known(config: Path) -> None:
    project = Project(config)
    config.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        project.reload()
    assert [n.binding for n in project.namespaces] == ["A"]


BROKEN: list[tuple[str, str, int, list[str]]] = [
    # id, the text, the line that the error names (0: it is used), the namespaces then
    ("behind-the-mistake", ONE.replace("[[kv_namespaces]]", "kv_namespaces = [[["), 2, ["A"]),
    ("before-the-mistake", ONE + "main = [[[\n", 0, ["A"]),
    ("id-half-typed", ONE.replace('"1"', '"1'), 3, ["A"]),
    ("valid-without-it", 'name = "x"\n', 0, []),
]


@pytest.mark.parametrize(
    ("text", "line", "left"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_namespaces_behind_a_syntax_error_are_not_gone(
    config: Path, text: str, line: int, left: list[str]
) -> None:
    project = Project(config)
    config.write_text(text, encoding="utf-8")
    found = 0
    try:
        project.reload()
    except ConfigError as error:
        found = error.line
        assert f"mistake in line {line}" in str(error)
    assert (found, [n.binding for n in project.namespaces]) == (line, left)


SEEDED: list[tuple[str, str, str | None]] = [
    ("its-binding", "seeds/A.json", "A"),
    ("no-binding", "seeds/B.json", None),
    ("other-folder", "other/A.json", None),
    ("other-ending", "seeds/A.txt", None),
]


@pytest.mark.parametrize(("file", "binding"), [s[1:] for s in SEEDED], ids=[s[0] for s in SEEDED])
def test_a_seed_file_is_known_by_its_name(config: Path, file: str, binding: str | None) -> None:
    path = config.parent / file
    path.parent.mkdir()
    path.write_text("[]", encoding="utf-8")
    found = Project(config).seeded_by(path)
    assert (found and found.binding) == binding
    path.unlink()
    assert Project(config).seeded_by(path) is None


def test_the_project_file_counts(config: Path) -> None:
    environments = "[env.x]\nkv_namespaces = [{ binding = 'X' }]\n[env.y]\nkv_namespaces = []\n"
    config.write_text(environments, encoding="utf-8")
    file, seeds = config.parent / "kvlens.toml", config.parent / "s.json"
    file.write_text('environments = []\nseeds = { X = "s.json" }\n', encoding="utf-8")
    seeds.write_text("[]", encoding="utf-8")
    project = Project(config)
    assert project.namespaces == []
    assert project.seed_files() == project.seeds_of("X") == [seeds]
    assert project.binding_of(seeds) == "X"
    named = Project(config, "x")
    assert [one.binding for one in named.namespaces] == ["X"], "the user wins"
    seeded = named.seeded_by(seeds)
    assert seeded
    assert seeded.binding == "X"
    file.write_text("", encoding="utf-8")
    assert project.reload()
    assert [one.binding for one in project.namespaces] == ["X"]
    assert project.seed_files() == []
