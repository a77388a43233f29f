"""Run the emulator alone.

Section: Project
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from kvlens.cli.common import counted
from kvlens.cli.events import Events
from kvlens.cli.frame import Command, Options
from kvlens.cli.serving import project_of, run_service, serving_options
from kvlens.cli.terminal import one_line
from kvlens.seeds.array import short
from kvlens.stores.registry import shown_url
from kvlens.workspace.emulator_service import EmulatorService
from kvlens.workspace.service import (
    Failed,
    HistoryAdded,
    KeysChanged,
    NamespacesChanged,
    Problem,
    Ready,
    SeedKept,
    SeedPut,
)

NAMED = 10  # keys named in a log line


def _options(parser: argparse.ArgumentParser) -> None:
    serving_options(parser, env="all", port="0")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default="127.0.0.1",
        help="the loopback address to listen on (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="listen on a Unix socket too, for workerd"
    )


def _serve(options: Options) -> int:
    """Serve until interrupted, terminated, or (with --lifeline) standard input ends."""
    return run_service("serve", options, lambda events: service(options, events))


def service(options: argparse.Namespace, events: Events) -> EmulatorService:
    """Return the emulator that the options describe, reporting to `events`."""
    made = EmulatorService(
        project_of(options),
        lambda event: _report(made, events, event),
        compat=options.compat,
        host=options.host,
        port=options.port or 0,
        unix=options.socket,
        token=os.environ.get("KVLENS_SERVE_TOKEN"),  # from the editor, which keeps it for a window
    )
    return made


def _report(service: EmulatorService, events: Events, event: Any) -> None:
    """Print an event, as JSON or as text."""
    match event:
        case Ready():
            _announce(service, events)
        case NamespacesChanged():
            listed = _listed(service)
            if events.as_json:
                events.event("namespaces", is_state=True, namespaces=listed)
            else:
                events.log("info", "namespaces: " + ", ".join(one["binding"] for one in listed))
        case KeysChanged(id):
            if events.as_json:
                events.event("changed", id=id)
        case HistoryAdded():
            if events.as_json:
                events.event("history")
        case SeedPut(path, namespace, count):
            put = f"{counted(count, 'key')} put in {namespace.binding}"
            events.log("info", f"{path.name}: {put}")
        case SeedKept():
            _kept(events, event)
        case Problem(level, message):
            events.log(level, message)
        case Failed(error):
            events.unexpected(error)


def _announce(service: EmulatorService, events: Events) -> None:
    emulator, store = service.emulator, shown_url(service.project.store)
    address = {"url": emulator.url, "rest": emulator.rest, "token": emulator.token}
    namespaces = _listed(service)
    if events.as_json:
        events.event(
            "ready",
            is_state=True,
            **address,
            namespaces=namespaces,
            pid=os.getpid(),
            store=store,
        )
        return
    say = events.text
    say(f"KV Lens emulator at {emulator.url} for {service.project.path}")
    say(f"  store  {store}")
    say(f"  REST   {emulator.rest}")
    say(f"  token  {emulator.token}")
    for one in namespaces:
        say(f"  {one_line(one['binding'])}  {one_line(one['id'])}")
    if not namespaces:
        say("  no KV namespaces yet: add kv_namespaces to the config, and they appear here")


def _listed(service: EmulatorService) -> list[dict[str, str]]:
    found = [{"binding": one.binding, "id": one.id} for one in service.project.namespaces]
    return [one for index, one in enumerate(found) if one not in found[:index]]


def _kept(events: Events, kept: SeedKept) -> None:
    """Report the keys of a seed file that were skipped."""
    binding, keys = kept.namespace.binding, kept.keys
    named = ", ".join(map(short, keys[:NAMED]))
    more = f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else ""
    events.log(
        "warning",
        f"{kept.path.name}: {counted(len(keys), 'key')} left as different in {binding}: "
        f"{named}{more}; kvlens seed overwrites them",
    )
    if events.as_json:
        ns = kept.namespace.id
        events.event("kept", file=str(kept.path), binding=binding, id=ns, keys=keys)


COMMAND = Command(
    "Run the emulator alone.\n"
    "Serves the project's KV namespaces on loopback, to requests with its token, and follows the "
    "config and the seed files. Ctrl+C stops it.",
    _serve,
    _options,
    (),
    ("kvlens serve", "kvlens serve --port 8800 --store memory: --json"),
    {0: "stopped", 1: "an internal error", 2: "wrong use, or it can't start"},
)
