"""Generated texts are up to date with the Python tables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.generate.targets.palette_commands import contribution
from scripts.generate.tree import Tree
from scripts.toolchain import node
from tests.unit.test_commands_found import EDITOR, OPERATION, PALETTE, SHELL
from tests.unit.test_lint_registry import RULE
from tests.unit.test_stores_registry import FLOPPY

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


BROKEN = {
    # a palette command's file: (text, error)
    "nothing": ("", "has no `export const contribution: Contribution = {…}`"),
    "a call": ("const contribution = { title: name() }", ":1: `contribution` can only have lit"),
    "a spread": ("const contribution = {\n...others }", ":1: `contribution` can only have lit"),
    "no about": ("const contribution = { title: 'A' }", "`contribution` has no `about`, which"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_what_a_palette_command_lacks_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^a\\.ts.*{re.escape(said)}"):
        contribution("a.ts", text)


# -- what is new needs no other hand ----------------------------------------------------------

COPIED = (
    "server/kvlens",
    "scripts",
    "docs",
    "examples",
    "tests/unit",
    "tests/lsp",
    "extension/src",
    "extension/webview",
    "extension/l10n",
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".wrangler", "*.png")
NEW = {
    # what is written by hand: a rule, a store, and a command for shell, clients and palette
    "server/kvlens/lint/config/binding_made_up.py": RULE.lstrip(),
    "server/kvlens/stores/tape.py": FLOPPY.replace("floppy", "tape"),
    "server/kvlens/operations/audit_keys.py": OPERATION,
    "server/kvlens/cli/commands/key_audit.py": SHELL,
    "server/kvlens/lsp/commands/audit_keys.py": EDITOR,
    "extension/src/commands/auditKeys.ts": PALETTE,
}
GENERATED: dict[str, tuple[str, ...]] = {
    # what is generated, and lines that are in it then
    "docs/cli.md": ("### kvlens key audit",),
    "docs/commands.md": (
        "| `kvlens.auditKeys` | namespace, `prefix` | `{keys}` |",
        "| Audit Keys… | Count the keys with a prefix |",
    ),
    "docs/rules/README.md": (
        "| [binding-made-up](binding-made-up.md) | warning "
        "| A binding is longer than 64 characters |",
    ),
    "docs/rules/binding-made-up.md": (
        "A binding is longer than 64 characters. Severity: warning.",
    ),
    "docs/settings.md": ("| `tape:DRIVE` | keys on a disk |",),
    "docs/stores.md": ("| `tape:DRIVE` | keys on a disk |",),
    "extension/package.json": (
        '            "binding-made-up": { "enum": ["error", "warning", "information", "off"], '
        '"description": "%setting.rules.binding-made-up%" },',
        '      { "command": "kvlens.auditKeys", "category": "KV Lens", '
        '"title": "%command.auditKeys%" },',
        '        { "command": "kvlens.auditKeys", "when": "view == kvlens.namespaces", '
        '"group": "1_keys@1" },',
        '      { "command": "kvlens.auditKeys", "key": "ctrl+k ctrl+n", '
        '"when": "focusedView == kvlens.namespaces" },',
    ),
    "extension/package.nls.json": (
        '  "command.auditKeys": "Audit Keys…",',
        '  "setting.rules.binding-made-up": '
        '"A binding is longer than 64 characters. Default: warning.",',
    ),
    "extension/src/commands/index.ts": ("export * as auditKeys from './auditKeys';",),
    "extension/src/protocol.ts": (
        "    'kvlens.auditKeys': [AuditKeysParameters, AuditKeysResult];",
    ),
}
CHECKED = (
    *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not new_file"),
    *(f"tests/unit/test_{name}.py" for name in ("docs", "layout", "stores_registry")),
    "tests/unit/test_lint_config.py",
    "tests/unit/test_commands_found.py",
)


def test_what_is_new_is_its_own_files(tmp_path: Path) -> None:
    """In a copy of the repository, the documents and the tests are updated."""
    for place in COPIED:
        shutil.copytree(ROOT / place, tmp_path / place, ignore=LEFT_OUT)
    others = [*ROOT.glob("*.md"), *map(ROOT.joinpath, ("pyproject.toml", "Makefile", "LICENSE"))]
    names = ("package.json", "package.nls.json", "tsconfig.json")
    others += [ROOT / "extension" / name for name in names]
    for path in (*others, ROOT / "tests/__init__.py"):
        copied = tmp_path / path.relative_to(ROOT)
        copied.parent.mkdir(exist_ok=True)
        shutil.copy(path, copied)
    (tmp_path / "docs/images").joinpath("workbench.png").touch()
    (tmp_path / "extension/node_modules").symlink_to(ROOT / "extension/node_modules")
    for name, text in NEW.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "server")}
        return subprocess.run(
            [sys.executable, *words],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            env=environment,
        )

    left = run("-m", "scripts.generate", "--check")
    assert (left.returncode, left.stderr) == (1, "Run `python -m scripts.generate`.\n")
    written = run("-m", "scripts.generate").stdout.splitlines()
    assert sorted(written) == [f"wrote {path}" for path in GENERATED]
    for name, lines in GENERATED.items():
        assert {*lines} <= {*(tmp_path / name).read_text("utf-8").splitlines()}
    assert run("-m", "scripts.generate", "--check").stdout == ""
    done = run(*CHECKED)
    assert done.returncode == 0, done.stdout
    extension = tmp_path / "extension"
    compiler = str(extension / "node_modules/typescript/bin/tsc")
    compiled = subprocess.run([node(), compiler, "-p", extension], capture_output=True)
    assert (compiled.returncode, compiled.stdout) == (0, b"")
