"""docs/commands.md: the commands of `workspace/executeCommand`, and the notifications."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from scripts.generate.schema import SHARED, Field, Module, Schema, Shape, is_none, members
from scripts.generate.tree import Tree, table

HEAD = ("command", "parameters", "result")


def write(tree: Tree) -> None:
    """Write the tables."""
    schema = Schema(tree)
    rows = [
        (f"`{one.id}`", _parameters(schema, one.parameters), _result(one.result, one.module))
        for one in schema.commands()
    ]
    tree.fill("docs/commands.md", "editor-commands", table(HEAD, rows))
    shared = schema.module(SHARED)
    rows = [
        (f"`{field.name}`", _about(field, shared), _result(field.type, shared))
        for field in shared.shape("Notifications").fields
    ]
    tree.fill("docs/commands.md", "notifications", table(("notification", "when", "content"), rows))


def _about(field: Field, module: Module) -> str:
    return module.shape(ast.unparse(field.type)).about.rstrip(".")


def _parameters(schema: Schema, shape: Shape) -> str:
    """Return the names of the parameters, and descriptions of the command's own ones."""
    target = schema.module(SHARED).shape("Target")
    named = [_name(field) for field in shape.fields]
    if shape.derives(target.name):
        common = {_name(field) for field in target.fields}
        named = ["namespace", *(name for name in named if name not in common)]
    return "<br>".join([", ".join(_coded(named)) or "none", *_said(shape.own)])


def _coded(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield name if name == "namespace" else f"`{name}`"


def _result(node: ast.expr, module: Module) -> str:
    """Return the form of a result, and descriptions of its fields."""
    parts = [one for one in members(node) if not is_none(one)]
    text = " or ".join(f"`{_form(one, module)}`" for one in parts)
    if len(parts) < len(members(node)):
        text += " or `null`"
    inner = [one.slice if isinstance(one, ast.Subscript) else one for one in parts]
    found = [module.find(one.id) for one in inner if isinstance(one, ast.Name)]
    shapes = [shape for shape in found if isinstance(shape, Shape)]
    about = [shape.about for shape in shapes if shape.name == "Result" and shape.about]
    fields = [field for shape in shapes for field in shape.fields]
    return "<br>".join([text, *about, *_said(fields)])


def _said(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        if field.about:
            about = field.about.rstrip(".")
            yield f"`{field.name}`: {about[0].lower() if _is_word(about) else about[0]}{about[1:]}"


def _is_word(text: str) -> bool:
    """Return whether the first word of a sentence is capitalized only as such.

    >>> _is_word("The number"), _is_word("URL of"), _is_word("A value")
    (True, False, True)
    """
    return not text[1:2].isupper()


def _name(field: Field) -> str:
    return f"{field.name}?" if field.optional else field.name


def _form(node: ast.expr, module: Module) -> str:
    """Return a type as an outline of its fields; types without fields are omitted."""
    for one in members(node):
        if isinstance(one, ast.Subscript) and ast.unparse(one.value) == "list":
            inner = _form(one.slice, module)
            return f"[{inner}]" if inner else ""
        if isinstance(one, ast.Name) and one.id[0].isupper() and one.id != "Any":
            found = module.find(one.id)
            if isinstance(found, Shape):
                fields = (_outlined(field) for field in found.fields)
                return f"{{{', '.join(fields)}}}"
    return ""


def _outlined(field: Field) -> str:
    form = _form(field.type, field.module)
    plain = form in ("", "{start: {line, character}, end: {line, character}}")
    return _name(field) if plain else f"{_name(field)}: {form}"
