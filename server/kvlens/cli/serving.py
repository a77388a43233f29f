"""What the commands that serve share: options, the config they are for, and how they end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import threading
from pathlib import Path

from kvlens.config.find import ConfigError, find_config
from kvlens.kv.limits import COMPATS, read_compat
from kvlens.stores import DEFAULT_STORE, default_store


def serving_parser(command: str, about: str, *, env: str, port: int) -> argparse.ArgumentParser:
    """Return the parser of a command that serves; `env` is what no --env means."""
    parser = argparse.ArgumentParser(prog=f"kvlens {command}", description=about)
    add = parser.add_argument
    add("--config", "-c", metavar="PATH", help="the config (default: as wrangler)")
    add("--env", "-e", metavar="NAME", help=f"the environment (default: {env})")
    add("--port", type=int, default=port, help=f"0 for any that is free (default: {port})")
    add(
        "--store",
        metavar="URL",
        default=default_store(),
        help=f"where keys are kept (default: {DEFAULT_STORE}); a path in it is from here",
    )
    add(
        "--compat",
        type=_compat,
        choices=COMPATS,
        default=COMPATS[0],
        help="refuse what Miniflare 2's rules refuse too (default), or exactly as workerd",
    )
    add("--json", action="store_true", help="machine output, an object a line")
    add("--lifeline", action="store_true", help=argparse.SUPPRESS)
    return parser


def _compat(name: str) -> str:
    with contextlib.suppress(ValueError):
        return read_compat(name)
    return name  # which argparse refuses, and lists the choices


def named_config(options: argparse.Namespace) -> Path:
    """Return the config that is named, else the one that wrangler would use from here.

    Raises ConfigError where there is none.
    """
    path = Path(options.config) if options.config else find_config(Path.cwd())
    if path is None:
        raise ConfigError(
            "no wrangler.json, wrangler.jsonc or wrangler.toml here or above; "
            "name one with --config"
        )
    return path.absolute()


def end_with_parent(stop: asyncio.Event, *, lifeline: bool) -> None:
    """Set `stop` on SIGTERM, SIGINT and SIGHUP, and with `lifeline` when standard input ends."""
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(NotImplementedError, ValueError):  # on Windows
                loop.add_signal_handler(number, stop.set)
    if lifeline:

        def wait_for_end() -> None:
            while os.read(0, 4096):
                pass
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_end, daemon=True).start()
