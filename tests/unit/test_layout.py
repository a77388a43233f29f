"""Imports point one way, and only the protocol layer knows the protocol's packages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "kvlens"
BELOW: dict[str, set[str]] = {
    # part: the parts that it may import
    "text": set(),
    "files": set(),
    "internal": set(),
    "process": set(),
    "lines": set(),
    "config": {"text", "files"},
    "kv": set(),
    "rules": {"text", "config", "files", "internal"},
    "source": {"text", "config", "rules", "kv", "files", "internal"},
    "rulebook": {"rules", "source"},
    "stores": {"kv", "files"},
    "emulator": {"kv", "stores"},
    "seeds": {"text", "config", "kv", "stores", "files"},
    "worker": {"text", "config", "kv", "source", "stores", "emulator", "process", "files", "lines"},
    "workspace": {"config", "worker", "files"},
}
BELOW["lsp"] = BELOW["cli"] = {*BELOW, "rulebook"}
BELOW["cli"] |= {"lsp"}  # `kvlens lsp` starts it
BELOW["api"] = {"config", "kv", "stores", "worker"}
BELOW["sync"] = {"api", "config", "kv", "worker"}
BELOW["testing"] = {"config", "kv", "sync", "api"}
OF_THE_PROTOCOL = {"pygls", "lsprotocol"}


def parts() -> dict[str, set[str]]:
    """Return each part of the package with the names of what it imports at the top."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE).parts
        part = inside[0].removesuffix(".py")
        if part.startswith("__"):
            continue
        names = found.setdefault(part, set())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names.update(_reached(alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level:
                above = ("kvlens", *inside[:-1])[: len(inside) + 1 - node.level]
                base = ".".join([*above, *([node.module] if node.module else [])])
                names.update(_reached(f"{base}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.update(_reached(f"{node.module}.{alias.name}") for alias in node.names)
    return found


def _reached(name: str) -> str:
    """Return the package that a name is of, or the part of ours."""
    first, _, rest = name.partition(".")
    return f"kvlens.{rest.split('.')[0]}" if first == "kvlens" and rest else first


IMPORTED = parts()


@pytest.mark.parametrize("part", sorted(IMPORTED))
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    ours = {name.removeprefix("kvlens.") for name in IMPORTED[part] if name.startswith("kvlens.")}
    assert ours - {part, "__version__"} <= BELOW[part]


@pytest.mark.parametrize("part", sorted(set(IMPORTED) - {"lsp"}))
def test_only_the_protocol_layer_knows_the_protocol(part: str) -> None:
    assert not IMPORTED[part] & OF_THE_PROTOCOL


# Reading files: what a repository holds is opened through the one gate, `kvlens/files.py`.
OPENERS = {"open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes"}
ALLOWED: dict[str, set[str]] = {
    # module: what it opens that is no file of the workspace, or has a gate of its own
    "cli/frame.py": {"os.open"},  # the null device
    "seeds/export.py": {"path.open", "beside.open"},  # written, at a place that the user names
    "seeds/snapshots.py": {"place.open", "place.read_bytes", "os.fdopen"},  # below `safe_paths`
    "lsp/server.py": {"self.documents.open"},  # a text of the editor
}
GATES = ("files.py", "stores", "worker")


def _opened(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kvlens")
        for alias in node.names
    }
    functions |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        name = called.rpartition(".")[2]
        if name in OPENERS and called not in functions and not called.startswith("files."):
            found.add(called)
    return found


def test_files_are_opened_at_one_gate() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if not module.startswith(GATES):
            assert _opened(path) <= ALLOWED.get(module, set()), module
