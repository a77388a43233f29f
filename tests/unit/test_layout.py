"""Imports point one way, and only the protocol layer knows the protocol's packages."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "server" / "kvlens"
SMALL = {
    "text",
    "chunks",
    "errors",
    "files",
    "formatting",
    "internal",
    "memo",
    "process",
    "stopping",
    "lines",
    "lookups",
    "spelling",
    "visible",
}  # below everything else
BELOW: dict[str, set[str]] = {
    # part: the parts that it may import, in addition to SMALL
    **{part: {"errors", "lookups"} - {part} for part in SMALL},
    "config": set(),
    "js": {"config", "kv"},
    "kv": set(),
    "lint": {"config", "js", "kv", "seeds"},
    "search": {"kv"},
    "stores": {"kv", "search"},
    "seeds": {"kv", "stores"},
    "history": {"kv", "search", "stores"},
    "emulator": {"kv", "search", "stores"},
    "worker": {"config", "js", "kv", "stores", "emulator"},
}
BELOW["workspace"] = {*BELOW} - SMALL
BELOW["operations"] = {*BELOW} - SMALL
BELOW["lsp"] = BELOW["api"] = {*BELOW} - SMALL
BELOW["cli"] = {*BELOW["lsp"], "lsp"}  # `kvlens lsp` starts it
BELOW["sync"] = {*BELOW["api"], "api"}
BELOW["testing"] = {*BELOW["sync"], "sync"}
EXCEPTIONS: dict[str, set[str]] = {
    # module: the parts that it imports although its own part may not
}
WITH_CODE = {"__init__.py", "cli/__init__.py"}  # the other packages have only a docstring
OF_THE_PROTOCOL = {"pygls", "lsprotocol"}
ROOT_NAMES = {"__version__"}  # names of the package itself


def imported(path: Path) -> set[str]:
    """Return a module's imports, at the top or later: other packages, and parts of ours."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(_reached(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names.update(_reached(f"{node.module}.{alias.name}") for alias in node.names)
    return names


def _reached(name: str) -> str:
    """Return the package of a name, or our part."""
    first, _, rest = name.partition(".")
    return f"kvlens.{rest.split('.')[0]}" if first == "kvlens" and rest else first


def part_of(module: str) -> str:
    """Return the part of a module, given by its path in the package."""
    return module.split("/")[0].removesuffix(".py")


MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}
IMPORTED = {
    module: imported(path)
    for module, path in MODULES.items()
    if not part_of(module).startswith("__")
}
PARTS = sorted({part_of(module) for module in IMPORTED})


def test_every_part_has_its_place() -> None:
    assert set(PARTS) <= set(BELOW)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    allowed = {part, *BELOW[part], *(SMALL if part not in SMALL else ()), *ROOT_NAMES}
    above = {
        module: found
        for module, names in IMPORTED.items()
        if part_of(module) == part
        and (found := {n[7:] for n in names if n.startswith("kvlens.")} - allowed)
    }
    assert above == {m: parts for m, parts in EXCEPTIONS.items() if part_of(m) == part}


@pytest.mark.parametrize("part", sorted(set(PARTS) - {"lsp"}))
def test_only_the_protocol_layer_knows_the_protocol(part: str) -> None:
    for module, names in IMPORTED.items():
        assert part_of(module) != part or not names & OF_THE_PROTOCOL, module


def test_operations_neither_print_nor_parse() -> None:
    for module, names in IMPORTED.items():
        if part_of(module) == "operations":
            assert not names & {"argparse", "sys", "logging", "json", *OF_THE_PROTOCOL}, module
            assert "print(" not in MODULES[module].read_text("utf-8"), module


PACKAGES = sorted(module for module in MODULES if module.endswith("__init__.py"))


@pytest.mark.parametrize("module", PACKAGES)
def test_a_package_says_what_is_in_it_and_imports_nothing(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    words = ast.get_docstring(tree) or ""
    assert module == "__init__.py" or len(words.splitlines()) > 2
    assert module in WITH_CODE or len(tree.body) == 1


RULES = sorted(
    module
    for module in MODULES
    if module.startswith(("lint/config/", "lint/js/", "lint/seeds/"))
    and not module.endswith("__init__.py")
)


@pytest.mark.parametrize("module", RULES)
def test_a_file_of_a_rule_is_named_after_its_code(module: str) -> None:
    stem = Path(module).stem
    rule = importlib.import_module(f"kvlens.{module.removesuffix('.py').replace('/', '.')}").RULE
    assert rule.code == stem.replace("_", "-")
    assert rule.domain == module.split("/")[1]


# Reading files: a repository's files are opened only through `kvlens/files.py`.
OPENERS = {"open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes"}
ALLOWED: dict[str, set[str]] = {
    # module: calls that open something other than workspace files, or check it separately
    "cli/__init__.py": {"self.files[name].read_text"},  # its own commands
    "cli/check_cache.py": {"os.open", "os.fdopen"},  # in the user's own cache folder
    "cli/frame.py": {"os.open"},  # the null device
    "seeds/export.py": {"path.open", "temporary.open"},  # written, to a path that the user names
    "seeds/snapshots.py": {"place.open", "place.read_bytes", "os.fdopen"},  # below `safe_paths`
    "lsp/server.py": {"self.documents.open"},  # a text of the editor
    "process.py": {"open"},  # Linux's information about a process
}
GATES = ("files.py", "lookups.py", "stores", "worker")


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


# Looking at files: what a check has looked at decides how long its answer holds.
LOOKERS = {
    *("exists", "is_file", "is_dir", "is_symlink", "stat", "lstat", "readlink", "realpath"),
    *("iterdir", "glob", "rglob", "scandir", "listdir", "walk", "isfile", "isdir"),
}
ALLOWED_LOOKS: dict[str, set[str]] = {
    # module: calls that look at something else, or that no check makes
    "config/local_state.py": {
        "(path / 'v3' / 'kv').is_dir",
        "config.parent.iterdir",
        "os.path.realpath",
    },
    "js/returns.py": {"body.walk"},  # a tree
    "js/limits.py": {"root.walk"},
}


def test_a_check_looks_at_files_at_one_gate() -> None:
    for module, path in MODULES.items():
        if part_of(module) not in ("config", "js", "lint"):
            continue
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))))
        called = {ast.unparse(node.func) for node in calls if isinstance(node, ast.Call)}
        looks = {each for each in called if each.rpartition(".")[2] in LOOKERS}
        found = {each for each in looks if not each.startswith(("lookups.", "files."))}
        assert found - {"walk"} <= ALLOWED_LOOKS.get(module, set()), module
