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
from kvlens.kv.limits import COMPATS
from kvlens.stores import DEFAULT_STORE, default_store


def serving_options(parser: argparse.ArgumentParser, *, env: str, port: int) -> None:
    """Add the options of a command that serves; `env` is what no --env means."""
    add = parser.add_argument
    add("--config", "-c", metavar="PATH", help="the config (default: found from here)")
    add("--env", "-e", metavar="NAME", help=f"the environment (default: {env})")
    add(
        "--port",
        type=int,
        metavar="N",
        default=port,
        help=f"the port; 0 picks a free one (default: {port})",
    )
    add(
        "--store",
        metavar="URL",
        default=default_store(),
        help=f"where keys are kept (default: KVLENS_STORE, else {DEFAULT_STORE})",
    )
    add(
        "--compat",
        choices=COMPATS,
        default=COMPATS[0],
        help=f"which runtime to imitate (default: {COMPATS[0]})",
    )
    add("--json", action="store_true", help="print events as JSON, one object a line")
    add("--lifeline", action="store_true", help=argparse.SUPPRESS)


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
