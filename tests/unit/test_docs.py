"""The documents match the code: settings, commands, targets, images, links."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from kvlens.cli import COMMANDS as SHELL_COMMANDS
from kvlens.lint.base import Domain
from kvlens.lint.registry import DOMAINS, rules, rules_of
from kvlens.lint.suppressions import LEVELS
from kvlens.lsp.execute_command import COMMANDS as SERVER_COMMANDS
from kvlens.lsp.setting_table import SETTINGS as SETTING_TABLE
from kvlens.lsp.settings import NESTED, Settings
from kvlens.stores.registry import every_store

ROOT = Path(__file__).parents[2]
TEXTS: dict[str, str] = json.loads((ROOT / "extension/package.nls.json").read_text("utf-8"))
MANIFEST: dict[str, Any] = json.loads(
    re.sub(
        r'"%([\w.-]+)%"',
        lambda key: json.dumps(TEXTS[key[1]]),
        (ROOT / "extension/package.json").read_text("utf-8"),
    )
)
PROPERTIES: dict[str, Any] = MANIFEST["contributes"]["configuration"]["properties"]
README = (ROOT / "README.md").read_text("utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text("utf-8")
STORE_PAGE = (ROOT / "docs/stores.md").read_text("utf-8")
COMMANDS = (ROOT / "docs/commands.md").read_text("utf-8")
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    part = text.split(f"{heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_store_is_documented() -> None:
    documented = {row[0]: row[1] for row in rows(STORE_PAGE, "# Stores")}
    assert documented == {
        ", ".join(f"`{url}`" for url in info.urls): info.summary for info in every_store()
    }


def test_every_variable_is_documented() -> None:
    """Those that the stores read from the environment."""
    sources = (ROOT / "server/kvlens/stores").rglob("*.py")
    read = {
        name
        for path in sources
        for name in re.findall(r'"((?:KVLENS|CLOUDFLARE)_[A-Z_]+)"', path.read_text("utf-8"))
    }
    assert "KVLENS_STORE" in read
    for name in read:
        assert f"`{name}`" in STORE_PAGE or f"{name}=" in STORE_PAGE, name


def test_every_setting_is_documented_with_its_default() -> None:
    table = rows(SETTINGS, "# Settings")
    documented = {row[0].strip("` "): row[1].strip("` ") for row in table}
    assert documented == {name: json.dumps(p["default"]) for name, p in PROPERTIES.items()}


def test_the_server_takes_the_extensions_settings_with_the_same_defaults() -> None:
    of_the_user = {name: value for name, value in asdict(Settings()).items() if name != "trusted"}
    for name, default in of_the_user.items():
        expected = list(default) if isinstance(default, tuple) else default
        assert PROPERTIES[f"kvlens.{NESTED.get(name, name)}"]["default"] == expected


def test_every_setting_of_the_server_is_in_the_table() -> None:
    """Except `trusted`, which isn't a user setting."""
    read = [setting.name for setting in SETTING_TABLE.values() if setting.of_server]
    assert read == [NESTED.get(name, name) for name in asdict(Settings()) if name != "trusted"]


def test_the_setting_of_rules_knows_every_rule_and_level() -> None:
    listed = PROPERTIES["kvlens.rules"]["properties"]
    assert list(listed) == list(rules())
    for code, rule in rules().items():
        assert listed[code]["enum"] == list(LEVELS)
        assert listed[code]["description"] == f"{rule.summary}. Default: {rule.default}."


HEADINGS: dict[Domain, str] = {
    "config": "# Rules",
    "js": "## In the code",
    "seeds": "## In seed files",
}


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_rules_page_lists_every_rule(domain: Domain) -> None:
    listed = rows((ROOT / "docs/rules/README.md").read_text("utf-8"), HEADINGS[domain])
    assert listed == [
        [f"[{rule.code}]({rule.code}.md)", rule.level, rule.summary]
        for rule in rules_of(domain).values()
    ]


def test_every_palette_command_is_documented() -> None:
    contributes = MANIFEST["contributes"]
    hidden = {
        m["command"] for m in contributes["menus"]["commandPalette"] if m.get("when") == "false"
    }
    titles = [c["title"] for c in contributes["commands"] if c["command"] not in hidden]
    assert sorted(row[0] for row in rows(COMMANDS, "## In VS Code")) == sorted(titles)
    assert all(c["category"] == "KV Lens" for c in contributes["commands"])


def test_every_server_command_is_documented() -> None:
    assert [row[0].strip("`") for row in rows(COMMANDS, "## In any LSP client")] == list(
        SERVER_COMMANDS
    )


def test_the_extension_asks_for_commands_of_the_server() -> None:
    protocol = (ROOT / "extension/src/protocol.ts").read_text("utf-8")
    table = protocol.partition("export interface Commands {")[2]
    asked = re.findall(r"^    '(kvlens\.\w+)': \[", table, re.MULTILINE)
    assert "kvlens.put" in asked
    assert set(asked) <= set(SERVER_COMMANDS)


def test_every_shell_command_is_documented() -> None:
    documented = [
        row[0].strip("`").removeprefix("kvlens ") for row in rows(COMMANDS, "## In a shell")
    ]
    assert sorted(documented) == sorted(SHELL_COMMANDS)


def test_every_command_that_the_readme_shows_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for command in re.findall(r"^(?:\$ )?kvlens (\w+)", README, re.MULTILINE):
        assert command in SHELL_COMMANDS, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_local_link_leads_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8")):
        if "://" not in link:
            assert (document.parent / link).exists(), link


def test_every_tool_of_the_comparison_has_cells_and_sources() -> None:
    page, sources = (ROOT / "docs/comparison.md").read_text("utf-8").split("\n## Sources\n")
    table = page.partition("\n## ")[0]
    head, _, *features = [line for line in table.splitlines() if line.startswith("|")]
    names = [re.split(r",| \d", cell.strip())[0] for cell in head.strip("|").split(" | ")[1:]]
    listed = re.split(r"^\*\*(.+?)\*\*:", sources, flags=re.MULTILINE)[1:]
    assert listed[::2] == names
    assert all("](" in text for text in listed[1::2])
    for feature in features:
        cells = [cell.strip() for cell in feature.strip("|").split(" | ")]
        assert len(cells) == len(names) + 1, feature
        assert all(cells), feature


PLACES = [ROOT / place for place in ("", "server/kvlens", "tests/unit", "tests/lsp")]


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_the_files_that_a_guide_names_exist(name: str) -> None:
    """A name in capitals is a placeholder."""
    named = re.findall(r"`([\w./]+\.(?:py|md|json))`", (ROOT / name).read_text("utf-8"))
    paths = {path for path in named if not re.search(r"\b[A-Z_]+\b", path)}
    assert len(paths) > 10
    package = {path.name for path in (ROOT / "server/kvlens").rglob("*.py")}
    for path in paths:
        assert path in package or any((place / path).exists() for place in PLACES), path


@pytest.mark.parametrize("recipe", ["rule", "command", "store", "feature"])
def test_a_recipe_is_short(recipe: str) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    steps = text.split(f"## Add a {recipe}\n")[1].split("\n## ")[0].split("\n\nA setting")[0]
    assert 0 < len(steps.strip().splitlines()) < 10


def test_the_versions_agree() -> None:
    from kvlens import __version__

    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert re.search(r'^version = "(.*)"$', project, re.MULTILINE)[1] == __version__  # type: ignore[index]
    assert MANIFEST["version"] == __version__
