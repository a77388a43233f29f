"""Shared by the commands that serve: options, their project, and how they end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from kvlens.cli.common import config_path
from kvlens.cli.events import Events
from kvlens.cli.frame import whole_number
from kvlens.errors import KVLensError
from kvlens.internal import log_internal_error
from kvlens.kv.limits import COMPATS, read_compat
from kvlens.stores.base import MissingPackageError
from kvlens.stores.registry import DEFAULT_STORE, absolute_url, default_store
from kvlens.workspace.project import Project
from kvlens.workspace.service import Service

ENDED_WITHIN = 8.0  # seconds after a signal until the process exits, even if it is waiting
GRACE = 2.0  # seconds that the service has to end on its own


def serving_options(parser: argparse.ArgumentParser, *, env: str, port: str) -> None:
    """Add the options of a command that serves; `env` and `port` describe the defaults."""
    add = parser.add_argument
    add("--config", "-c", metavar="PATH", help="the config (default: found from here)")
    add("--env", "-e", metavar="NAME", help=f"the environment (default: {env})")
    add(
        "--port",
        type=whole_number,
        metavar="N",
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
        type=_compat,
        choices=COMPATS,
        default=COMPATS[0],
        help="what to refuse: strict includes what Miniflare 2's rules refuse, workerd doesn't "
        f"(default: {COMPATS[0]})",
    )
    add("--json", action="store_true", help="print events as JSON, one object per line")
    add("--lifeline", action="store_true", help=argparse.SUPPRESS)


def _compat(name: str) -> str:
    with contextlib.suppress(ValueError):
        return read_compat(name)
    return name  # which argparse rejects, listing the choices


def project_of(options: argparse.Namespace) -> Project:
    """Return the project that the options name. Raises ConfigError."""
    return Project(config_path(options), options.env, store=absolute_url(options.store, Path.cwd()))


def run_service(
    command: str, options: argparse.Namespace, service: Callable[[Events], Service]
) -> int:
    """Run a service until it is interrupted or terminated, and return the exit code."""
    events = Events(as_json=options.json)
    try:
        return asyncio.run(_until_stopped(service(events), events, lifeline=options.lifeline))
    except (KVLensError, ValueError) as error:
        if options.json:
            events.release()
            of = type(error).__name__
            install = {"install": error.command} if isinstance(error, MissingPackageError) else {}
            events.event("error", is_state=True, of=of, message=str(error), **install)
        events.text(f"kvlens {command}: {error}", error=True)
        return 2
    except KeyboardInterrupt:
        return 0
    except Exception as error:
        print(log_internal_error(f"kvlens {command}", error), file=sys.stderr)
        return 1
    finally:
        events.close()


async def _until_stopped(service: Service, events: Events, *, lifeline: bool) -> int:
    loop = asyncio.get_running_loop()
    events.listen_to(loop)

    def ask_to_stop() -> None:
        service.stop.set()
        service.interrupt()

    end_with_parent(ask_to_stop, lifeline=lifeline)
    serving = asyncio.ensure_future(service.serve())
    stopped = asyncio.ensure_future(service.stop.wait())
    try:
        await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            await asyncio.wait((serving,), timeout=GRACE)
            serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        stopped.cancel()
        await service.close()
    return 0


def end_with_parent(stop: Callable[[], None], *, lifeline: bool) -> None:
    """Call `stop` on SIGTERM, SIGINT and SIGHUP, and with `lifeline` when standard input ends.

    The process exits a few seconds later, even if it is waiting; immediately on a second signal.
    """
    loop = asyncio.get_running_loop()
    asked = threading.Event()

    def ask() -> None:
        if not asked.is_set():
            asked.set()
            clock = threading.Timer(ENDED_WITHIN, os._exit, (1,))
            clock.daemon = True
            clock.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop)

    def on_signal(number: int, frame: object) -> None:
        if asked.is_set():
            os._exit(128 + number)
        ask()

    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, on_signal)
    if lifeline:

        def wait_for_end() -> None:
            with contextlib.suppress(OSError):
                while os.read(0, 4096):
                    pass
            ask()

        threading.Thread(target=wait_for_end, daemon=True).start()
