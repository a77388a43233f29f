"""A config as plain data, for those who need all of it and not where it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError, read_config
from kvlens.config.json import JsonScanner
from kvlens.config.nodes import Node
from kvlens.config.syntax_check import check_syntax
from kvlens.text import UTF32, LineIndex


def read_plain(path: Path) -> dict[str, Any]:
    """Return what a config file holds, as dicts, lists and scalars.

    Raises ConfigError where it cannot be read or is not valid, with the place in the file.
    """
    text = read_config(path)
    problem = check_syntax(text, str(path))
    if problem is not None:
        place = LineIndex(text).position(problem.span.start, UTF32)
        raise ConfigError(f"{path}:{place.line + 1}:{place.character + 1}: {problem.message}")
    if path.suffix != ".toml":
        ((_, section),) = JsonScanner().scan(text)
        data: dict[str, Any] = plain(section.body)
        return data
    import tomlkit  # late: 40 ms that most commands need not spend

    return tomlkit.parse(text).unwrap()


def plain(node: Node) -> Any:
    """Return a value as Python has it: dictionaries, lists, texts, numbers."""
    if node.kind == "table":
        return {member.key[0].name: plain(member.value) for member in node.members}
    if node.kind == "array":
        return [plain(item) for _, item in node.items]
    return node.value
