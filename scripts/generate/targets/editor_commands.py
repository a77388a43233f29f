"""docs/commands.md: the commands of `workspace/executeCommand`."""

from __future__ import annotations

from kvlens.lsp.execute_command import COMMANDS

from scripts.generate.tree import Tree, table


def write(tree: Tree) -> None:
    """Write the table."""
    rows = ((f"`{name}`", command.parameters, command.result) for name, command in COMMANDS.items())
    tree.fill(
        "docs/commands.md", "editor-commands", table(("command", "parameters", "result"), rows)
    )
