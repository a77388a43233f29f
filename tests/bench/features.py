"""Completion and hover in a config of 2,000 lines, requested as in an editor.

Completion is requested right after a typed letter, and timed from that letter: the server has to
parse the new text first. Hover is requested at keys all over the file, without typing. tombi and
taplo have no JSON schema (see `servers`), so they only know TOML; if a server never finds anything,
the table says so next to its name.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

from tests.bench.client import Client
from tests.bench.configs import Typed
from tests.bench.project import open_config, project
from tests.bench.report import Row, percentile
from tests.bench.servers import PEERS, Server, ours

TITLE = "Completion and hover in a config of 2,000 lines"
LINES = 2000
ASKED = 60  # requests per round
WARM = 5  # of these not counted
ROUNDS = 2
SILENCE = 0.02  # seconds between two requests
SETTLE = 1.5  # seconds until the server's work after opening is done
LIMIT = 20.0  # ms, p95

Samples = dict[str, list[float]]  # kind of request -> seconds


def run() -> list[Row]:
    """Send requests to each server in turn."""
    servers = [ours(), *(make() for make in PEERS)]
    times: dict[str, Samples] = {server.name: {} for server in servers}
    answered: dict[str, set[str]] = {server.name: set() for server in servers}
    for _ in range(ROUNDS):
        for server in servers:
            for what, seconds, found in _asked(server):
                times[server.name].setdefault(what, []).append(seconds)
                if found:
                    answered[server.name].add(what)
    mine = times[servers[0].name]
    rows: list[Row] = []
    for what, samples in mine.items():
        assert what in answered[servers[0].name], what
        for peer in servers[1:]:
            theirs = times[peer.name][what]
            name = peer.name if what in answered[peer.name] else f"{peer.name}, finds nothing"
            for share in (0.5, 0.95):
                rows.append(
                    Row(
                        f"{what}, p{share * 100:.0f}",
                        "ms",
                        percentile(samples, share) * 1000,
                        name,
                        percentile(theirs, share) * 1000,
                        len(samples),
                        limit=LIMIT if share == 0.95 else None,
                    )
                )
    return rows


def _asked(server: Server) -> Iterator[tuple[str, float, bool]]:
    """Yield the kind of request, the seconds to the response, and whether it had a result."""
    with project(server, LINES) as (folder, text, places), Client(server, folder) as client:
        client.initialize()
        uri = open_config(client, folder, text)
        client.quiet(SETTLE)
        for number, found in enumerate(_completions(client, uri, text, places)):
            if number >= WARM:
                yield ("completion behind a key", *found)
        for number, found in enumerate(_hovers(client, uri, text)):
            if number >= WARM:
                yield ("hover", *found)


def _completions(
    client: Client, uri: str, text: str, places: list[Typed]
) -> Iterator[tuple[float, bool]]:
    """Type the second letter of a field's name repeatedly, and request completions."""
    written = text.splitlines(keepends=True)
    letters = itertools.cycle("dn")
    for version in range(2, ASKED + 2):
        place = places[version % len(places)]
        letter = next(letters)
        line = written[place.line]
        written[place.line] = line[: place.character] + letter + line[place.character + 1 :]
        start = {"line": place.line, "character": place.character}
        end = {"line": place.line, "character": place.character + 1}
        change: dict[str, Any] = {"range": {"start": start, "end": end}, "text": letter}
        if client.full_text:
            change = {"text": "".join(written)}
        began = client.send(
            {
                "method": "textDocument/didChange",
                "params": {
                    "textDocument": {"uri": uri, "version": version},
                    "contentChanges": [change],
                },
            }
        )
        arrived, answer = client.ask(
            "textDocument/completion",
            {"textDocument": {"uri": uri}, "position": end, "context": {"triggerKind": 1}},
        )
        result = answer.get("result")
        yield arrived - began, bool(result.get("items") if isinstance(result, dict) else result)
        client.quiet(SILENCE)


def _hovers(client: Client, uri: str, text: str) -> Iterator[tuple[float, bool]]:
    """Request hovers at the keys `binding` all over the file."""
    lines = text.splitlines()
    keys = [number for number, line in enumerate(lines) if "binding" in line]
    for number in itertools.islice(itertools.cycle(keys[:: max(1, len(keys) // ASKED)]), ASKED):
        place = {"line": number, "character": lines[number].index("binding") + 2}
        began = time.perf_counter()
        arrived, answer = client.ask(
            "textDocument/hover", {"textDocument": {"uri": uri}, "position": place}
        )
        yield arrived - began, bool(answer.get("result"))
        client.quiet(SILENCE)
