"""One tree of errors, drawn in the docstring of `kvlens.errors`."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kvlens import errors
from kvlens.errors import InternalError, KVLensError

PACKAGE = Path(errors.__file__).parent
ROOTS = (KVLensError, InternalError)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module with its name and its code."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[-1] != "__main__":
            name = ".".join(("kvlens", *parts)).removesuffix(".__init__")
            yield name, ast.parse(path.read_text("utf-8"))


def error_classes() -> list[type[Exception]]:
    """Import every module that defines an error class, and return these classes."""
    found = []
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases
            ):
                found.append(getattr(importlib.import_module(module), node.name))
    return found


def drawn(kind: type[Exception], indent: str = "", branch: str = "") -> Iterator[str]:
    """Draw a class and its subclasses: name, file, and other bases."""
    place = kind.__module__.removeprefix("kvlens.").replace(".", "/")
    others = [base.__name__ for base in kind.__bases__ if not issubclass(base, ROOTS)]
    also = f", also {others[0]}" if others and kind not in ROOTS else ""
    name = f"{indent}{branch}{kind.__name__}"
    yield f"{name:<33}{place}.py{also}"
    if branch:
        indent += "    " if branch.startswith("└") else "│   "
    below = sorted(
        (one for one in kind.__subclasses__() if one.__module__.startswith("kvlens.")),
        key=lambda one: (one.__name__, one.__module__),
    )
    for one in below:
        yield from drawn(one, indent, "└── " if one is below[-1] else "├── ")


def test_the_docstring_draws_the_tree() -> None:
    error_classes()  # imports them all
    tree = "\n\n".join("\n".join(drawn(root)) for root in ROOTS)
    assert f"\n\n{tree}\n\n" in (errors.__doc__ or ""), f"The tree is now:\n{tree}"


def test_every_error_class_is_in_the_tree() -> None:
    assert [kind for kind in error_classes() if not issubclass(kind, ROOTS)] == []


@pytest.mark.parametrize("kind", error_classes())
def test_an_error_says_when_it_is_raised(kind: type[Exception]) -> None:
    assert kind.__doc__
