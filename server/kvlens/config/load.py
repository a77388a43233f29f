"""Load a config as plain data, without positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kvlens.config.find import ConfigError, read_config
from kvlens.config.nodes import Node
from kvlens.config.reader import load_text
from kvlens.config.syntax_check import check_syntax
from kvlens.text import UTF32, LineIndex


def read_plain(path: Path) -> dict[str, Any]:
    """Return the content of a config file as dicts, lists and scalars.

    Raises ConfigError, with the position in the file, if it can't be read or is invalid.
    """
    text = read_config(path)
    problem = check_syntax(text, str(path))
    if problem is not None:
        place = LineIndex(text).position(problem.span.start, UTF32)
        raise ConfigError(f"{path}:{place.line + 1}:{place.character + 1}: {problem.message}")
    if path.suffix != ".toml":
        ((_, section),) = load_text(text, str(path)).sections
        data: dict[str, Any] = plain(section.body)
        return data
    import tomlkit  # late: it takes 40 ms, and most commands don't need it

    return tomlkit.parse(text).unwrap()


def plain(node: Node) -> Any:
    """Return a value as Python data: dictionaries, lists, strings, numbers."""
    if node.kind == "table":
        return {member.key[0].name: plain(member.value) for member in node.members}
    if node.kind == "array":
        return [plain(item) for _, item in node.items]
    return node.value
