"""The JSON of commands and notifications: TypedDicts, read from their source.

At run time, the docstrings of fields are gone, and importing every command would be slow.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import NamedTuple

from kvlens.lsp.execute_command import COMMANDS, command_id

from scripts.generate.tree import Tree

COMMANDS_PACKAGE = "kvlens.lsp.commands"
SHARED = "kvlens.lsp.schema"


class Field(NamedTuple):
    """A field of an object; its type refers to names of its module."""

    name: str
    type: ast.expr
    optional: bool
    about: str
    module: Module


class Shape(NamedTuple):
    """A TypedDict."""

    name: str
    about: str
    bases: list[Shape]
    own: list[Field]

    @property
    def fields(self) -> list[Field]:
        """All fields, its own first."""
        return [*self.own, *(field for base in self.bases for field in base.fields)]

    def derives(self, name: str) -> bool:
        """Return whether it has the fields of another TypedDict."""
        return any(base.name == name or base.derives(name) for base in self.bases)


class Module:
    """A module with TypedDicts."""

    def __init__(self, schema: Schema, name: str) -> None:
        self._schema = schema
        self.name = name
        self.path = f"server/{name.replace('.', '/')}.py"
        body = ast.parse(schema.tree.read(self.path)).body
        guarded = [inner for node in body if isinstance(node, ast.If) for inner in node.body]
        self._imported = {
            alias.name: node.module or ""
            for node in (*body, *guarded)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.nodes: dict[str, ast.stmt] = {}
        for node in body:
            if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
                self.nodes[node.name] = node
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.nodes[node.targets[0].id] = node

    def find(self, name: str) -> Shape | ast.expr:
        """Return the TypedDict or other type with a name, here or from an imported module.

        Raises ValueError if there is none.
        """
        node = self.nodes.get(name)
        if isinstance(node, ast.ClassDef):
            bases = [self._base(base) for base in node.bases]
            about = ast.get_docstring(node) or ""
            own = list(self._fields(node))
            return Shape(name, about, [base for base in bases if base], own)
        if isinstance(node, ast.Assign):
            if isinstance(node.value, ast.Call):
                return Shape(name, "", [], list(self._listed(node.value)))
            return node.value
        if name in self._imported:
            return self._schema.module(self._imported[name]).find(name)
        raise ValueError(f"{self.path} has no type {name}")

    def shape(self, name: str) -> Shape:
        """Return the TypedDict with a name. Raises ValueError if there is none."""
        found = self.find(name)
        if not isinstance(found, Shape):
            raise ValueError(f"{self.path}: {name} is not a TypedDict")
        return found

    def _base(self, node: ast.expr) -> Shape | None:
        name = ast.unparse(node)
        return None if name == "TypedDict" else self.shape(name)

    def _fields(self, node: ast.ClassDef) -> Iterator[Field]:
        following = [*node.body[1:], None]
        for statement, after in zip(node.body, following, strict=True):
            if isinstance(statement, ast.AnnAssign):
                about = ""
                if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    about = inspect.cleandoc(str(after.value.value))
                yield self._field(ast.unparse(statement.target), statement.annotation, about)

    def _listed(self, call: ast.Call) -> Iterator[Field]:
        listed = call.args[1]
        assert isinstance(listed, ast.Dict)
        for key, value in zip(listed.keys, listed.values, strict=True):
            assert isinstance(key, ast.Constant)
            yield self._field(str(key.value), value, "")

    def _field(self, name: str, type_: ast.expr, about: str) -> Field:
        optional = isinstance(type_, ast.Subscript) and ast.unparse(type_.value) == "NotRequired"
        if optional:
            assert isinstance(type_, ast.Subscript)
            type_ = type_.slice
        return Field(name.removesuffix("_"), type_, optional, about.replace("\n", " "), self)


class CommandTypes(NamedTuple):
    """The parameter and result types of a command."""

    id: str
    module: Module
    parameters: Shape
    result: ast.expr


class Schema:
    """The types of all commands."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._modules: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        """Return a module, parsing it once."""
        if name not in self._modules:
            self._modules[name] = Module(self, name)
        return self._modules[name]

    def commands(self) -> Iterator[CommandTypes]:
        """Yield the commands. Raises ValueError if one has no types."""
        folder = f"server/{COMMANDS_PACKAGE.replace('.', '/')}"
        for path in self.tree.files(folder, "[!_]*.py"):
            stem = path.rpartition("/")[2].removesuffix(".py")
            module = self.module(f"{COMMANDS_PACKAGE}.{stem}")
            run = module.nodes.get("run")
            if not isinstance(run, ast.AsyncFunctionDef) or run.returns is None:
                raise ValueError(f"{path} has no `async def run` that says what it returns")
            assert command_id(stem) in COMMANDS
            yield CommandTypes(command_id(stem), module, module.shape("Parameters"), run.returns)


def members(node: ast.expr) -> list[ast.expr]:
    """Return the types in a union."""
    if isinstance(node, ast.BinOp):
        return [*members(node.left), *members(node.right)]
    return [node]


def is_none(node: ast.expr) -> bool:
    """Return whether a type is None."""
    return isinstance(node, ast.Constant) and node.value is None
