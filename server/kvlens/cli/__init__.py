"""The command line: one file a command group, one table."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    # command: (module, what it does); a module is imported only when its command runs
    "check": ("check", "problems in configs, seed files and sources"),
    "lsp": ("lsp", "the language server, on standard input and output"),
    "serve": ("serve", "the emulator alone"),
    "dev": ("dev", "the project's Worker on workerd, made anew as sources change"),
    "namespace": ("namespace", "list: binding, id in use, keys and size"),
    "key": ("key", "put, get, list, delete: single keys"),
    "bulk": ("bulk", "put, get, delete: many keys from one file"),
    "seed": ("seed", "seed files into their namespaces"),
    "export": ("export", "a namespace as a seed file"),
    "clear": ("clear", "delete every key of a namespace"),
    "snapshot": ("snapshot", "save, list, diff, restore: all namespaces at one time"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 problems or not found, 2 wrong use."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        names = "\n".join(f"  kvlens {name:<10} {about}" for name, (_, about) in COMMANDS.items())
        asked = words and words[0] in ("-h", "--help")
        print(f"usage: kvlens COMMAND …\n\n{names}", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    module = importlib.import_module(f"kvlens.cli.{COMMANDS[words[0]][0]}")
    result: int = module.run(words[0], words[1:])
    return result
