"""The targets: one file each, with its inputs.

A target's module has `target(data)`, which raises if the code's result for the bytes is wrong;
`EXAMPLES`, real inputs to start from; and `WORDS`, parts of such texts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TARGETS: dict[str, str] = {
    # target: its input
    "scan_toml": "the scanner of TOML alone, beside a strict parser",
    "scan_json": "the scanner of JSON and JSONC alone, beside a strict parser",
    "config_toml": "a wrangler.toml with all that is made of it: rules, fixes, completion",
    "config_json": "a wrangler.jsonc: the same",
    "edits": "edits of a config: the rest of the file is kept",
    "seeds": "seed files and files of keys",
    "sources": "JavaScript and TypeScript",
    "dotenv": ".dev.vars and .env",
    "http": "requests to the emulator: each is answered, and nothing is held",
    "lsp": "messages of an editor: each request is answered once, and without an internal error",
}
CORPUS = Path(__file__).with_name("corpus")  # inputs that once failed, or nearly


class Target(NamedTuple):
    """One target, loaded."""

    name: str
    run: Callable[[bytes], None]
    examples: tuple[bytes, ...]
    words: tuple[bytes, ...]


def load(name: str) -> Target:
    """Return a target of the table."""
    module = importlib.import_module(f"tests.fuzz.{name}")
    return Target(name, module.target, module.EXAMPLES, module.WORDS)


def corpus(name: str) -> list[Path]:
    """Return the kept inputs of a target."""
    folder = CORPUS / name
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
