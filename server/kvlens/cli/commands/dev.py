"""Run the project's Worker, restarted on every change.

Section: Project
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from kvlens.cli.events import Events
from kvlens.cli.frame import Command, Options
from kvlens.cli.serving import project_of, run_service, serving_options
from kvlens.stores.registry import shown_url
from kvlens.worker.hosts import allowed_host
from kvlens.worker.output import Event
from kvlens.workspace.service import Failed, HistoryAdded, Ready
from kvlens.workspace.worker_service import PORT, WorkerService

_MOST_PROBLEMS = 100  # of a failed build in one event; esbuild describes 20
_COLORS = {"error": "\x1b[31m", "warning": "\x1b[33m", "debug": "\x1b[2m", "request": "\x1b[2m"}


def _options(parser: argparse.ArgumentParser) -> None:
    serving_options(parser, env="none", port=f"the config's dev.port, else {PORT} or a free one")
    parser.add_argument(
        "--allowed-host",
        metavar="NAME",
        action="append",
        default=[],
        type=_host,
        help="a host name to answer in addition to localhost; .NAME includes its subdomains",
    )


def _dev(options: Options) -> int:
    """Run the Worker until interrupted, terminated, or (with --lifeline) standard input ends."""
    return run_service("dev", options, lambda events: service(options, events))


def _host(text: str) -> str:
    try:
        return allowed_host(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def service(options: argparse.Namespace, events: Events) -> WorkerService:
    """Return the Worker that the options describe, reporting to `events`."""
    if events.as_json:
        events.held = []  # held back until the first line
    made = WorkerService(
        project_of(options),
        lambda event: _report(made, events, event),
        compat=options.compat,
        port=options.port,
        allowed_hosts=options.allowed_host,
    )
    return made


def _report(service: WorkerService, events: Events, event: Any) -> None:
    """Print an event, as JSON or as text."""
    match event:
        case Ready():
            _announce(service, events)
        case Failed(error):
            events.unexpected(error)
        case HistoryAdded():
            if events.as_json:
                events.event("history")
        case Event() if events.as_json:
            _as_json(service, events, event)
        case Event():
            _as_text(events, event)


def _announce(service: WorkerService, events: Events) -> None:
    emulator, project = service.host.emulator, service.project
    if events.as_json:
        addresses = {"url": service.host.url, "rest": emulator.rest, "token": emulator.token}
        held, events.held = events.held, None
        events.event("ready", is_state=True, **addresses, built=service.built, pid=os.getpid())
        events.held = held
        events.release()
        return
    say = events.text
    environment = f", environment {project.environment}" if project.environment else ""
    say(f"KV Lens runs {service.worker.name or project.path}{environment} at {service.host.url}")
    say(f"  store  {shown_url(project.store)}")
    say(f"  REST   {emulator.rest}")
    say(f"  token  {emulator.token}")
    for binding, id in service.worker.namespaces.items():
        say(f"  KV     {binding}  {id}")


def _as_json(service: WorkerService, events: Events, event: Event) -> None:
    fields: dict[str, Any] = {
        "level": event.level,
        "message": event.message,
        "origin": event.origin,
    }
    if event.file is not None:
        fields |= {"file": str(event.file), "line": event.line, "column": event.column}
    if event.problems:
        fields["problems"] = [
            {**one._asdict(), "file": str(one.file)} for one in event.problems[:_MOST_PROBLEMS]
        ]
    if event.kind == "moved":
        fields["url"] = service.host.url
    is_state = event.kind in ("restarted", "failed", "moved")
    events.event(event.kind, is_state=is_state, **fields)


def _as_text(events: Events, event: Event) -> None:
    ours = event.origin == "kvlens" and event.kind != "request"
    text = f"{event.level}: {event.message}" if ours else event.message
    color = _COLORS.get(event.kind) or _COLORS.get(event.level, "")
    events.text(text, error=ours or event.kind == "exception", color=color)


COMMAND = Command(
    "Run the project's Worker on workerd, restarted on every change.\n"
    "Its KV namespaces are on the emulator. Ctrl+C stops it.",
    _dev,
    _options,
    (),
    ("kvlens dev", "kvlens dev --port 9000 --env staging"),
    {0: "stopped", 1: "an internal error", 2: "wrong use, or it can't start"},
)
