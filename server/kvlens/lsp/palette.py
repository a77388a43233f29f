"""References to the commands of the VS Code extension, for clients with the option `palette`.

A command takes a namespace, and a key of it if there is one, and prompts for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lsprotocol import types

if TYPE_CHECKING:
    from pathlib import Path

    from kvlens.lsp.server import Server

OPEN, PUT, COPY = "kvlens.get", "kvlens.put", "kvlens.copyValue"
NAMESPACE = "kvlens.openNamespace"
"""Shows what is in a namespace."""


def subject(
    server: Server,
    config: Path,
    store_id: str,
    binding: str,
    environment: str | None,
    key: str | None = None,
) -> dict[str, Any]:
    """Return a namespace, and perhaps a key of it, as the argument of a command."""
    found: dict[str, Any] = {
        "config": server.uri(config),
        "id": store_id,
        "binding": binding,
        "environment": environment,
    }
    return found if key is None else {**found, "key": key}


def command(title: str, name: str, argument: dict[str, Any]) -> types.Command:
    """Return a command for an editor to show."""
    return types.Command(title, name, arguments=[argument])


def links(server: Server, argument: dict[str, Any], commands: Mapping[str, str]) -> str:
    """Return links in Markdown, by title; empty for a client without the commands.

    Nothing in the argument can end a link: it is percent-encoded.
    """
    if not server.has_palette:
        return ""
    encoded = quote(json.dumps([argument]), safe="")
    return " · ".join(f"[{title}](command:{name}?{encoded})" for title, name in commands.items())
