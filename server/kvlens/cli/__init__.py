"""The command line: one file a command group, one table."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from kvlens.cli.terminal import screens
from kvlens.internal import show_tracebacks, told

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
    show_tracebacks()
    if words[:1] == ["lsp"]:
        return _run(words)  # standard output is the protocol's
    with screens():
        return _run(words)


def _run(words: list[str]) -> int:
    if not words or words[0] not in COMMANDS:
        names = "\n".join(f"  kvlens {name:<10} {about}" for name, (_, about) in COMMANDS.items())
        asked = words and words[0] in ("-h", "--help")
        print(f"usage: kvlens COMMAND …\n\n{names}", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        module = importlib.import_module(f"kvlens.cli.{COMMANDS[words[0]][0]}")
        result: int = module.run(words[0], words[1:])
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"kvlens {words[0]}: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        print(told(f"kvlens {words[0]}", error), file=sys.stderr)
        return 1
    return result
