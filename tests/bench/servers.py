"""The compared language servers, each configured to be as fast as possible.

tombi and taplo would fetch JSON schemas from the network. `schema.enabled` turns that off, as their
documentation describes, so both check only TOML.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kvlens.lsp.fast_pygls.switch import VARIABLE
from kvlens.process import own_command

from scripts.toolchain import node

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Server:
    """One language server: how to start it, and what an editor sends it."""

    name: str
    command: list[str]
    settings: Any = None  # for `workspace/configuration`
    options: Any = None  # `initializationOptions`
    files: Mapping[str, str] = field(default_factory=dict)  # put next to the config
    has_versions: bool = True  # its diagnostics include the version of the text
    variables: Mapping[str, str] = field(default_factory=dict)  # of its environment

    def environment(self) -> dict[str, str]:
        """Return the process's environment."""
        return {**os.environ, **self.variables}


def ours() -> Server:
    """KV Lens as the extension starts it."""
    return Server("KV Lens", own_command("lsp"))


def plain_pygls() -> Server:
    """KV Lens without its fast path through pygls."""
    return Server("plain pygls", own_command("lsp"), variables={VARIABLE: "1"})


def tombi() -> Server:
    """tombi, from its wheel."""
    suffix = ".exe" if os.name == "nt" else ""
    program = Path(sys.executable).with_name(f"tombi{suffix}")
    return Server(
        f"tombi {version('tombi')}",
        [str(program), "lsp", "--offline"],
        files={"tombi.toml": "[schema]\nenabled = false\n"},
    )


def taplo() -> Server:
    """taplo as Even Better TOML runs it: WebAssembly in a Node process."""
    return Server(
        "taplo (wasm)",
        [node(), str(HERE / "taplo_server.js")],
        settings={"schema": {"enabled": False}},
        options={"configurationSection": "evenBetterToml"},
        has_versions=False,
    )


PEERS = (tombi, taplo)
